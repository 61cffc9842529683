#include "clang_plugin/suppressions.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

namespace cgoscope {
namespace {

constexpr std::array<std::string_view, 2> kRules = {"blocking-call", "busy-wait"};

bool is_rule(std::string_view name) {
  return std::find(kRules.begin(), kRules.end(), name) != kRules.end();
}

bool is_spaced(const Suppression& suppression) { return suppression.rule.starts_with(' '); }

Finding unused(const Suppression& suppression, std::string (*display)(const std::string&)) {
  Finding finding;
  finding.rule = "unused-suppression";
  finding.severity = suppression.severity.value_or(Severity::kNote);
  std::string comment = "//cgoscope:allow";
  if (!suppression.rule.empty() && !is_spaced(suppression)) comment += ' ';
  comment += suppression.rule;
  if (is_spaced(suppression)) {
    finding.message = "// cgoscope:allow has a space behind //, so it suppresses nothing";
    finding.advice = "write " + comment + " and the reason, as Go's directives are written";
  } else if (suppression.rule.empty()) {
    finding.message = comment + " names no rule, so it suppresses nothing";
    finding.advice = "write //cgoscope:allow blocking-call and the reason";
  } else if (!is_rule(suppression.rule)) {
    finding.message = comment + " names no rule of this lint, so it suppresses nothing";
    finding.advice = "the rules are blocking-call and busy-wait";
  } else if (suppression.reason.empty()) {
    finding.message = comment + " gives no reason, so it suppresses nothing";
    finding.advice = "write the reason behind the rule's name";
  } else {
    finding.message =
        comment + " suppresses nothing: no such finding on this line or the one below";
    finding.advice = "remove the comment";
  }
  finding.go.package = suppression.package;
  if (suppression.in_go) {
    finding.go.file = display(suppression.file);
    finding.go.line = suppression.line;
    finding.go.column = suppression.column;
    finding.go.function = suppression.function;
  } else {
    CPlace place;
    place.file = display(suppression.file);
    place.line = suppression.line;
    place.column = suppression.column;
    finding.c = std::move(place);
  }
  return finding;
}

}  // namespace

std::vector<AllowedFinding> apply_suppressions(const std::vector<Suppression>& suppressions,
                                               std::vector<Finding>& findings,
                                               std::vector<SuppressiblePlaces>& places,
                                               std::string (*display)(const std::string&)) {
  // A header's comment is seen by every unit that includes it; two comments on one line are one.
  struct State {
    const Suppression* suppression;
    bool used = false;
  };
  std::map<std::tuple<std::string, int, std::string>, State> states;
  for (const Suppression& one : suppressions) {
    if (is_spaced(one) && !is_rule(one.rule.substr(1))) continue;  // prose
    const auto [known, added] = states.try_emplace({one.file, one.line, one.rule}, State{&one});
    // Which of them is kept must not depend on the order: packages are analysed in any.
    const auto rank = [](const Suppression& s) {
      return std::make_tuple(s.reason.empty(), s.package, s.column);
    };
    if (!added && rank(one) < rank(*known->second.suppression)) known->second.suppression = &one;
  }
  std::vector<Finding> kept;
  std::vector<SuppressiblePlaces> kept_places;
  std::vector<AllowedFinding> allowed;
  for (size_t i = 0; i < findings.size(); ++i) {
    const Suppression* covering = nullptr;
    for (const auto& [file, line] : places[i].places) {
      for (const int at : {line, line - 1}) {
        const auto state = states.find({file, at, findings[i].rule});
        if (state == states.end() || state->second.suppression->reason.empty()) continue;
        state->second.used = true;  // each comment that covers it is in use, not only the first
        if (covering == nullptr) covering = state->second.suppression;
      }
    }
    if (places[i].dropped) continue;
    if (covering != nullptr) {
      allowed.push_back({std::move(findings[i]), covering->reason});
      continue;
    }
    kept.push_back(std::move(findings[i]));
    kept_places.push_back(std::move(places[i]));
  }
  for (const auto& [key, state] : states) {
    if (state.used || !state.suppression->severity) continue;
    kept.push_back(unused(*state.suppression, display));
    kept_places.push_back({{{state.suppression->file, state.suppression->line}}});
  }
  findings = std::move(kept);
  places = std::move(kept_places);
  return allowed;
}

}  // namespace cgoscope
