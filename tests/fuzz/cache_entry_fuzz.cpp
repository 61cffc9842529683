// Entries of the cache. A checksum keeps damage out, so what is behind it gets the bytes too; what
// is read there must be fit to be walked, and written it must read as itself.
#include <cstddef>
#include <cstdint>
#include <string>

#include "clang_plugin/cache/entry.h"
#include "clang_plugin/cache/findings_cache.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cgoscope;
  const std::string key = "0123456789abcdef0123456789abcdef";
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  decode_entry(key, bytes);
  if (const auto findings = decode_findings(key, with_checksum(bytes))) {
    CHECK(findings->findings.size() == findings->places.size());
    CHECK(decode_findings(key, encode_findings(key, *findings)));
  }
  const auto entry = decode_checked(key, bytes);
  if (!entry) return 0;
  const auto again = decode_entry(key, encode_entry(key, *entry));
  CHECK(again);
  CHECK(*again == *entry);
  return 0;
}
