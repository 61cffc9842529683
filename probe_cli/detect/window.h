// The last seconds of a run, as the counters that a detector keeps of each sample. `Entry` has
// `at_ns`, CLOCK_MONOTONIC.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

namespace cgoscope {

template <typename Entry>
class Window {
 public:
  // Holds at least `intervals` intervals, also when they are longer than `length_ns` together.
  Window(int64_t length_ns, size_t intervals) : length_ns_(length_ns), intervals_(intervals) {}

  void add(Entry entry) {
    // A clock that goes back is a recording of something else: begin anew.
    if (!entries_.empty() && entry.at_ns <= entries_.back().at_ns) entries_.clear();
    entries_.push_back(std::move(entry));
    while (entries_.size() > intervals_ + 1 &&
           entries_[1].at_ns <= entries_.back().at_ns - length_ns_) {
      entries_.pop_front();
    }
  }

  const std::deque<Entry>& entries() const { return entries_; }
  bool empty() const { return entries_.empty(); }
  const Entry& front() const { return entries_.front(); }
  const Entry& back() const { return entries_.back(); }
  size_t intervals() const { return entries_.empty() ? 0 : entries_.size() - 1; }
  int64_t span_ns() const { return empty() ? 0 : back().at_ns - front().at_ns; }
  bool full() const { return span_ns() >= length_ns_ && intervals() >= intervals_; }

 private:
  int64_t length_ns_;
  size_t intervals_;
  std::deque<Entry> entries_;
};

}  // namespace cgoscope
