#include "probe_cli/go/pclntab.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "probe_cli/go/bytes.h"

namespace cgoscope {
namespace {

constexpr uint64_t kMaxFileBytes = 4096;
// Deeper nests of inlined calls than the compiler's budget allows.
constexpr int kMaxInlinedCalls = 128;
// PCDATA_InlTreeIndex, the same since Go 1.12 (src/internal/abi/symtab.go).
constexpr uint64_t kInlineTreeIndex = 2;

// An unsigned varint of at most 32 bits; moves `at` behind it.
std::optional<uint32_t> read_varint(Bytes bytes, uint64_t& at) {
  uint32_t value = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    const auto byte = value_at<uint8_t>(bytes, at++);
    if (!byte) return std::nullopt;
    value |= static_cast<uint32_t>(*byte & 0x7f) << shift;
    if ((*byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

// What a pc table says at `target`, an offset from the function's entry; -1 when it says nothing.
//
// A table is pairs of varints: how much the value changes (zigzag, from -1), and for how many
// bytes of code it then holds (src/runtime/symtab.go, step). A change of 0 ends it, except in the
// first pair.
int32_t pc_value(const PclntabTables& tables, uint32_t table, uint64_t target) {
  if (table == 0) return -1;
  uint64_t at = table;
  uint64_t code = 0;
  uint32_t value = 0xffffffff;
  // Each pair stands for an instruction at least, so a function has no more pairs than bytes.
  for (uint64_t pairs = 0; pairs <= target; ++pairs) {
    const auto change = read_varint(tables.pc_tables, at);
    if (!change || (*change == 0 && pairs > 0)) return -1;
    const auto length = read_varint(tables.pc_tables, at);
    if (!length) return -1;
    value += (*change & 1) != 0 ? ~(*change >> 1) : *change >> 1;
    code += uint64_t{*length} * tables.code_quantum;
    if (target < code) return static_cast<int32_t>(value);
  }
  return -1;
}

void set_line(const PclntabTables& tables, const FunctionRecord& record, uint64_t target,
              Frame& frame) {
  const int32_t file = pc_value(tables, record.file_table, target);
  const int32_t line = pc_value(tables, record.line_table, target);
  if (file < 0 || line <= 0) return;
  const auto name_at = value_at<uint32_t>(
      tables.units, (uint64_t{record.unit} + static_cast<uint32_t>(file)) * sizeof(uint32_t));
  if (!name_at) return;
  const auto name = string_at(tables.files, *name_at, kMaxFileBytes);
  if (!name) return;
  frame.file = *name;
  frame.line = line;
}

}  // namespace

Result<Pclntab> Pclntab::find(const ElfImage& image) {
  Result<PclntabTables> tables = find_pclntab_tables(image);
  if (!tables) return tables.error();
  Pclntab functions;
  functions.image_ = &image;
  functions.tables_ = *tables;
  return functions;
}

std::optional<GoFunction> Pclntab::function(uint32_t index) const {
  const auto record = tables_.record(index);
  const auto entry = tables_.entry(index);
  const auto end = tables_.entry(index + 1);
  if (!record || !entry || !end || *entry > *end || *end > text_end()) return std::nullopt;
  const auto name = tables_.name(record->name_offset);
  if (!name) return std::nullopt;
  return GoFunction{*entry, *end, *name};
}

std::optional<uint32_t> Pclntab::index_at(uint64_t pc) const {
  if (function_count() == 0 || pc < *tables_.entry(0) || pc >= *tables_.entry(function_count()))
    return std::nullopt;
  uint32_t low = 0;  // entry(low) <= pc < entry(high)
  for (uint32_t high = function_count(); high - low > 1;) {
    const uint32_t middle = low + (high - low) / 2;
    (*tables_.entry(middle) <= pc ? low : high) = middle;
  }
  return low;
}

std::optional<GoFunction> Pclntab::function_at(uint64_t pc) const {
  const auto index = index_at(pc);
  return index ? function(*index) : std::nullopt;
}

std::vector<std::optional<GoFunction>> Pclntab::functions_named(
    const std::vector<std::string_view>& names) const {
  std::unordered_map<std::string_view, std::optional<GoFunction>> wanted;
  for (const std::string_view name : names) wanted.emplace(name, std::nullopt);
  for (uint32_t i = 0; i < function_count(); ++i) {
    const auto candidate = function(i);
    if (!candidate) continue;
    const auto found = wanted.find(candidate->name);
    if (found != wanted.end() && !found->second) found->second = candidate;
  }
  std::vector<std::optional<GoFunction>> functions;
  functions.reserve(names.size());
  for (const std::string_view name : names) functions.push_back(wanted[name]);
  return functions;
}

std::vector<Frame> Pclntab::frames_at(uint64_t pc, bool is_return) const {
  std::vector<Frame> frames;
  // The call may be its function's last instruction, so the return address is not even in it.
  const uint64_t at = is_return && pc > 0 ? pc - 1 : pc;
  const auto index = index_at(at);
  const auto whole = index ? function(*index) : std::nullopt;
  const auto record = index ? tables_.record(*index) : std::nullopt;
  if (!whole || !record) return frames;
  const uint32_t inline_table =
      value_at<uint32_t>(record->pc_data, kInlineTreeIndex * sizeof(uint32_t)).value_or(0);
  uint64_t offset = at - whole->entry;
  for (int depth = 0; depth < kMaxInlinedCalls; ++depth) {
    const int32_t node = pc_value(tables_, inline_table, offset);
    if (node < 0) break;
    const auto call = inlined_call(*image_, tables_, *record, static_cast<uint32_t>(node));
    const auto name = call ? tables_.name(call->name_offset) : std::nullopt;
    if (!name || call->parent_pc >= whole->end - whole->entry) break;
    Frame frame{.function = std::string(*name), .file = "", .line = 0, .pc = pc};
    set_line(tables_, *record, offset, frame);
    frames.push_back(std::move(frame));
    offset = call->parent_pc;
  }
  Frame frame{.function = std::string(whole->name), .file = "", .line = 0, .pc = pc};
  set_line(tables_, *record, offset, frame);
  frames.push_back(std::move(frame));
  return frames;
}

std::optional<uint32_t> Pclntab::stack_bytes_at(uint64_t pc) const {
  const auto index = index_at(pc);
  const auto record = index ? tables_.record(*index) : std::nullopt;
  if (!record) return std::nullopt;
  const int32_t bytes = pc_value(tables_, record->stack_table, pc - *tables_.entry(*index));
  if (bytes < 0) return std::nullopt;
  return static_cast<uint32_t>(bytes);
}

}  // namespace cgoscope
