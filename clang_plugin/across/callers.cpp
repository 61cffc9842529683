#include "clang_plugin/across/callers.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "clang_plugin/analysis/message.h"

namespace cgoscope {
namespace {

bool has_name(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Whether `name` is something of the function's own where the call stands.
bool hides(const GoFunction& function, const std::string& name) {
  return function.receiver == name || has_name(function.parameters, name) ||
         std::binary_search(function.locals.begin(), function.locals.end(), name);
}

// The name of a package-level function without type parameters.
std::string plain_name(const std::string& name) { return name.substr(0, name.find('[')); }

// What makes two ways end in the same call.
auto end_of(const Finding& finding) {
  const CPlace c = finding.c.value_or(CPlace{});
  const GoPlace& go = finding.go;
  return c.file.empty() ? std::make_tuple(go.file, go.line, go.column, c.call, finding.rule)
                        : std::make_tuple(c.file, c.line, c.column, c.call, finding.rule);
}

// The worst first; then the shortest way.
bool is_worse(const Finding& a, const Finding& b) {
  const auto rank = [](const Finding& finding) {
    const int bound = !finding.bound                        ? 3
                      : *finding.bound == Bound::kUnbounded ? 0
                      : *finding.bound == Bound::kVariable  ? 1
                                                            : 2;
    return std::make_tuple(-static_cast<int>(finding.severity), bound,
                           -finding.bound_ms.value_or(0), finding.path.size());
  };
  return rank(a) < rank(b);
}

class Callers {
 public:
  Callers(const Package& package, const Settings& settings, const KnownFunctions& known,
          std::string (*display)(const std::string&))
      : package_(package),
        settings_(settings),
        known_(known),
        display_(display),
        prefix_(linker_package(package) + ".") {
    result_.functions.package_name = package.name;
    for_each_file([&](const GoFile& file) {
      for (const GoFunction& function : file.functions) {
        if (function.receiver_type.empty())
          functions_.emplace(plain_name(function.name), prefix_ + function.name);
      }
      for (const AllowComment& allow : file.allows) {
        if (!allow.reason.empty()) allowed_.insert({file.path, allow.line, allow.rule});
      }
    });
  }

  FollowedCalls run(const std::vector<Finding>& own) {
    for (const Finding& finding : own) {
      const std::string function = function_around(finding.go.function);
      if (!function.empty())
        starts_.emplace_back(function,
                             with_step(finding, function, finding.go.file, finding.go.line));
    }
    for_each_file([&](const GoFile& file) {
      for (const GoCall& call : file.calls) visit(file, call);
    });
    std::stable_sort(starts_.begin(), starts_.end(),
                     [](const auto& a, const auto& b) { return is_worse(a.second, b.second); });
    for (auto& [function, way] : starts_) hand_on(function, std::move(way));
    for (auto& [function, ways] : ways_) {
      const char first = function.front();
      const bool is_exported = first != '_' && (first < 'a' || first > 'z');
      if (is_exported) result_.functions.functions[function] = std::move(ways);
    }
    return std::move(result_);
  }

 private:
  // A call of a function of the package by another.
  struct Caller {
    std::string function;
    const GoFile* file = nullptr;
    int line = 0;
  };

  template <typename Visit>
  void for_each_file(Visit visit) const {
    for (const GoFile& file : package_.cgo_files) visit(file);
    for (const GoFile& file : package_.go_files) visit(file);
  }

  // The package-level function of a name as the linker spells it, a closure's too; "" for methods
  // and what is in no function.
  std::string function_around(std::string_view name) const {
    if (!name.starts_with(prefix_)) return "";
    name.remove_prefix(prefix_.size());
    std::string function(name.substr(0, name.find_first_of(".[")));
    return functions_.contains(function) ? function : "";
  }

  Finding with_step(Finding finding, const std::string& function, const std::string& file,
                    int line) const {
    finding.path.insert(finding.path.begin(), {functions_.at(function), file, line});
    return finding;
  }

  void visit(const GoFile& file, const GoCall& call) {
    const GoFunction* around = call.function_index < 0
                                   ? nullptr
                                   : &file.functions[static_cast<size_t>(call.function_index)];
    if (around && hides(*around, call.qualifier.empty() ? call.name : call.qualifier)) return;
    if (call.qualifier.empty() && functions_.contains(call.name)) {
      if (around && around->receiver_type.empty())
        callers_[call.name].push_back({plain_name(around->name), &file, call.line});
      return;
    }
    for (const GoImport& import : file.imports) {
      if (call.qualifier.empty() ? import.name != "." : import.name == ".") continue;
      const BlockingFunctions* imported = known_(import.path);
      if (!imported) continue;
      const bool is_meant =
          call.qualifier.empty() ||
          call.qualifier == (import.is_named ? import.name : imported->package_name);
      const auto called =
          is_meant ? imported->functions.find(call.name) : imported->functions.end();
      if (called == imported->functions.end()) continue;
      for (const Finding& way : called->second) report(file, call, around, way);
      return;
    }
  }

  void report(const GoFile& file, const GoCall& call, const GoFunction* around,
              const Finding& way) {
    Finding finding = way;
    finding.id.clear();
    finding.go.package = package_.import_path;
    finding.go.file = display_(file.path);
    finding.go.line = call.line;
    finding.go.column = call.column;
    finding.go.function = prefix_ + (call.function.empty() ? "init" : call.function);
    finding.go.call = (call.qualifier.empty() ? "" : call.qualifier + ".") + call.name;
    finding.message = message_across(way, finding.go.call);
    const auto severity =
        severity_under(settings_, way.rule, way.c ? way.c->call : "", way.severity);
    if (severity) finding.severity = *severity;
    SuppressiblePlaces places;
    places.places.emplace_back(file.path, call.line);
    places.dropped = !severity || is_excluded(settings_, file.path);
    const bool hands_on = !places.dropped && !is_allowed(file.path, call.line, way.rule);
    if (hands_on && around && around->receiver_type.empty()) {
      const std::string function = plain_name(around->name);
      Finding from_here = with_step(way, function, finding.go.file, call.line);
      from_here.severity = finding.severity;
      if (from_here.path.size() <= kMaxStepsOfWay)
        starts_.emplace_back(function, std::move(from_here));
    }
    result_.findings.push_back(std::move(finding));
    result_.places.push_back(std::move(places));
  }

  bool is_allowed(const std::string& file, int line, const std::string& rule) const {
    return allowed_.contains({file, line, rule}) || allowed_.contains({file, line - 1, rule});
  }

  // To `function` and to all who call it inside the package.
  void hand_on(const std::string& function, Finding way) {
    std::deque<std::pair<std::string, Finding>> left;
    left.emplace_back(function, std::move(way));
    while (!left.empty()) {
      const auto [here, found] = std::move(left.front());
      left.pop_front();
      std::vector<Finding>& ways = ways_[here];
      const bool is_known = std::any_of(ways.begin(), ways.end(), [&](const Finding& other) {
        return end_of(other) == end_of(found);
      });
      if (is_known || ways.size() >= kMaxWaysOfFunction) continue;
      ways.push_back(found);
      const auto callers = callers_.find(here);
      if (callers == callers_.end()) continue;
      for (const Caller& caller : callers->second) {
        if (is_allowed(caller.file->path, caller.line, found.rule)) {
          note_comment(caller, found);
        } else if (found.path.size() < kMaxStepsOfWay) {
          left.emplace_back(caller.function, with_step(found, caller.function,
                                                       display_(caller.file->path), caller.line));
        }
      }
    }
  }

  // The comment at `caller` is in use.
  void note_comment(const Caller& caller, const Finding& way) {
    if (!noted_.insert({caller.file->path, caller.line, way.rule}).second) return;
    Finding finding;
    finding.rule = way.rule;
    finding.go.package = package_.import_path;
    finding.go.file = display_(caller.file->path);
    finding.go.line = caller.line;
    result_.findings.push_back(std::move(finding));
    result_.places.push_back({{{caller.file->path, caller.line}}, /*dropped=*/true});
  }

  using CommentKey = std::tuple<std::string, int, std::string>;  // file, line, rule

  const Package& package_;
  const Settings& settings_;
  const KnownFunctions& known_;
  std::string (*display_)(const std::string&);
  std::string prefix_;
  std::map<std::string, std::string> functions_;  // at package level, as the linker spells them
  std::set<CommentKey> allowed_, noted_;
  std::map<std::string, std::vector<Caller>> callers_;   // by who is called
  std::vector<std::pair<std::string, Finding>> starts_;  // functions and ways that begin there
  std::map<std::string, std::vector<Finding>> ways_;
  FollowedCalls result_;
};

}  // namespace

FollowedCalls follow_calls(const Package& package, const Settings& settings,
                           const std::vector<Finding>& own, const KnownFunctions& known,
                           std::string (*display)(const std::string& path)) {
  return Callers(package, settings, known, display).run(own);
}

}  // namespace cgoscope
