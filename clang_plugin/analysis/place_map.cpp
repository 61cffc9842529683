#include "clang_plugin/analysis/place_map.h"

namespace cgoscope {
namespace {

constexpr auto kBefore = [](const auto& page, uint32_t number) { return page.first < number; };

}  // namespace

const PlaceMap::PageRef* PlaceMap::page_of(PlaceId place) const {
  const uint32_t number = place / kPageSize;
  const auto* page = std::lower_bound(pages_.begin(), pages_.end(), number, kBefore);
  return page != pages_.end() && page->first == number ? page : nullptr;
}

PlaceMap::Page& PlaceMap::writable(PageRef& page) {
  if (page.second.useCount() > 1) page.second = new Page(*page.second);  // NOLINT(*-owning-memory)
  return *page.second;
}

const Value* PlaceMap::find(PlaceId place) const {
  const PageRef* page = page_of(place);
  const uint32_t index = place % kPageSize;
  return page && (page->second->used >> index & 1) != 0 ? &page->second->values[index] : nullptr;
}

void PlaceMap::set(PlaceId place, Value value) {
  const uint32_t number = place / kPageSize;
  auto* page = std::lower_bound(pages_.begin(), pages_.end(), number, kBefore);
  if (page == pages_.end() || page->first != number)
    page = pages_.insert(page, {number, llvm::makeIntrusiveRefCnt<Page>()});
  Page& writing = writable(*page);
  writing.used |= 1U << place % kPageSize;
  writing.values[place % kPageSize] = std::move(value);
}

void PlaceMap::erase(PlaceId place) {
  if (!find(place)) return;
  auto* page = pages_.begin() + (page_of(place) - pages_.begin());
  Page& writing = writable(*page);
  writing.used &= ~(1U << place % kPageSize);
  writing.values[place % kPageSize] = Value();
  if (writing.used == 0) pages_.erase(page);
}

void PlaceMap::join_page(Page& into, const Page* other) {
  for (uint32_t i = 0; i < kPageSize; ++i) {
    const bool here = (into.used >> i & 1) != 0;
    const bool there = other && (other->used >> i & 1) != 0;
    if (!here && !there) continue;
    into.values[i] =
        join(here ? into.values[i] : Value::any(), there ? other->values[i] : Value::any());
    into.used |= 1U << i;
  }
}

PlaceMap PlaceMap::joined(PlaceMap a, const PlaceMap& b) {
  PlaceMap result;
  auto* left = a.pages_.begin();
  const auto* right = b.pages_.begin();
  while (left != a.pages_.end() || right != b.pages_.end()) {
    const bool take_left =
        left != a.pages_.end() && (right == b.pages_.end() || left->first <= right->first);
    const bool take_right =
        right != b.pages_.end() && (left == a.pages_.end() || right->first <= left->first);
    PageRef page = take_left ? std::move(*left) : *right;
    if (!take_left || !take_right) {
      join_page(result.writable(page), nullptr);
    } else if (page.second != right->second) {
      join_page(result.writable(page), right->second.get());
    }
    result.pages_.push_back(std::move(page));
    if (take_left) ++left;
    if (take_right) ++right;
  }
  return result;
}

}  // namespace cgoscope
