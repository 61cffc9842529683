// Where in a Go executable the function table lies, and how its records are laid out.
//
// The linker writes one blob: a header of 72 bytes, then names, compilation units, files, pc tables
// and, last, the functions, preceded by an index sorted by address (src/runtime/symtab.go:
// pcHeader, moduledata; src/runtime/runtime2.go: _func). It names the section .gopclntab, or
// .data.rel.ro.gopclntab (Go ≤1.24, -buildmode=pie), or nothing names it (Go ≤1.24, PIE linked by
// the C linker: it is somewhere in .data.rel.ro). So the blob is believed when
// runtime.firstmoduledata agrees with it, wherever it was found.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "findings/result.h"
#include "probe_cli/go/bytes.h"
#include "probe_cli/go/elf_image.h"

namespace cgoscope {

// A `_func`, without what nobody needs.
struct FunctionRecord {
  uint32_t name_offset = 0;
  uint32_t stack_table = 0;  // offsets into pc_tables; 0: no table
  uint32_t file_table = 0;
  uint32_t line_table = 0;
  uint32_t unit = 0;    // index into units
  Bytes pc_data;        // [npcdata]uint32
  Bytes function_data;  // [nfuncdata]uint32
};

struct PclntabTables {
  Bytes names;      // NUL-terminated
  Bytes units;      // []uint32: offsets into files
  Bytes files;      // NUL-terminated
  Bytes pc_tables;  // pairs of varints
  Bytes functions;  // begins with `index`
  Bytes index;      // [function_count + 1]{uint32 code offset from text, uint32 record offset}
  uint32_t function_count = 0;
  uint32_t code_quantum = 1;   // bytes that the pc tables count in: 1 on amd64, 4 on arm64
  bool since_go_1_20 = false;  // records have a start line, inlined calls are 16 bytes
  uint64_t text_begin = 0;     // runtime.text, runtime.etext
  uint64_t text_end = 0;
  uint64_t moduledata = 0;              // address of runtime.firstmoduledata
  std::optional<uint64_t> inline_base;  // address of go:func.*, which the inline trees lie in

  std::optional<uint64_t> entry(uint32_t index_of_function) const;
  std::optional<FunctionRecord> record(uint32_t index_of_function) const;
  std::optional<std::string_view> name(uint32_t offset) const;
};

// What one inlined call looks like in the inline tree of the function that it became part of.
struct InlinedCall {
  uint32_t name_offset = 0;
  uint32_t parent_pc = 0;  // from the function's entry: an instruction that has the caller's line
};
std::optional<InlinedCall> inlined_call(const ElfImage& image, const PclntabTables& tables,
                                        const FunctionRecord& function, uint32_t index);

// Errors: no such table, one of Go ≤1.17, or none that a moduledata agrees with.
Result<PclntabTables> find_pclntab_tables(const ElfImage& image);

}  // namespace cgoscope
