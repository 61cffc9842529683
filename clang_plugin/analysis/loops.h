// What kind of loop a loop is: it decides whether a short wait inside adds up to a long one, and
// whether a loop without any call spins.
//
// Decided on the shape of the code alone, once a loop; the number of turns of a counted loop needs
// values and is left to the interpreter.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "clang_plugin/analysis/program.h"

namespace cgoscope {

enum class LoopKind : uint8_t {
  kCounted,   // a counter that only steps decides: `counter`, `limit`, `step` say how
  kFinite,    // ends by itself, but how many turns is not known: walks a list, counts to an unknown
              // limit
  kRetry,     // goes round again only when a signal interrupted the call (errno == EINTR): turns do
              // not add up
  kEndless,   // no end, or an end that waits for others: while (!stop), for (;;) with a break once
              // the wait succeeded
  kSpin,      // kEndless without any call: it burns a CPU until another thread writes memory
  kSpinLock,  // kSpin that takes a lock of its own: while (test_and_set(&lock))
};

struct LoopShape {
  LoopKind kind = LoopKind::kEndless;
  // For kCounted: the loop goes on while `counter` (an lvalue) `op` limit; each turn adds `step`.
  // `op` is kNe for while (n--).
  ExprId counter = kNone;
  ExprId limit = kNone;
  Op op = Op::kNone;
  int64_t step = 0;
  bool post = false;  // the test changes the counter: while (n--)
  // Of a kind that is not kCounted: it is, by the above, wherever `guard` is `guard_holds`, and
  // `otherwise` where it is not: if (!wait && tries-- <= 0) return.
  ExprId guard = kNone;
  bool guard_holds = true;
  LoopKind otherwise = LoopKind::kEndless;
  // It can wait, and each turn differently: usleep(d); d *= 2, or usleep(100 << i).
  bool compounds = false;
  // What is tested before the loop goes on. Filled where the loop reads the clock.
  struct Test {
    ExprId condition = kNone;
    bool while_true = true;  // it goes on if that is true...
    ExprId if_true = kNone;  // ...or, if given, this is false
  };
  std::vector<Test> tests;
  std::set<uint32_t> assigned_slots;     // locals written in the loop
  std::set<std::string> assigned_names;  // globals and "record.field" written in the loop
};

LoopShape classify_loop(const Program& program, const TranslationUnit& unit,
                        const Function& function, StmtId loop);

}  // namespace cgoscope
