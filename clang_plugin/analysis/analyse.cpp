#include "clang_plugin/analysis/analyse.h"

#include <algorithm>
#include <memory>
#include <set>

#include "clang_plugin/analysis/interpreter.h"
#include "clang_plugin/analysis/message.h"
#include "clang_plugin/analysis/unknown_functions.h"
#include "clang_plugin/packages/go_constant.h"

namespace cgoscope {
namespace {

constexpr double kMillion = 1e6;  // floating-point arguments are counted in millionths

// Names after `C.` that cgo knows without a declaration (cmd/cgo/gcc.go: nameToC, builtinDefs and
// the <stddef.h> of builtinProlog), and C's own types.
bool is_cgos_own(std::string_view name) {
  static const std::set<std::string_view> kNames = {
      "CBytes", "CString",       "GoBytes",      "GoString",  "GoStringN", "_Bool",
      "char",   "complexdouble", "complexfloat", "double",    "float",     "int",
      "long",   "longlong",      "malloc",       "ptrdiff_t", "uintptr_t", "wchar_t",
      "schar",  "short",         "signed",       "size_t",    "uchar",     "uint",
      "ulong",  "ulonglong",     "unsigned",     "ushort",    "void"};
  return kNames.contains(name) || name.starts_with("struct_") || name.starts_with("union_") ||
         name.starts_with("enum_") || name.starts_with("sizeof_");
}

class Analysis {
 public:
  Analysis(const SummarisedPackage& summarised, const Catalogue& catalogue,
           const AnalysisOptions& options)
      : package_(summarised.package),
        units_(summarised.units),
        catalogue_(catalogue),
        options_(options),
        constants_(summarised.package),
        program_(summarised.units, catalogue, export_names(summarised.package)) {
    facts_.threshold_ns = options.threshold_ns;
    if (!package_.machine.empty()) facts_.machine = package_.machine;
    for (size_t i = 0; i < package_.cgo_files.size(); ++i) {
      const GoFile& file = package_.cgo_files[i];
      for (const auto& [name, value] : units_[i].constants)
        constants_.set_c_constant(file, name, value);
      // A header that is missing does not define what Go uses of it: some of it the catalogue
      // knows.
      for (const GoReference& reference : file.references) {
        const auto known = catalogue.constants().find(reference.name);
        if (known == catalogue.constants().end() || units_[i].constants.contains(known->first) ||
            units_[i].visible.contains(known->first))
          continue;
        constants_.set_c_constant(file, known->first, known->second.value);
      }
    }
  }

  PackageFindings run() {
    for (size_t i = 0; i < package_.cgo_files.size(); ++i) {
      const GoFile& file = package_.cgo_files[i];
      group_sites(file, units_[i]);
      for (const GoSetNonblock& set : file.set_nonblock) note_set_nonblock(file, set);
    }
    for (SiteGroup& group : groups_) visit(group);
    // What one function says of a handle counts for the others, whatever their order: those that
    // did not know it yet are looked at again.
    const uint64_t all_known = facts_.version;
    for (SiteGroup& group : groups_) {
      if (group.facts_version != all_known) visit(group);
    }
    for (const SiteGroup& group : groups_) {
      for (const Site& site : group.sites) report(*group.file, site);
    }
    note_unknown();
    return std::move(result_);
  }

 private:
  static std::vector<std::string> export_names(const Package& package) {
    std::vector<std::string> names;
    for (const GoFile& file : package.cgo_files) {
      for (const GoExport& exported : file.exports) names.push_back(exported.c_name);
    }
    return names;
  }

  // A C.f(...) of Go, and what it can wait for.
  struct Site {
    const GoReference* reference = nullptr;
    Interpreter::Outcome outcome;
  };
  // The calls of C in one Go function: they are looked at in order, so that what one does to a
  // descriptor counts for the next.
  struct SiteGroup {
    const GoFile* file = nullptr;
    const TranslationUnit* unit = nullptr;
    size_t first = 0, last = 0;  // of file->references, last excluded
    uint64_t facts_version = 0;  // of what was known when `sites` were found
    std::vector<Site> sites;
  };

  void group_sites(const GoFile& file, const TranslationUnit& unit) {
    const std::vector<GoReference>& references = file.references;
    for (size_t i = 0; i < references.size(); ++i) {
      const int function = references[i].function_index;
      const bool same = !groups_.empty() && groups_.back().file == &file && i > 0 &&
                        function != -1 && references[i - 1].function_index == function;
      if (!same) groups_.push_back({&file, &unit, i, i, 0, {}});
      groups_.back().last = i + 1;
    }
  }

  void visit(SiteGroup& group) {
    const GoFile& file = *group.file;
    Interpreter interpreter(program_, facts_, cache_);
    HandleStates handles;
    group.facts_version = facts_.version;
    group.sites.clear();
    const int function = file.references[group.first].function_index;
    auto set = file.set_nonblock.begin();
    for (size_t i = group.first; i < group.last; ++i) {
      const GoReference& reference = file.references[i];
      for (; set != file.set_nonblock.end() && set->line <= reference.line; ++set) {
        if (set->function_index == function) apply_set_nonblock(file, *set, interpreter, handles);
      }
      visit_reference(group, reference, interpreter, handles);
    }
  }

  HandleState state_of(const GoFile& file, const GoSetNonblock& set) const {
    const auto on = constants_.evaluate(set.value, file, set.function_index);
    HandleState state;
    state.nonblocking = on ? tri(*on != 0) : Tri::kUnknown;
    return state;
  }

  // syscall.SetNonblock(fd, true), for the calls behind it in its function.
  void apply_set_nonblock(const GoFile& file, const GoSetNonblock& set, Interpreter& interpreter,
                          HandleStates& handles) {
    const std::string name = go_object_name(set.descriptor, file, set.function_index);
    if (!name.empty())
      handles[symbol(name, file, set.function_index, interpreter)] = state_of(file, set);
  }

  // The same for all functions; the one that does it, a constructor say, need not call C itself.
  void note_set_nonblock(const GoFile& file, const GoSetNonblock& set) {
    const std::string identity =
        go_identity(go_object_name(set.descriptor, file, set.function_index));
    if (!identity.empty()) facts_.note_handle(identity, state_of(file, set));
  }

  // "Conn.fd" is one thing wherever it stands; "fd" is one thing inside its function.
  static std::string go_identity(const std::string& name) {
    return name.find('.') == std::string::npos ? "" : "go:" + name;
  }

  static SymbolId symbol(const std::string& name, const GoFile& file, int function_index,
                         Interpreter& interpreter) {
    const std::string identity = go_identity(name);
    const std::string key =
        identity.empty() ? file.path + ":" + std::to_string(function_index) + ":" + name : identity;
    return interpreter.symbol_for(key, identity);
  }

  // C.job(C.slow) → C.slow, if C.job is a type.
  static std::string without_c_conversions(std::string text, const TranslationUnit& unit) {
    while (text.starts_with("C.") && text.ends_with(")")) {
      const size_t open = text.find('(');
      const std::string name = text.substr(2, open - 2);
      const bool is_type = unit.not_functions.contains(name);
      if (!is_type) break;
      text = text.substr(open + 1, text.size() - open - 2);
    }
    return text;
  }

  // What Go passes, as far as the source says it.
  Value argument_value(const std::string& text, const GoFile& file, const TranslationUnit& unit,
                       int function_index, bool is_real, Interpreter& interpreter) {
    if (is_real) {
      const auto real = constants_.evaluate_double(text, file, function_index);
      return real ? Value::constant(static_cast<int64_t>(std::clamp(*real * kMillion, -9e18, 9e18)))
                  : Value::any();
    }
    if (const auto constant = constants_.evaluate(text, file, function_index))
      return Value::constant(*constant);
    const std::string name =
        go_object_name(without_c_conversions(text, unit), file, function_index);
    if (name.starts_with("C.")) {
      const auto function = unit.visible.find(name.substr(2));
      if (function != unit.visible.end())
        return Value::function(program_.function_id(function->second));
    }
    return name.empty() ? Value::any()
                        : Value::any(symbol(name, file, function_index, interpreter));
  }

  // Whether `reference` is only handed to a C function on the same line, which decides what becomes
  // of it.
  static bool is_handed_on(const GoFile& file, const GoReference& reference) {
    const std::string text = "C." + reference.name;
    return std::any_of(file.references.begin(), file.references.end(),
                       [&](const GoReference& other) {
                         return &other != &reference && other.line == reference.line &&
                                other.use == ReferenceUse::kCall &&
                                std::any_of(other.arguments.begin(), other.arguments.end(),
                                            [&](const std::string& argument) {
                                              return argument.find(text) != std::string::npos;
                                            });
                       });
  }

  // What nothing declares, go build refuses. When Clang had something to say of the file, it was
  // said.
  void note_undeclared(const GoFile& file, const GoReference& reference,
                       const TranslationUnit& unit) {
    const std::string& name = reference.name;
    if (unit.errors > 0 || unit.constants.contains(name) || is_cgos_own(name)) return;
    if (!undeclared_.emplace(file.path, name).second) return;
    result_.problems.push_back(
        {file.path, reference.line,
         "C." + name + " is declared nowhere" +
             (file.preamble.empty() ? ": no comment ends on the line above import \"C\"" : "")});
  }

  void visit_reference(SiteGroup& group, const GoReference& reference, Interpreter& interpreter,
                       HandleStates& handles) {
    const GoFile& file = *group.file;
    const TranslationUnit& unit = *group.unit;
    const auto visible = unit.visible.find(reference.name);
    const std::string link_name = link_name_of(reference, unit);
    const FunctionId id = program_.function_id(link_name);
    const LinkedFunction linked = program_.function(id);
    if (unit.not_functions.contains(reference.name) && visible == unit.visible.end()) return;
    const bool is_function = linked.body || visible != unit.visible.end() ||
                             catalogue_.find_blocking(reference.name) ||
                             !catalogue_.find_options(reference.name).empty();
    if (!is_function) {  // a type, a constant, a variable
      if (reference.use == ReferenceUse::kCall) note_undeclared(file, reference, unit);
      return;
    }
    if (reference.use == ReferenceUse::kValue && is_handed_on(file, reference)) return;
    const BlockingFunction* row =
        linked.body && !linked.body->is_system ? nullptr : catalogue_.find_blocking(reference.name);
    std::vector<Value> arguments;
    for (size_t i = 0; i < reference.arguments.size(); ++i) {
      bool is_real =
          row && row->unit == Unit::kSecondsDouble && static_cast<size_t>(row->argument) == i;
      if (linked.body) {
        for (const Variable& variable : linked.body->variables) {
          is_real = is_real || (variable.parameter == static_cast<int>(i) && variable.is_real);
        }
      }
      arguments.push_back(argument_value(reference.arguments[i], file, unit,
                                         reference.function_index, is_real, interpreter));
    }
    Interpreter::Outcome outcome;
    if (linked.body && (!linked.body->is_system || !row)) {
      outcome = interpreter.run(id, arguments, handles);
    } else {
      const bool renamed =
          !catalogue_.find_blocking(reference.name) && catalogue_.find_blocking(link_name);
      outcome = interpreter.run_library(renamed ? link_name : reference.name, arguments, handles);
    }
    group.sites.push_back({&reference, std::move(outcome)});
  }

  void report(const GoFile& file, const Site& site) {
    const GoReference& reference = *site.reference;
    const Interpreter::Outcome& outcome = site.outcome;
    ++result_.go_call_sites;
    if (!outcome.complete) {
      result_.problems.push_back(
          {file.path, reference.line,
           "C." + reference.name +
               " reaches too much code to follow every value; the rest was judged by "
               "the names of the functions called"});
    }
    for (const BlockingEvent& event : outcome.events) {
      // Who waits on a condition gives its lock back meanwhile: the lock is that wait's.
      const bool of_a_condition =
          !event.lock.empty() &&
          std::any_of(outcome.events.begin(), outcome.events.end(),
                      [&](const BlockingEvent& other) { return other.waits_with == event.lock; });
      if (of_a_condition && severity_of(event) == Severity::kNote) continue;
      add_finding(file, reference, event);
    }
  }

  static std::string link_name_of(const GoReference& reference, const TranslationUnit& unit) {
    const auto visible = unit.visible.find(reference.name);
    return visible == unit.visible.end() ? reference.name : visible->second;
  }

  GoPlace go_place(const GoFile& file, const GoReference& reference) const {
    return {
        package_.import_path,
        options_.display(file.path),
        reference.line,
        reference.column,
        linker_package(package_) + "." + (reference.function.empty() ? "init" : reference.function),
        "C." + reference.name};
  }

  void note_unknown() {
    std::vector<EntryPoint> entries;
    for (const SiteGroup& group : groups_) {
      for (const Site& site : group.sites)
        entries.push_back({go_place(*group.file, *site.reference), site.reference->name,
                           link_name_of(*site.reference, *group.unit)});
    }
    result_.unknown = unknown_functions(program_, entries, options_.display);
  }

  std::optional<Severity> severity_of(const BlockingEvent& event) const {
    if (!event.row) return event.spin_lock ? Severity::kNote : Severity::kError;
    Severity severity = Severity::kNote;
    switch (event.row->severity) {
      case CatalogueSeverity::kOff:
        return std::nullopt;
      case CatalogueSeverity::kLow:
        severity = Severity::kNote;
        break;
      case CatalogueSeverity::kMedium:
        severity = Severity::kWarning;
        break;
      case CatalogueSeverity::kHigh:
        severity = Severity::kError;
        break;
      case CatalogueSeverity::kByArgument:
        severity = event.bound == Bound::kUnbounded ? Severity::kError : Severity::kWarning;
        break;
    }
    if (event.row->lock != -1 && severity == Severity::kNote && !event.lock.empty() &&
        (facts_.shared_locks.contains(event.lock) ||
         facts_.locks_held_while_blocking.contains(event.lock))) {
      severity = Severity::kError;
    }
    if (event.bound != Bound::kUnbounded) severity = std::min(severity, Severity::kWarning);
    return severity;
  }

  const std::string& file_of(const TranslationUnit& unit, const SourcePlace& place) const {
    static const std::string none;
    return place.file < unit.files.size() ? unit.files[place.file] : none;
  }

  // Where a person finds `place`, which lies in the file `path`: a preamble's lines are the Go
  // file's.
  GoPosition position_of(const std::string& path, const SourcePlace& place) const {
    const int line = static_cast<int>(place.line), column = static_cast<int>(place.column);
    for (const GoFile& file : package_.cgo_files) {
      if (file.path == path) return preamble_position(file, line, column);
    }
    return {line, column};
  }

  void add_finding(const GoFile& file, const GoReference& reference, const BlockingEvent& event) {
    if (event.bound == Bound::kBounded && event.limit_ns < options_.threshold_ns) return;
    const auto severity = severity_of(event);
    if (!severity) return;
    Finding finding;
    finding.rule = event.row ? "blocking-call" : "busy-wait";
    finding.severity = *severity;
    finding.bound = event.bound;
    if (event.bound == Bound::kBounded) finding.bound_ms = event.limit_ns / 1000000;
    finding.go = go_place(file, reference);
    SuppressiblePlaces places;
    places.places.emplace_back(file.path, reference.line);

    std::string blocking = event.name;
    if (blocking.starts_with("syscall:")) blocking = blocking.substr(8);
    CPlace c;
    c.call = blocking;
    // A system header's own code is not what the user can change: the call is where the user's code
    // entered it.
    size_t last = event.trace.size();
    while (last > 0 && event.trace[last - 1].place.system) --last;
    for (size_t i = 0; i < last; ++i) {
      const TraceStep& step = event.trace[i];
      const std::string& path = file_of(*step.unit, step.place);
      const Function* body = program_.function(step.function).body;
      const GoPosition position = position_of(path, step.place);
      finding.path.push_back({body ? body->name : "", options_.display(path), position.line});
      places.places.emplace_back(path, position.line);
      if (i + 1 == last) {
        c.file = options_.display(path);
        c.line = position.line;
        c.column = position.column;
        c.function = finding.path.back().function;
      }
    }
    const bool exported =
        std::any_of(file.exports.begin(), file.exports.end(),
                    [&](const GoExport& one) { return one.function == reference.function; });
    finding.message =
        message_for(event, finding.go.call, blocking.empty() ? c.function : blocking, exported);
    finding.advice = advice_for(event);
    finding.c = std::move(c);
    result_.findings.push_back(std::move(finding));
    result_.places.push_back(std::move(places));
  }

  const Package& package_;
  const std::vector<TranslationUnit>& units_;
  const Catalogue& catalogue_;
  const AnalysisOptions& options_;
  GoConstants constants_;
  Program program_;
  PackageFacts facts_;
  ShapeCache cache_;
  std::vector<SiteGroup> groups_;
  std::set<std::pair<std::string, std::string>> undeclared_;  // Go file, name
  PackageFindings result_;
};

}  // namespace

PackageFindings analyse(const SummarisedPackage& summarised, const Catalogue& catalogue,
                        const AnalysisOptions& options) {
  return Analysis(summarised, catalogue, options).run();
}

}  // namespace cgoscope
