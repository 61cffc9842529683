// Files are read, not mapped: who may write a library can also cut it short, and a mapping of ours
// would then end us with SIGBUS.
#include "probe_cli/process/c_modules.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "probe_cli/clock.h"
#include "probe_cli/process/proc_file.h"

namespace cgoscope {
namespace {

constexpr size_t kMappingsLimitBytes = 64u << 20;
constexpr int64_t kLookEveryNs = 1'000'000'000;

// A regular file, and if asked for the one with this inode; without waiting for anybody, should it
// have been replaced by a pipe.
Descriptor open_file(const std::string& path, std::optional<uint64_t> inode) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status{};
  if (!file || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
      (inode && status.st_ino != *inode)) {
    return {};
  }
  return file;
}

}  // namespace

const Dwfl_Callbacks CModules::kCallbacks = {&CModules::on_find_elf, &dwfl_build_id_find_debuginfo,
                                             nullptr, nullptr};

Result<std::unique_ptr<CModules>> CModules::open(pid_t pid) {
  const std::string what = "cannot walk C stacks of process " + std::to_string(pid);
  std::unique_ptr<CModules> modules(new CModules(pid));
  elf_version(EV_CURRENT);
  modules->executable_ = open_file("/proc/" + std::to_string(pid) + "/exe", std::nullopt);
  if (!modules->executable_) {
    return Error{what, "its executable cannot be opened: " + std::string(std::strerror(errno)),
                 "run as root, or as the user of that process"};
  }
  struct stat status{};
  if (fstat(modules->executable_.get(), &status) == 0) modules->executable_inode_ = status.st_ino;
  modules->executable_elf_ = elf_begin(modules->executable_.get(), ELF_C_READ, nullptr);
  modules->dwfl_ = dwfl_begin(&kCallbacks);
  if (modules->executable_elf_ == nullptr || modules->dwfl_ == nullptr) {
    return Error{what, "libdw: " + std::string(dwfl_errmsg(-1)), ""};
  }
  if (!modules->report()) {
    return Error{what, "what it has mapped cannot be read: " + std::string(std::strerror(errno)),
                 "run as root, or as the user of that process"};
  }
  return modules;
}

CModules::~CModules() {
  if (dwfl_ != nullptr) dwfl_end(dwfl_);
  if (executable_elf_ != nullptr) elf_end(executable_elf_);
}

bool CModules::report() {
  looked_ns_ = monotonic_ns();
  const std::optional<std::string> maps =
      read_proc_file("/proc/" + std::to_string(pid_) + "/maps", kMappingsLimitBytes);
  if (!maps) return false;
  mappings_ = parse_mappings(*maps);
  dwfl_report_begin(dwfl_);
  const int failed = dwfl_linux_proc_report(dwfl_, pid_);
  if (dwfl_report_end(dwfl_, nullptr, nullptr) != 0 || failed != 0) return false;
  // libdwfl hands to its callbacks only what lies in this place of each module.
  const auto set_self = [](Dwfl_Module*, void** self, const char*, Dwarf_Addr, void* modules) {
    *self = modules;
    return static_cast<int>(DWARF_CB_OK);
  };
  return dwfl_getmodules(dwfl_, set_self, this, 0) == 0;
}

bool CModules::refresh() { return monotonic_ns() - looked_ns_ >= kLookEveryNs && report(); }

bool CModules::is_executable(Dwfl_Module* module) const {
  Dwarf_Addr begin = 0;
  dwfl_module_info(module, nullptr, &begin, nullptr, nullptr, nullptr, nullptr, nullptr);
  return std::any_of(mappings_.begin(), mappings_.end(), [&](const Mapping& mapping) {
    return mapping.begin == begin && mapping.inode == executable_inode_;
  });
}

// The file that is mapped at the address: by the kernel's own link, which needs a capability but is
// right also for a file that was deleted; else by its name in the process's mount namespace.
Descriptor CModules::open_mapped(uint64_t address) const {
  const auto mapping = std::find_if(mappings_.begin(), mappings_.end(), [&](const Mapping& one) {
    return one.begin <= address && address < one.end;
  });
  if (mapping == mappings_.end() || mapping->inode == 0) return {};
  const std::string process = "/proc/" + std::to_string(pid_);
  Descriptor file = open_file(
      process + "/map_files/" + hexadecimal(mapping->begin) + "-" + hexadecimal(mapping->end),
      std::nullopt);
  if (!file && mapping->inode == executable_inode_)
    file = open_file(process + "/exe", std::nullopt);
  if (!file) file = open_file(process + "/root" + mapping->path, mapping->inode);
  return file;
}

int CModules::on_find_elf(Dwfl_Module*, void** self, const char*, Dwarf_Addr base, char**,
                          Elf** elf) {
  if (*self == nullptr) return -1;
  Descriptor file = static_cast<const CModules*>(*self)->open_mapped(base);
  if (!file) return -1;
  *elf = elf_begin(file.get(), ELF_C_READ, nullptr);
  return *elf == nullptr ? -1 : file.release();
}

Frame CModules::frame_at(uint64_t pc, bool is_return) const {
  Frame frame;
  frame.pc = pc;
  const uint64_t address = is_return ? pc - 1 : pc;
  Dwfl_Module* module = dwfl_addrmodule(dwfl_, address);
  if (module == nullptr) return frame;
  GElf_Addr bias = 0;
  if (dwfl_module_getelf(module, &bias) != nullptr) frame.pc = pc - bias;

  GElf_Off offset = 0;
  GElf_Sym symbol{};
  const char* name =
      dwfl_module_addrinfo(module, address, &offset, &symbol, nullptr, nullptr, nullptr);
  // The nearest symbol before the address need not reach as far.
  if (name != nullptr && (symbol.st_size == 0 || offset < symbol.st_size)) {
    frame.function = name;
    frame.function.resize(std::min(frame.function.size(), frame.function.find('@')));
  }
  int line = 0;
  // libdwfl takes what lies behind a unit for the unit's too, as far as the next one.
  Dwarf_Addr unit_bias = 0;
  Dwarf_Die* unit = dwfl_module_addrdie(module, address, &unit_bias);
  if (unit == nullptr || dwarf_haspc(unit, address - unit_bias) != 1) return frame;
  if (Dwfl_Line* source = dwfl_module_getsrc(module, address)) {
    const char* file = dwfl_lineinfo(source, nullptr, &line, nullptr, nullptr, nullptr);
    if (file != nullptr && line > 0) {
      frame.file = file;
      frame.line = line;
    }
  }
  return frame;
}

}  // namespace cgoscope
