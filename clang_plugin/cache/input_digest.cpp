// Each structured binding below names all fields of its struct: one that is added and not digested
// does not compile.
#include "clang_plugin/cache/input_digest.h"

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace cgoscope {
namespace {

// The fields of each struct.
auto parts(const Problem& of) {
  const auto& [a, b, c] = of;
  return std::tie(a, b, c);
}
auto parts(const PreambleLine& of) {
  const auto& [a, b, c, d] = of;
  return std::tie(a, b, c, d);
}
auto parts(const GoImport& of) {
  const auto& [a, b, c, d] = of;
  return std::tie(a, b, c, d);
}
auto parts(const CgoDirective& of) {
  const auto& [a, b] = of;
  return std::tie(a, b);
}
auto parts(const GoReference& of) {
  const auto& [a, b, c, d, e, f, g] = of;
  return std::tie(a, b, c, d, e, f, g);
}
auto parts(const GoFunction& of) {
  const auto& [a, b, c, d, e, f, g] = of;
  return std::tie(a, b, c, d, e, f, g);
}
auto parts(const GoBinding& of) {
  const auto& [a, b, c, d, e, f] = of;
  return std::tie(a, b, c, d, e, f);
}
auto parts(const GoRecordVariable& of) {
  const auto& [a, b, c] = of;
  return std::tie(a, b, c);
}
auto parts(const GoTypeName& of) {
  const auto& [a, b] = of;
  return std::tie(a, b);
}
auto parts(const GoSetNonblock& of) {
  const auto& [a, b, c, d] = of;
  return std::tie(a, b, c, d);
}
auto parts(const GoExport& of) {
  const auto& [a, b, c, d, e] = of;
  return std::tie(a, b, c, d, e);
}
auto parts(const AllowComment& of) {
  const auto& [a, b, c, d] = of;
  return std::tie(a, b, c, d);
}
// Calls of Go, and where packages come from, do not matter to what one package's C does.
auto parts(const GoFile& of) {
  const auto& [a, b, c, d, e, f, g, h, calls, i, j, k, l, m, n, o, p, q, r] = of;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r);
}
auto parts(const Package& of) {
  const auto& [a, b, c, d, e, f, g, h, i, j, import_map, is_standard, k] = of;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k);
}
auto parts(const SourcePlace& of) {
  const auto& [a, b, c, d] = of;
  return std::tie(a, b, c, d);
}
auto parts(const Expr& of) {
  const auto& [a, b, c, d, e, f, g, h, i, j] = of;
  return std::tie(a, b, c, d, e, f, g, h, i, j);
}
auto parts(const Call& of) {
  const auto& [a, b, c, d, e, f, g, h, i] = of;
  return std::tie(a, b, c, d, e, f, g, h, i);
}
auto parts(const Stmt& of) {
  const auto& [a, b, c, d, e, f, g, h, i, j, k, l] = of;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k, l);
}
auto parts(const Variable& of) {
  const auto& [a, b, c, d, e, f, g, h] = of;
  return std::tie(a, b, c, d, e, f, g, h);
}
auto parts(const Function& of) {
  const auto& [a, b, c, d, e, f, g, h, i, j, k, l] = of;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k, l);
}
auto parts(const Global& of) {
  const auto& [a, b, c, d, e, f] = of;
  return std::tie(a, b, c, d, e, f);
}
auto parts(const CAllow& of) {
  const auto& [a, b, c] = of;
  return std::tie(a, b, c);
}
auto parts(const Declaration& of) {
  const auto& [a, b] = of;
  return std::tie(a, b);
}
auto parts(const TranslationUnit& of) {
  const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = of;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n);
}
auto parts(const SummarisedPackage& of) {
  const auto& [a, b] = of;
  return std::tie(a, b);
}
// Where a row stands, and how it was written, changes nothing of what it says.
auto parts(const Condition& of) {
  const auto& [a, b, c, d, e, f, written] = of;
  return std::tie(a, b, c, d, e, f);
}
auto parts(const BlockingFunction& of) {
  const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, place] = of;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w);
}
auto parts(const HandleMaker& of) {
  const auto& [a, b, c, d, e, f, g, h, place] = of;
  return std::tie(a, b, c, d, e, f, g, h);
}
auto parts(const HandleOption& of) {
  const auto& [a, b, c, d, e, f, g, h, i, j, k, l, place] = of;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k, l);
}
auto parts(const CallEffect& of) {
  const auto& [a, b, c, d, e, f, g, h, i, j, k, l, place] = of;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k, l);
}
auto parts(const Constant& of) {
  const auto& [a, b] = of;
  return std::tie(a, b);
}

// Values as bytes, each list after its length, so that no two values are the same bytes.
class Bytes {
 public:
  void add(std::string_view text) {
    add(text.size());
    bytes_ += text;
  }
  void add(const std::string& text) { add(std::string_view(text)); }

  template <typename T>
  void add(const T& value) {
    if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>)
      bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
    else
      std::apply([this](const auto&... part) { (add(part), ...); }, parts(value));
  }
  template <typename T>
  void add(const std::vector<T>& list) {
    add_all(list);
  }
  template <typename... T>
  void add(const std::set<T...>& list) {
    add_all(list);
  }
  template <typename... T>
  void add(const std::map<T...>& list) {
    add_all(list);
  }
  template <typename A, typename B>
  void add(const std::pair<A, B>& pair) {
    add(pair.first);
    add(pair.second);
  }
  void add(const Digest& digest) { bytes_.append(digest.begin(), digest.end()); }

  Digest digest() const { return digest_of(bytes_); }

 private:
  template <typename List>
  void add_all(const List& list) {
    add(list.size());
    for (const auto& element : list) add(element);
  }

  std::string bytes_;
};

}  // namespace

Digest digest_of_catalogue(const Catalogue& catalogue) {
  Bytes bytes;
  bytes.add(catalogue.blocking());
  bytes.add(catalogue.makers());
  bytes.add(catalogue.options());
  bytes.add(catalogue.effects());
  bytes.add(catalogue.constants());
  bytes.add(catalogue.system_calls());
  return bytes.digest();
}

Digest digest_of_inputs(const SummarisedPackage& summarised, const Digest& catalogue,
                        const AnalysisOptions& how) {
  Bytes bytes;
  bytes.add(summarised);
  bytes.add(catalogue);
  const auto& [threshold_ns, display] = how;
  bytes.add(threshold_ns);
  const auto add_shown = [&](const std::string& path) {
    bytes.add(display ? display(path) : path);
  };
  add_shown(summarised.package.directory);
  for (const GoFile& file : summarised.package.cgo_files) add_shown(file.path);
  for (const GoFile& file : summarised.package.go_files) add_shown(file.path);
  for (const TranslationUnit& unit : summarised.units) {
    add_shown(unit.main_file);
    for (const std::string& file : unit.files) add_shown(file);
  }
  return bytes.digest();
}

}  // namespace cgoscope
