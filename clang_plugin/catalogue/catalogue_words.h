// The words that a file of rows uses for what it says of a row.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "clang_plugin/catalogue/catalogue.h"

namespace cgoscope {

inline constexpr std::pair<const char*, CatalogueSeverity> kSeverities[] = {
    {"off", CatalogueSeverity::kOff},
    {"low", CatalogueSeverity::kLow},
    {"medium", CatalogueSeverity::kMedium},
    {"high", CatalogueSeverity::kHigh},
    {"by-argument", CatalogueSeverity::kByArgument},
};
inline constexpr std::pair<const char*, Direction> kDirections[] = {
    {"both", Direction::kBoth}, {"read", Direction::kRead}, {"write", Direction::kWrite}};
inline constexpr std::pair<const char*, UnknownHandle> kUnknownHandles[] = {
    {"blocks", UnknownHandle::kBlocks},
    {"variable", UnknownHandle::kVariable},
    {"silent", UnknownHandle::kSilent},
};
inline constexpr std::pair<const char*, HandleKind> kKinds[] = {
    {"unknown", HandleKind::kUnknown},
    {"file", HandleKind::kFile},
    {"waits", HandleKind::kWaits},
    {"memory", HandleKind::kMemory},
};
inline constexpr std::pair<const char*, ReadyAnswer> kReadyAnswers[] = {
    {"nonzero", ReadyAnswer::kNonzero}, {"zero", ReadyAnswer::kZero}};
inline constexpr std::pair<const char*, Unit> kUnits[] = {
    {"s", Unit::kSeconds},
    {"ms", Unit::kMilliseconds},
    {"us", Unit::kMicroseconds},
    {"ns", Unit::kNanoseconds},
    {"s-double", Unit::kSecondsDouble},
    {"timespec", Unit::kTimespec},
    {"timeval", Unit::kTimeval},
    {"timeval-value", Unit::kTimevalValue},
    {"chrono", Unit::kChrono},
};

template <typename Enum, size_t kCount>
std::vector<std::string> words_of(const std::pair<const char*, Enum> (&words)[kCount]) {
  std::vector<std::string> all;
  for (const auto& word : words) all.emplace_back(word.first);
  return all;
}

template <typename Enum, size_t kCount>
std::string word_of(const std::pair<const char*, Enum> (&words)[kCount], Enum value) {
  for (const auto& word : words) {
    if (word.second == value) return word.first;
  }
  return "";
}

}  // namespace cgoscope
