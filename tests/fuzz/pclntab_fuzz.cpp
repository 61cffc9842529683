// Go's function table in an ELF file.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "probe_cli/go/pclntab.h"
#include "tests/fuzz/check.h"
#include "tests/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cgoscope;
  const MemoryFile file({reinterpret_cast<const char*>(data), size});
  CHECK(file.complete());
  const auto image = ElfImage::open(file.path());
  if (!image) return 0;
  const auto functions = Pclntab::find(*image);
  if (!functions) {
    CHECK(!functions.error().what.empty() && !functions.error().why.empty());
    return 0;
  }
  CHECK(functions->text_begin() <= functions->text_end());
  CHECK(functions->function_count() > 0 && functions->function_count() <= size / 8);
  std::vector<std::string_view> names;
  for (uint32_t i = 0; i < functions->function_count(); ++i) {
    const auto function = functions->function(i);
    if (!function) continue;
    CHECK(function->entry <= function->end && function->end <= functions->text_end());
    if (names.size() < 8) names.push_back(function->name);
    for (const uint64_t pc : {function->entry, (function->entry + function->end) / 2,
                              function->end - 1, function->end}) {
      const auto found = functions->function_at(pc);
      for (const bool is_return : {false, true}) {
        const std::vector<Frame> frames = functions->frames_at(pc, is_return);
        CHECK(is_return || frames.empty() || found);
        CHECK(frames.size() <= 200);
        for (const Frame& frame : frames) {
          CHECK(frame.line >= 0 && frame.pc == pc);
          CHECK(frame.line > 0 || frame.file.empty());
        }
      }
    }
  }
  const auto named = functions->functions_named(names);
  CHECK(named.size() == names.size());
  for (size_t i = 0; i < names.size(); ++i) CHECK(named[i] && named[i]->name == names[i]);
  return 0;
}
