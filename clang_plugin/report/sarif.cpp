// SARIF, OASIS's format for what static analysis finds; sections (§) are those of version 2.1.0.
//
// What differs from our JSON: columns are in UTF-16 code units (§3.14.17 knows no bytes); names of
// files are URIs, relative to a base that the run defines; a finding that a comment or a baseline
// accepts is a result too, with a suppression; then every result has that key (§3.27.23). In
// messages, braces are doubled, for single ones are placeholders (§3.11.5).
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "clang_plugin/report/chain.h"
#include "clang_plugin/report/report.h"
#include "clang_plugin/report/rule_pages.h"
#include "clang_plugin/report/source_lines.h"

namespace cgoscope {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSchema =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
constexpr const char* kBase = "%SRCROOT%";  // the name that other tools and viewers use

struct Rule {
  std::string_view id;
  const char* name;
  const char* level;  // the severity it has where neither bound, catalogue nor settings lower it
  const char* summary;
};

constexpr std::array kRules = {
    Rule{"blocking-call", "BlockingCall", "error",
         "Go calls C code that can block for long; the call pins an OS thread meanwhile."},
    Rule{"busy-wait", "BusyWait", "error",
         "C code that Go calls spins on memory; it burns a CPU and pins an OS thread meanwhile."},
    Rule{"unused-suppression", "UnusedSuppression", "note",
         "A //cgoscope:allow comment suppresses nothing."},
};

Json message(std::string_view text) {
  std::string doubled;
  for (const char byte : text) {
    doubled += byte;
    if (byte == '{' || byte == '}') doubled += byte;
  }
  return {{"text", doubled}};
}

// A path as the path of a URI: RFC 3986, and no colon, which in a relative one would end a scheme.
std::string uri_path(std::string_view path) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/!$&'()*+,;=@";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string uri;
  for (const char byte : path) {
    if (kPlain.find(byte) != kPlain.npos) {
      uri += byte;
    } else {
      const auto code = static_cast<unsigned char>(byte);
      uri += {'%', kDigits[code >> 4], kDigits[code & 15]};
    }
  }
  return uri;
}

// Markdown whose links lead from docs/rules: to `docs_url`, or nowhere when that is empty; then
// only their words stay.
std::string with_links(std::string_view markdown, const std::string& docs_url) {
  std::string text;
  for (size_t at = 0; at < markdown.size();) {
    const size_t open = markdown.find('[', at);
    const size_t middle = open == markdown.npos ? open : markdown.find("](", open);
    const size_t close = middle == markdown.npos ? middle : markdown.find(')', middle);
    if (close == markdown.npos) return text += markdown.substr(at);
    text += markdown.substr(at, open - at);
    const std::string_view words = markdown.substr(open + 1, middle - open - 1);
    std::string_view target = markdown.substr(middle + 2, close - middle - 2);
    if (words.find('[') != words.npos || words.find("\n\n") != words.npos) {  // no link: "a[i]"
      text += '[';
      at = open + 1;
      continue;
    }
    if (docs_url.empty()) {
      text += words;
    } else {
      const bool above = target.starts_with("../");
      if (above) target.remove_prefix(2);
      text.append("[").append(words).append("](").append(docs_url);
      text.append(above ? "" : "/rules/").append(target).append(")");
    }
    at = close + 1;
  }
  return text;
}

// The first paragraph below the heading, on one line.
std::string first_paragraph(std::string_view markdown) {
  const size_t start = std::min(markdown.find("\n\n"), markdown.size() - 2) + 2;
  std::string paragraph(markdown.substr(start, markdown.find("\n\n", start) - start));
  std::replace(paragraph.begin(), paragraph.end(), '\n', ' ');
  while (paragraph.ends_with(' ')) paragraph.pop_back();
  return paragraph;
}

Json rules(const SarifStyle& style) {
  Json list = Json::array();
  for (const Rule& rule : kRules) {
    std::string_view page;
    for (const RulePage& one : rule_pages()) {
      if (one.rule == rule.id) page = one.markdown;
    }
    Json json;
    json["id"] = rule.id;
    json["name"] = rule.name;
    json["shortDescription"] = message(rule.summary);
    json["fullDescription"] = message(with_links(first_paragraph(page), ""));
    json["help"] = message(with_links(page, ""));
    json["help"]["markdown"] = message(with_links(page, style.docs_url))["text"];
    if (!style.docs_url.empty())
      json["helpUri"] = style.docs_url + "/rules/" + std::string(rule.id) + ".md";
    json["defaultConfiguration"] = {{"level", rule.level}};
    json["properties"]["tags"] = Json::array({"cgo", "concurrency"});
    list.push_back(std::move(json));
  }
  return list;
}

size_t rule_index(const std::string& id) {
  size_t index = 0;
  while (index < kRules.size() && kRules[index].id != id) ++index;
  return index;
}

class SarifReport {
 public:
  SarifReport(const LintReport& report, const SarifStyle& style) : report_(report), style_(style) {}

  Json log() {
    Json driver = {{"name", "cgoscope-lint"},
                   {"version", report_.tool_version},
                   {"semanticVersion", report_.tool_version}};
    if (!style_.docs_url.empty()) driver["informationUri"] = style_.docs_url + "/cgoscope-lint.md";
    driver["rules"] = rules(style_);
    const Json not_analysed = {
        {"id", "not-analysed"},
        {"shortDescription", message("Part of the code could not be analysed.")}};
    const Json of_run = {{"id", "run"}, {"shortDescription", message("How the run went.")}};
    driver["notifications"] = Json::array({not_analysed, of_run});
    Json run;
    run["tool"]["driver"] = std::move(driver);
    run["invocations"] = Json::array({invocation()});
    run["originalUriBaseIds"][kBase] = {
        {"uri", "file://" + uri_path(style_.directory + (style_.directory == "/" ? "" : "/"))},
        {"description", message("The directory that cgoscope-lint ran in.")}};
    run["columnKind"] = "utf16CodeUnits";
    run["results"] = Json::array();
    for (const Finding& finding : report_.findings) {
      run["results"].push_back(result(finding));
      run["results"].back()["suppressions"] = Json::array();
    }
    for (const SuppressedFinding& suppressed : report_.suppressed) {
      run["results"].push_back(result(suppressed.finding));
      const bool in_source = suppressed.by == SuppressedFinding::By::kComment;
      const Json suppression = {{"kind", in_source ? "inSource" : "external"},
                                {"status", "accepted"},
                                {"justification", suppressed.reason}};
      run["results"].back()["suppressions"] = Json::array({suppression});
    }
    Json log;
    log["$schema"] = kSchema;
    log["version"] = "2.1.0";
    log["runs"] = Json::array({std::move(run)});
    return log;
  }

 private:
  Json invocation() {
    Json notifications = Json::array();
    for (const Problem& problem : report_.errors) {
      Json json = {{"descriptor", {{"id", "not-analysed"}, {"index", 0}}},
                   {"level", "error"},
                   {"message", message(problem.message)}};
      if (!problem.file.empty())
        json["locations"] = Json::array({location({problem.file, problem.line, 0, "", "", ""})});
      notifications.push_back(std::move(json));
    }
    for (const std::string& note : report_.notes) {
      notifications.push_back({{"descriptor", {{"id", "run"}, {"index", 1}}},
                               {"level", "note"},
                               {"message", message(note)}});
    }
    // Unjudged code makes the run one that did not do all it was asked.
    return {{"executionSuccessful", report_.errors.empty()},
            {"toolExecutionNotifications", std::move(notifications)}};
  }

  Json result(const Finding& finding) {
    const ReportPlace at = place_of(finding);
    const std::vector<ReportPlace> chain = chain_of(finding);
    Json json;
    json["ruleId"] = finding.rule;
    json["ruleIndex"] = rule_index(finding.rule);
    json["level"] = severity_name(finding.severity);
    json["message"] = message(finding.message + ". Advice: " + finding.advice + ".");
    json["locations"] = Json::array({location(at)});
    if (!chain.empty()) {
      json["relatedLocations"] = Json::array();
      Json flow = Json::array();
      ReportPlace call = at;
      call.text = at.function.empty() ? "Go calls " + at.name + " here"
                                      : at.function + " calls " + at.name + " here";
      flow.push_back(step(call, 0));
      for (size_t i = 0; i < chain.size(); ++i) {
        json["relatedLocations"].push_back(location(chain[i]));
        json["relatedLocations"].back()["id"] = i + 1;
        flow.push_back(step(chain[i], i + 1));
      }
      flow.back()["importance"] = "essential";
      const Json thread_flow = {{"locations", std::move(flow)}};
      const Json code_flow = {{"threadFlows", Json::array({thread_flow})}};
      json["codeFlows"] = Json::array({code_flow});
    }
    json["partialFingerprints"] = {{"cgoscopeFindingId/v1", finding.id}};
    if (finding.bound) json["properties"]["bound"] = bound_name(*finding.bound);
    if (finding.bound_ms) json["properties"]["boundMs"] = *finding.bound_ms;
    if (finding.observed) {
      json["properties"]["observedBy"] = matched_by_name(finding.observed->by);
      json["properties"]["observedCalls"] = finding.observed->calls;
      json["properties"]["observedMaxMs"] = finding.observed->max_ms;
      json["properties"]["observedRuns"] = finding.observed->runs;
    }
    return json;
  }

  Json step(const ReportPlace& place, size_t depth) {
    return {{"location", location(place)}, {"nestingLevel", depth}};
  }

  Json location(const ReportPlace& place) {
    Json json = Json::object();
    if (!place.file.empty()) {
      Json& physical = json["physicalLocation"];
      Json& artifact = physical["artifactLocation"];
      if (place.file.starts_with('/')) {
        artifact["uri"] = "file://" + uri_path(place.file);
      } else {
        artifact = {{"uri", uri_path(place.file)}, {"uriBaseId", kBase}};
      }
      if (place.line > 0) {
        const Columns columns = columns_of(place, lines_);
        physical["region"]["startLine"] = place.line;
        if (columns.first > 0) physical["region"]["startColumn"] = columns.first;
        if (columns.behind > 0) physical["region"]["endColumn"] = columns.behind;
      }
    }
    if (!place.function.empty()) {
      const Json function = {{"fullyQualifiedName", place.function}, {"kind", "function"}};
      json["logicalLocations"] = Json::array({function});
    }
    if (!place.text.empty()) json["message"] = message(place.text);
    return json;
  }

  const LintReport& report_;
  const SarifStyle& style_;
  SourceLines lines_;
};

}  // namespace

std::string render_sarif(const LintReport& report, const SarifStyle& style) {
  return SarifReport(report, style).log().dump(2, ' ', false, Json::error_handler_t::replace) +
         "\n";
}

}  // namespace cgoscope
