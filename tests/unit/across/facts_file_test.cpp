#include "clang_plugin/across/facts_file.h"

#include <gmock/gmock.h>

#include <string>
#include <utility>

#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

using testing::HasSubstr;

Finding way_of_query() {
  Finding way;
  way.rule = "blocking-call";
  way.severity = Severity::kError;
  way.bound = Bound::kUnbounded;
  way.go = {"example.org/slow", "/m/slow/slow.go", 7, 3, "", "C.query"};
  way.c = CPlace{"/m/slow/slow.c", 9, 2, "receive", "poll"};
  way.path = {{"example.org/slow.Query", "/m/slow/slow.go", 7}, {"receive", "/m/slow/slow.c", 9}};
  way.message = "C.query can block in poll without limit; \xff";
  way.advice = "pass a timeout";
  return way;
}

BlockingFunctions functions_of_slow() {
  Finding bounded = way_of_query();
  bounded.severity = Severity::kWarning;
  bounded.bound = Bound::kBounded;
  bounded.bound_ms = 30000;
  bounded.c = CPlace{"", 0, 0, "", "sleep"};
  BlockingFunctions functions;
  functions.package_name = "slow";
  functions.functions["Query"] = {way_of_query(), bounded};
  functions.functions["Nap"] = {bounded};
  return functions;
}

std::string why_not(const std::string& text) {
  const auto read = parse_facts(text, "/cache/x");
  return read ? "accepted" : read.error().message();
}

TEST(FactsFile, KeepsWhatImportersNeed) {
  const std::string text = render_facts(functions_of_slow());
  const auto read = parse_facts(text, "/cache/x");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->package_name, "slow");
  ASSERT_EQ(read->functions.size(), 2U);
  const Finding& way = read->functions.at("Query").at(0);
  EXPECT_EQ(way.rule, "blocking-call");
  EXPECT_EQ(way.severity, Severity::kError);
  EXPECT_EQ(way.bound, Bound::kUnbounded);
  EXPECT_FALSE(way.bound_ms.has_value());
  EXPECT_EQ(way.go.package, "example.org/slow");
  EXPECT_EQ(way.go.call, "C.query");
  ASSERT_TRUE(way.c.has_value());
  EXPECT_EQ(way.c->file, "/m/slow/slow.c");
  EXPECT_EQ(way.c->line, 9);
  EXPECT_EQ(way.c->column, 2);
  EXPECT_EQ(way.c->function, "receive");
  EXPECT_EQ(way.c->call, "poll");
  ASSERT_EQ(way.path.size(), 2U);
  EXPECT_EQ(way.path[0].function, "example.org/slow.Query");
  EXPECT_EQ(way.path[1].file, "/m/slow/slow.c");
  EXPECT_EQ(way.path[1].line, 9);
  EXPECT_EQ(way.advice, "pass a timeout");
  EXPECT_EQ(read->functions.at("Query").at(1).bound_ms, 30000);
  EXPECT_EQ(render_facts(*read), text);
}

TEST(FactsFile, OfNothingIsEmpty) {
  EXPECT_EQ(render_facts({"p", {}}), "");
  const auto read = parse_facts("", "/cache/x");
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->empty());
}

TEST(FactsFile, AnotherToolsIsRefused) {
  EXPECT_THAT(why_not("not JSON"), HasSubstr("/cache/x: it is no JSON object"));
  EXPECT_THAT(why_not("[]"), HasSubstr("it is no JSON object"));
  EXPECT_THAT(why_not("{}"), HasSubstr("its schema is not cgoscope/facts/1"));
  EXPECT_THAT(why_not(R"({"schema": "cgoscope/facts/2"})"), HasSubstr("another tool wrote it"));
  EXPECT_THAT(why_not(R"({"schema": 1})"), HasSubstr("another tool wrote it"));
  EXPECT_THAT(why_not("\x7f"
                      "ELF"),
              HasSubstr("it is no JSON object"));
  // As gob, which the vet tools of golang.org/x/tools write.
  EXPECT_THAT(why_not(std::string("\r\xff\x81\x02\x01\x02\0\0", 8)), HasSubstr("no JSON object"));
}

TEST(FactsFile, EachPartHasToBeRight) {
  const std::string right = render_facts(functions_of_slow());
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = right;
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return why_not(text.replace(at, from.size(), to));
  };
  EXPECT_EQ(why_not(right), "accepted");
  const std::pair<const char*, const char*> cases[] = {
      {R"("package":"slow")", R"("package":null)"},
      {R"("package":"slow",)", ""},
      {R"("functions":[)", R"("functions":[1,)"},
      {R"("functions":[)", R"("functions":[],"rest":[)"},
      {R"("name":"Nap")", R"("name":7)"},
      {R"("ways":[)", R"("ways":[],"rest":[)"},
      {R"("ways":[)", R"("ways":["x",)"},
      {R"("rule":"blocking-call")", R"("rule":"stuck-m")"},
      {R"("severity":"warning")", R"("severity":"fatal")"},
      {R"("bound":"bounded")", R"("bound":"endless")"},
      {R"("bound":"bounded")", R"("bound":"variable")"},
      {R"("bound_ms":30000)", R"("bound_ms":-1)"},
      {R"("bound_ms":30000)", R"("bound_ms":-2)"},
      {R"("bound_ms":30000)", R"("bound_ms":1e3)"},
      {R"("bound_ms":30000)", R"("bound_ms":18446744073709551615)"},
      {R"("line":7)", R"("line":-7)"},
      {R"("line":7)", R"("line":2147483648)"},
      {R"("line":7)", R"("line":"7")"},
      {R"("column":3)", R"("column":3.5)"},
      {R"("c":{)", R"("c":null,"rest":{)"},
      {R"("path":[)", R"("path":[],"rest":[)"},
      {R"("path":[)", R"("path":[[],)"},
      {R"("message":)", R"("text":)"},
      {R"("advice":"pass a timeout")", R"("advice":[])"},
  };
  for (const auto& [from, to] : cases)
    EXPECT_THAT(changed(from, to), HasSubstr("cannot use the facts of a package in /cache/x"))
        << from << " -> " << to;
  // Every beginning of a file.
  for (size_t length = 1; length + 2 < right.size(); length += 7)
    EXPECT_NE(why_not(right.substr(0, length)), "accepted") << length;
}

TEST(FactsFile, SizesAreLimited) {
  BlockingFunctions functions = functions_of_slow();
  functions.functions["Query"].resize(kMaxWaysOfFunction + 1, way_of_query());
  EXPECT_THAT(why_not(render_facts(functions)), HasSubstr("\"ways\" is no list of 1 to 16"));
  functions = functions_of_slow();
  functions.functions["Query"][0].path.resize(2 * kMaxStepsOfWay + 1);
  EXPECT_THAT(why_not(render_facts(functions)), HasSubstr("\"path\" is no list of 1 to 128"));
  EXPECT_NE(why_not(std::string(100000, '[')), "accepted");
  EXPECT_NE(why_not("{\"schema\":" + std::string(100000, '[')), "accepted");
}

TEST(FactsFile, IsReadFromDisk) {
  const TemporaryTree tree;
  const auto read = read_facts(tree.write("vet.out", render_facts(functions_of_slow())));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->functions.size(), 2U);
  const auto missing = read_facts(tree.path("nowhere"));
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message(), HasSubstr("it cannot be read"));
  EXPECT_THAT(missing.error().message(), HasSubstr("go clean -cache"));
}

}  // namespace
}  // namespace cgoscope
