// The pages docs/rules/RULE.md of the lint's rules, compiled in by embed_pages.cmake.
#pragma once

#include <span>
#include <string_view>

namespace cgoscope {

struct RulePage {
  std::string_view rule;      // "blocking-call"
  std::string_view markdown;  // begins with "# blocking-call\n"; links are relative to docs/rules
};

// One for each rule of the lint, in the order in which SARIF lists them.
std::span<const RulePage> rule_pages();

}  // namespace cgoscope
