#include "clang_plugin/cache/unit_key.h"

#include <elf.h>
#include <link.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "clang_plugin/cache/entry.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"

namespace cgoscope {
namespace {

// What Clang 19's library reads with getenv, as far as it decides a result on Linux: where headers
// are, whether there are configuration files, and the date.
constexpr std::array<const char*, 10> kVariables = {
    "CPATH",         "C_INCLUDE_PATH",          "CPLUS_INCLUDE_PATH", "OBJC_INCLUDE_PATH",
    "COMPILER_PATH", "CLANG_NO_DEFAULT_CONFIG", "SOURCE_DATE_EPOCH",  "ROCM_PATH",
    "HIP_PATH",      "HIP_DEVICE_LIB_PATH"};

// Texts one after the other, so that no two lists of texts are the same bytes.
class Texts {
 public:
  void add(std::string_view text) {
    const uint64_t size = text.size();
    hasher_.update(llvm::StringRef(reinterpret_cast<const char*>(&size), sizeof(size)));
    hasher_.update(llvm::StringRef(text.data(), text.size()));
  }
  void add_count(size_t count) { add(std::to_string(count)); }
  std::string hex() { return llvm::toHex(hasher_.final<sizeof(Digest)>(), /*LowerCase=*/true); }

 private:
  llvm::BLAKE3 hasher_;
};

// The NT_GNU_BUILD_ID among the notes of a loaded object; "" when there is none.
std::string build_id(const dl_phdr_info& object) {
  for (size_t i = 0; i < object.dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = object.dlpi_phdr[i];
    if (header.p_type != PT_NOTE) continue;
    const size_t alignment = std::max<size_t>(header.p_align, 4);
    const auto aligned = [&](size_t size) {
      return (size + alignment - 1) / alignment * alignment;
    };
    const char* at = reinterpret_cast<const char*>(  // NOLINT(performance-no-int-to-ptr)
        object.dlpi_addr + header.p_vaddr);
    const char* const end = at + header.p_memsz;
    while (static_cast<size_t>(end - at) >= sizeof(ElfW(Nhdr))) {
      ElfW(Nhdr) note;
      std::memcpy(&note, at, sizeof(note));
      const char* name = at + sizeof(note);
      const size_t bytes = aligned(note.n_namesz) + aligned(note.n_descsz);
      if (bytes > static_cast<size_t>(end - name)) break;
      const char* value = name + aligned(note.n_namesz);
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof(ELF_NOTE_GNU) &&
          std::memcmp(name, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) == 0) {
        return {value, note.n_descsz};
      }
      at = name + bytes;
    }
  }
  return "";
}

struct Loaded {
  std::vector<std::string> ids;
  bool complete = true;
};

int note_object(dl_phdr_info* object, size_t, void* to) {
  Loaded& loaded = *static_cast<Loaded*>(to);
  const std::string_view name = object->dlpi_name ? object->dlpi_name : "";
  if (name.starts_with("linux-vdso")) return 0;  // the kernel's
  const std::string id = build_id(*object);
  loaded.complete = loaded.complete && !id.empty();
  loaded.ids.push_back(id);
  return 0;
}

}  // namespace

std::string program_identity() {
  Loaded loaded;
  dl_iterate_phdr(note_object, &loaded);
  if (!loaded.complete) return "";
  Texts texts;
  std::sort(loaded.ids.begin(), loaded.ids.end());
  for (const std::string& id : loaded.ids) texts.add(id);
  for (const char* name : kVariables) {
    const char* value = std::getenv(name);
    texts.add_count(value ? 1 : 0);
    texts.add(value ? value : "");
  }
  return texts.hex();
}

std::string unit_key(const SourceUnit& unit, const std::string& program) {
  Texts texts;
  texts.add_count(kEntryFormat);
  texts.add(program);
  const auto& [main_file, directory, is_cxx, flags, is_preamble, text, virtual_files, names] = unit;
  texts.add(main_file);
  texts.add(directory);
  texts.add_count(is_cxx ? 1 : 0);
  texts.add_count(is_preamble ? 1 : 0);
  texts.add(text);
  texts.add_count(flags.size());
  for (const std::string& flag : flags) texts.add(flag);
  texts.add_count(virtual_files.size());
  for (const auto& [path, content] : virtual_files) {
    texts.add(path);
    texts.add(content);
  }
  texts.add_count(names.size());
  for (const std::string& name : names) texts.add(name);
  return texts.hex();
}

}  // namespace cgoscope
