// A run on disk: JSON Lines of samples as they were taken, not of what was made of them, so that a
// replay can judge them with other thresholds. docs/formats/recording.md.
#pragma once

#include <functional>
#include <istream>
#include <ostream>

#include "findings/result.h"
#include "probe_cli/detect/sample.h"
#include "probe_cli/report/sink.h"

namespace cgoscope {

inline constexpr const char* kRecordingVersion = "cgoscope/recording/1";

class RecordingWriter {
 public:
  explicit RecordingWriter(std::ostream& out) : out_(out) {}
  void start(const RunStart& start);
  void sample(const Sample& sample, const Stacks& stacks);  // writes stacks that are new first
  void end(const RunEnd& end);

 private:
  std::ostream& out_;
  size_t stacks_written_ = 1;
};

struct RecordingReader {
  Stacks stacks;  // that the samples read so far refer to
  std::function<void(const RunStart&)> on_start;
  std::function<void(const Sample&, const Stacks&)> on_sample;
  std::function<void(RunEnd)>
      on_end;  // findings are not part of it; absent when the recording was cut off

  // Errors: not a recording, of a newer version, a broken line (its number is said). A last line
  // that was cut off is left out and not an error: a probe may be killed.
  Result<bool> read(std::istream& in);
};

}  // namespace cgoscope
