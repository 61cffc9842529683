// The facts that a package hands to its importers, which lie in a cache: read, written, read again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "clang_plugin/across/facts_file.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cgoscope;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<BlockingFunctions> facts = parse_facts(text, "vet.out");
  if (!facts) {
    CHECK(!facts.error().why.empty() && !facts.error().hint.empty());
    return 0;
  }
  for (const auto& [name, ways] : facts->functions) {
    CHECK(!ways.empty() && ways.size() <= kMaxWaysOfFunction);
    for (const Finding& way : ways) CHECK(!way.path.empty());
  }
  const std::string written = render_facts(*facts);
  const Result<BlockingFunctions> again = parse_facts(written, "vet.out");
  CHECK(again && render_facts(*again) == written);
  return 0;
}
