// How every function of this project that can fail says so.
//
// Result<T> has the member names of C++23's std::expected (g++ 12 ships that only in C++23 mode),
// so the day the project moves on, this file becomes one alias. Exceptions never cross one of our
// own boundaries. Three uses:
//
//   Result<Catalogue> load(path);                        // declare
//   if (!catalogue) return catalogue.error();            // pass on
//   return Error{"cannot read the catalogue", path, "check the path given to --catalogue"};   //
//   fail
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace cgoscope {

// A failure as a person needs it: what failed and on what, why, and what to do about it. `hint` may
// be empty when nothing can be done; `what` and `why` never are.
struct Error {
  std::string what;
  std::string why;
  std::string hint;

  // "what: why (hint)", on one line.
  std::string message() const {
    std::string text = what;
    if (!why.empty()) text += ": " + why;
    if (!hint.empty()) text += " (" + hint + ")";
    return text;
  }
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  // Only when has_value().
  T& value() { return *std::get_if<0>(&state_); }
  const T& value() const { return *std::get_if<0>(&state_); }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  // Only when !has_value().
  const Error& error() const { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Error> state_;
};

}  // namespace cgoscope
