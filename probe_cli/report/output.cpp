#include "probe_cli/report/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

#include "findings/terminal.h"

namespace cgoscope {

Result<Output> Output::open(const std::string& path, int standard_descriptor) {
  Output output;
  if (path.empty()) {
    output.descriptor_ = standard_descriptor;
    output.stream_ = standard_descriptor == STDERR_FILENO ? &std::cerr : &std::cout;
    return output;
  }
  output.file_ = std::make_unique<std::ofstream>(path, std::ios::binary | std::ios::trunc);
  if (!*output.file_)
    return Error{"cannot write to " + path, std::strerror(errno), "check the path"};
  output.stream_ = output.file_.get();
  return output;
}

std::unique_ptr<Sink> Output::make_sink(bool json) {
  return json ? make_json_sink(*stream_)
              : make_text_sink(*stream_, descriptor_ >= 0 && wants_colour(descriptor_));
}

Result<bool> Output::flush() {
  stream_->flush();
  if (!*stream_)
    return Error{"cannot write the report or the recording", "no space, or the reader went away",
                 ""};
  return true;
}

}  // namespace cgoscope
