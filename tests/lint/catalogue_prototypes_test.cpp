// Whether the catalogue says of functions what their headers say: that they exist, that the
// argument it calls a timeout in milliseconds is an integer and the one it calls a struct timespec
// points at one, that a flag has the value it gives. Headers that are not installed are counted and
// named, not failed; those of the C library, POSIX threads and the C++ library always are.
// CGOSCOPE_TEST_INCLUDE lists more folders (colons between them) to look for headers in.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "clang_plugin/catalogue/catalogue.h"
#include "clang_plugin/catalogue_command/header_check.h"
#include "clang_plugin/summary/prototypes.h"

namespace cgoscope {
namespace {

const std::set<std::string> kAlwaysInstalled = {"libc", "pthread", "c++"};

std::vector<std::string> folders() {
  std::vector<std::string> folders;
  // Debian's folders for headers that pkg-config would find.
  for (const char* folder : {"tirpc", "postgresql", "p11-kit-1", "python3.11"})
    folders.push_back(std::string("/usr/include/") + folder);
  if (const char* more = std::getenv("CGOSCOPE_TEST_INCLUDE")) {
    std::istringstream list(more);
    for (std::string folder; std::getline(list, folder, ':');) folders.push_back(folder);
  }
  return folders;
}

HeaderQuestions about(const std::string& header, bool is_cxx = false) {
  HeaderQuestions questions;
  questions.header = header;
  questions.is_cxx = is_cxx;
  questions.folders = folders();
  questions.before = included_before(header);
  return questions;
}

TEST(CataloguePrototypes, RowsFitTheHeaders) {
  const auto catalogue = Catalogue::built_in();
  ASSERT_TRUE(catalogue) << catalogue.error().message();
  std::map<std::string, std::vector<const BlockingFunction*>> by_header;
  for (const BlockingFunction& row : catalogue->blocking()) {
    if (!row.header.empty() && !is_glob(row.name)) by_header[row.header].push_back(&row);
  }
  int always = 0, others = 0, skipped = 0;
  std::string not_installed;
  for (const auto& [header, rows] : by_header) {
    const bool cxx = is_cxx_name(rows.front()->name);
    HeaderQuestions questions = about(header, cxx);
    for (const BlockingFunction* row : rows) questions.functions.insert(row->name);
    const HeaderDeclarations found = read_header(questions);
    if (!found.is_there) {
      for (const BlockingFunction* row : rows)
        EXPECT_FALSE(kAlwaysInstalled.contains(row->library))
            << "<" << header << "> is missing for " << row->name;
      skipped += static_cast<int>(rows.size());
      not_installed += " <" + header + ">";
      continue;
    }
    for (const BlockingFunction* row : rows) {
      const std::string wrong = mismatch(*row, found);
      EXPECT_EQ(wrong, "") << row->name << " of <" << header << ">";
      if (wrong.empty()) ++(kAlwaysInstalled.contains(row->library) ? always : others);
    }
  }
  std::printf(
      "verified %d rows of the C and C++ libraries and %d of others; %d are of headers that are "
      "not installed:%s\n",
      always, others, skipped, not_installed.c_str());
  EXPECT_GE(always, 280);
}

TEST(CataloguePrototypes, WhatIsNotThereIsSaid) {
  HeaderQuestions questions = about("poll.h");
  questions.functions = {"poll", "pol"};
  const HeaderDeclarations found = read_header(questions);
  ASSERT_TRUE(found.is_there);
  EXPECT_EQ(found.functions.at("poll").front().text,
            "int poll(struct pollfd *__fds, nfds_t __nfds, int __timeout)");
  BlockingFunction row;
  row.name = "pol";
  EXPECT_EQ(mismatch(row, found), "is not declared");
  EXPECT_TRUE(found.names.contains("ppoll"));
  EXPECT_FALSE(read_header(about("cgoscope/no_such_header.h")).is_there);
  EXPECT_FALSE(is_header_name("/etc/passwd"));
  EXPECT_FALSE(is_header_name("../a.h"));
  EXPECT_FALSE(is_header_name("a.h>\n#include <b.h"));
  EXPECT_TRUE(is_header_name("c++/12/mutex"));
}

// That rows which say other things than their headers do would be seen above.
TEST(CataloguePrototypes, WrongRowsAreSeen) {
  Catalogue wrong;
  const auto error = wrong.add_text(R"(
library: wrong
blocking:
  - category: test
    severity: high
    instead: nothing
    source: nowhere
    rows:
      - {name: usleep, header: unistd.h, duration: 1, unit: us}
      - {name: sleep, header: unistd.h, duration: 0, unit: timespec}
      - {name: nanosleep, header: time.h, duration: 0, unit: timeval}
      - {name: poll, header: poll.h, timeout: 0, unit: ms, infinite: negative}
      - {name: read, header: unistd.h, handle: 3}
      - {name: semop, header: sys/sem.h, nonblocking: {argument: 1, field: sem_flags, bit: 1}}
      - {name: connect, header: sys/socket.h, nonblocking: {argument: 3, bit: 1}}
)",
                                    "wrong.yaml");
  ASSERT_FALSE(error) << error->message();
  for (const BlockingFunction& row : wrong.blocking()) {
    HeaderQuestions questions = about(row.header);
    questions.functions = {row.name};
    const HeaderDeclarations found = read_header(questions);
    ASSERT_TRUE(found.is_there) << row.header;
    ASSERT_FALSE(found.functions.at(row.name).empty()) << row.name;
    EXPECT_NE(mismatch(row, found), "") << row.name;
  }
  EXPECT_EQ(wrong.blocking().size(), 7u);
}

TEST(CataloguePrototypes, ConstantsHaveTheHeadersValues) {
  const auto catalogue = Catalogue::built_in();
  ASSERT_TRUE(catalogue) << catalogue.error().message();
  std::map<std::string, std::vector<std::string>> by_header;
  for (const auto& [name, constant] : catalogue->constants())
    by_header[constant.header].push_back(name);
  int verified = 0, skipped = 0;
  for (const auto& [header, names] : by_header) {
    HeaderQuestions questions = about(header);
    questions.constants = names;
    const HeaderDeclarations found = read_header(questions);
    if (!found.is_there) {
      skipped += static_cast<int>(names.size());
      continue;
    }
    for (const std::string& name : names) {
      const auto value = found.constants.find(name);
      EXPECT_NE(value, found.constants.end()) << name << " of <" << header << "> has no value";
      if (value == found.constants.end()) continue;
      EXPECT_EQ(value->second, static_cast<uint64_t>(catalogue->constants().at(name).value))
          << name << " of <" << header << ">";
      ++verified;
    }
  }
  std::printf("verified %d constants; %d are of headers that are not installed\n", verified,
              skipped);
  EXPECT_GE(verified, 90);
}

TEST(CataloguePrototypes, SystemCallNumbersAreTheKernels) {
  const auto catalogue = Catalogue::built_in();
  ASSERT_TRUE(catalogue) << catalogue.error().message();
  // The kernel's names where the C library's are others.
  const std::map<std::string, std::string> renamed = {{"pselect", "pselect6"},
                                                      {"sigtimedwait", "rt_sigtimedwait"},
                                                      {"sigsuspend", "rt_sigsuspend"},
                                                      {"eventfd", "eventfd2"},
                                                      {"klogctl", "syslog"}};
  const std::map<std::string, std::string> headers = {{"x86_64", "asm/unistd_64.h"},
                                                      {"aarch64", "asm-generic/unistd.h"}};
  for (const auto& [architecture, calls] : catalogue->system_calls()) {
    const std::string& header = headers.at(architecture);
    HeaderQuestions questions = about(header);
    // What aarch64's own <asm/unistd.h> asks the generic one for. The C library's headers bring the
    // numbers of this machine, so they stay out.
    questions.before =
        "#define __ARCH_WANT_SYS_CLONE3\n#define __ARCH_WANT_NEW_STAT\n#define "
        "__ARCH_WANT_SET_GET_RLIMIT\n";
    const auto number_of = [&](const std::string& name) {
      return "__NR_" + (renamed.contains(name) ? renamed.at(name) : name);
    };
    for (const auto& [number, name] : calls) questions.constants.push_back(number_of(name));
    const HeaderDeclarations found = read_header(questions);
    if (!found.is_there) {
      std::printf("<%s> is not installed\n", header.c_str());
      continue;
    }
    int verified = 0;
    for (const auto& [number, name] : calls) {
      const auto value = found.constants.find(number_of(name));
      if (value == found.constants.end()) {
        std::printf("<%s> is too old for %s\n", header.c_str(), name.c_str());
        continue;
      }
      EXPECT_EQ(value->second, static_cast<uint64_t>(number)) << name << " on " << architecture;
      ++verified;
    }
    EXPECT_GE(verified, 70) << architecture;
  }
}

}  // namespace
}  // namespace cgoscope
