#include "probe_cli/go/debug_sections.h"

#include <elf.h>
#include <zlib.h>

#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "probe_cli/go/bytes.h"

namespace cgoscope {
namespace {

constexpr uint64_t kMaxSectionBytes = uint64_t{512} << 20U;
// No zlib stream grows by more than this; a header that promises more is a lie (zlib's technical
// notes, "maximum compression factor").
constexpr uint64_t kMaxZlibFactor = 1032;

struct WantedSection {
  const char* name;
  const char* old_name;  // compressed the old way
  bool required;
};
constexpr std::array kWanted = {
    WantedSection{".debug_info", ".zdebug_info", true},
    WantedSection{".debug_abbrev", ".zdebug_abbrev", true},
    WantedSection{".debug_str", ".zdebug_str", false},
    WantedSection{".debug_line_str", ".zdebug_line_str", false},
};

struct FoundSection {
  const char* name = "";
  Bytes stored;
  bool deflated = false;
  uint64_t size_bytes = 0;  // inflated
};

Error broken(const std::string& section, const std::string& why) {
  return {"cannot read the section " + section, why, "build the program again"};
}

// "ZLIB", then the size as eight bytes, big-endian.
std::optional<uint64_t> old_style_size(Bytes stored) {
  if (text_of(part_of(stored, 0, 4)) != "ZLIB") return std::nullopt;
  const auto bytes = value_at<std::array<unsigned char, 8>>(stored, 4);
  if (!bytes) return std::nullopt;
  uint64_t size = 0;
  for (const unsigned char byte : *bytes) size = size << 8U | byte;
  return size;
}

Result<FoundSection> find_section(const ElfImage& image, const WantedSection& wanted) {
  const ElfSection* section = image.section(wanted.name);
  const bool old_style =
      section == nullptr && (section = image.section(wanted.old_name)) != nullptr;
  if (section == nullptr) {
    if (!wanted.required) return FoundSection{};
    return Error{"cannot read the debug information", std::string("it has no ") + wanted.name, ""};
  }
  const Bytes stored = image.contents(*section);
  if (stored.empty() && section->size != 0) return broken(section->name, "it is not in the file");
  FoundSection found{wanted.name, stored, old_style || section->compressed, stored.size()};
  if (old_style) {
    const auto size = old_style_size(stored);
    if (!size) return broken(section->name, "its header is not \"ZLIB\" and a size");
    found.size_bytes = *size;
    found.stored = rest_of(stored, 12);
  } else if (section->compressed) {
    const auto header = value_at<Elf64_Chdr>(stored, 0);
    if (!header) return broken(section->name, "its header is cut off");
    if (header->ch_type != ELFCOMPRESS_ZLIB)
      return broken(section->name, "it is not compressed with zlib");
    found.size_bytes = header->ch_size;
    found.stored = rest_of(stored, sizeof(Elf64_Chdr));
  }
  if (found.size_bytes > kMaxSectionBytes) return broken(section->name, "it is over 512 MiB");
  if (found.deflated && found.size_bytes / kMaxZlibFactor > found.stored.size())
    return broken(section->name, "its size cannot be true");
  return found;
}

bool inflate_to(Bytes stored, char* out, uint64_t size_bytes) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return false;
  // zlib does not write to its input, but its type says so. Both sizes are below 4 GiB: the input
  // is checked here, the output is capped.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(stored.data()));
  stream.avail_in = static_cast<uInt>(std::min<uint64_t>(stored.size(), UINT32_MAX));
  stream.next_out = reinterpret_cast<Bytef*>(out);
  stream.avail_out = static_cast<uInt>(size_bytes);
  const int status = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  return status == Z_STREAM_END && stream.avail_out == 0;
}

template <typename T>
void write_at(char* out, uint64_t offset, const T& value) {
  std::memcpy(out + offset, &value, sizeof value);
}

constexpr uint64_t aligned(uint64_t offset) { return (offset + 7) & ~uint64_t{7}; }

Elf64_Ehdr file_header(Machine machine, uint64_t sections_at, size_t section_count) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;
  header.e_machine = machine == Machine::kAmd64 ? EM_X86_64 : EM_AARCH64;
  header.e_version = EV_CURRENT;
  header.e_ehsize = sizeof(Elf64_Ehdr);
  header.e_shoff = sections_at;
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = static_cast<Elf64_Half>(section_count);
  header.e_shstrndx = static_cast<Elf64_Half>(section_count - 1);
  return header;
}

}  // namespace

Result<DebugFile> type_debug_file(const ElfImage& image) {
  std::vector<FoundSection> sections;
  for (const WantedSection& wanted : kWanted) {
    const Result<FoundSection> found = find_section(image, wanted);
    if (!found) return found.error();
    if (!found->stored.empty()) sections.push_back(*found);
  }

  // The header; the sections; their names; their table, which begins with an empty entry.
  std::string names(1, '\0');
  std::vector<Elf64_Shdr> table(1);
  uint64_t at = sizeof(Elf64_Ehdr);
  const auto add = [&](const char* name, Elf64_Word type, uint64_t size_bytes) {
    Elf64_Shdr& section = table.emplace_back();
    section.sh_name = static_cast<Elf64_Word>(names.size());
    section.sh_type = type;
    section.sh_offset = at;
    section.sh_size = size_bytes;
    section.sh_addralign = 1;
    names.append(name).push_back('\0');
    at = aligned(at + size_bytes);
  };
  for (const FoundSection& section : sections) add(section.name, SHT_PROGBITS, section.size_bytes);
  const uint64_t names_at = at;
  const std::string names_section = ".shstrtab";
  add(names_section.c_str(), SHT_STRTAB, names.size() + names_section.size() + 1);

  DebugFile file;
  file.size_bytes = at + table.size() * sizeof(Elf64_Shdr);
  file.bytes = std::make_unique_for_overwrite<char[]>(file.size_bytes);
  for (size_t i = 0; i < sections.size(); ++i) {
    const FoundSection& section = sections[i];
    char* out = file.bytes.get() + table[i + 1].sh_offset;
    if (!section.deflated)
      std::memcpy(out, section.stored.data(), section.stored.size());
    else if (!inflate_to(section.stored, out, section.size_bytes))
      return broken(section.name, "it does not decompress to the size that its header says");
  }
  write_at(file.bytes.get(), 0, file_header(image.machine(), at, table.size()));
  std::memcpy(file.bytes.get() + names_at, names.data(), names.size());
  std::memcpy(file.bytes.get() + at, table.data(), table.size() * sizeof(Elf64_Shdr));
  return file;
}

}  // namespace cgoscope
