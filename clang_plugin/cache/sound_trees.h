// Whether a summary that was read from a file keeps what the analysis takes for granted of one that
// Clang's lowering made.
#pragma once

#include "clang_plugin/summary/summary.h"

namespace cgoscope {

// Ids and indices lie inside their tables, expressions have the operands that their kind calls for,
// and no expression or statement is a part of itself.
bool has_sound_trees(const TranslationUnit& unit);

}  // namespace cgoscope
