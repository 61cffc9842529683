#include "clang_plugin/packages/go_lexer.h"

#include <gtest/gtest.h>

#include <string>

namespace cgoscope {
namespace {

// The tokens with one letter for each kind: "i:C o:. i:f ;" — an automatic semicolon is ";" alone.
std::string shown(std::string_view source) {
  constexpr std::string_view kLetters = "Eikdfmrso;?";
  std::string out;
  const GoTokens tokens = lex_go(source);
  for (const GoToken& token : tokens.tokens) {
    if (token.kind == GoTokenKind::kEnd) break;
    if (!out.empty()) out += ' ';
    if (token.kind == GoTokenKind::kSemicolon && token.length == 0) {
      out += ';';
      continue;
    }
    out += kLetters[static_cast<size_t>(token.kind)];
    out += ':';
    out += source.substr(token.offset, token.length);
  }
  return out;
}

std::string first_error(std::string_view source) {
  const GoTokens tokens = lex_go(source);
  return tokens.errors.empty() ? "" : tokens.errors.front().message;
}

TEST(GoLexer, CommentsSeparateTokens) {
  EXPECT_EQ(shown("C/* . */./**/f//"), "i:C o:. i:f ;");
  EXPECT_EQ(shown("a/b//c"), "i:a o:/ i:b ;");
}

TEST(GoLexer, SemicolonsFollowOperandsAtLineEnds) {
  EXPECT_EQ(shown("C.\n f\n()\n"), "i:C o:. i:f ; o:( o:) ;");
  EXPECT_EQ(shown("return\nbreak\nx++\n)\n]\n}\n'a'\n\"s\"\n1\n`r`"),
            "k:return ; k:break ; i:x o:++ ; o:) ; o:] ; o:} ; r:'a' ; s:\"s\" ; d:1 ; s:`r` ;");
  EXPECT_EQ(shown("if\n+\n,\n(\n"), "k:if o:+ o:, o:(");
  EXPECT_EQ(shown("a;\n\nb"), "i:a ;:; i:b ;");
}

TEST(GoLexer, AGeneralCommentWithALineEndIsALineEnd) {
  EXPECT_EQ(shown("a /* \n */ b"), "i:a ; i:b ;");
  EXPECT_EQ(shown("a /* */ b"), "i:a i:b ;");
  EXPECT_EQ(shown("a, /* \n */ b"), "i:a o:, i:b ;");
}

TEST(GoLexer, LiteralsHideWhatTheyHold) {
  EXPECT_EQ(shown(R"("C.f(\"" '"' '\'' '\\' `" // \`)"),
            R"(s:"C.f(\"" r:'"' r:'\'' r:'\\' s:`" // \` ;)");
  EXPECT_EQ(shown("`a\n\"b`"), "s:`a\n\"b` ;");
}

TEST(GoLexer, Numbers) {
  EXPECT_EQ(shown("0x1p-2 1_000 .5 1. 0b101 0o17 1e+9 3i 0xFFe+1 1..."),
            "f:0x1p-2 d:1_000 f:.5 f:1. d:0b101 d:0o17 f:1e+9 m:3i d:0xFFe o:+ d:1 f:1. o:. o:.");
}

TEST(GoLexer, LongestOperatorWins) {
  EXPECT_EQ(shown("a&^=b<<=c<-d&&e&^f...:=!="),
            "i:a o:&^= i:b o:<<= i:c o:<- i:d o:&& i:e o:&^ i:f o:... o::= o:!=");
}

TEST(GoLexer, PlacesCountBytes) {
  const GoTokens tokens = lex_go("\xEF\xBB\xBFx\n  \xC3\xA9 y");
  ASSERT_EQ(tokens.tokens.size(), 6u);
  EXPECT_EQ(tokens.column(tokens.tokens[0].offset), 4);
  EXPECT_EQ(tokens.line(tokens.tokens[3].offset), 2);
  EXPECT_EQ(tokens.column(tokens.tokens[3].offset), 6);
  EXPECT_TRUE(tokens.errors.empty());
}

TEST(GoLexer, CarriageReturnsAreSpaces) { EXPECT_EQ(shown("a\r\nb\r\n"), "i:a ; i:b ;"); }

TEST(GoLexer, EndsWhatIsNotTerminated) {
  EXPECT_EQ(first_error("/* x"), "comment not terminated");
  EXPECT_EQ(first_error("\"abc\nx"), "string literal not terminated");
  EXPECT_EQ(first_error("'a\nx"), "rune literal not terminated");
  EXPECT_EQ(first_error("`abc\nx"), "raw string literal not terminated");
  EXPECT_EQ(shown("\"abc\nx"), "s:\"abc ; i:x ;");
  EXPECT_EQ(shown("\"abc\\\nx"), "s:\"abc\\ ; i:x ;");
  for (std::string_view text :
       {"/", "/*", "/*/", "\"", "\"\\", "'", "'\\", "`", "0x", "1e", ".", "..", "\\"}) {
    EXPECT_FALSE(lex_go(text).tokens.empty()) << text;
  }
}

TEST(GoLexer, RefusesWhatGoRefuses) {
  EXPECT_EQ(first_error(std::string_view("a\0b", 3)), "illegal character NUL");
  for (std::string_view bad :
       {"\xFF", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x80"}) {
    EXPECT_EQ(first_error(bad), "illegal UTF-8 encoding");
    EXPECT_EQ(first_error("// " + std::string(bad)), "illegal UTF-8 encoding");
  }
  EXPECT_EQ(first_error("a\xEF\xBB\xBF"), "illegal byte order mark");
  EXPECT_EQ(first_error("a # b"), "illegal character");
}

TEST(GoLexer, KeepsFewErrors) {
  const GoTokens tokens = lex_go(std::string(100'000, '#'));
  EXPECT_EQ(tokens.errors.size(), kMaxGoLexErrors);
}

TEST(GoLexer, CommentsKnowTheTokenBehind) {
  const GoTokens tokens = lex_go("a // x\n// y\nb /* \n */ c");
  ASSERT_EQ(tokens.comments.size(), 3u);
  EXPECT_EQ(tokens.comments[0].next_token, 1u);  // the semicolon of its line
  EXPECT_EQ(tokens.comments[1].next_token, 2u);
  EXPECT_EQ(tokens.comments[2].next_token, 3u);
}

}  // namespace
}  // namespace cgoscope
