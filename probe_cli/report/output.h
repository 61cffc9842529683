// Where a report or a recording is written.
#pragma once

#include <memory>
#include <ostream>
#include <string>

#include "findings/result.h"
#include "probe_cli/report/sink.h"

namespace cgoscope {

class Output {
 public:
  // A file, made anew; or, when `path` is "", the standard stream with this descriptor (1 or 2).
  static Result<Output> open(const std::string& path, int standard_descriptor);

  std::ostream& stream() { return *stream_; }
  std::unique_ptr<Sink> make_sink(bool json);
  // Whether all of it could be written.
  Result<bool> flush();

 private:
  std::unique_ptr<std::ostream> file_;
  std::ostream* stream_ = nullptr;
  int descriptor_ = -1;  // of the standard stream
};

}  // namespace cgoscope
