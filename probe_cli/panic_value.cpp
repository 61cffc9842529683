#include "probe_cli/panic_value.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstdint>

namespace cgoscope {
namespace {

// Of int, int8, int16, int32, int64, and of uint to uint64 and uintptr after them.
constexpr std::array<unsigned, 11> kIntegerBits = {64, 8, 16, 32, 64, 64, 8, 16, 32, 64, 64};

std::string integer(uint32_t kind, uint64_t value) {
  const unsigned unused = 64 - kIntegerBits[kind - CG_KIND_INT];
  if (kind <= CG_KIND_INT64)
    return fmt::format("{}", static_cast<int64_t>(value << unused) >> unused);
  return fmt::format("{}", (value << unused) >> unused);
}

}  // namespace

PanicValue panic_value(const cg_event& event) {
  const uint32_t kind = event.value_kind;
  if (kind == CG_KIND_UNKNOWN) return {};
  if (kind == CG_KIND_STRING) return {"string", ""};
  if (kind == CG_KIND_NIL) return {"nil", "nil"};
  if (kind == CG_KIND_BOOL) return {"number", (event.value & 0xff) != 0 ? "true" : "false"};
  if (kind >= CG_KIND_INT && kind <= CG_KIND_UINTPTR) return {"number", integer(kind, event.value)};
  if (kind == CG_KIND_FLOAT32)
    return {"number", fmt::format("{}", std::bit_cast<float>(static_cast<uint32_t>(event.value)))};
  if (kind == CG_KIND_FLOAT64)
    return {"number", fmt::format("{}", std::bit_cast<double>(event.value))};
  return {"other", ""};
}

}  // namespace cgoscope
