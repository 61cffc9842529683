#include "clang_plugin/cache/findings_cache.h"

#include <algorithm>

#include "clang_plugin/cache/entry.h"
#include "clang_plugin/cache/findings.pb.h"
#include "llvm/ADT/StringExtras.h"

namespace cgoscope {
namespace {

void write(const PathStep& from, cache::Step* to) {
  const auto& [function, file, line] = from;
  to->set_function(function);
  to->set_file(file);
  to->set_line(line);
}

void write(const GoPlace& from, cache::GoPlace* to) {
  const auto& [package, file, line, column, function, call] = from;
  to->set_package(package);
  to->set_file(file);
  to->set_line(line);
  to->set_column(column);
  to->set_function(function);
  to->set_call(call);
}

void write(const UnknownFunction& from, cache::UnknownFunction* to) {
  const auto& [name, header, library_has_rows, go] = from;
  to->set_name(name);
  to->set_header(header);
  to->set_library_has_rows(library_has_rows);
  write(go, to->mutable_go());
}

void write(const Finding& from, cache::Finding* to) {
  // What was observed comes to a finding after all this.
  const auto& [id, rule, severity, bound, bound_ms, go, c, path, message, advice, observed] = from;
  static_cast<void>(observed);
  to->set_id(id);
  to->set_rule(rule);
  to->set_severity(static_cast<uint32_t>(severity));
  if (bound) to->set_bound(static_cast<uint32_t>(*bound));
  if (bound_ms) to->set_bound_ms(*bound_ms);
  write(go, to->mutable_go());
  if (c) {
    const auto& [file, line, column, function, call] = *c;
    cache::CPlace* place = to->mutable_c();
    place->set_file(file);
    place->set_line(line);
    place->set_column(column);
    place->set_function(function);
    place->set_call(call);
  }
  for (const PathStep& step : path) write(step, to->add_path());
  to->set_message(message);
  to->set_advice(advice);
}

PathStep read(const cache::Step& from) { return {from.function(), from.file(), from.line()}; }

GoPlace read(const cache::GoPlace& from) {
  return {from.package(), from.file(), from.line(), from.column(), from.function(), from.call()};
}

Finding read(const cache::Finding& from) {
  Finding to;
  to.id = from.id();
  to.rule = from.rule();
  to.severity = static_cast<Severity>(from.severity());
  if (from.has_bound()) to.bound = static_cast<Bound>(from.bound());
  if (from.has_bound_ms()) to.bound_ms = from.bound_ms();
  to.go = read(from.go());
  if (from.has_c()) {
    const cache::CPlace& c = from.c();
    to.c = CPlace{c.file(), c.line(), c.column(), c.function(), c.call()};
  }
  for (const cache::Step& step : from.path()) to.path.push_back(read(step));
  to.message = from.message();
  to.advice = from.advice();
  return to;
}

bool is_sound(const cache::Finding& finding) {
  return finding.severity() <= static_cast<uint32_t>(Severity::kError) &&
         finding.bound() <= static_cast<uint32_t>(Bound::kVariable) && finding.places_size() > 0;
}

}  // namespace

std::string encode_findings(std::string_view key, const PackageFindings& from) {
  const auto& [findings, places, problems, unknown, go_call_sites] = from;
  cache::PackageFindings message;
  message.set_key(key.data(), key.size());
  for (size_t i = 0; i < findings.size(); ++i) {
    cache::Finding* finding = message.add_findings();
    write(findings[i], finding);
    const auto& [lines, dropped] = places[i];
    for (const auto& [file, line] : lines) write(PathStep{"", file, line}, finding->add_places());
    finding->set_dropped(dropped);
  }
  for (const auto& [file, line, text] : problems) {
    cache::FindingsProblem* problem = message.add_problems();
    problem->set_file(file);
    problem->set_line(line);
    problem->set_message(text);
  }
  for (const UnknownFunction& function : unknown) write(function, message.add_unknown());
  message.set_go_call_sites(go_call_sites);
  return with_checksum(message.SerializeAsString());
}

std::optional<PackageFindings> decode_findings(std::string_view key, std::string_view bytes) {
  const auto payload = checked_payload(bytes);
  cache::PackageFindings message;
  if (!payload || !message.ParseFromArray(payload->data(), static_cast<int>(payload->size())) ||
      message.key() != key ||
      !std::all_of(message.findings().begin(), message.findings().end(), is_sound)) {
    return std::nullopt;
  }
  PackageFindings to;
  for (const cache::Finding& finding : message.findings()) {
    to.findings.push_back(read(finding));
    SuppressiblePlaces& places = to.places.emplace_back();
    for (const cache::Step& step : finding.places())
      places.places.emplace_back(step.file(), step.line());
    places.dropped = finding.dropped();
  }
  for (const cache::FindingsProblem& problem : message.problems())
    to.problems.push_back({problem.file(), problem.line(), problem.message()});
  for (const cache::UnknownFunction& function : message.unknown())
    to.unknown.push_back(
        {function.name(), function.header(), function.library_has_rows(), read(function.go())});
  to.go_call_sites = message.go_call_sites();
  return to;
}

PackageFindings FindingsCache::findings_of(const SummarisedPackage& summarised,
                                           const std::shared_ptr<const Catalogue>& catalogue,
                                           const AnalysisOptions& how) {
  const Digest inputs = digest_of_inputs(summarised, catalogue_digest(catalogue), how);
  const std::string text = "findings " + std::to_string(kEntryFormat) + program_ +
                           std::string(inputs.begin(), inputs.end());
  const std::string key = llvm::toHex(digest_of(text), /*LowerCase=*/true);
  if (const auto bytes = folder_.read(key)) {
    if (auto kept = decode_findings(key, *bytes)) {
      ++found_;
      return std::move(*kept);
    }
  }
  ++made_;
  PackageFindings findings = analyse(summarised, *catalogue, how);
  if (folder_.is_writable()) {
    const std::string bytes = encode_findings(key, findings);
    if (bytes.size() <= kMaxEntryBytes) folder_.write(key, bytes);
  }
  return findings;
}

Digest FindingsCache::catalogue_digest(const std::shared_ptr<const Catalogue>& catalogue) {
  const std::lock_guard lock(mutex_);
  const auto [known, is_new] = catalogues_.try_emplace(catalogue);
  if (is_new) known->second = digest_of_catalogue(*catalogue);
  return known->second;
}

}  // namespace cgoscope
