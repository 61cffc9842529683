// libdwfl unwinds from whatever registers it is given, and leaves unknown what a rule cannot be
// evaluated for; only where it finds no rule at all, or cannot follow it, does it guess by frame
// pointers. A wrong frame is worse than none, so before each step it is checked that there is a
// rule and that the registers of its base are known.
//
// C's frames have rules in .eh_frame; Go's functions have none there, which tells them apart also
// in a stripped executable.
#include "probe_cli/process/c_stack.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "probe_cli/process/c_modules.h"
#include "probe_cli/process/memory.h"

namespace cgoscope {
namespace {

constexpr size_t kMostFrames = 64;
constexpr size_t kStackCopyBytes = 8 << 10;

// DWARF's numbers of the registers (the psABI of each machine).
#if defined(__x86_64__)
constexpr unsigned kStackPointer = 7;
#elif defined(__aarch64__)
constexpr unsigned kStackPointer = 31;
#else
#error "how DWARF numbers the registers is not known for this machine"
#endif

struct FreeDeleter {
  void operator()(void* memory) const { std::free(memory); }
};
using DwarfFrame = std::unique_ptr<Dwarf_Frame, FreeDeleter>;

DwarfFrame rule_in(Dwarf_CFI* table, Dwarf_Addr bias, uint64_t address) {
  Dwarf_Frame* frame = nullptr;
  if (table == nullptr || dwarf_cfi_addrframe(table, address - bias, &frame) != 0) return nullptr;
  return DwarfFrame(frame);
}

struct Rule {
  DwarfFrame frame;
  bool in_eh_frame = false;
};

// How to unwind from the address; libdwfl looks in the same order.
Rule rule_at(Dwfl_Module* module, uint64_t address) {
  Dwarf_Addr bias = 0;
  Dwarf_CFI* table = dwfl_module_eh_cfi(module, &bias);
  if (DwarfFrame frame = rule_in(table, bias, address)) return {std::move(frame), true};
  table = dwfl_module_dwarf_cfi(module, &bias);
  return {rule_in(table, bias, address), false};
}

// Whether the registers from which the frame's base is reckoned are known.
bool base_known(Dwarf_Frame* rule, Dwfl_Frame* state) {
  Dwarf_Op* operations = nullptr;
  size_t count = 0;
  if (dwarf_frame_cfa(rule, &operations, &count) != 0 || count == 0) return false;
  for (size_t i = 0; i < count; ++i) {
    const Dwarf_Op& operation = operations[i];
    std::optional<unsigned> number;
    if (operation.atom >= DW_OP_breg0 && operation.atom <= DW_OP_breg31) {
      number = operation.atom - DW_OP_breg0;
    } else if (operation.atom == DW_OP_bregx) {
      number = static_cast<unsigned>(operation.number);
    }
    Dwarf_Word value = 0;
    if (number && dwfl_frame_reg(state, *number, &value) != 0) return false;
  }
  return true;
}

// One walk: what libdwfl's callbacks are given.
struct Walk {
  Walk(const CModules& c_modules, const ThreadState& state)
      : modules(c_modules), memory(c_modules.pid()), thread(state) {
    // At the end of its mapping a stack may be shorter than the copy.
    for (size_t size = stack.size(); size >= 512 && copied == 0; size /= 2) {
      if (memory.read(thread.stack_pointer, std::span(stack).first(size))) copied = size;
    }
  }

  std::optional<uint64_t> word(uint64_t address) const {
    uint64_t value = 0;
    const uint64_t offset = address - thread.stack_pointer;
    if (address >= thread.stack_pointer && copied >= sizeof value &&
        offset <= copied - sizeof value) {
      std::memcpy(&value, stack.data() + offset, sizeof value);
      return value;
    }
    return memory.value<uint64_t>(address);
  }

  int take(Dwfl_Frame* state);

  const CModules& modules;
  TargetMemory memory;
  const ThreadState& thread;
  std::array<std::byte, kStackCopyBytes> stack;
  size_t copied = 0;
  std::vector<Frame> frames;
  uint64_t stack_pointer = 0;    // of the frame before
  bool outside_modules = false;  // it ended at an address where no library was known
};

int Walk::take(Dwfl_Frame* state) {
  Dwarf_Addr pc = 0;
  bool activation = false;
  Dwarf_Word frame_pointer = 0;
  if (frames.size() >= kMostFrames || !dwfl_frame_pc(state, &pc, &activation) ||
      dwfl_frame_reg(state, kStackPointer, &frame_pointer) != 0 ||
      (!frames.empty() && frame_pointer <= stack_pointer)) {
    return DWARF_CB_ABORT;
  }
  stack_pointer = frame_pointer;
  const uint64_t address = activation ? pc : pc - 1;
  Dwfl_Module* module = dwfl_addrmodule(modules.dwfl(), address);
  outside_modules = module == nullptr;
  if (outside_modules) return DWARF_CB_ABORT;

  const Rule rule = rule_at(module, address);
  if (!rule.in_eh_frame && modules.is_executable(module)) return DWARF_CB_ABORT;
  Frame frame = modules.frame_at(pc, !activation);
  if (is_runtime_function(frame.function)) return DWARF_CB_ABORT;
  frames.push_back(std::move(frame));
  return rule.frame != nullptr && base_known(rule.frame.get(), state) ? DWARF_CB_OK
                                                                      : DWARF_CB_ABORT;
}

// The argument that libdwfl hands to the callbacks of a process.
struct CurrentWalk {
  Walk* walk = nullptr;
};

// libdwfl asks for thread after thread only to walk them all, which is never asked of it.
pid_t next_thread(Dwfl*, void*, void**) { return 0; }

bool get_thread(Dwfl*, pid_t, void* current, void** argument) {
  *argument = static_cast<CurrentWalk*>(current)->walk;
  return *argument != nullptr;
}

bool read_word(Dwfl*, Dwarf_Addr address, Dwarf_Word* result, void* current) {
  const Walk* walk = static_cast<CurrentWalk*>(current)->walk;
  const std::optional<uint64_t> word = walk == nullptr ? std::nullopt : walk->word(address);
  if (word) *result = *word;
  return word.has_value();
}

bool set_initial_registers(Dwfl_Thread* thread, void* argument) {
  const ThreadState& state = static_cast<Walk*>(argument)->thread;
  const Dwarf_Word stack_pointer = state.stack_pointer;
  if (!dwfl_thread_state_registers(thread, kStackPointer, 1, &stack_pointer)) return false;
  dwfl_thread_state_register_pc(thread, state.program_counter);
  return true;
}

int take_frame(Dwfl_Frame* state, void* walk) { return static_cast<Walk*>(walk)->take(state); }

constexpr Dwfl_Thread_Callbacks kThreadCallbacks = {next_thread,           get_thread, read_word,
                                                    set_initial_registers, nullptr,    nullptr};

// Whether the thread still waits where it did.
bool still_there(pid_t pid, const ThreadState& before) {
  const std::optional<ThreadState> now = read_thread(pid, before.tid);
  return now && now->syscall == before.syscall && now->stack_pointer == before.stack_pointer &&
         now->program_counter == before.program_counter &&
         now->voluntary_switches == before.voluntary_switches;
}

}  // namespace

struct CStackWalker::Parts {
  std::unique_ptr<CModules> modules;
  CurrentWalk current;
};

Result<CStackWalker> CStackWalker::open(pid_t pid) {
  Result<std::unique_ptr<CModules>> modules = CModules::open(pid);
  if (!modules) return modules.error();
  auto parts = std::make_unique<Parts>();
  parts->modules = std::move(*modules);
  if (!dwfl_attach_state(parts->modules->dwfl(), parts->modules->executable_elf(), pid,
                         &kThreadCallbacks, &parts->current)) {
    return Error{"cannot walk C stacks of process " + std::to_string(pid),
                 "libdw: " + std::string(dwfl_errmsg(-1)), ""};
  }
  return CStackWalker(std::move(parts));
}

CStackWalker::CStackWalker(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
CStackWalker::CStackWalker(CStackWalker&&) noexcept = default;
CStackWalker& CStackWalker::operator=(CStackWalker&&) noexcept = default;
CStackWalker::~CStackWalker() = default;

std::vector<Frame> CStackWalker::walk(const ThreadState& thread) {
  if (thread.stack_pointer == 0 || thread.program_counter == 0) return {};
  CModules& modules = *parts_->modules;
  std::vector<Frame> frames;
  bool again = true;
  while (again) {
    Walk walk(modules, thread);
    parts_->current.walk = &walk;
    dwfl_getthread_frames(modules.dwfl(), thread.tid, take_frame, &walk);
    parts_->current.walk = nullptr;
    again = walk.outside_modules && modules.refresh();
    frames = std::move(walk.frames);
  }
  if (!still_there(modules.pid(), thread)) frames.clear();
  return frames;
}

Frame CStackWalker::frame_at(uint64_t pc, bool is_return) {
  CModules& modules = *parts_->modules;
  if (dwfl_addrmodule(modules.dwfl(), pc) == nullptr) modules.refresh();
  return modules.frame_at(pc, is_return);
}

}  // namespace cgoscope
