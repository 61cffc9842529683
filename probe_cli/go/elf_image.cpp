#include "probe_cli/go/elf_image.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "probe_cli/go/bytes.h"
#include "probe_cli/go/elf_relocations.h"
#include "probe_cli/go/elf_symbols.h"

namespace cgoscope {
namespace {

constexpr uint64_t kMaxSectionNameBytes = 256;
// Linkers make a handful. With the limit on their bytes below it keeps a walk through all segments
// in proportion to the file.
constexpr size_t kMaxSegments = 1024;

// A file, mapped to be read.
class Mapping {
 public:
  Mapping() = default;
  Mapping(void* address, size_t size) : address_(address), size_(size) {}
  Mapping(Mapping&& other) noexcept
      : address_(std::exchange(other.address_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(address_, other.address_);
    std::swap(size_, other.size_);
    return *this;
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (address_ != nullptr) munmap(address_, size_);
  }

  Bytes bytes() const { return {static_cast<const std::byte*>(address_), size_}; }
  void release_pages() const {
    if (address_ != nullptr) madvise(address_, size_, MADV_DONTNEED);
  }

 private:
  void* address_ = nullptr;
  size_t size_ = 0;
};

Error cannot_read(const std::string& path, const std::string& why, const std::string& hint) {
  return Error{"cannot read the executable " + path, why, hint};
}

Error broken(const std::string& path, const std::string& why) {
  return cannot_read(path, "the ELF file is broken: " + why,
                     "check that it was copied or downloaded in full");
}

Result<Mapping> map_file(const std::string& path) {
  // Not to wait for a writer when somebody names a FIFO.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    const int error = errno;
    return cannot_read(path, std::strerror(error),
                       error == EACCES || error == EPERM
                           ? "run as the process's own user or as root"
                           : "check the path, or that the process still runs");
  }
  struct stat status{};
  const bool known = fstat(fd, &status) == 0;
  if (!known || !S_ISREG(status.st_mode) || status.st_size <= 0) {
    ::close(fd);
    return cannot_read(path, known && S_ISREG(status.st_mode) ? "it is empty" : "not a file",
                       "give the path of an executable");
  }
  const auto size = static_cast<size_t>(status.st_size);
  void* address = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  const int error = errno;
  ::close(fd);
  if (address == MAP_FAILED)
    return cannot_read(path, std::string("mmap: ") + std::strerror(error), "");
  return Mapping(address, size);
}

// Checks what of the identification and the header the rest relies on.
Result<Elf64_Ehdr> read_header(const std::string& path, Bytes file) {
  const auto ident = value_at<std::array<unsigned char, EI_NIDENT>>(file, 0);
  if (!ident || std::memcmp(ident->data(), ELFMAG, SELFMAG) != 0)
    return cannot_read(path, "not an ELF file", "give a Linux executable or a process's id");
  if ((*ident)[EI_CLASS] != ELFCLASS64)
    return cannot_read(path, "a 32-bit executable", "only 64-bit Go programs can be looked at");
  if ((*ident)[EI_DATA] != ELFDATA2LSB)
    return cannot_read(path, "a big-endian executable", "only amd64 and arm64 are known");
  const auto header = value_at<Elf64_Ehdr>(file, 0);
  if (!header) return broken(path, "its header is cut off");
  if (header->e_machine != EM_X86_64 && header->e_machine != EM_AARCH64) {
    return cannot_read(
        path,
        "made for another machine, number " + std::to_string(header->e_machine) + " in ELF's list",
        "only amd64 and arm64 are known");
  }
  if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
    return cannot_read(path, "neither an executable nor a shared object", "link it first");
  return *header;
}

}  // namespace

struct ElfImage::Parts {
  std::string path;
  Mapping mapping;
  Machine machine = Machine::kAmd64;
  bool position_independent = false;
  std::vector<ElfSegment> segments;
  std::vector<ElfSection> sections;
  ElfSymbols symbols;
  RelativeRelocations relocations;

  Bytes file() const { return mapping.bytes(); }
  const ElfSegment* segment_of(uint64_t address) const;
  Bytes bytes_from(uint64_t address) const;
  std::optional<Error> read_segments(const Elf64_Ehdr& header);
  void read_sections(const Elf64_Ehdr& header);
  void read_dynamic(const Elf64_Phdr& header);
};

// The one whose bytes of the file have the address.
const ElfSegment* ElfImage::Parts::segment_of(uint64_t address) const {
  const auto found = std::find_if(segments.begin(), segments.end(), [&](const ElfSegment& segment) {
    return address - segment.address < segment.file_size;
  });
  return found == segments.end() ? nullptr : &*found;
}

Bytes ElfImage::Parts::bytes_from(uint64_t address) const {
  const ElfSegment* segment = segment_of(address);
  if (segment == nullptr) return {};
  return rest_of(part_of(file(), segment->file_offset, segment->file_size),
                 address - segment->address);
}

std::optional<Error> ElfImage::Parts::read_segments(const Elf64_Ehdr& header) {
  if (header.e_phnum == 0) return broken(path, "it has no program headers");
  if (header.e_phentsize != sizeof(Elf64_Phdr))
    return broken(path, "its program headers have an unknown size");
  std::optional<Elf64_Phdr> dynamic;
  uint64_t loaded_bytes = 0;
  for (uint64_t i = 0; i < header.e_phnum; ++i) {
    const Bytes table = rest_of(file(), header.e_phoff);
    const auto program = value_at<Elf64_Phdr>(table, i * sizeof(Elf64_Phdr));
    if (!program) return broken(path, "its program headers are cut off");
    if (program->p_type == PT_DYNAMIC) dynamic = program;
    if (program->p_type != PT_LOAD) continue;
    if (program->p_offset > file().size() || program->p_filesz > file().size() - program->p_offset)
      return broken(path, "a segment ends beyond the end of the file");
    if (program->p_filesz > program->p_memsz ||
        program->p_vaddr + program->p_memsz < program->p_vaddr)
      return broken(path, "a segment has an impossible size");
    loaded_bytes += program->p_filesz;
    if (segments.size() == kMaxSegments || loaded_bytes > 2 * file().size())
      return broken(path, "its segments overlap, or are too many");
    segments.push_back({program->p_vaddr, program->p_offset, program->p_filesz, program->p_memsz,
                        (program->p_flags & PF_W) != 0, (program->p_flags & PF_X) != 0});
  }
  if (segments.empty()) return broken(path, "it has no segment to load");
  if (dynamic) read_dynamic(*dynamic);
  return std::nullopt;
}

void ElfImage::Parts::read_dynamic(const Elf64_Phdr& header) {
  const Bytes table = part_of(file(), header.p_offset, header.p_filesz);
  uint64_t address = 0;
  uint64_t size_bytes = 0;
  uint64_t entry_bytes = sizeof(Elf64_Rela);
  for (uint64_t at = 0;; at += sizeof(Elf64_Dyn)) {
    const auto entry = value_at<Elf64_Dyn>(table, at);
    if (!entry || entry->d_tag == DT_NULL) break;
    if (entry->d_tag == DT_RELA) address = entry->d_un.d_ptr;
    if (entry->d_tag == DT_RELASZ) size_bytes = entry->d_un.d_val;
    if (entry->d_tag == DT_RELAENT) entry_bytes = entry->d_un.d_val;
  }
  if (entry_bytes != sizeof(Elf64_Rela)) return;
  const Bytes rest = bytes_from(address);
  relocations =
      RelativeRelocations(rest.first(std::min<uint64_t>(size_bytes, rest.size())), machine);
}

// What is wrong with the section table costs the sections alone: a running program needs none.
void ElfImage::Parts::read_sections(const Elf64_Ehdr& header) {
  const Bytes table = header.e_shoff == 0 ? Bytes() : rest_of(file(), header.e_shoff);
  const auto first = value_at<Elf64_Shdr>(table, 0);
  if (!first || header.e_shentsize != sizeof(Elf64_Shdr)) return;
  // More sections than the header's fields can say are counted in the first one.
  const uint64_t count = std::min<uint64_t>(header.e_shnum != 0 ? header.e_shnum : first->sh_size,
                                            table.size() / sizeof(Elf64_Shdr));
  const auto section_at = [&](uint64_t index) {
    return index < count ? value_at<Elf64_Shdr>(table, index * sizeof(Elf64_Shdr)) : std::nullopt;
  };
  const auto contents = [&](const std::optional<Elf64_Shdr>& section) {
    if (!section || section->sh_type == SHT_NOBITS) return Bytes();
    return part_of(file(), section->sh_offset, section->sh_size);
  };
  const Bytes names =
      contents(section_at(header.e_shstrndx == SHN_XINDEX ? first->sh_link : header.e_shstrndx));
  std::vector<SymbolTable> tables;
  std::vector<ElfSection> code;
  for (uint64_t i = 1; i < count; ++i) {
    const auto section = section_at(i);
    if (section->sh_type == SHT_NULL) continue;
    const auto name = string_at(names, section->sh_name, kMaxSectionNameBytes);
    sections.push_back({std::string(name.value_or("")), section->sh_addr, section->sh_offset,
                        section->sh_size, (section->sh_flags & SHF_COMPRESSED) != 0,
                        section->sh_type != SHT_NOBITS});
    if ((section->sh_flags & SHF_EXECINSTR) != 0) code.push_back(sections.back());
    if (section->sh_type == SHT_SYMTAB || section->sh_type == SHT_DYNSYM)
      tables.push_back({contents(section), contents(section_at(section->sh_link))});
  }
  symbols = ElfSymbols(std::move(tables), std::move(code));
}

Result<ElfImage> ElfImage::open(const std::string& path) {
  auto parts = std::make_unique<Parts>();
  parts->path = path;
  Result<Mapping> mapping = map_file(path);
  if (!mapping) return mapping.error();
  parts->mapping = std::move(*mapping);
  const Result<Elf64_Ehdr> header = read_header(path, parts->file());
  if (!header) return header.error();
  parts->machine = header->e_machine == EM_X86_64 ? Machine::kAmd64 : Machine::kArm64;
  parts->position_independent = header->e_type == ET_DYN;
  if (const auto error = parts->read_segments(*header)) return *error;
  parts->read_sections(*header);
  return ElfImage(std::move(parts));
}

ElfImage::ElfImage(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
ElfImage::ElfImage(ElfImage&&) noexcept = default;
ElfImage& ElfImage::operator=(ElfImage&&) noexcept = default;
ElfImage::~ElfImage() = default;

const std::string& ElfImage::path() const { return parts_->path; }
Machine ElfImage::machine() const { return parts_->machine; }
bool ElfImage::position_independent() const { return parts_->position_independent; }
uint64_t ElfImage::size_bytes() const { return parts_->file().size(); }
std::span<const ElfSegment> ElfImage::segments() const { return parts_->segments; }
uint64_t ElfImage::first_address() const {
  return segments().empty() ? 0 : segments().front().address;
}
std::span<const ElfSection> ElfImage::sections() const { return parts_->sections; }

const ElfSection* ElfImage::section(std::string_view name) const {
  const auto found = std::find_if(parts_->sections.begin(), parts_->sections.end(),
                                  [&](const ElfSection& section) { return section.name == name; });
  return found == parts_->sections.end() ? nullptr : &*found;
}

std::span<const std::byte> ElfImage::contents(const ElfSection& section) const {
  if (!section.in_file) return {};
  return part_of(parts_->file(), section.file_offset, section.size);
}

std::span<const ElfSymbol> ElfImage::symbols() const { return parts_->symbols.functions(); }

const ElfSymbol* ElfImage::symbol_at(uint64_t address) const {
  return parts_->symbols.function_at(address);
}

const ElfSymbol* ElfImage::symbol_named(std::string_view name) const {
  return parts_->symbols.named(name);
}

std::span<const std::byte> ElfImage::bytes_at(uint64_t address, uint64_t size) const {
  return part_of(parts_->bytes_from(address), 0, size);
}

std::span<const std::byte> ElfImage::bytes_from(uint64_t address) const {
  return parts_->bytes_from(address);
}

std::optional<uint64_t> ElfImage::file_offset(uint64_t address) const {
  const ElfSegment* segment = parts_->segment_of(address);
  if (segment == nullptr) return std::nullopt;
  return segment->file_offset + (address - segment->address);
}

std::optional<uint64_t> ElfImage::pointer_at(uint64_t address) const {
  if (parts_->position_independent) {
    if (const auto addend = parts_->relocations.addend_at(address)) return addend;
  }
  return value_at<uint64_t>(parts_->bytes_from(address), 0);
}

std::vector<uint64_t> ElfImage::pointers_to(uint64_t target, size_t limit) const {
  std::vector<uint64_t> addresses;
  if (parts_->position_independent) addresses = parts_->relocations.addresses_of(target, limit);
  for (const bool writable : {true, false}) {
    if (!writable && !addresses.empty())
      break;  // the rest is the bulk of the file: not read without need
    for (const ElfSegment& segment : parts_->segments) {
      if (segment.writable != writable) continue;
      const uint64_t first = (segment.address + 7) & ~uint64_t{7};
      const Bytes words = bytes_from(first);
      for (uint64_t at = 0; addresses.size() < limit && words.size() - at >= 8; at += 8) {
        if (value_at<uint64_t>(words, at) == target && pointer_at(first + at) == target)
          addresses.push_back(first + at);
      }
    }
  }
  std::erase_if(addresses, [](uint64_t address) { return address % 8 != 0; });
  return addresses;
}

void ElfImage::release_pages() const { parts_->mapping.release_pages(); }

}  // namespace cgoscope
