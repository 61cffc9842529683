// An entry in which no field has the value that a new one would have.
#pragma once

#include "clang_plugin/cache/entry.h"

namespace cgoscope {

CacheEntry full_entry();

}  // namespace cgoscope
