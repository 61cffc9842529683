// An ELF file as the probe needs it: what lies at an address, and the symbols that are left.
//
// The file is somebody else's and may be broken on purpose: every offset and size is checked
// against the file before it is used, and no read leaves it. It is mapped, not read: an executable
// that runs cannot be written to (ETXTBSY), so the mapping does not change under us.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "findings/result.h"

namespace cgoscope {

enum class Machine : uint8_t { kAmd64, kArm64 };

struct ElfSegment {  // PT_LOAD
  uint64_t address = 0, file_offset = 0, file_size = 0, memory_size = 0;
  bool writable = false, executable = false;
};

struct ElfSection {
  std::string name;
  uint64_t address = 0, file_offset = 0, size = 0;
  bool compressed = false;  // SHF_COMPRESSED
  bool in_file = true;      // not SHT_NOBITS
};

struct ElfSymbol {  // STT_FUNC or STT_OBJECT, defined, of .symtab or .dynsym
  uint64_t address = 0, size = 0;
  std::string_view name;  // lies in the file's mapping
};

class ElfImage {
 public:
  // `path` may be /proc/PID/exe, which opens what runs even after it was deleted or replaced.
  // Errors: not there, no permission, not ELF, 32-bit, big-endian, another machine, truncated.
  static Result<ElfImage> open(const std::string& path);

  ElfImage(ElfImage&&) noexcept;
  ElfImage& operator=(ElfImage&&) noexcept;
  ~ElfImage();

  const std::string& path() const;
  Machine machine() const;
  bool position_independent() const;  // ET_DYN: linked addresses are relative to a load base
  uint64_t size_bytes() const;

  std::span<const ElfSegment> segments() const;
  uint64_t first_address() const;  // of the first segment, as linked; 0 when there is none
  std::span<const ElfSection> sections() const;  // empty when there is no section table
  const ElfSection* section(std::string_view name) const;
  // Its bytes as they lie in the file; empty when it has none there or is cut off.
  std::span<const std::byte> contents(const ElfSection& section) const;
  // Function symbols sorted by address; C's and, when not stripped, Go's. Read at the first call.
  std::span<const ElfSymbol> symbols() const;
  // The function symbol whose range has the address, or that precedes it within its section when it
  // has no size; nullptr when none does.
  const ElfSymbol* symbol_at(uint64_t address) const;
  const ElfSymbol* symbol_named(std::string_view name) const;

  // The bytes of the file that are loaded at [address, address + size); empty when any of them is
  // not in the file.
  std::span<const std::byte> bytes_at(uint64_t address, uint64_t size) const;
  // As many as the segment of the file holds from `address` on.
  std::span<const std::byte> bytes_from(uint64_t address) const;
  std::optional<uint64_t> file_offset(uint64_t address) const;
  // The pointer at `address` as linked: its bytes, or the addend of the R_*_RELATIVE relocation
  // that the dynamic linker will apply there (position-independent files).
  std::optional<uint64_t> pointer_at(uint64_t address) const;

  // Where in the loaded segments a word holds a pointer to `target`, as pointer_at sees it: at most
  // `limit` addresses, all divisible by 8. In what can be written at run time, and only when there
  // is none, in the rest.
  std::vector<uint64_t> pointers_to(uint64_t target, size_t limit) const;

  // Gives back the memory that reads of the file have brought in. Nothing is lost: it comes again
  // when it is read.
  void release_pages() const;

 private:
  struct Parts;
  explicit ElfImage(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace cgoscope
