// The shape follows cmd/cgo/out.go (writeExportHeader, writeExports, cgoType), the same in Go 1.19
// and 1.27. Unlike cgo's, the #line lines keep absolute paths, so that what Clang finds in the
// preamble is still placed in the Go file.
#include "clang_plugin/packages/export_header.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "clang_plugin/packages/go_source.h"
#include "clang_plugin/packages/signature.h"

namespace cgoscope {
namespace {

constexpr std::string_view kBeforePreambles = R"(#line 1 "cgo-builtin-export-prolog"
#include <stddef.h>
#ifndef GO_CGO_EXPORT_PROLOGUE_H
#define GO_CGO_EXPORT_PROLOGUE_H
#ifndef GO_CGO_GOSTRING_TYPEDEF
typedef struct { const char *p; ptrdiff_t n; } _GoString_;
#endif
#endif
)";

constexpr std::string_view kBehindPreambles = R"(#line 1 "cgo-gcc-export-header-prolog"
#ifndef GO_CGO_PROLOGUE_H
#define GO_CGO_PROLOGUE_H
typedef signed char GoInt8;
typedef unsigned char GoUint8;
typedef short GoInt16;
typedef unsigned short GoUint16;
typedef int GoInt32;
typedef unsigned int GoUint32;
typedef long long GoInt64;
typedef unsigned long long GoUint64;
typedef GoInt64 GoInt;
typedef GoUint64 GoUint;
typedef size_t GoUintptr;
typedef float GoFloat32;
typedef double GoFloat64;
typedef float _Complex GoComplex64;
typedef double _Complex GoComplex128;
#ifndef GO_CGO_GOSTRING_TYPEDEF
typedef _GoString_ GoString;
#endif
typedef void *GoMap;
typedef void *GoChan;
typedef struct { void *t; void *v; } GoInterface;
typedef struct { void *data; GoInt len; GoInt cap; } GoSlice;
#endif
#ifdef __cplusplus
extern "C" {
#endif
)";

constexpr std::string_view kEnd = R"(#ifdef __cplusplus
}
#endif
)";

using TypeNames = std::map<std::string, std::string, std::less<>>;

std::string_view basic_c_type(std::string_view go_type) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 21> kTypes = {{
      {"bool", "GoUint8"},
      {"byte", "GoUint8"},
      {"int", "GoInt"},
      {"uint", "GoUint"},
      {"rune", "GoInt32"},
      {"int8", "GoInt8"},
      {"uint8", "GoUint8"},
      {"int16", "GoInt16"},
      {"uint16", "GoUint16"},
      {"int32", "GoInt32"},
      {"uint32", "GoUint32"},
      {"int64", "GoInt64"},
      {"uint64", "GoUint64"},
      {"float32", "GoFloat32"},
      {"float64", "GoFloat64"},
      {"complex64", "GoComplex64"},
      {"complex128", "GoComplex128"},
      {"uintptr", "GoUintptr"},
      {"string", "GoString"},
      {"error", "GoInterface"},
      {"any", "GoInterface"},
  }};
  const auto found = std::find_if(kTypes.begin(), kTypes.end(),
                                  [&](const auto& row) { return row.first == go_type; });
  return found == kTypes.end() ? std::string_view() : found->second;
}

// What C calls cgo's C.name (cmd/cgo/gcc.go, cname).
std::string c_name(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kNames = {{
      {"schar", "signed char"},
      {"uchar", "unsigned char"},
      {"ushort", "unsigned short"},
      {"uint", "unsigned int"},
      {"ulong", "unsigned long"},
      {"longlong", "long long"},
      {"ulonglong", "unsigned long long"},
      {"complexfloat", "float _Complex"},
      {"complexdouble", "double _Complex"},
  }};
  for (const auto& [go, c] : kNames) {
    if (name == go) return std::string(c);
  }
  for (std::string_view tag : {"struct", "union", "enum"}) {
    if (name.size() > tag.size() && name.starts_with(tag) && name[tag.size()] == '_') {
      return std::string(tag) + " " + std::string(name.substr(tag.size() + 1));
    }
  }
  return std::string(name);
}

// "" for a type that C cannot name.
std::string value_type(const GoSource& source, TokenRange type, const TypeNames& named) {
  const size_t first = type.first;
  if (source.is(first, "[")) return source.is(first + 1, "]") ? "GoSlice" : "";
  if (source.is(first, "map")) return "GoMap";
  if (source.is(first, "chan") || source.is(first, "<-")) return "GoChan";
  if (source.is(first, "interface")) return "GoInterface";
  if (source.is(first, "func")) return "void*";
  if (!source.is_identifier(first)) return "";
  if (type.last == first + 3 && source.is(first + 1, ".")) {
    if (source.is(first, "C")) return c_name(source.text(first + 2));
    if (source.is(first, "unsafe") && source.is(first + 2, "Pointer")) return "void*";
    return "";
  }
  if (type.last != first + 1) return "";
  std::string name(source.text(first));
  for (int hops = 0; hops < 10; ++hops) {
    const auto found = named.find(name);
    if (found == named.end()) break;
    name = found->second;
  }
  if (name.starts_with("C.")) return c_name(std::string_view(name).substr(2));
  if (name == "unsafe.Pointer") return "void*";
  return std::string(basic_c_type(name));
}

std::string c_type(const GoSource& source, TokenRange type, const TypeNames& named) {
  size_t stars = 0;
  while (type.first < type.last && source.is(type.first, "*")) {
    ++type.first;
    ++stars;
  }
  // A pointer to what has no name in C is any pointer.
  const std::string value = value_type(source, type, named);
  return value.empty() ? "void*" : value + std::string(stars, '*');
}

// The C types of a Go parameter or result list.
std::vector<std::string> c_types(std::string_view list, const TypeNames& named) {
  const GoSource source(list);
  TokenRange all = {0, source.size()};
  while (!all.empty() && source.is_semicolon(all.last - 1)) --all.last;
  std::vector<TokenRange> parts = source.split_at_commas(all);
  std::erase_if(parts, [](const TokenRange& part) { return part.empty(); });
  const bool has_names = !parameter_names(source, all).empty();
  std::vector<std::string> types(parts.size());
  std::string type = "void*";
  for (size_t i = parts.size(); i-- > 0;) {
    TokenRange part = parts[i];
    // `a, b C.int`: the name alone has the type behind it.
    if (has_names) ++part.first;
    if (!part.empty()) type = c_type(source, part, named);
    types[i] = type;
  }
  return types;
}

bool is_c_identifier(std::string_view name) {
  auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
         std::all_of(name.begin(), name.end(), fits);
}

std::string prototype(const GoExport& exported, const TypeNames& named) {
  std::string out;
  std::string result = "void";
  const std::vector<std::string> results = c_types(exported.results, named);
  if (results.size() == 1) {
    result = results.front();
  } else if (results.size() > 1) {
    result = "struct " + exported.c_name + "_return";
    out += result + " {\n";
    for (size_t i = 0; i < results.size(); ++i)
      out += "\t" + results[i] + " r" + std::to_string(i) + ";\n";
    out += "};\n";
  }
  std::string parameters;
  const size_t dot = exported.function.rfind('.');
  if (dot != std::string::npos) {  // a method: "(*T).M" or "T.M"
    const GoSource receiver(exported.function);
    const bool pointer = receiver.is(0, "(") && receiver.is(1, "*");
    const size_t type = pointer ? 2 : 0;
    parameters = c_type(receiver, {pointer ? type - 1 : type, type + 1}, named) + " recv";
  }
  const std::vector<std::string> types = c_types(exported.parameters, named);
  for (size_t i = 0; i < types.size(); ++i) {
    if (!parameters.empty()) parameters += ", ";
    parameters += types[i] + " p" + std::to_string(i);
  }
  return out + "extern " + result + " " + exported.c_name + "(" + parameters + ");\n";
}

}  // namespace

std::string export_header(const Package& package) {
  TypeNames named;
  for (const auto* files : {&package.cgo_files, &package.go_files}) {
    for (const GoFile& file : *files) {
      for (const GoTypeName& type : file.types) named.emplace(type.name, type.underlying);
    }
  }
  std::string preambles;
  std::string prototypes;
  for (const GoFile& file : package.cgo_files) {
    if (!file.exports.empty()) preambles += "\n" + file.preamble;
    for (const GoExport& exported : file.exports) {
      if (is_c_identifier(exported.c_name)) prototypes += prototype(exported, named);
    }
  }
  std::string out(kBeforePreambles);
  out += preambles + "\n";
  out += kBehindPreambles;
  out += prototypes;
  return out += kEnd;
}

}  // namespace cgoscope
