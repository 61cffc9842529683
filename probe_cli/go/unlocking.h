// Which functions unlock: from their code. Whoever holds a lock of package sync is, as a rule,
// still in the function that will unlock it.
#pragma once

#include "probe_cli/go/elf_image.h"
#include "probe_cli/go/pclntab.h"

namespace cgoscope {

// Whether the function calls a method of package sync that unlocks a mutex or counts down a wait
// group: itself, or in a function literal or a deferred call that it makes.
bool unlocks(const ElfImage& image, const Pclntab& functions, const GoFunction& function);

}  // namespace cgoscope
