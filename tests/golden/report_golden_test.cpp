// The sinks on reports made by hand, against files that a person has read: reports/NAME.txt,
// NAME.json, NAME.sarif and NAME.github. CGOSCOPE_UPDATE_GOLDEN=1 writes them anew; look at the
// difference before you commit it.
//
// A golden file spells control characters out, so that reading it is safe too.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "clang_plugin/report/report.h"
#include "tests/golden_file.h"
#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// Control characters but tabs and line ends as "^[" and the like, those of Unicode as "<U+202E>".
std::string visible(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes) {
    const auto code = static_cast<unsigned char>(byte);
    if ((code < 0x20 && byte != '\n' && byte != '\t') || code == 0x7F) {
      text += {'^', static_cast<char>(code ^ 0x40)};
    } else {
      text += byte;
    }
  }
  for (const auto& [character, name] :
       {std::pair("\u009b", "<U+009B>"), {"\u202e", "<U+202E>"}, {"\u2028", "<U+2028>"}}) {
    for (size_t at = text.find(character); at != std::string::npos; at = text.find(character))
      text.replace(at, std::string(character).size(), name);
  }
  return text;
}

bool is_utf8(const std::string& text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t bytes = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (bytes == 0 || lead > 0xF4 || i + bytes > text.size()) return false;
    for (size_t k = 1; k < bytes; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    }
    i += bytes;
  }
  return true;
}

class ReportGolden : public testing::Test {
 protected:
  void SetUp() override {
    before_ = fs::current_path();
    fs::current_path(tree_.root());
  }
  void TearDown() override { fs::current_path(before_); }

  void source(const std::string& name, const std::string& text) { tree_.write(name, text); }

  void compare(const std::string& name, const std::string& bytes) {
    EXPECT_TRUE(is_utf8(bytes)) << name;
    expect_golden(std::string(GOLDEN_REPORTS) + "/" + name, visible(bytes));
  }

  void compare(const std::string& name, const LintReport& report) {
    compare(name + ".txt", render_text(report, {}));
    const std::string json = render_json(report);
    EXPECT_TRUE(std::all_of(json.begin(), json.end(), [](char byte) {
      return byte == '\n' || static_cast<unsigned char>(byte) >= 0x20;
    })) << name;
    compare(name + ".json", json);
    compare(name + ".github", render_github(report));
    // The rules' pages are the same each time, and have a test of their own.
    Json sarif = Json::parse(render_sarif(report, {"/home/me/a b", ""}));
    for (Json& rule : sarif["runs"][0]["tool"]["driver"]["rules"]) {
      rule.erase("fullDescription");
      rule.erase("help");
    }
    compare(name + ".sarif", sarif.dump(2) + "\n");
  }

  const std::string& root() const { return tree_.root(); }

 private:
  TemporaryTree tree_;
  fs::path before_;
};

LintReport report_of(std::vector<Finding> findings) {
  LintReport report;
  report.tool_version = "0.0.0";
  report.findings = std::move(findings);
  report.stats = {1, 1, 1, 1, 7};
  return report;
}

Finding direct(const std::string& file, int line, int column) {
  Finding finding;
  finding.id = "0123456789abcdef";
  finding.rule = "blocking-call";
  finding.severity = Severity::kError;
  finding.bound = Bound::kUnbounded;
  finding.go = {"example.org/p", file, line, column, "example.org/p.F", "C.pause"};
  finding.c = CPlace{"", 0, 0, "", "pause"};
  finding.message = "C.pause can block without limit";
  finding.advice = "wait in Go";
  return finding;
}

// With what runs of the probe saw.
TEST_F(ReportGolden, Observed) {
  source("p/a.go", "package p\n\nfunc F() { C.pause() }\n\nfunc G() { C.pause() }\n");
  Finding by_stack = direct("p/a.go", 5, 12);
  by_stack.observed = {MatchedBy::kStack, 412, 5'212.4, 4'100.25, 2};
  Finding by_line = direct("p/a.go", 3, 12);
  by_line.observed = {MatchedBy::kLine, 1, 2'000, std::nullopt, 1};
  Finding by_function = direct("p/a.go", 3, 12);
  by_function.observed = {MatchedBy::kFunction, 1, 61'500, 61'000, 3};
  LintReport report = report_of({by_function, by_stack, by_line, direct("p/a.go", 3, 12)});
  report.is_observed = true;
  report.notes = {"3 findings of 4 were seen to block in 3 runs of run.jsonl"};
  compare("observed", report);
}

// With the library functions that nothing is known of, one by one.
TEST_F(ReportGolden, Unknown) {
  const GoPlace go = direct("p/a.go", 3, 12).go;
  GoPlace later = go;
  later.line = 9;
  LintReport report = report_of({});
  report.unknown = {{"acme_handle", "", false, go},
                    {"acme::Client::refresh", "acme/client.h", false, later},
                    {"pause", "acme/client.h", false, go},
                    {"git_\x1b[2J", "git2/remote.h", true, later}};
  report.lists_unknown = true;
  compare("unknown", report);
}

TEST_F(ReportGolden, Clean) {
  LintReport report = report_of({});
  report.stats = {3, 4, 120, 57, 12345};
  report.notes = {"CGO_ENABLED=0 is set; analysed as with CGO_ENABLED=1"};
  report.unknown = {{"acme_wait", "acme.h", false, {}}};
  compare("clean", report);
}

TEST_F(ReportGolden, Findings) {
  source("p/a.go",
         "package p\n\n"
         "// static void inner(int fd) { read(fd, 0, 0); }\n"
         "// static void slow(int fd) { inner(fd); }\n"
         "import \"C\"\n\n"
         "func F() {\n\tC.slow(3)\n\tC.sleep(30)\n\tC.wait_ready()\n\tC.nap(n)\n}\n");
  source("p/ready.c", "int ready;\n\nvoid wait_ready(void) {\n  while (!ready) {}\n}\n");

  Finding through = direct("p/a.go", 8, 2);
  through.id = "1111111111111111";
  through.go.function = "example.org/p.F";
  through.go.call = "C.slow";
  through.c = CPlace{"p/a.go", 3, 32, "inner", "read"};
  through.path = {{"slow", "p/a.go", 4}, {"inner", "p/a.go", 3}};
  through.message = "C.slow can block in read without limit";
  through.advice = "poll the descriptor with a timeout first";

  Finding sleeps = direct("p/a.go", 9, 2);
  sleeps.id = "2222222222222222";
  sleeps.severity = Severity::kWarning;
  sleeps.bound = Bound::kBounded;
  sleeps.bound_ms = 30000;
  sleeps.go.call = "C.sleep";
  sleeps.c->call = "sleep";
  sleeps.message = "C.sleep can block for 30s";
  sleeps.advice = "sleep in Go with time.Sleep";

  Finding spins = direct("p/a.go", 10, 2);
  spins.id = "3333333333333333";
  spins.rule = "busy-wait";
  spins.go.call = "C.wait_ready";
  spins.c = CPlace{"p/ready.c", 4, 3, "wait_ready", ""};
  spins.path = {{"wait_ready", "p/ready.c", 4}};
  spins.message = "C.wait_ready spins on memory";
  spins.advice = "wait on a condition variable";

  Finding naps = direct("p/a.go", 11, 2);
  naps.id = "4444444444444444";
  naps.severity = Severity::kNote;
  naps.bound = Bound::kVariable;
  naps.go.function = "";
  naps.go.call = "C.nap";
  naps.c->call = "nap";
  naps.message = "C.nap can block for a time that is not known here";

  Finding unused = direct("p/a.go", 2, 1);
  unused.id = "5555555555555555";
  unused.rule = "unused-suppression";
  unused.severity = Severity::kNote;
  unused.bound.reset();
  unused.go.call = "";
  unused.c.reset();
  unused.message = "//cgoscope:allow blocking-call gives no reason, so it suppresses nothing";
  unused.advice = "write the reason behind the rule's name";

  Finding unused_in_c = unused;
  unused_in_c.id = "6666666666666666";
  unused_in_c.go = {};
  unused_in_c.go.package = "example.org/p";
  unused_in_c.c = CPlace{"p/ready.c", 2, 1, "", ""};

  LintReport report = report_of({unused_in_c, unused, through, sleeps, spins, naps});
  report.errors = {{"p/b.go", 0, "it does not parse"}, {"p/c.c", 12, "header x.h not found"}};
  report.notes = {"go list failed; the directory was read as it is"};
  report.stats = {1, 2, 3, 4, 61007};
  Finding allowed = sleeps;
  allowed.id = "7777777777777777";
  Finding known = through;
  known.id = "8888888888888888";
  report.suppressed = {{allowed, SuppressedFinding::By::kComment, "it is short"},
                       {known, SuppressedFinding::By::kBaseline, "in the baseline known.json"}};
  compare("findings", report);
  compare("findings_colour.txt", render_text(report, {true}));
}

// What strangers wrote into names, lines and messages must not reach a terminal as commands.
TEST_F(ReportGolden, Hostile) {
  const std::string name = "p/\x1b[2Jname\n\xff\u202e.go";
  source(name,
         "package p\n"
         "/* \x1b[31m\x07 \u009b31m \u202e */ C.pause() // \x80\x81\n"
         "\xff\xff\tC.pause()\n");
  Finding escapes = direct(name, 2, 24);
  escapes.message = "C.\x1b]0;owned\x07pause can \r\nblock\x9b";
  escapes.advice = "\x08\x08 \x7f \u2028";
  escapes.go.function = "p.\xf0\x28\x8c\x28";
  escapes.c = CPlace{name, 3, 4, "in\x1b[0mner", std::string("pau\0se", 6)};
  escapes.path = {{"out\x1b[0mer", name, 2}, {"in\x1b[0mner", name, 3}};
  LintReport report = report_of({escapes});
  report.errors = {{"\x1b[2J\xc3.c", 1, "bad \x1b[31m token \xe2\x82"}};
  report.notes = {"tag '\x1b[1m' is unknown\n"};
  compare("hostile", report);
}

TEST_F(ReportGolden, TabsAccentsAndCarriageReturns) {
  source("p/a.go",
         "package p\r\n"
         "\t\tif x {\tC.pause() }\r\n"
         "/* h\u00e9 \u00fc */ C.pause()\r\n"
         "\r\n"
         "C.pause()");
  compare("columns",
          report_of({direct("p/a.go", 2, 10), direct("p/a.go", 3, 14), direct("p/a.go", 4, 1),
                     direct("p/a.go", 5, 1), direct("p/a.go", 5, 99)}));
}

TEST_F(ReportGolden, LongLines) {
  std::string cells;
  for (int i = 0; cells.size() < 100000; ++i) cells += std::to_string(i % 10);
  std::string wide;
  for (int i = 0; i < 200; ++i) wide += "\u65e5";
  source("p/a.go", "C.pause()" + cells + "\n" + cells + "C.pause()" + cells + "\n" + cells +
                       "C.pause()\n" + wide + "C.pause()" + wide + "\n" +
                       std::string(100000, '\x80') + "C.pause()\n" + std::string(160, 'x') + "\n" +
                       std::string(161, 'x') + "\n");
  compare("long_lines", report_of({direct("p/a.go", 1, 1), direct("p/a.go", 2, 100001),
                                   direct("p/a.go", 3, 100001), direct("p/a.go", 4, 601),
                                   direct("p/a.go", 5, 100001), direct("p/a.go", 6, 120),
                                   direct("p/a.go", 7, 161)}));
}

TEST_F(ReportGolden, ManyLines) {
  source("p/a.go", std::string(123455, '\n') + "\tC.pause()\n");
  compare("many_lines", report_of({direct("p/a.go", 123456, 2)}));
}

// Without its source line, a finding says the rest. A fifo or a device is never opened: the test
// would not end.
TEST_F(ReportGolden, MissingSource) {
  ASSERT_EQ(std::system("mkfifo fifo"), 0);
  fs::create_directory("folder");
  source("empty.go", "");
  source("short.go", "package p\n");
  compare("missing_source",
          report_of({direct("gone.go", 2, 3), direct("folder", 1, 1), direct("fifo", 1, 1),
                     direct("/dev/zero", 1, 1), direct("empty.go", 1, 1), direct("short.go", 2, 1),
                     direct("short.go", 1, 1)}));
  compare("no_place.txt", render_text(report_of({direct("short.go", 1, 0), direct("short.go", 0, 0),
                                                 direct("short.go", -5, -7)}),
                                      {}));
}

// Signs that mean something to GitHub's runner, to a URI or in a message of SARIF.
TEST_F(ReportGolden, Signs) {
  const std::string name = "a,b: 100%{x}#?.go";
  source(name, "package p\n\nfunc F() { C.pause() }\n");
  Finding finding = direct(name, 3, 12);
  finding.message = "100% {0} of it, ::error::so: [a](1)";
  finding.advice = "first\r\nsecond";
  Finding elsewhere = direct("/abs olute/p.go", 1, 1);
  LintReport report = report_of({finding, elsewhere});
  report.errors = {{name, 0, "50%\n::warning::no"}};
  report.notes = {"::stop-commands::x\n::error::y"};
  compare("signs", report);
}

TEST_F(ReportGolden, SarifHasARuleForEachPage) {
  const auto rules = [](const std::string& url) {
    const Json sarif = Json::parse(render_sarif(report_of({}), {"/", url}));
    return sarif["runs"][0]["tool"]["driver"]["rules"];
  };
  const Json linked = rules("https://docs.example.org/c"), plain = rules("");
  ASSERT_EQ(linked.size(), 3u);
  for (size_t i = 0; i < linked.size(); ++i) {
    const std::string id = linked[i]["id"];
    const std::string text = plain[i]["help"]["text"], markdown = linked[i]["help"]["markdown"];
    EXPECT_EQ(linked[i]["helpUri"], "https://docs.example.org/c/rules/" + id + ".md");
    EXPECT_FALSE(plain[i].contains("helpUri"));
    EXPECT_TRUE(text.starts_with("# " + id + "\n")) << text;
    EXPECT_EQ(text.find("]("), text.npos) << text;
    EXPECT_EQ(plain[i]["help"]["markdown"], text);
    EXPECT_EQ(markdown.find("](.."), markdown.npos) << markdown;
    EXPECT_FALSE(linked[i]["fullDescription"]["text"].get<std::string>().empty());
  }
  EXPECT_NE(linked[0]["help"]["markdown"].get<std::string>().find(
                "[catalogue](https://docs.example.org/c/catalogue.md)"),
            std::string::npos);
  EXPECT_EQ(linked[0]["defaultConfiguration"]["level"], "error");
  EXPECT_EQ(linked[2]["defaultConfiguration"]["level"], "note");
}

TEST_F(ReportGolden, OneOfEach) {
  LintReport report = report_of({direct("gone.go", 1, 1)});
  report.errors = {{"", 0, "nothing is known of it"}};
  report.stats = {0, 0, 0, 0, 0};
  compare("one_of_each", report);
}

}  // namespace
}  // namespace cgoscope
