// docs/catalogue.md against the reader: the example is read, and the page has every key.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "clang_plugin/catalogue/catalogue.h"

namespace cgoscope {
namespace {

using testing::SizeIs;

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string page() { return contents(std::string(PROJECT_FOLDER) + "/docs/catalogue.md"); }

std::string example() {
  const std::string text = page(), begin = "```yaml\n";
  const size_t at = text.find(begin), end = text.find("\n```", at);
  EXPECT_NE(at, std::string::npos);
  EXPECT_NE(end, std::string::npos);
  return text.substr(at + begin.size(), end + 1 - at - begin.size());
}

TEST(CatalogueDocumentation, TheExampleMeansWhatItSays) {
  auto built_in = Catalogue::built_in();
  ASSERT_TRUE(built_in.has_value()) << built_in.error().message();
  Catalogue catalogue = *built_in;
  ASSERT_NE(catalogue.find_blocking("fsync")->severity, CatalogueSeverity::kOff);
  const auto error = catalogue.add_text(example(), "acme.yaml");
  ASSERT_EQ(error, std::nullopt) << error->message();

  EXPECT_EQ(catalogue.find_blocking("acme_wait_ready")->waits, Waits::kAlways);
  EXPECT_EQ(catalogue.find_blocking("acme_wait_ready")->severity, CatalogueSeverity::kHigh);
  const BlockingFunction* receive = catalogue.find_blocking("acme_receive");
  ASSERT_NE(receive, nullptr);
  EXPECT_EQ(receive->waits, Waits::kTimeout);
  EXPECT_EQ(receive->argument, 3);
  EXPECT_EQ(receive->unit, Unit::kMilliseconds);
  EXPECT_EQ(receive->library, "acme");
  EXPECT_EQ(receive->category, "messaging");
  ASSERT_THAT(receive->infinite, SizeIs(1));
  EXPECT_EQ(receive->infinite[0].values[0], -1);
  EXPECT_EQ(catalogue.find_blocking("acme_send_all")->nonblocking[0].mask, 0x10u);
  EXPECT_EQ(catalogue.find_blocking("acme_connect")->waits, Waits::kLimited);
  EXPECT_EQ(catalogue.find_blocking("acme_connect")->limit_ms, 5000);
  EXPECT_EQ(catalogue.find_blocking("acme_sync_flush")->severity, CatalogueSeverity::kMedium);
  EXPECT_EQ(catalogue.find_blocking("fsync")->severity, CatalogueSeverity::kOff);
  EXPECT_EQ(catalogue.find_maker("acme_open")->kind, HandleKind::kWaits);
  ASSERT_THAT(catalogue.find_options("acme_set_option"), SizeIs(1));
  EXPECT_EQ(catalogue.find_options("acme_set_option")[0]->value, 2);
  EXPECT_THAT(catalogue.find_effect("acme_each")->runs, SizeIs(1));
  EXPECT_TRUE(catalogue.find_effect("acme_async")->not_run);
}

std::string reader_source() {
  std::string text;
  for (const char* file :
       {"catalogue_reader.cpp", "catalogue_rows.cpp", "value_reader.cpp", "catalogue_words.h"})
    text += contents(std::string(PROJECT_FOLDER) + "/clang_plugin/catalogue/" + file);
  return text;
}

// The keys are the words that the reader compares with.
TEST(CatalogueDocumentation, HasEveryKeyAndWord) {
  const std::string text = page();
  const std::string reader = reader_source();
  std::set<std::string> words;
  for (const char* pattern : {"key == \"([a-z_]+)\"", "\\{\"([a-z-]+)\", [A-Za-z]+::k",
                              "text == \"([a-z-]+)\"", "is_word\\([a-z]+, \"([a-z]+)\"\\)"}) {
    const std::regex expression(pattern);
    size_t found = 0;
    for (std::sregex_iterator at(reader.begin(), reader.end(), expression), end; at != end; ++at) {
      words.insert((*at)[1]);
      ++found;
    }
    EXPECT_GT(found, 2u) << pattern;
  }
  EXPECT_GT(words.size(), 50u);
  for (const std::string& word : words) {
    EXPECT_TRUE(text.find("`" + word + "`") != std::string::npos ||
                text.find("`" + word + ": ") != std::string::npos)
        << "docs/catalogue.md does not have `" << word << "`";
  }
  // And no others: what stands first in the rows of its tables.
  const std::regex row("\n\\| `([a-z_]+)`(?:, `([a-z_]+)`)?(?:, `([a-z_]+)`)? \\|");
  size_t rows = 0;
  for (std::sregex_iterator at(text.begin(), text.end(), row), end; at != end; ++at, ++rows) {
    for (size_t i = 1; i < at->size(); ++i) {
      if ((*at)[i].matched) {
        EXPECT_TRUE(words.contains((*at)[i])) << "no key of the reader: " << (*at)[i];
      }
    }
  }
  EXPECT_GT(rows, 40u);
}

// What an unknown key is answered with: each list of keys has those that stand before it in the
// source, and no others.
TEST(CatalogueDocumentation, TheReaderOffersTheKeysThatItTakes) {
  const std::string reader = reader_source();
  const std::regex key("key == \"([a-z_]+)\""), word("\"([a-z_]+)\"");
  const std::string begin = "unknown_key(";
  size_t from = 0, lists = 0;
  for (size_t at = reader.find(begin); at != std::string::npos; at = reader.find(begin, from)) {
    const size_t open = reader.find('{', at), close = reader.find('}', at);
    std::set<std::string> taken, offered;
    // From where the map that the list is about begins to be read.
    const size_t map = std::max(from, reader.rfind("const std::string& key, Node* value", at));
    const std::string before = reader.substr(map, at - map);
    const std::string list = reader.substr(open, close - open);
    for (std::sregex_iterator i(before.begin(), before.end(), key), end; i != end; ++i)
      taken.insert((*i)[1]);
    for (std::sregex_iterator i(list.begin(), list.end(), word), end; i != end; ++i)
      offered.insert((*i)[1]);
    taken.erase("pointer");  // for some conditions only
    EXPECT_EQ(taken, offered) << list;
    from = close;
    ++lists;
  }
  EXPECT_EQ(lists, 6u);
}

}  // namespace
}  // namespace cgoscope
