// The YAML of a catalogue and of .cgoscope.yaml. The first byte says which.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "clang_plugin/catalogue/catalogue.h"
#include "clang_plugin/settings.h"
#include "tests/fuzz/check.h"

namespace cgoscope {
namespace {

void check_error(const Error& error) {
  CHECK(error.what.starts_with("/p/f.yaml"));
  CHECK(!error.why.empty());
}

void read_catalogue(std::string_view text) {
  Catalogue catalogue;
  if (const auto error = catalogue.add_text(text, "/p/f.yaml")) {
    check_error(*error);
    CHECK(catalogue.blocking().empty() && catalogue.makers().empty());
    CHECK(catalogue.options().empty() && catalogue.effects().empty());
    CHECK(catalogue.constants().empty() && catalogue.system_calls().empty());
    return;
  }
  for (const BlockingFunction& row : catalogue.blocking()) {
    CHECK(catalogue.find_blocking(row.name) == &row);
    const bool timed = row.waits == Waits::kDuration || row.waits == Waits::kTimeout ||
                       row.waits == Waits::kDeadline;
    CHECK(timed == (row.unit != Unit::kNone));
    CHECK(!timed || row.argument >= 0);
    CHECK(row.unit != Unit::kScaled || row.unit_ns > 0);
    CHECK(row.waits != Waits::kLimited || row.limit_ms > 0);
  }
  for (const HandleMaker& row : catalogue.makers()) CHECK(catalogue.find_maker(row.name) == &row);
  for (const CallEffect& row : catalogue.effects()) CHECK(catalogue.find_effect(row.name) == &row);
  for (const HandleOption& row : catalogue.options()) {
    CHECK(!catalogue.find_options(row.name).empty());
  }
  // The same file once more: rows are replaced, options add up, nothing else grows.
  const size_t rows = catalogue.blocking().size(), options = catalogue.options().size();
  CHECK(!catalogue.add_text(text, "/p/f.yaml"));
  CHECK(catalogue.blocking().size() == rows && catalogue.options().size() == 2 * options);
}

}  // namespace
}  // namespace cgoscope

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cgoscope;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    read_catalogue(text);
    return 0;
  }
  const auto settings = parse_settings(text, "/p/f.yaml");
  if (!settings) {
    check_error(settings.error());
    return 0;
  }
  for (const std::string& path : settings->catalogue) CHECK(path.starts_with('/'));
  is_excluded(*settings, "/p/vendor/a.go");
  return 0;
}
