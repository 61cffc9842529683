#include "clang_plugin/vet/diagnostics.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace cgoscope {
namespace {

using nlohmann::json;

LintReport report() {
  Finding direct;
  direct.rule = "blocking-call";
  direct.severity = Severity::kWarning;
  direct.go = {"example.org/p", "/m/p/p.go", 7, 12, "example.org/p.F", "C.sleep"};
  direct.c = CPlace{"", 0, 0, "", "sleep"};
  direct.message = "C.sleep can block for 3s";
  direct.advice = "sleep in Go";

  Finding deep = direct;
  deep.severity = Severity::kError;
  deep.go.line = 8;
  deep.go.call = "C.outer";
  deep.c = CPlace{"/m/p/slow.c", 4, 10, "inner", "poll"};
  deep.path = {{"outer", "/m/p/slow.c", 9}, {"inner", "/m/p/slow.c", 4}};
  deep.message = "C.outer can block in poll without limit";
  deep.advice = "pass a timeout";

  Finding spin = deep;
  spin.rule = "busy-wait";
  spin.severity = Severity::kNote;
  spin.go.line = 9;
  spin.c = CPlace{"/m/p/slow.c", 4, 3, "inner", ""};
  spin.message = "C.outer spins";

  LintReport report;
  report.findings = {direct, deep, spin};
  report.errors = {{"/m/p/p.go", 3, "header \xff.h not found"}, {"", 0, "no flags"}};
  return report;
}

TEST(VetText, IsALineADiagnosticAndOneARelatedPlace) {
  EXPECT_EQ(render_vet_text(report(), {}),
            "/m/p/p.go:7:12: warning: C.sleep can block for 3s [blocking-call]\n"
            "/m/p/p.go:7:12: \tadvice: sleep in Go\n"
            "/m/p/p.go:8:12: error: C.outer can block in poll without limit [blocking-call]\n"
            "/m/p/slow.c:9:1: \touter calls inner here\n"
            "/m/p/slow.c:4:10: \tinner calls poll here\n"
            "/m/p/p.go:8:12: \tadvice: pass a timeout\n"
            "/m/p/p.go:9:12: note: C.outer spins [busy-wait]\n"
            "/m/p/slow.c:9:1: \touter calls inner here\n"
            "/m/p/slow.c:4:3: \tinner spins here\n"
            "/m/p/p.go:9:12: \tadvice: pass a timeout\n"
            "/m/p/p.go:3:1: not analysed: header ?.h not found\n"
            "-: not analysed: no flags\n");
}

TEST(VetText, LeavesOutWhatIsNotWanted) {
  EXPECT_EQ(render_vet_text(report(), {Severity::kError, /*problems=*/false}),
            "/m/p/p.go:8:12: error: C.outer can block in poll without limit [blocking-call]\n"
            "/m/p/slow.c:9:1: \touter calls inner here\n"
            "/m/p/slow.c:4:10: \tinner calls poll here\n"
            "/m/p/p.go:8:12: \tadvice: pass a timeout\n");
  LintReport warning = report();
  warning.findings.resize(1);
  EXPECT_TRUE(has_diagnostics(warning, {Severity::kWarning, false}));
  EXPECT_FALSE(has_diagnostics(warning, {Severity::kError, false}));
  EXPECT_TRUE(has_diagnostics(warning, {Severity::kError, true}));
}

TEST(VetJson, HasTheFormOfUnitchecker) {
  const json tree =
      json::parse(render_vet_json(report(), {}, "example.org/p [example.org/p.test]"));
  ASSERT_EQ(tree.size(), 1U);
  const json& list = tree["example.org/p [example.org/p.test]"]["cgoscope"];
  ASSERT_EQ(list.size(), 5U);
  EXPECT_EQ(list[1], json::parse(R"({
      "category": "blocking-call", "posn": "/m/p/p.go:8:12", "end": "/m/p/p.go:8:19",
      "message": "error: C.outer can block in poll without limit [blocking-call]",
      "related": [
        {"posn": "/m/p/slow.c:9:1", "end": "/m/p/slow.c:9:1", "message": "outer calls inner here"},
        {"posn": "/m/p/slow.c:4:10", "end": "/m/p/slow.c:4:10", "message": "inner calls poll here"},
        {"posn": "/m/p/p.go:8:12", "end": "/m/p/p.go:8:19", "message": "advice: pass a timeout"}]})"));
  EXPECT_EQ(list[3]["category"], "not-analysed");
  EXPECT_FALSE(list[3].contains("related"));
  EXPECT_EQ(render_vet_json({}, {}, "example.org/p"), "{}\n");
}

}  // namespace
}  // namespace cgoscope
