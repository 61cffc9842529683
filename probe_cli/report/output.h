// Where a report or a recording is written.
#pragma once

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "findings/result.h"
#include "probe_cli/report/sink.h"

namespace cgoscope {

// A file on a command line.
struct NamedFile {
  std::string option;  // by which it is named, or what else it is called
  std::string path;    // "" is none
};

// The options of two that are one file, by whatever path or link, also one that is not yet there:
// who writes it would destroy what the other wrote or is to read. Terminals and /dev/null are meant
// to be shared. Nothing is opened.
std::optional<std::pair<std::string, std::string>> named_twice(const std::vector<NamedFile>& files);

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
