// How often each line of the program does one thing, over the last seconds of a run: for rules
// about signals that are counted by place.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "probe_cli/detect/named_frame.h"
#include "probe_cli/detect/sample.h"
#include "probe_cli/detect/window.h"

namespace cgoscope {

// The line of a stack that counts; nullptr when the stack is of no interest.
using LineOf = std::function<const Frame*(const std::vector<Frame>& stack)>;

class LineRates {
 public:
  LineRates(cg_signal signal, int64_t window_ns, size_t intervals, LineOf line_of)
      : signal_(signal), line_of_(std::move(line_of)), window_(window_ns, intervals) {}

  // Samples come in order. A first one that is not of the attach itself is preceded by it, when
  // nothing had been counted.
  void add(const Sample& sample, const Stacks& stacks);

  bool full() const { return window_.full(); }
  double span_s() const { return static_cast<double>(window_.span_ns()) / 1e9; }
  // Of the window, that the signal was attached; 0 to 1.
  double attached_share() const;

  struct Line {
    Frame where;
    double count = 0;  // seen in the window
    double per_s = 0;  // while attached
  };
  // Those with any in the window, the most frequent first.
  std::vector<Line> lines() const;
  // Of one line, in each interval of the window, oldest first; nullopt when the signal was attached
  // for less than `least_share` of the interval.
  std::vector<std::optional<double>> per_s_by_interval(const Frame& where,
                                                       double least_share) const;
  // The stack with most hits of all at this line; empty when there is none.
  std::vector<Frame> stack_at(const Frame& where, const Sample& sample, const Stacks& stacks) const;

 private:
  struct Entry {
    int64_t at_ns = 0;
    double attached_ns = 0;
    std::map<Frame, double, FrameOrder> counts;
  };
  static double count_between(const Entry& from, const Entry& to, const Frame& where);

  cg_signal signal_;
  LineOf line_of_;
  Window<Entry> window_;
};

}  // namespace cgoscope
