#include "probe_cli/privileges.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace cgoscope {

Result<bool> drop_privileges(LinkKind kind) {
  uint64_t keep = 0;
  for (const int capability : {CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH, CAP_KILL})
    keep |= uint64_t{1} << capability;
  if (kind == LinkKind::kPerf) keep |= uint64_t{1} << CAP_SYS_ADMIN;

  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (syscall(SYS_capget, &header, sets.data()) != 0)
    return Error{"cannot read our capabilities", std::strerror(errno), ""};
  for (size_t i = 0; i < sets.size(); ++i) {
    const auto kept = static_cast<uint32_t>(keep >> (32 * i));
    sets[i].effective &= kept;
    sets[i].permitted &= kept;
    sets[i].inheritable = 0;
  }
  if (syscall(SYS_capset, &header, sets.data()) != 0)
    return Error{"cannot drop capabilities", std::strerror(errno), ""};
  return true;
}

}  // namespace cgoscope
