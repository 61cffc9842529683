#include "findings/json_lines.h"

namespace cgoscope {

LineEnd read_line(std::istream& in, std::string& line, size_t most_bytes) {
  line.clear();
  std::streambuf& buffer = *in.rdbuf();
  for (int byte = buffer.sbumpc(); byte != std::char_traits<char>::eof(); byte = buffer.sbumpc()) {
    if (byte == '\n') return LineEnd::kNewline;
    if (line.size() == most_bytes) return LineEnd::kTooLong;
    line += static_cast<char>(byte);
  }
  return LineEnd::kEndOfFile;
}

bool nests_deeper_than(std::string_view json, int most) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char byte = json[i];
    if (in_string) {
      if (byte == '\\') ++i;
      if (byte == '"') in_string = false;
    } else if (byte == '"') {
      in_string = true;
    } else if (byte == '[' || byte == '{') {
      if (++depth > most) return true;
    } else if (byte == ']' || byte == '}') {
      --depth;
    }
  }
  return false;
}

}  // namespace cgoscope
