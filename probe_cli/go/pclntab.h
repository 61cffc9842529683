// Go's own table of functions and lines, which the runtime needs for its tracebacks, so that every
// binary has it, stripped or not (.gopclntab; src/runtime/symtab.go,
// src/cmd/link/internal/ld/pcln.go).
//
// Where it lies depends on Go version and link mode, and its header's base address is 0 since Go
// 1.26: the base is read from runtime.firstmoduledata, which is found by its first words (a pointer
// to this table's header, then one into it) and then checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "findings/frame.h"
#include "findings/result.h"
#include "probe_cli/go/build_info.h"
#include "probe_cli/go/elf_image.h"

namespace cgoscope {

struct GoFunction {
  uint64_t entry = 0;  // addresses as linked
  uint64_t end = 0;
  std::string_view name;  // lies in the image
};

class Pclntab {
 public:
  // Of Go 1.18's format ("fffffff0") and 1.20's ("fffffff1"). The image must outlive it.
  static Result<Pclntab> find(const ElfImage& image, std::optional<GoVersion> version);

  uint64_t text_begin() const { return text_begin_; }  // runtime.text; not the section's address
  uint64_t text_end() const { return text_end_; }
  uint64_t moduledata_address() const { return moduledata_; }
  uint32_t function_count() const { return function_count_; }

  std::optional<GoFunction> function(uint32_t index) const;
  // The function whose code has the address.
  std::optional<GoFunction> function_at(uint64_t pc) const;
  // By the linker's full name, exactly; several at once because it walks the table. In the order
  // of `names`.
  std::vector<std::optional<GoFunction>> functions_named(
      const std::vector<std::string_view>& names) const;

  // The lines that the address stands for, innermost first: calls that the compiler inlined there,
  // then the function itself. Empty when no function has the address. For a return address pass
  // is_return = true: the line is then that of the call before it.
  std::vector<Frame> frames_at(uint64_t pc, bool is_return) const;

 private:
  // Implementation detail: filled in by find().
  const ElfImage* image_ = nullptr;
  uint64_t text_begin_ = 0, text_end_ = 0, moduledata_ = 0;
  uint32_t function_count_ = 0;
};

}  // namespace cgoscope
