#include "tests/made_elf.h"

#include <utility>

namespace cgoscope {
namespace {

constexpr uint64_t kText = 0x401000;
constexpr uint64_t kRodata = 0x402000;
constexpr uint64_t kData = 0x403000;

// A zigzag varint pair of a pc table; all of ours fit into a byte each.
void step(std::string& table, int change, int bytes) {
  table += static_cast<char>(change < 0 ? (-change * 2) - 1 : change * 2);
  table += static_cast<char>(bytes);
}

// Where it begins in `table`.
uint32_t begin_table(const std::string& table) { return static_cast<uint32_t>(table.size()); }

struct MadeFunction {
  uint32_t entry, name, file_table, line_table, inline_index, tree;
};

std::string record_of(const MadeFunction& function, bool since_go_1_20) {
  std::string record;
  append(record, function.entry);
  append(record, function.name);
  for (int i = 0; i < 3; ++i) append(record, uint32_t{0});  // args, deferreturn, pcsp
  append(record, function.file_table);
  append(record, function.line_table);
  append(record, uint32_t{3});  // npcdata
  append(record, uint32_t{0});  // unit
  if (since_go_1_20) append(record, uint32_t{1});
  record += std::string(3, '\0');
  record += '\4';  // nfuncdata
  append(record, uint32_t{0});
  append(record, uint32_t{0});
  append(record, function.inline_index);
  for (int i = 0; i < 3; ++i) append(record, uint32_t{0xffffffff});
  append(record, function.tree);
  return record;
}

std::string inline_tree(bool since_go_1_20, uint32_t name) {
  std::string tree;
  append(tree, uint32_t{0xffff});  // no parent, or an id that nobody reads
  if (!since_go_1_20) {
    append(tree, uint32_t{1});
    append(tree, uint32_t{11});
  }
  append(tree, name);
  append(tree, uint32_t{7});  // the instruction before has the line of the call
  if (since_go_1_20) append(tree, uint32_t{2});
  return tree;
}

void align(std::string& bytes, size_t to) { bytes.resize((bytes.size() + to - 1) / to * to); }

struct MadeTable {
  std::string bytes;
  uint64_t names, units, files, pc_tables, functions;  // offsets
  uint64_t functions_bytes;
};

MadeTable made_pclntab(const MadeGoOptions& options) {
  MadeTable table;
  const std::string names("main.plain\0main.inlined\0main.outer\0", 35);
  const std::string files("/src/outer.go\0/src/inlined.go\0", 30);
  std::string pcs(1, '\0');
  MadeFunction outer{0, 24, 0, 0, 0, 0};
  outer.file_table = begin_table(pcs);
  step(pcs, 1, 8);
  step(pcs, 1, 8);
  step(pcs, -1, 16);
  pcs += '\0';
  outer.line_table = begin_table(pcs);
  step(pcs, 11, 7);  // 10
  step(pcs, 1, 1);   // 11
  step(pcs, -8, 8);  // 3
  step(pcs, 9, 16);  // 12
  pcs += '\0';
  outer.inline_index = begin_table(pcs);
  step(pcs, 0, 8);
  step(pcs, 1, 8);
  step(pcs, -1, 16);
  pcs += '\0';
  MadeFunction plain{0x20, 0, 0, 0, 0, 0xffffffff};
  plain.file_table = begin_table(pcs);
  step(pcs, 1, 16);
  pcs += '\0';
  plain.line_table = begin_table(pcs);
  step(pcs, 31, 16);
  pcs += '\0';

  const std::string first = record_of(outer, options.since_go_1_20);
  const std::string second = record_of(plain, options.since_go_1_20);
  std::string functions;
  for (const uint32_t word : {0u, 24u, 0x20u, static_cast<uint32_t>(24 + first.size()), 0x30u, 0u})
    append(functions, word);
  functions += first + second;

  std::string& bytes = table.bytes;
  bytes.resize(72);
  const auto add = [&](const std::string& part) {
    align(bytes, 8);
    const uint64_t at = bytes.size();
    bytes += part;
    return at;
  };
  std::string units;
  append(units, uint32_t{0});
  append(units, uint32_t{14});
  table.names = add(names);
  table.units = add(units);
  table.files = add(files);
  table.pc_tables = add(pcs);
  table.functions = add(functions);
  table.functions_bytes = functions.size();
  const uint32_t magic = options.since_go_1_20 ? 0xfffffff1 : 0xfffffff0;
  overwrite(bytes, 0, options.magic != 0 ? options.magic : magic);
  overwrite(bytes, 4, uint32_t{0x08010000});
  uint64_t at = 8;
  for (const uint64_t word : {uint64_t{2}, uint64_t{2}, uint64_t{0}, table.names, table.units,
                              table.files, table.pc_tables, table.functions}) {
    overwrite(bytes, at, word);
    at += 8;
  }
  return table;
}

void append_varint(std::string& bytes, uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  bytes += static_cast<char>(value);
}

// The blob, at `address` in the segment of data.
std::string made_build_info(const MadeGoOptions& options, uint64_t address) {
  const std::string sentinel = "0123456789abcdef";
  const std::string lines = options.lines.empty() ? "" : sentinel + options.lines + sentinel;
  std::string blob = "\xff Go buildinf:";
  blob += '\x08';
  blob += options.build_info_inline ? '\2' : '\0';
  blob.resize(32);
  if (options.build_info_inline) {
    append_varint(blob, options.version.size());
    blob += options.version;
    append_varint(blob, lines.size());
    blob += lines;
    return blob;
  }
  overwrite(blob, 16, address + 32);
  overwrite(blob, 24, address + 48);
  append(blob, address + 64);
  append(blob, uint64_t{options.version.size()});
  append(blob, address + 64 + options.version.size());
  append(blob, uint64_t{lines.size()});
  return blob + options.version + lines;
}

}  // namespace

std::string MadeElf::file() const {
  Elf64_Ehdr header{};
  for (size_t i = 0; i < SELFMAG; ++i) header.e_ident[i] = static_cast<unsigned char>(ELFMAG[i]);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = type;
  header.e_machine = machine;
  header.e_phoff = sizeof(header);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = static_cast<Elf64_Half>(segments.size());
  header.e_shentsize = sizeof(Elf64_Shdr);

  std::string bytes(sizeof(header) + segments.size() * sizeof(Elf64_Phdr), '\0');
  std::vector<Elf64_Phdr> programs;
  for (const MadeSegment& segment : segments) {
    align(bytes, 16);
    Elf64_Phdr program{};
    program.p_type = segment.type;
    program.p_flags = segment.flags;
    program.p_offset = bytes.size();
    program.p_vaddr = segment.address;
    program.p_filesz = program.p_memsz = segment.bytes.size();
    programs.push_back(program);
    bytes += segment.bytes;
  }
  if (!sections.empty()) {
    std::vector<Elf64_Shdr> headers(1);
    std::string names(1, '\0');
    for (const MadeSection& section : sections) {
      Elf64_Shdr made{};
      made.sh_name = static_cast<Elf64_Word>(names.size());
      names += section.name + '\0';
      made.sh_type = section.type;
      made.sh_flags = section.flags;
      made.sh_addr = section.address;
      made.sh_link = section.link;
      made.sh_size = section.bytes.empty() ? section.size : section.bytes.size();
      made.sh_offset = bytes.size();
      bytes += section.bytes;
      for (const Elf64_Phdr& program : programs) {
        if (section.bytes.empty() && section.address - program.p_vaddr < program.p_filesz)
          made.sh_offset = program.p_offset + (section.address - program.p_vaddr);
      }
      headers.push_back(made);
    }
    Elf64_Shdr made{};
    made.sh_type = SHT_STRTAB;
    made.sh_offset = bytes.size();
    made.sh_size = names.size();
    bytes += names;
    headers.push_back(made);
    align(bytes, 8);
    header.e_shoff = bytes.size();
    header.e_shnum = static_cast<Elf64_Half>(headers.size());
    header.e_shstrndx = static_cast<Elf64_Half>(headers.size() - 1);
    for (const Elf64_Shdr& section : headers) append(bytes, section);
  }
  overwrite(bytes, 0, header);
  for (size_t i = 0; i < programs.size(); ++i)
    overwrite(bytes, sizeof(header) + i * sizeof(Elf64_Phdr), programs[i]);
  return bytes;
}

void add_symbols(MadeElf& elf, const std::vector<MadeSymbol>& symbols, uint32_t type) {
  std::string entries(sizeof(Elf64_Sym), '\0');
  std::string names(1, '\0');
  for (const MadeSymbol& symbol : symbols) {
    Elf64_Sym entry{};
    entry.st_name = static_cast<Elf64_Word>(names.size());
    entry.st_info = static_cast<unsigned char>((STB_GLOBAL << 4) | symbol.type);
    entry.st_shndx = symbol.section;
    entry.st_value = symbol.address;
    entry.st_size = symbol.size;
    append(entries, entry);
    names += symbol.name + '\0';
  }
  MadeSection table{.name = type == SHT_SYMTAB ? ".symtab" : ".dynsym", .type = type, .flags = 0};
  table.bytes = entries;
  table.link = static_cast<uint32_t>(elf.sections.size() + 2);
  elf.sections.push_back(table);
  MadeSection strings{.name = ".strtab", .type = SHT_STRTAB, .flags = 0};
  strings.bytes = names;
  elf.sections.push_back(strings);
}

void add_relocations(MadeElf& elf, uint64_t at,
                     const std::vector<std::pair<uint64_t, uint64_t>>& relocations) {
  std::string table;
  const uint64_t type = elf.machine == EM_X86_64 ? R_X86_64_RELATIVE : R_AARCH64_RELATIVE;
  for (const auto& [address, addend] : relocations) {
    append(table, address);
    append(table, type);
    append(table, addend);
  }
  elf.segments.push_back({.address = at, .flags = PF_R, .bytes = table});
  std::string dynamic;
  for (const uint64_t word :
       {uint64_t{DT_RELA}, at, uint64_t{DT_RELASZ}, uint64_t{table.size()}, uint64_t{DT_RELAENT},
        uint64_t{sizeof(Elf64_Rela)}, uint64_t{DT_NULL}, uint64_t{0}})
    append(dynamic, word);
  elf.segments.push_back(
      {.address = at + 0x1000, .flags = PF_R, .bytes = dynamic, .type = PT_DYNAMIC});
}

MadeElf made_go_elf(const MadeGoOptions& options) {
  MadeElf elf;
  elf.type = options.position_independent ? ET_DYN : ET_EXEC;
  const MadeTable table = made_pclntab(options);
  std::string rodata = inline_tree(options.since_go_1_20, 11);
  align(rodata, 32);
  const uint64_t pclntab = kRodata + rodata.size();
  rodata += table.bytes;

  std::string data(448, '\0');  // moduledata
  std::vector<std::pair<uint64_t, uint64_t>> relocations;
  const auto pointer = [&](uint64_t at, uint64_t to) {
    if (options.position_independent) {
      relocations.emplace_back(kData + at, to);
    } else {
      overwrite(data, at, to);
    }
  };
  const auto slice = [&](uint64_t at, uint64_t offset, uint64_t length) {
    pointer(at, pclntab + offset);
    overwrite(data, at + 8, length);
    overwrite(data, at + 16, length);
  };
  pointer(0, pclntab);
  slice(8, table.names, 35);
  slice(32, table.units, 2);
  slice(56, table.files, 30);
  slice(80, table.pc_tables, table.functions - table.pc_tables);
  slice(104, table.functions, table.functions_bytes);
  slice(128, table.functions, 3);
  for (const auto& [at, to] :
       {std::pair{160, kText}, {168, kText + 0x30}, {176, kText}, {184, kText + 0x30}})
    pointer(static_cast<uint64_t>(at), to);
  pointer(options.inline_base_at, kRodata);
  const uint64_t build_info = kData + data.size();
  if (!options.version.empty()) data += made_build_info(options, build_info);

  elf.segments.push_back(
      {.address = kText, .flags = PF_R | PF_X, .bytes = std::string(0x30, '\xcc')});
  elf.segments.push_back({.address = kRodata, .flags = PF_R, .bytes = rodata});
  elf.segments.push_back({.address = kData, .flags = PF_R | PF_W, .bytes = data});
  if (options.position_independent) add_relocations(elf, 0x405000, relocations);
  if (options.section_names) {
    elf.sections.push_back({.name = ".text",
                            .flags = SHF_ALLOC | SHF_EXECINSTR,
                            .address = kText,
                            .size = 0x30,
                            .bytes = "",
                            .link = 0});
    elf.sections.push_back({.name = ".gopclntab",
                            .address = pclntab,
                            .size = table.bytes.size(),
                            .bytes = "",
                            .link = 0});
    elf.sections.push_back({.name = ".go.buildinfo",
                            .address = build_info,
                            .size = kData + data.size() - build_info,
                            .bytes = "",
                            .link = 0});
  }
  return elf;
}

}  // namespace cgoscope
