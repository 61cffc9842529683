// What is in memory at a point of a run: a map from places to values that is cheap to copy.
//
// Every branch copies the state and joins both sides afterwards, and most of what they hold is the
// same. So the map is cut into pages that copies share until one of them writes, and a join passes
// over pages that are still shared. Places are numbered as they are first met, so a function's own
// lie together.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "clang_plugin/analysis/value.h"
#include "llvm/ADT/IntrusiveRefCntPtr.h"
#include "llvm/ADT/SmallVector.h"

namespace cgoscope {

class PlaceMap {
 public:
  // nullptr when nothing is known of `place`. Valid until the next change.
  const Value* find(PlaceId place) const;
  void set(PlaceId place, Value value);
  void erase(PlaceId place);

  // Calls `visit(place, value)` in ascending order of places. `visit` must not change the map.
  template <typename Visit>
  void for_each(const Visit& visit) const {
    for (const auto& [number, page] : pages_) {
      for (uint32_t i = 0; i < kPageSize; ++i) {
        if ((page->used >> i & 1) != 0) visit(number * kPageSize + i, page->values[i]);
      }
    }
  }

  // What holds on either of two ways: a place that only one of them knows is unknown on the other.
  static PlaceMap joined(PlaceMap a, const PlaceMap& b);

 private:
  static constexpr uint32_t kPageSize = 16;
  struct Page : llvm::RefCountedBase<Page> {
    uint32_t used = 0;
    std::array<Value, kPageSize> values;
  };
  using PageRef = std::pair<uint32_t, llvm::IntrusiveRefCntPtr<Page>>;

  const PageRef* page_of(PlaceId place) const;
  Page& writable(PageRef& page);
  static void join_page(Page& into, const Page* other);

  llvm::SmallVector<PageRef, 8> pages_;  // ascending by number
};

}  // namespace cgoscope
