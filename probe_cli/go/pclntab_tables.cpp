#include "probe_cli/go/pclntab_tables.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace cgoscope {
namespace {

constexpr uint32_t kMagicGo118 = 0xfffffff0;
constexpr uint32_t kMagicGo120 = 0xfffffff1;
constexpr uint32_t kMagicGo116 = 0xfffffffa;
constexpr uint32_t kMagicGo12 = 0xfffffffb;

constexpr uint64_t kMaxNameBytes = 16384;
constexpr uint64_t kMaxFunctions = 1u << 24;
// In a file made to waste our time each of these costs a walk through it.
constexpr int kMaxHeadersTried = 16;
constexpr size_t kMaxModuledatasTried = 16;

// FUNCDATA_InlTree, the same since Go 1.12 (src/internal/abi/symtab.go).
constexpr uint64_t kInlineTree = 3;
constexpr uint32_t kNoFunctionData = 0xffffffff;

struct Header {  // runtime.pcHeader
  uint32_t magic;
  uint8_t pad1, pad2;
  uint8_t code_quantum, pointer_bytes;
  uint64_t function_count, file_count;
  uint64_t text_start;  // 0 since Go 1.26
  uint64_t names_offset, units_offset, files_offset, pc_tables_offset, functions_offset;
};
static_assert(sizeof(Header) == 72);

// Offsets in runtime.moduledata that have been the same from Go 1.18 to 1.27.
struct SliceAt {
  uint64_t in_moduledata;
  uint64_t element_bytes;
};
constexpr SliceAt kNames{8, 1}, kUnits{32, 4}, kFiles{56, 1}, kPcTables{80, 1}, kFunctions{104, 1},
    kIndex{128, 8};
constexpr uint64_t kMinPc = 160, kMaxPc = 168, kText = 176, kTextEnd = 184;
// The base of the inline trees, moduledata.gofunc, has moved: 304 in Go 1.18 and 1.19, 320 up to
// 1.26, 344 in 1.27. It is looked for among the words around these.
constexpr uint64_t kInlineBaseFirst = 280, kInlineBaseLast = 432;
constexpr int kInlineSamples = 24;

bool is_known(uint32_t magic) { return magic == kMagicGo118 || magic == kMagicGo120; }

bool is_header(const Header& header) {
  return is_known(header.magic) && header.pad1 == 0 && header.pad2 == 0 &&
         (header.code_quantum == 1 || header.code_quantum == 4) && header.pointer_bytes == 8 &&
         header.function_count > 0 && header.function_count < kMaxFunctions &&
         header.names_offset >= sizeof(Header) && header.names_offset <= header.units_offset &&
         header.units_offset <= header.files_offset &&
         header.files_offset <= header.pc_tables_offset &&
         header.pc_tables_offset <= header.functions_offset;
}

// A slice of moduledata, if it begins where the header says that the table does.
Bytes slice_at(const ElfImage& image, uint64_t moduledata, SliceAt slice, uint64_t begins_at) {
  const auto pointer = image.pointer_at(moduledata + slice.in_moduledata);
  const auto length =
      value_at<uint64_t>(image.bytes_at(moduledata + slice.in_moduledata + 8, sizeof(uint64_t)), 0);
  if (!pointer || !length || *pointer != begins_at || *length > image.size_bytes()) return {};
  return image.bytes_at(*pointer, *length * slice.element_bytes);
}

bool is_code(const ElfImage& image, uint64_t begin, uint64_t end) {
  const auto segments = image.segments();
  return std::any_of(segments.begin(), segments.end(), [&](const ElfSegment& segment) {
    return segment.executable && begin - segment.address < segment.memory_size &&
           end - segment.address <= segment.memory_size;
  });
}

std::optional<PclntabTables> tables_of(const ElfImage& image, uint64_t header_address,
                                       const Header& header, uint64_t moduledata) {
  PclntabTables tables;
  const auto slice = [&](SliceAt where, uint64_t offset) {
    return slice_at(image, moduledata, where, header_address + offset);
  };
  tables.names = slice(kNames, header.names_offset);
  tables.units = slice(kUnits, header.units_offset);
  tables.files = slice(kFiles, header.files_offset);
  tables.pc_tables = slice(kPcTables, header.pc_tables_offset);
  tables.functions = slice(kFunctions, header.functions_offset);
  tables.index = slice(kIndex, header.functions_offset);
  if (tables.names.empty() || tables.units.empty() || tables.files.empty() ||
      tables.pc_tables.empty() || tables.functions.empty())
    return std::nullopt;
  if (tables.index.size() != (header.function_count + 1) * kIndex.element_bytes)
    return std::nullopt;

  const auto min_pc = image.pointer_at(moduledata + kMinPc);
  const auto max_pc = image.pointer_at(moduledata + kMaxPc);
  const auto text = image.pointer_at(moduledata + kText);
  const auto text_end = image.pointer_at(moduledata + kTextEnd);
  if (!min_pc || !max_pc || !text || !text_end) return std::nullopt;
  if (*text == 0 || *text > *min_pc || *min_pc > *max_pc || *max_pc > *text_end)
    return std::nullopt;
  if (!is_code(image, *text, *text_end)) return std::nullopt;
  tables.text_begin = *text;
  tables.text_end = *text_end;
  tables.moduledata = moduledata;
  tables.function_count = static_cast<uint32_t>(header.function_count);
  tables.code_quantum = header.code_quantum;
  tables.since_go_1_20 = header.magic == kMagicGo120;
  if (tables.entry(0) != min_pc || tables.entry(tables.function_count) != max_pc)
    return std::nullopt;
  return tables;
}

// Whether inline trees, read with this base, look like some: each first call has a name that begins
// where one does, and lies within its function. Where there are only zeros each has the first name.
bool inline_base_fits(const ElfImage& image, PclntabTables tables, uint64_t base) {
  tables.inline_base = base;
  int samples = 0;
  int first_names = 0;
  for (uint32_t i = 0; i < tables.function_count && samples < kInlineSamples; ++i) {
    const auto record = tables.record(i);
    if (!record) return false;
    const auto tree = value_at<uint32_t>(record->function_data, kInlineTree * sizeof(uint32_t));
    if (!tree || *tree == kNoFunctionData) continue;
    ++samples;
    const auto call = inlined_call(image, tables, *record, 0);
    if (!call) return false;
    if (call->name_offset == 0) {
      ++first_names;
    } else if (value_at<char>(tables.names, call->name_offset - 1) != '\0') {
      return false;
    }
    const auto name = tables.name(call->name_offset);
    if (!name || name->empty()) return false;
    if (*tables.entry(i) + call->parent_pc >= *tables.entry(i + 1)) return false;
  }
  return first_names * 2 < samples;
}

std::optional<uint64_t> find_inline_base(const ElfImage& image, const PclntabTables& tables) {
  for (uint64_t offset = kInlineBaseFirst; offset <= kInlineBaseLast; offset += 8) {
    const auto base = image.pointer_at(tables.moduledata + offset);
    if (base && *base != 0 && inline_base_fits(image, tables, *base)) return base;
  }
  return std::nullopt;
}

std::optional<PclntabTables> try_header(const ElfImage& image, uint64_t address) {
  const auto header = value_at<Header>(image.bytes_from(address), 0);
  if (!header || !is_header(*header)) return std::nullopt;
  for (const uint64_t moduledata : image.pointers_to(address, kMaxModuledatasTried)) {
    auto tables = tables_of(image, address, *header, moduledata);
    if (!tables) continue;
    tables->inline_base = find_inline_base(image, *tables);
    return tables;
  }
  return std::nullopt;
}

Error no_table(const ElfImage& image, const std::string& why) {
  return Error{"cannot find Go's function table in " + image.path(), why,
               "check that it is a Go program built with Go 1.18 or newer"};
}

}  // namespace

std::optional<uint64_t> PclntabTables::entry(uint32_t index_of_function) const {
  const auto offset = value_at<uint32_t>(index, uint64_t{index_of_function} * 8);
  if (!offset) return std::nullopt;
  return text_begin + *offset;
}

std::optional<FunctionRecord> PclntabTables::record(uint32_t index_of_function) const {
  if (index_of_function >= function_count) return std::nullopt;
  const auto offset = value_at<uint32_t>(index, uint64_t{index_of_function} * 8 + 4);
  if (!offset) return std::nullopt;
  const Bytes bytes = rest_of(functions, *offset);
  const uint64_t size = since_go_1_20 ? 44 : 40;
  const auto words = value_at<std::array<uint32_t, 9>>(bytes, 0);
  const auto function_data_count = value_at<uint8_t>(bytes, size - 1);
  if (!words || !function_data_count) return std::nullopt;
  const uint64_t pc_data_bytes = uint64_t{(*words)[7]} * sizeof(uint32_t);
  const uint64_t function_data_bytes = uint64_t{*function_data_count} * sizeof(uint32_t);
  return FunctionRecord{.name_offset = (*words)[1],
                        .stack_table = (*words)[4],
                        .file_table = (*words)[5],
                        .line_table = (*words)[6],
                        .unit = (*words)[8],
                        .pc_data = part_of(bytes, size, pc_data_bytes),
                        .function_data = part_of(bytes, size + pc_data_bytes, function_data_bytes)};
}

std::optional<std::string_view> PclntabTables::name(uint32_t offset) const {
  return string_at(names, offset, kMaxNameBytes);
}

std::optional<InlinedCall> inlined_call(const ElfImage& image, const PclntabTables& tables,
                                        const FunctionRecord& function, uint32_t index) {
  const auto tree = value_at<uint32_t>(function.function_data, kInlineTree * sizeof(uint32_t));
  if (!tables.inline_base || !tree || *tree == kNoFunctionData) return std::nullopt;
  // {int16 parent; uint8 id, pad; int32 file, line, name, parent_pc} in Go 1.18 and 1.19, then
  // {uint8 id, pad[3]; int32 name, parent_pc, start_line}.
  const uint64_t size = tables.since_go_1_20 ? 16 : 20;
  const uint64_t name_at = tables.since_go_1_20 ? 4 : 12;
  const Bytes call = image.bytes_at(*tables.inline_base + *tree + index * size, size);
  const auto name = value_at<uint32_t>(call, name_at);
  const auto parent_pc = value_at<uint32_t>(call, name_at + 4);
  if (!name || !parent_pc) return std::nullopt;
  return InlinedCall{*name, *parent_pc};
}

Result<PclntabTables> find_pclntab_tables(const ElfImage& image) {
  for (const std::string_view name : {".gopclntab", ".data.rel.ro.gopclntab"}) {
    const ElfSection* section = image.section(name);
    if (section == nullptr) continue;
    const auto magic = value_at<uint32_t>(image.bytes_from(section->address), 0);
    if (magic == kMagicGo116 || magic == kMagicGo12)
      return no_table(image, "it was built with Go 1.17 or older, whose table has another form");
    if (auto tables = try_header(image, section->address)) return std::move(*tables);
  }
  int tried = 0;
  for (const ElfSegment& segment : image.segments()) {
    const uint64_t first = (segment.address + 7) & ~uint64_t{7};
    const Bytes words = image.bytes_from(first);
    for (uint64_t at = 0; words.size() - at >= sizeof(Header); at += 8) {
      if (!is_known(value_at<uint32_t>(words, at).value_or(0))) continue;
      if (!is_header(*value_at<Header>(words, at))) continue;
      if (auto tables = try_header(image, first + at)) return std::move(*tables);
      if (++tried == kMaxHeadersTried)
        return no_table(image, "it has many that look like one, and none that the runtime uses");
    }
  }
  return no_table(image, tried == 0 ? "nothing in it looks like one"
                                    : "the runtime's moduledata does not agree with what looks "
                                      "like one");
}

}  // namespace cgoscope
