// What a header declares, as values: so that rows of the catalogue can be held against it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cgoscope {

struct Parameter {
  std::string name;  // "" when the header gives none
  std::string type;  // as Clang writes it, without typedefs
  enum class Kind : uint8_t { kInteger, kFloating, kPointer, kOther } kind = Kind::kOther;
  std::set<std::string> members;  // of the struct that it is or points at, if that is complete
};

struct Prototype {
  std::string text;  // "int poll(struct pollfd *fds, nfds_t nfds, int timeout)"
  std::vector<Parameter> parameters;
  bool is_variadic = false;
};

struct HeaderQuestions {
  std::string header;  // "poll.h", as between < and >
  bool is_cxx = false;
  std::vector<std::string> folders;    // searched before the system's
  std::set<std::string> functions;     // whose prototypes are wanted
  std::vector<std::string> constants;  // whose values are wanted
  std::string before;                  // C text before the #include
};

struct HeaderDeclarations {
  bool is_there = false;  // found, and so were the headers that it includes
  // Of the functions that were asked for; several where C++ overloads one. A method may be
  // declared in a base class.
  std::map<std::string, std::vector<Prototype>> functions;
  // Function-like macros among them, and how many parameters they have; -1 for a macro that
  // renames a function.
  std::map<std::string, int> macros;
  std::set<std::string> names;  // of every function that the header and those below it declare
  std::map<std::string, uint64_t> constants;  // those asked for that have a value
};

// Parses the header with the compiler's default flags and GNU's extensions. Thread-safe.
HeaderDeclarations read_header(const HeaderQuestions& questions);

}  // namespace cgoscope
