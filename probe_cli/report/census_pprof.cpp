// Census, as a goroutine profile.
#include <map>

#include "findings/printable.h"
#include "probe_cli/detect/named_frame.h"
#include "probe_cli/report/census_report.h"
#include "probe_cli/report/pprof.pb.h"

namespace cgoscope {
namespace {

class ProfileWriter {
 public:
  ProfileWriter() { text(""); }

  pprof::Profile& profile() { return profile_; }

  int64_t text(const std::string& value) {
    const auto [at, is_new] = texts_.try_emplace(value, static_cast<int64_t>(texts_.size()));
    // The format's strings are UTF-8; names of the target may be anything.
    if (is_new) profile_.add_string_table(printable(value));
    return at->second;
  }

  uint64_t location(const Frame& frame) {
    const auto [at, is_new] = locations_.try_emplace(frame, locations_.size() + 1);
    if (is_new) {
      pprof::Location& location = *profile_.add_location();
      location.set_id(at->second);
      location.set_address(frame.pc);
      pprof::Line& line = *location.add_line();
      line.set_function_id(function(frame));
      line.set_line(frame.line);
    }
    return at->second;
  }

  void label(pprof::Sample& sample, const std::string& key, const std::string& value) {
    if (value.empty()) return;
    pprof::Label& label = *sample.add_label();
    label.set_key(text(key));
    label.set_str(text(value));
  }

 private:
  uint64_t function(const Frame& frame) {
    const auto [at, is_new] =
        functions_.try_emplace({frame.function, frame.file}, functions_.size() + 1);
    if (is_new) {
      pprof::Function& function = *profile_.add_function();
      function.set_id(at->second);
      function.set_name(text(frame.function));
      function.set_system_name(text(frame.function));
      function.set_filename(text(frame.file));
    }
    return at->second;
  }

  pprof::Profile profile_;
  std::map<std::string, int64_t> texts_;
  std::map<Frame, uint64_t, FrameOrder> locations_;
  std::map<std::pair<std::string, std::string>, uint64_t> functions_;
};

}  // namespace

void write_census_pprof(const CensusReport& report, const Stacks& stacks, std::ostream& out) {
  ProfileWriter writer;
  pprof::Profile& profile = writer.profile();
  for (pprof::ValueType* type : {profile.add_sample_type(), profile.mutable_period_type()}) {
    type->set_type(writer.text("goroutine"));
    type->set_unit(writer.text("count"));
  }
  profile.set_period(1);
  profile.set_time_nanos(report.sample.wall_ns);
  for (const GoroutineSample& one : report.sample.goroutines) {
    if (one.system) continue;
    pprof::Sample& sample = *profile.add_sample();
    sample.add_value(static_cast<int64_t>(one.count));
    const StackId stack = one.stack != kNoStack ? one.stack : one.started;
    for (const Frame& frame : stacks[stack]) sample.add_location_id(writer.location(frame));
    writer.label(sample, "state", one.state);
    writer.label(sample, "wait reason", one.wait_reason);
    const std::vector<Frame>& go = stacks[one.go];
    if (!go.empty()) writer.label(sample, "created by", go.front().function);
  }
  profile.SerializeToOstream(&out);
}

}  // namespace cgoscope
