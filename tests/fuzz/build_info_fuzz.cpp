// The build information in an executable. The input is what would be at .go.buildinfo: the ELF file
// around it is always the same, so that the input need not get it right. The seeds with the older
// form point to where it lies, 0x1000.
#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "probe_cli/go/build_info.h"
#include "tests/fuzz/check.h"
#include "tests/memory_file.h"

namespace cgoscope {
namespace {

// One segment of data, without sections.
std::string elf_around(std::string_view bytes) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = ET_EXEC;
  header.e_machine = EM_X86_64;
  header.e_phoff = sizeof(header);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 1;
  Elf64_Phdr segment{};
  segment.p_type = PT_LOAD;
  segment.p_flags = PF_R | PF_W;
  segment.p_offset = sizeof(header) + sizeof(segment);
  segment.p_vaddr = 0x1000;
  segment.p_filesz = segment.p_memsz = bytes.size();
  std::string file(reinterpret_cast<const char*>(&header), sizeof(header));
  file.append(reinterpret_cast<const char*>(&segment), sizeof(segment));
  return file.append(bytes);
}

}  // namespace
}  // namespace cgoscope

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cgoscope;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  parse_go_version(text);
  godebug_value(text, "asynctimerchan");

  const MemoryFile file(elf_around(text));
  CHECK(file.complete());
  const auto image = ElfImage::open(file.path());
  CHECK(image.has_value());
  const auto info = read_build_info(*image);
  if (!info) {
    CHECK(!info.error().what.empty() && !info.error().why.empty());
    return 0;
  }
  CHECK(!info->version_text.empty());
  CHECK(!info->version || (info->version->minor >= 0 && info->version->patch >= 0));
  CHECK(info->main_package.size() + info->main_module.size() <= 2 * size);
  info->default_godebug("asynctimerchan");
  return 0;
}
