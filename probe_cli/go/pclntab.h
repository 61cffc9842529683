// Go's own table of functions and lines, which the runtime needs for its tracebacks, so that every
// binary has it, stripped or not (.gopclntab; src/runtime/symtab.go,
// src/cmd/link/internal/ld/pcln.go).
//
// Its header's base address is 0 since Go 1.26: the base is read from runtime.firstmoduledata
// (pclntab_tables.h says how that is found).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "findings/frame.h"
#include "findings/result.h"
#include "probe_cli/go/elf_image.h"
#include "probe_cli/go/pclntab_tables.h"

namespace cgoscope {

struct GoFunction {
  uint64_t entry = 0;  // addresses as linked
  uint64_t end = 0;
  std::string_view name;  // lies in the image
};

class Pclntab {
 public:
  // Of Go 1.18's format ("fffffff0") and 1.20's ("fffffff1"), told apart by the table itself. The
  // image must outlive it. Errors: no such table, an older one, or none that the runtime's
  // moduledata agrees with.
  static Result<Pclntab> find(const ElfImage& image);

  uint64_t text_begin() const { return tables_.text_begin; }  // runtime.text; not .text's address
  uint64_t text_end() const { return tables_.text_end; }
  uint32_t function_count() const { return tables_.function_count; }
  // Whether the tables of inlined calls were found; without them frames_at knows the outermost
  // function alone.
  bool knows_inlined_calls() const { return tables_.inline_base.has_value(); }

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

  // How many bytes lie between the stack pointer at the instruction and the return address of its
  // function (on amd64; the last eight of them hold the caller's frame pointer, if it has a frame).
  // nullopt when no function has the address, or the table does not say.
  std::optional<uint32_t> stack_bytes_at(uint64_t pc) const;

 private:
  std::optional<uint32_t> index_at(uint64_t pc) const;

  const ElfImage* image_ = nullptr;
  PclntabTables tables_;
};

}  // namespace cgoscope
