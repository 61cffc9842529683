// An ELF file: segments, sections, symbols, relocations.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "probe_cli/go/elf_image.h"
#include "tests/fuzz/check.h"
#include "tests/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cgoscope;
  const MemoryFile file({reinterpret_cast<const char*>(data), size});
  CHECK(file.complete());
  const auto image = ElfImage::open(file.path());
  if (!image) {
    CHECK(!image.error().what.empty() && !image.error().why.empty());
    return 0;
  }
  CHECK(image->size_bytes() == size);

  uint64_t sum = 0;  // of every byte that is handed out, so that all are read
  for (const ElfSegment& segment : image->segments()) {
    CHECK(segment.file_size <= segment.memory_size);
    const auto bytes = image->bytes_at(segment.address, segment.file_size);
    for (const std::byte byte : bytes) sum += static_cast<uint64_t>(byte);
    for (const uint64_t at :
         {segment.address, segment.address + 1, segment.address + segment.file_size - 1,
          segment.address + segment.file_size, segment.address - 1}) {
      const auto offset = image->file_offset(at);
      CHECK(offset.has_value() == !image->bytes_from(at).empty());
      CHECK(!offset || *offset < size);
      CHECK(image->bytes_at(at, 8).size() % 8 == 0);
      sum += image->pointer_at(at).value_or(0);
      const ElfSymbol* symbol = image->symbol_at(at);
      CHECK(symbol == nullptr || symbol->address <= at);
    }
    for (const uint64_t address : image->pointers_to(segment.address, 4)) {
      CHECK(address % 8 == 0);
      CHECK(image->pointer_at(address) == segment.address);
    }
  }
  for (const ElfSection& section : image->sections()) {
    sum += section.name.size();
    CHECK(image->section(section.name) != nullptr);
  }
  const auto symbols = image->symbols();
  CHECK(std::is_sorted(symbols.begin(), symbols.end(), [](const ElfSymbol& a, const ElfSymbol& b) {
    return a.address < b.address;
  }));
  for (size_t i = 0; i < std::min<size_t>(symbols.size(), 64); ++i) {
    for (const char byte : symbols[i].name) sum += static_cast<uint64_t>(byte);
    const ElfSymbol* named = image->symbol_named(symbols[i].name);
    CHECK(named != nullptr && named->name == symbols[i].name);
  }
  volatile uint64_t kept = sum;
  (void)kept;
  return 0;
}
