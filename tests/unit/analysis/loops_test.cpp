#include "clang_plugin/analysis/loops.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "clang_plugin/summary/summarize.h"
#include "tests/unit/summary/shown_function.h"

namespace cgoscope {
namespace {

using testing::IsEmpty;

const Catalogue& catalogue() {
  static const Result<Catalogue> built_in = Catalogue::built_in();
  EXPECT_TRUE(built_in.has_value());
  return *built_in;
}

// Names of the kinds, and for a counted loop how it counts: "counted i < 9 step 1".
std::string shown(const LoopShape& shape, const Function& function) {
  switch (shape.kind) {
    case LoopKind::kFinite:
      return "finite";
    case LoopKind::kRetry:
      return "retry";
    case LoopKind::kEndless:
      return "endless";
    case LoopKind::kSpin:
      return "spin";
    case LoopKind::kSpinLock:
      return "spin lock";
    case LoopKind::kCounted:
      break;
  }
  const char* op = shape.op == Op::kLt   ? "<"
                   : shape.op == Op::kLe ? "<="
                   : shape.op == Op::kGt ? ">"
                   : shape.op == Op::kGe ? ">="
                   : shape.op == Op::kNe ? "!="
                                         : "?";
  return "counted " + shown_expression(function, shape.counter) + " " + op + " " +
         (shape.limit == kNone ? "0" : shown_expression(function, shape.limit)) + " step " +
         std::to_string(shape.step) + (shape.post ? " post" : "");
}

// The loops of the function f, in the order in which they begin.
std::vector<std::string> loops_of(const std::string& text, bool is_cxx = false) {
  SourceUnit source;
  source.main_file = "/p/a.go";
  source.directory = "/";
  source.is_preamble = true;
  source.is_cxx = is_cxx;
  source.text = text;
  const std::vector<TranslationUnit> units = {summarize(source)};
  EXPECT_THAT(units[0].problems, IsEmpty()) << text << ": " << units[0].problems[0].message;
  const Program program(units, catalogue(), {});
  std::vector<std::string> loops;
  for (const auto& [name, function] : units[0].functions) {
    if (function.name != "f") continue;
    const auto walk = [&](auto&& self, StmtId id) -> void {
      if (id == kNone) return;
      const Stmt& statement = function.stmts[id];
      if (statement.kind == StmtKind::kLoop)
        loops.push_back(shown(classify_loop(program, units[0], function, id), function));
      self(self, statement.a);
      self(self, statement.b);
      for (const StmtId child : statement.children) self(self, child);
    };
    walk(walk, function.body);
  }
  return loops;
}

std::string loop_of(const std::string& body) {
  const std::vector<std::string> loops = loops_of(
      "#include <errno.h>\n#include <poll.h>\n#include <sched.h>\n#include <stdatomic.h>\n"
      "#include <stdlib.h>\n#include <unistd.h>\n"
      "struct node { struct node *next; int done; };\n"
      "extern int stop; extern volatile int ready; extern atomic_int flag;\n"
      "int step(void); struct node *next_node(struct node *);\n"
      "int f(int n, int fd, struct node *p, char *buf, struct pollfd *set) {\n  int i, r;\n" +
      body + "\n  return 0;\n}\n");
  EXPECT_EQ(loops.size(), 1u) << body;
  return loops.empty() ? "" : loops[0];
}

TEST(Loops, Counted) {
  const struct {
    const char* loop;
    const char* shape;
  } rows[] = {
      {"for (i = 0; i < 9; i++) step();", "counted i < 9 step 1"},
      {"for (i = 0; i <= n; i += 3) step();", "counted i <= n step 3"},
      {"for (i = 9; i > 0; --i) step();", "counted i > 0 step -1"},
      {"for (i = 0; i != n; ++i) step();", "counted i != n step 1"},
      {"for (i = 0; 9 > i; i++) step();", "counted i < 9 step 1"},
      {"while (n--) step();", "counted n != 0 step -1 post"},
      {"while (n > 0) { step(); n -= 2; }", "counted n > 0 step -2"},
      {"do step(); while (--n);", "counted n != 0 step -1"},
      {"do step(); while (++i < 5);", "counted i < 5 step 1"},
      {"while (1) { if (i >= 5) break; i++; step(); }", "counted i < 5 step 1"},
      {"for (;;) { step(); if (++i == 5) break; }", "counted i != 5 step 1"},
      {"for (;;) { if (n-- <= 0) return 1; step(); }", "counted n > 0 step -1 post"},
      {"for (i = 0; i < 9 && !stop; i++) step();", "counted i < 9 step 1"},
      {"for (i = 0; i < 9; i = i + 2) step();", "counted i < 9 step 2"},
  };
  for (const auto& row : rows) EXPECT_EQ(loop_of(row.loop), row.shape) << row.loop;
}

TEST(Loops, Finite) {
  for (const char* loop :
       {"for (; p; p = p->next) step();", "while (p) { step(); p = p->next; }",
        "while ((p = next_node(p)) != 0) step();", "for (i = 0; buf[i]; i++) step();",
        "while (*buf++) step();", "while (i == n) { i++; step(); }"})
    EXPECT_EQ(loop_of(loop), "finite") << loop;
}

TEST(Loops, Retry) {
  for (const char* loop :
       {"do { r = poll(set, 1, 100); } while (r < 0 && errno == EINTR);",
        "do { r = poll(set, 1, 100); } while (r == -1 && errno == EINTR);",
        "while ((r = poll(set, 1, 100)) < 0 && errno == EINTR) {}",
        "again: r = poll(set, 1, 100); if (r < 0 && errno == EINTR) goto again;",
        "for (;;) { r = poll(set, 1, 100); if (r < 0 && errno == EINTR) continue; break; }",
        "while ((r = poll(set, 1, 100)) < 0) { if (errno == EINTR) continue; break; }",
        "while ((r = poll(set, 1, 100)) < 0) { if (errno != EINTR) break; }",
        "while ((r = poll(set, 1, 100)) < 0) { if (errno != EINTR) return; }"})
    EXPECT_EQ(loop_of(loop), "retry") << loop;
}

TEST(Loops, Endless) {
  for (const char* loop :
       {"for (;;) usleep(1000);", "while (1) { if (poll(set, 1, 100) > 0) break; }",
        "while (!stop) usleep(1000);", "while (!ready) usleep(1000);",
        "do { r = read(fd, buf, 1); } while (r > 0);", "while (read(fd, buf, 1) == 1) {}",
        "while (!atomic_load(&flag)) usleep(1000);", "while (!p->done) usleep(1000);",
        // Going round after EINTR or after nothing happened is not only a retry.
        "do { r = poll(set, 1, 100); } while (r == 0 || errno == EINTR);",
        "again: r = poll(set, 1, 100); if (r == 0) goto again;",
        // Here EINTR is one of several reasons to go round.
        "while ((r = poll(set, 1, 100)) < 0) { if (errno == EINTR) continue; }",
        "while ((r = poll(set, 1, 100)) <= 0) { if (r < 0 && errno != EINTR) break; }"})
    EXPECT_EQ(loop_of(loop), "endless") << loop;
}

TEST(Loops, Spin) {
  for (const char* loop : {"while (!ready) {}", "while (!stop);", "while (!p->done) {}",
                           "while (!atomic_load(&flag)) {}", "while (!flag) sched_yield();",
                           "while (!ready) __builtin_ia32_pause();", "do {} while (!ready);",
                           "for (;;) {}", "for (;;) { if (ready) break; }"})
    EXPECT_EQ(loop_of(loop), "spin") << loop;
}

TEST(Loops, SpinLock) {
  for (const char* loop :
       {"while (atomic_exchange(&flag, 1)) {}", "while (__sync_lock_test_and_set(&stop, 1)) {}",
        "while (!__sync_bool_compare_and_swap(&stop, 0, 1)) {}",
        "while (__atomic_test_and_set(&stop, __ATOMIC_ACQUIRE)) {}"})
    EXPECT_EQ(loop_of(loop), "spin lock") << loop;
}

// A computation is no spin, however long it takes.
TEST(Loops, WorkIsNotSpinning) {
  for (const char* loop :
       {"while (n != 1) n = n % 2 ? 3 * n + 1 : n / 2;", "while (n & 1) n >>= 1;",
        "while (i * i < n) i++;", "while (r = n % i, r) { n = i; i = r; }",
        "for (i = 1; i < n; i *= 2) {}"}) {
    const std::string shape = loop_of(loop);
    EXPECT_NE(shape, "spin") << loop;
    EXPECT_NE(shape, "spin lock") << loop;
  }
}

TEST(Loops, NestedLoopsAreApart) {
  const std::vector<std::string> loops = loops_of(
      "void g(void); extern volatile int ready;\n"
      "void f(int n) { for (int i = 0; i < n; i++) { while (!ready) {} for (;;) { g(); break; } } "
      "}");
  ASSERT_EQ(loops.size(), 3u);
  EXPECT_EQ(loops[0], "counted i < n step 1");
  EXPECT_EQ(loops[1], "spin");
}

TEST(Loops, WhatTheLoopWrites) {
  SourceUnit source;
  source.main_file = "/p/a.go";
  source.directory = "/";
  source.is_preamble = true;
  source.text =
      "struct s { int m; }; int g;\n"
      "void f(int a, int b, struct s *p) { int c; while (a) { b = 1; c = 2; g = 3; p->m++; } }\n";
  const std::vector<TranslationUnit> units = {summarize(source)};
  const Program program(units, catalogue(), {});
  const Function& function = units[0].functions.at("f");
  for (StmtId id = 0; id < function.stmts.size(); ++id) {
    if (function.stmts[id].kind != StmtKind::kLoop) continue;
    const LoopShape shape = classify_loop(program, units[0], function, id);
    std::vector<std::string> locals;
    for (const uint32_t slot : shape.assigned_slots)
      locals.push_back(function.variables[slot].name);
    EXPECT_THAT(locals, testing::UnorderedElementsAre("b", "c"));
    EXPECT_THAT(shape.assigned_names, testing::UnorderedElementsAre("g", "s.m"));
  }
}

}  // namespace
}  // namespace cgoscope
