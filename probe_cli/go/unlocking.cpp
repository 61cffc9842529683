// The compiler puts the fast part of Unlock and Done in line and leaves a call for the rest:
// sync.(*Mutex).unlockSlow, sync.(*WaitGroup).Add. `defer m.Unlock()` becomes a function of its own
// ("main.get.deferwrap1", "main.get.func1"), whose address, or that of its closure, the code takes.
#include "probe_cli/go/unlocking.h"

#include <algorithm>
#include <array>
#include <vector>

#include "probe_cli/go/address_references.h"
#include "probe_cli/go/machine_code.h"

namespace cgoscope {
namespace {

bool is_unlocking(std::string_view name) {
  if (!name.starts_with("sync.(*") && !name.starts_with("internal/sync.(*")) return false;
  constexpr std::array<std::string_view, 6> kMethods = {"Unlock",      "unlockSlow", "RUnlock",
                                                        "rUnlockSlow", "Done",       "Add"};
  return std::ranges::find(kMethods, name.substr(name.rfind('.') + 1)) != kMethods.end();
}

bool calls_unlocking(const ElfImage& image, const Pclntab& functions, const GoFunction& function) {
  const Result<Bytes> code = function_code(image, function);
  if (!code) return false;
  bool found = false;
  visit_instructions(image.machine(), *code, function.entry, [&](const cs_insn& instruction) {
    const auto target = branch_target(image.machine(), instruction);
    if (found || !target || (*target >= function.entry && *target < function.end)) return;
    const auto callee = functions.function_at(*target);
    found = callee && is_unlocking(callee->name);
  });
  return found;
}

// Functions whose address, or that of a closure of theirs, is taken.
std::vector<GoFunction> made_functions(const ElfImage& image, const Pclntab& functions,
                                       const GoFunction& function) {
  std::vector<GoFunction> made;
  const Result<Bytes> code = function_code(image, function);
  if (!code) return made;
  for (const AddressReference& reference :
       address_references(image.machine(), *code, function.entry)) {
    if (!reference.takes_address) continue;
    auto taken = functions.function_at(reference.address);
    if (!taken) {
      if (const auto in_closure = image.pointer_at(reference.address))
        taken = functions.function_at(*in_closure);
    }
    if (taken && taken->entry != function.entry) made.push_back(*taken);
  }
  return made;
}

}  // namespace

bool unlocks(const ElfImage& image, const Pclntab& functions, const GoFunction& function) {
  if (is_unlocking(function.name) || calls_unlocking(image, functions, function)) return true;
  const std::vector<GoFunction> made = made_functions(image, functions, function);
  return std::any_of(made.begin(), made.end(), [&](const GoFunction& one) {
    return is_unlocking(one.name) || calls_unlocking(image, functions, one);
  });
}

}  // namespace cgoscope
