#include "clang_plugin/lint.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <set>

#include "clang_plugin/analysis/analyse.h"
#include "clang_plugin/catalogue/catalogue.h"
#include "clang_plugin/settings.h"
#include "clang_plugin/source_units.h"
#include "clang_plugin/suppressions.h"

namespace cgoscope {
namespace {

constexpr int64_t kDefaultThresholdNs = 1000000000;
constexpr size_t kStackBytes =
    512u << 20;  // reserved, not used: C may nest deeply, and so do the walks over it

// One package on its way through the run.
struct Job {
  Settings settings;
  std::shared_ptr<const Catalogue> catalogue;
  std::vector<SourceUnit> sources;
  SummarisedPackage summarised;
  std::atomic<size_t> units_left = 0;
  bool is_dependency = false;  // wanted for what it hands on to others, not for its findings
};

class Run {
 public:
  explicit Run(const LintOptions& options) : options_(options) {}

  // `base`: what --catalogue makes of the built-in catalogue.
  void prepare(Catalogue base, PackageList& listed) {
    catalogues_[{}] = std::make_shared<Catalogue>(std::move(base));
    add_jobs(std::move(listed.packages));
    report_.stats.packages = static_cast<int>(jobs_.size());
    add_jobs(std::move(listed.without_cgo));
    add_dependencies(std::move(listed.dependencies));
  }

  void add_jobs(std::vector<Package> packages) {
    for (Package& package : packages) {
      auto job = std::make_unique<Job>();
      use_settings(package.directory, *job);
      job->sources = source_units(package);
      job->summarised.units.resize(job->sources.size());
      job->units_left = job->sources.size();
      for (size_t unit = 0; unit < job->sources.size(); ++unit)
        work_.emplace_back(jobs_.size(), unit);
      report_.stats.translation_units += static_cast<int>(job->sources.size());
      for (Problem& problem : package.problems) report_.errors.push_back(std::move(problem));
      for (const GoFile& file : package.cgo_files) {
        report_.errors.insert(report_.errors.end(), file.problems.begin(), file.problems.end());
      }
      package.problems.clear();
      report_.packages.push_back({package.import_path, package.directory});
      job->summarised.package = std::move(package);
      jobs_.push_back(std::move(job));
    }
  }

  void add_dependencies(std::vector<Package> packages) {
    const size_t first = jobs_.size();
    LintReport kept;
    std::swap(report_, kept);  // nothing is reported of them
    add_jobs(std::move(packages));
    std::swap(report_, kept);
    for (size_t i = first; i < jobs_.size(); ++i) jobs_[i]->is_dependency = true;
  }

  void work() {
    const auto count = std::min<size_t>(static_cast<size_t>(std::max(options_.jobs, 1)),
                                        std::max<size_t>(work_.size(), 1));
    std::vector<pthread_t> threads;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, kStackBytes);
    for (size_t i = 0; i < count; ++i) {
      pthread_t thread{};
      if (pthread_create(
              &thread, &attributes,
              [](void* self) -> void* {
                static_cast<Run*>(self)->loop();
                return nullptr;
              },
              this) == 0) {
        threads.push_back(thread);
      }
    }
    pthread_attr_destroy(&attributes);
    if (threads.empty()) loop();  // no memory for such a stack: this thread's must do
    for (const pthread_t thread : threads) pthread_join(thread, nullptr);
  }

  LintReport finish(AcrossPackages& across) {
    if (options_.across_packages) look_across(across);
    // Findings get their ids before any is taken out, so that an id does not depend on the comments
    // and settings around it; the ones that comments themselves are get theirs afterwards.
    sort_findings();
    number_findings();
    for (AllowedFinding& allowed :
         apply_suppressions(suppressions_, findings_, places_, display_path)) {
      report_.suppressed.push_back(
          {std::move(allowed.finding), SuppressedFinding::By::kComment, std::move(allowed.reason)});
    }
    sort_findings();
    number_findings();
    std::stable_sort(
        report_.errors.begin(), report_.errors.end(), [](const Problem& a, const Problem& b) {
          return std::tie(a.file, a.line, a.message) < std::tie(b.file, b.line, b.message);
        });
    for (Problem& problem : report_.errors) problem.file = display_path(problem.file);
    report_.errors.erase(std::unique(report_.errors.begin(), report_.errors.end(),
                                     [](const Problem& a, const Problem& b) {
                                       return a.file == b.file && a.line == b.line &&
                                              a.message == b.message;
                                     }),
                         report_.errors.end());
    sort_unknown();
    report_.findings = std::move(findings_);
    drop_dependencies();
    return std::move(report_);
  }

 private:
  void look_across(AcrossPackages& across) {
    std::vector<CallingPackage> packages;
    for (const auto& job : jobs_)
      packages.push_back({&job->summarised.package, &job->settings, job->is_dependency});
    RunFindings run{std::move(findings_), std::move(places_), std::move(suppressions_)};
    add_findings_across(packages, run, across, display_path);
    findings_ = std::move(run.findings);
    places_ = std::move(run.places);
    suppressions_ = std::move(run.suppressions);
    if (dependencies_in_part_ > 0) {
      report_.notes.push_back("part of " + std::to_string(dependencies_in_part_) +
                              " imported packages could not be analysed; name them to see why");
    }
  }

  void drop_dependencies() {
    std::set<std::string> files;
    for (const auto& job : jobs_) {
      if (!job->is_dependency) continue;
      const Package& package = job->summarised.package;
      for (const auto* go_files : {&package.cgo_files, &package.go_files}) {
        for (const GoFile& file : *go_files) files.insert(display_path(file.path));
      }
    }
    if (files.empty()) return;
    std::erase_if(report_.findings,
                  [&](const Finding& finding) { return files.contains(finding.go.file); });
    std::erase_if(report_.suppressed, [&](const SuppressedFinding& one) {
      return files.contains(one.finding.go.file);
    });
  }

  void sort_findings() {
    const auto key = [&](size_t i) {
      const Finding& f = findings_[i];
      const CPlace c = f.c.value_or(CPlace{});
      return std::make_tuple(f.go.file, f.go.line, f.go.column, c.file, c.line, c.column, c.call,
                             f.rule);
    };
    std::vector<size_t> order(findings_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return key(a) < key(b); });
    std::vector<Finding> findings;
    std::vector<SuppressiblePlaces> places;
    for (const size_t i : order) {
      findings.push_back(std::move(findings_[i]));
      places.push_back(std::move(places_[i]));
    }
    findings_ = std::move(findings);
    places_ = std::move(places);
  }

  // Of several packages, each function once, with the first call in the order of files.
  void sort_unknown() {
    std::vector<UnknownFunction>& unknown = report_.unknown;
    const auto key = [](const UnknownFunction& one) {
      return std::tie(one.header, one.name, one.go.file, one.go.line, one.go.column);
    };
    std::sort(unknown.begin(), unknown.end(),
              [&](const auto& a, const auto& b) { return key(a) < key(b); });
    unknown.erase(std::unique(unknown.begin(), unknown.end()), unknown.end());
  }

  void number_findings() {
    std::map<std::string, int> occurrences;
    for (Finding& finding : findings_) {
      if (!finding.id.empty()) continue;
      const std::string first = finding_id(finding, 0);
      finding.id = finding_id(finding, occurrences[first]++);
    }
  }

  Result<std::shared_ptr<const Catalogue>> catalogue_for(const Settings& settings) {
    const std::vector<std::string>& files = settings.catalogue;
    const auto known = catalogues_.find(files);
    if (known != catalogues_.end()) return std::shared_ptr<const Catalogue>(known->second);
    auto extended = std::make_shared<Catalogue>(*catalogues_[{}]);
    for (const std::string& path : files) {
      if (auto error = extended->add_file(path, settings.catalogue_named_in)) return *error;
    }
    catalogues_[files] = extended;
    return std::shared_ptr<const Catalogue>(extended);
  }

  // A package's own settings may be wrong without harm to the others: it is then judged as if it
  // had none.
  void use_settings(const std::string& directory, Job& job) {
    job.catalogue = catalogues_[{}];
    auto settings = load_settings(directory);
    if (!settings) return note_unusable(directory, settings.error());
    const auto catalogue = catalogue_for(*settings);
    if (!catalogue) return note_unusable(directory, catalogue.error());
    job.catalogue = *catalogue;
    job.settings = std::move(*settings);
  }

  void note_unusable(const std::string& directory, const Error& error) {
    report_.errors.push_back(
        {directory, 0, "the settings, so they do not hold there: " + error.message()});
  }

  void loop() {
    while (true) {
      const size_t next = next_++;
      if (next >= work_.size()) return;
      Job& job = *jobs_[work_[next].first];
      const size_t unit = work_[next].second;
      const SourceUnit& source = job.sources[unit];
      job.summarised.units[unit] =
          options_.summary_of ? options_.summary_of(source) : summarize(source);
      job.sources[unit].text.clear();
      if (options_.progress) {
        const std::lock_guard lock(mutex_);
        options_.progress(++done_, static_cast<int>(work_.size()));
      }
      if (--job.units_left == 0) analyse_package(job);
    }
  }

  void analyse_package(Job& job) {
    AnalysisOptions how;
    how.threshold_ns =
        options_.threshold_ns.value_or(job.settings.threshold_ns.value_or(kDefaultThresholdNs));
    how.display = display_path;
    PackageFindings found = options_.findings_of
                                ? options_.findings_of(job.summarised, job.catalogue, how)
                                : analyse(job.summarised, *job.catalogue, how);
    const Package& package = job.summarised.package;
    const auto unused_severity =
        job.is_dependency ? std::nullopt
                          : severity_under(job.settings, "unused-suppression", "", Severity::kNote);
    const std::lock_guard lock(mutex_);
    LintReport kept;
    if (job.is_dependency) std::swap(report_, kept);  // nothing is reported of it
    report_.stats.go_call_sites += found.go_call_sites;
    std::move(found.unknown.begin(), found.unknown.end(), std::back_inserter(report_.unknown));
    report_.errors.insert(report_.errors.end(), found.problems.begin(), found.problems.end());
    for (size_t i = 0; i < job.summarised.units.size(); ++i) {
      TranslationUnit& unit = job.summarised.units[i];
      if (i < package.cgo_files.size()) {  // a preamble: Clang's lines are not the Go file's
        for (Problem& problem : unit.problems) {
          if (problem.file != unit.main_file || problem.line == 0) continue;
          problem.line = preamble_position(package.cgo_files[i], problem.line, 1).line;
        }
      }
      for (const auto& [name, function] : unit.functions)
        report_.stats.c_functions += function.is_system ? 0 : 1;
      report_.errors.insert(report_.errors.end(), unit.problems.begin(), unit.problems.end());
      if (static_cast<size_t>(unit.errors) > unit.problems.size()) {
        report_.errors.push_back(
            {unit.main_file, 0,
             std::to_string(static_cast<size_t>(unit.errors) - unit.problems.size()) +
                 " more errors"});
      }
      for (const CAllow& allow : unit.allows) {
        suppressions_.push_back({unit.files[allow.place.file], static_cast<int>(allow.place.line),
                                 static_cast<int>(allow.place.column), allow.rule, allow.reason,
                                 false, package.import_path, "", unused_severity});
      }
    }
    for (const GoFile& file : package.cgo_files) {
      const bool excluded = is_excluded(job.settings, file.path);
      for (const AllowComment& allow : file.allows) {
        suppressions_.push_back({file.path, allow.line, allow.column, allow.rule, allow.reason,
                                 true, package.import_path, "",
                                 excluded ? std::nullopt : unused_severity});
      }
    }
    for (size_t i = 0; i < found.findings.size(); ++i) {
      Finding& finding = found.findings[i];
      const auto severity = severity_under(job.settings, finding.rule,
                                           finding.c ? finding.c->call : "", finding.severity);
      found.places[i].dropped =
          !severity || is_excluded(job.settings, found.places[i].places.front().first);
      if (severity) finding.severity = *severity;
      findings_.push_back(std::move(finding));
      places_.push_back(std::move(found.places[i]));
    }
    job.summarised.units.clear();
    job.summarised.units.shrink_to_fit();
    job.sources.clear();
    if (job.is_dependency) {
      std::swap(report_, kept);
      dependencies_in_part_ += kept.errors.empty() ? 0 : 1;
    }
  }

  const LintOptions& options_;
  std::map<std::vector<std::string>, std::shared_ptr<Catalogue>> catalogues_;
  std::vector<std::unique_ptr<Job>> jobs_;
  std::vector<std::pair<size_t, size_t>> work_;  // job, unit
  std::atomic<size_t> next_ = 0;
  std::mutex mutex_;  // guards what follows
  int done_ = 0;
  std::vector<Finding> findings_;
  std::vector<SuppressiblePlaces> places_;
  std::vector<Suppression> suppressions_;
  LintReport report_;
  int dependencies_in_part_ = 0;  // that could not be analysed in full
};

}  // namespace

std::string display_path(const std::string& path) {
  static const std::string here = std::filesystem::current_path().string();
  if (here != "/" && path.size() > here.size() + 1 && path.starts_with(here) &&
      path[here.size()] == '/') {
    return path.substr(here.size() + 1);
  }
  return path;
}

Result<Catalogue> catalogue_with(const std::vector<std::string>& files) {
  auto catalogue = Catalogue::built_in();
  if (!catalogue) return catalogue;
  for (const std::string& path : files) {
    if (auto error = catalogue->add_file(path)) return *error;
  }
  return catalogue;
}

Result<LintReport> lint_packages(const LintOptions& options, PackageList listed,
                                 AcrossPackages& across) {
  auto catalogue = catalogue_with(options.catalogue);
  if (!catalogue) return catalogue.error();
  Run run(options);
  run.prepare(std::move(*catalogue), listed);
  run.work();
  LintReport report = run.finish(across);
  report.tool_version = CGOSCOPE_VERSION;
  report.errors.insert(report.errors.begin(), listed.problems.begin(), listed.problems.end());
  report.notes.insert(report.notes.begin(), listed.notes.begin(), listed.notes.end());
  if (report.stats.packages == 0 && report.findings.empty()) {
    report.notes.push_back(listed.packages_seen == 1
                               ? "the package looked at does not use cgo"
                               : "none of the " + std::to_string(listed.packages_seen) +
                                     " packages looked at uses cgo");
    if (listed.packages_seen == 0) {
      const std::string why =
          report.errors.empty() ? "no Go package there"
                                : report.errors.front().file + ": " + report.errors.front().message;
      return Error{"nothing was analysed", why,
                   "name packages, directories or files that hold Go code"};
    }
  }
  return report;
}

Result<LintReport> run_lint(const LintOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  PackageQuery query{options.patterns, options.tags};
  query.across_packages = options.across_packages;
  auto listed = list_packages(query);
  if (!listed) return listed.error();
  AcrossPackages across;
  auto report = lint_packages(options, std::move(*listed), across);
  if (!report) return report;
  report->stats.elapsed_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                                 std::chrono::steady_clock::now() - start)
                                 .count();
  return report;
}

}  // namespace cgoscope
