#include "clang_plugin/known_findings/baseline.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "clang_plugin/packages/json_texts.h"
#include "clang_plugin/packages/source_tree.h"
#include "findings/json_fields.h"
#include "findings/plural.h"

namespace cgoscope {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxBytes = size_t{64} << 20;
constexpr const char* kSchema = "cgoscope/baseline/1";
constexpr const char* kHint = "write it with --write-baseline";

Error no_baseline(const std::string& path, const std::string& why, const std::string& hint) {
  return {"cannot use the baseline " + path, why, hint};
}

// Where the JSON goes wrong, "line 3".
std::string line_of(const std::string& text, size_t byte) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(byte, text.size()));
  return "line " + std::to_string(1 + std::count(text.begin(), end, '\n'));
}

}  // namespace

std::vector<BaselineEntry> baseline_of(const std::vector<Finding>& findings) {
  std::vector<BaselineEntry> entries;
  entries.reserve(findings.size());
  for (const Finding& finding : findings) {
    entries.push_back({finding.id, finding.rule, finding.severity, finding.go.package,
                       finding.go.function, finding.go.call, finding.c ? finding.c->call : ""});
  }
  std::sort(entries.begin(), entries.end(), [](const BaselineEntry& a, const BaselineEntry& b) {
    return std::tie(a.package, a.function, a.id) < std::tie(b.package, b.function, b.id);
  });
  return entries;
}

std::string render_baseline(const std::vector<BaselineEntry>& baseline) {
  std::string text = std::string("{\n  \"schema\": \"") + kSchema + "\",\n  \"findings\": [";
  for (const BaselineEntry& entry : baseline) {
    const Json json = {{"id", entry.id},
                       {"rule", entry.rule},
                       {"severity", severity_name(entry.severity)},
                       {"package", entry.package},
                       {"function", entry.function},
                       {"call", entry.call},
                       {"blocking_call", entry.blocking_call}};
    text += (&entry == baseline.data() ? "\n    " : ",\n    ") +
            json.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  return text + (baseline.empty() ? "]\n}\n" : "\n  ]\n}\n");
}

Result<std::vector<BaselineEntry>> read_baseline(const std::string& path) {
  const std::optional<std::string> text = read_bytes(path, kMaxBytes + 1);
  if (!text)
    return no_baseline(path, "there is no such file that can be read",
                       "check --baseline, or write one with --write-baseline");
  if (text->size() > kMaxBytes) return no_baseline(path, "it is larger than 64 MiB", kHint);
  Json json;
  try {
    json = Json::parse(*text);
  } catch (const Json::parse_error& error) {
    return no_baseline(path, "it is not JSON from " + line_of(*text, error.byte) + " on", kHint);
  }
  const std::string schema = json.is_object() ? text_of(json, "schema") : "";
  if (schema != kSchema) {
    const bool newer = schema.starts_with("cgoscope/baseline/");
    return no_baseline(
        path,
        schema.empty() ? std::string(R"(it has no "schema": ")") + kSchema + '"'
                       : "its schema is " + schema + ", where " + kSchema + " is understood",
        newer ? "a newer cgoscope-lint wrote it: use that one, or write it anew with "
                "--write-baseline"
              : kHint);
  }
  const auto findings = json.find("findings");
  if (findings == json.end() || !findings->is_array())
    return no_baseline(path, "it has no list \"findings\"", kHint);
  std::vector<BaselineEntry> entries;
  for (const Json& one : *findings) {
    const std::string number = "entry " + std::to_string(entries.size() + 1) + " of findings ";
    if (!one.is_object() || !is_finding_id(text_of(one, "id")))
      return no_baseline(path, number + "has no id of sixteen hexadecimal digits", kHint);
    const auto severity = parse_severity(text_of(one, "severity"));
    if (!severity)
      return no_baseline(path, number + "has no severity: error, warning or note", kHint);
    entries.push_back({text_of(one, "id"), text_of(one, "rule"), *severity, text_of(one, "package"),
                       text_of(one, "function"), text_of(one, "call"),
                       text_of(one, "blocking_call")});
  }
  return entries;
}

void apply_baseline(const std::vector<BaselineEntry>& baseline, const std::string& path,
                    LintReport& report) {
  std::multimap<std::pair<std::string, Severity>, const BaselineEntry*> left;
  for (const BaselineEntry& entry : baseline) left.insert({{entry.id, entry.severity}, &entry});
  std::vector<Finding> kept;
  size_t known = 0;
  for (Finding& finding : report.findings) {
    const auto entry = left.lower_bound({finding.id, finding.severity});
    if (entry == left.end() || entry->first.first != finding.id) {
      kept.push_back(std::move(finding));
      continue;
    }
    left.erase(entry);
    ++known;
    report.suppressed.push_back(
        {std::move(finding), SuppressedFinding::By::kBaseline, "in the baseline " + path});
  }
  report.findings = std::move(kept);

  std::set<std::string> here;  // that may be gone: of the packages that were looked at
  for (const AnalysedPackage& package : report.packages) here.insert(package.import_path);
  std::set<std::string> worse;  // still there, but above the severity that is covered
  for (const Finding& finding : report.findings) worse.insert(finding.id);
  size_t gone = 0;
  for (const auto& [key, entry] : left)
    gone += here.contains(entry->package) && !worse.contains(entry->id) ? 1 : 0;
  std::string note = plural(static_cast<int64_t>(known), "finding") +
                     (known == 1 ? " is" : " are") + " in the baseline " + path + " and not shown";
  if (gone > 0) {
    note += "; " + std::to_string(gone) + " of the baseline " + (gone == 1 ? "is" : "are") +
            " gone (write it anew with --write-baseline)";
  }
  report.notes.push_back(std::move(note));
}

}  // namespace cgoscope
