// process_vm_readv(2) stops at the first piece that cannot be read and says only how many bytes it
// got until there; what lies behind that piece is asked for again.
#include "probe_cli/process/memory.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "probe_cli/process/proc_file.h"

namespace cgoscope {
namespace {

constexpr size_t kBatch = 1024;  // IOV_MAX, which is the kernel's UIO_MAXIOV

// A piece of the target. The address is one of there, and never followed here.
iovec piece(uint64_t address, size_t size_bytes) {
  return {reinterpret_cast<void*>(address), size_bytes};  // NOLINT(performance-no-int-to-ptr)
}

// How many of the first `count` reads were filled, with `read` bytes in all.
size_t filled(std::span<const iovec> pieces, size_t read) {
  size_t count = 0;
  while (count < pieces.size() && pieces[count].iov_len <= read) read -= pieces[count++].iov_len;
  return count;
}

std::string permission_hint() {
  std::string hint =
      "run as root or give cgoscope CAP_SYS_PTRACE; without it the process must be of the same "
      "user, not set-user-id";
  std::string scope = read_proc_file("/proc/sys/kernel/yama/ptrace_scope").value_or("");
  if (scope.ends_with('\n')) scope.pop_back();
  if (!scope.empty()) hint += ", and kernel.yama.ptrace_scope must be 0 (it is " + scope + ")";
  return hint;
}

}  // namespace

bool TargetMemory::read(uint64_t address, std::span<std::byte> into) const {
  MemoryRead one{address, into};
  read_all({&one, 1});
  return one.done;
}

void TargetMemory::read_all(std::span<MemoryRead> reads) const {
  std::array<iovec, kBatch> here;
  std::array<iovec, kBatch> there;
  for (MemoryRead& read : reads) read.done = read.into.empty();
  for (size_t next = 0; next < reads.size();) {
    const size_t count = std::min(kBatch, reads.size() - next);
    for (size_t i = 0; i < count; ++i) {
      const MemoryRead& read = reads[next + i];
      here[i] = {read.into.data(), read.into.size()};
      there[i] = piece(read.address, read.into.size());
    }
    const ssize_t got = process_vm_readv(pid_, here.data(), count, there.data(), count, 0);
    if (got < 0 && errno != EFAULT) return;  // gone, or forbidden: true of all the others too
    const size_t done = filled({here.data(), count}, got < 0 ? 0 : static_cast<size_t>(got));
    for (size_t i = 0; i < done; ++i) reads[next + i].done = true;
    next += done;
    if (done < count) ++next;  // the one that failed
  }
}

Result<bool> TargetMemory::readable(uint64_t address) const {
  std::byte byte{};
  const iovec here{&byte, 1};
  const iovec there = piece(address, 1);
  if (process_vm_readv(pid_, &here, 1, &there, 1, 0) == 1) return true;
  const int error = errno;
  const std::string what = "cannot read the memory of process " + std::to_string(pid_);
  switch (error) {
    case EPERM:
      return Error{what, "not permitted", permission_hint()};
    case ESRCH:
      return Error{what, "it has ended", ""};
    case EFAULT:
      return Error{what, "nothing is mapped at the address", ""};
    case ENOSYS:
      return Error{what, "this kernel has no process_vm_readv(2)",
                   "it was built without CONFIG_CROSS_MEMORY_ATTACH"};
    default:
      return Error{what, std::strerror(error), ""};
  }
}

}  // namespace cgoscope
