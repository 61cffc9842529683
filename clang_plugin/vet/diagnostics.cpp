#include "clang_plugin/vet/diagnostics.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "clang_plugin/report/chain.h"
#include "findings/printable.h"

namespace cgoscope {
namespace {

using Json = nlohmann::ordered_json;

struct Place {
  std::string file;
  int line = 0, column = 0;
  int length = 0;  // bytes, of what stands there

  // Go reads "file:line:column"; a place without a line is a file.
  std::string start() const {
    return line == 0 ? file : fmt::format("{}:{}:{}", file, line, std::max(column, 1));
  }
  std::string end() const {
    return line == 0 ? file : fmt::format("{}:{}:{}", file, line, std::max(column, 1) + length);
  }
};

struct Related {
  Place place;
  std::string message;
};

struct Diagnostic {
  std::string category;
  Place place;
  std::string message;
  std::vector<Related> related;
};

Diagnostic of_finding(const Finding& finding) {
  Diagnostic diagnostic;
  diagnostic.category = finding.rule;
  const ReportPlace at = place_of(finding);
  diagnostic.place = Place{at.file, at.line, at.column, static_cast<int>(at.name.size())};
  diagnostic.message =
      fmt::format("{}: {} [{}]", severity_name(finding.severity), finding.message, finding.rule);
  for (const ReportPlace& step : chain_of(finding)) {
    diagnostic.related.push_back({Place{step.file, step.line, step.column}, step.text});
  }
  diagnostic.related.push_back({diagnostic.place, "advice: " + finding.advice});
  return diagnostic;
}

std::vector<Diagnostic> diagnostics(const LintReport& report, const VetOutput& output) {
  std::vector<Diagnostic> list;
  for (const Finding& finding : report.findings) {
    if (finding.severity >= output.least) list.push_back(of_finding(finding));
  }
  if (!output.problems) return list;
  for (const Problem& problem : report.errors) {
    Diagnostic diagnostic;
    diagnostic.category = "not-analysed";
    diagnostic.place = Place{problem.file.empty() ? "-" : problem.file, problem.line};
    diagnostic.message = "not analysed: " + problem.message;
    list.push_back(std::move(diagnostic));
  }
  return list;
}

}  // namespace

bool has_diagnostics(const LintReport& report, const VetOutput& output) {
  return !diagnostics(report, output).empty();
}

std::string render_vet_text(const LintReport& report, const VetOutput& output) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics(report, output)) {
    text += printable(diagnostic.place.start() + ": " + diagnostic.message) + "\n";
    for (const Related& related : diagnostic.related) {
      text += printable(related.place.start()) + ": \t" + printable(related.message) + "\n";
    }
  }
  return text;
}

std::string render_vet_json(const LintReport& report, const VetOutput& output,
                            const std::string& package_id) {
  Json list = Json::array();
  for (const Diagnostic& diagnostic : diagnostics(report, output)) {
    Json json = {{"category", diagnostic.category},
                 {"posn", diagnostic.place.start()},
                 {"end", diagnostic.place.end()},
                 {"message", printable(diagnostic.message)}};
    for (const Related& related : diagnostic.related) {
      json["related"].push_back({{"posn", related.place.start()},
                                 {"end", related.place.end()},
                                 {"message", printable(related.message)}});
    }
    list.push_back(std::move(json));
  }
  Json tree = Json::object();
  if (!list.empty()) tree[package_id]["cgoscope"] = std::move(list);
  return tree.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace cgoscope
