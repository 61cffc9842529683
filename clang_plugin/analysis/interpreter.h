// Runs a C function on what is known of its arguments, following both sides of a branch that is not
// decided, and notes every call that can block.
//
// This is abstract interpretation over the trees of summary.h: one pass over each loop body after
// forgetting what the loop changes, branches that a constant decides are not taken, callees are
// entered with the values at hand. So the bound of a wait is the one at the Go call site it is
// asked for.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "clang_plugin/analysis/judge.h"
#include "clang_plugin/analysis/loops.h"
#include "clang_plugin/analysis/place_map.h"
#include "clang_plugin/analysis/program.h"

namespace cgoscope {

// A step of the way from the function that Go calls to the call that blocks: the function, and
// where in it the next call stands.
struct TraceStep {
  FunctionId function = 0;
  SourcePlace place;
  const TranslationUnit* unit = nullptr;
};

// A call that can block, seen from one Go call site.
struct BlockingEvent {
  const BlockingFunction* row = nullptr;  // nullptr: a loop that spins
  std::string name;                       // of the function called; the row's may be a glob
  bool spin_lock = false;                 // with row == nullptr
  Bound bound = Bound::kUnbounded;
  int64_t limit_ns = 0;          // with kBounded
  bool in_endless_loop = false;  // a short wait made unbounded by the loop around it
  std::string
      lock;  // for an in-process lock: what identifies it in this package, "" when nothing does
  std::string waits_with;  // for a condition variable: the same of the lock it gives back meanwhile
  std::vector<TraceStep> trace;  // outermost first; empty when Go calls the library function itself
};

// What is found out once about each function's code.
struct ShapeCache {
  std::map<std::pair<const Function*, StmtId>, LoopShape> shapes;
  std::map<const Function*, std::vector<int8_t>>
      markers;  // per statement: whether a label or case is inside; -1: not asked yet
};

#if defined(__aarch64__)
inline constexpr const char* kThisMachine = "aarch64";
#else
inline constexpr const char* kThisMachine = "x86_64";
#endif

// What one package's code says of handles and locks wherever it says it: filled while interpreting,
// and read by later runs.
struct PackageFacts {
  std::map<std::string, HandleState>
      handles;                         // by identity: a global, "record.field", or a name of Go's
  std::set<std::string> shared_locks;  // usable by other processes
  std::set<std::string> locks_held_while_blocking;             // counts for severities only
  std::map<std::string, std::set<FunctionId>> kept_functions;  // by the global or "record.field"
  int64_t threshold_ns = 0;                                    // what is shorter is no wait
  std::string machine = kThisMachine;                          // whose system calls have numbers
  uint64_t version = 0;  // grows when a fact that can change what a run finds does

  void note_handle(const std::string& identity, const HandleState& state) {
    const auto [known, added] = handles.try_emplace(identity, state);
    if (!added && known->second == state) return;
    known->second = state;
    ++version;
  }
  void note_kept(const std::string& where, FunctionId function) {
    if (kept_functions[where].insert(function).second) ++version;
  }
  void note_shared_lock(const std::string& identity) {
    if (shared_locks.insert(identity).second) ++version;
  }
};

// What is known of handles when a Go function makes several C calls in a row.
using HandleStates = std::map<SymbolId, HandleState>;

inline constexpr SymbolId kContents =
    0x40000000;  // + place: what a place held before anything here wrote to it

class Interpreter {
 public:
  Interpreter(Program& program, PackageFacts& facts, ShapeCache& cache);

  // Identities for values that come from Go. The same name gives the same symbol; `identity` makes
  // it known to PackageFacts.
  SymbolId symbol_for(const std::string& name, const std::string& identity);

  struct Outcome {
    std::vector<BlockingEvent> events;
    bool complete =
        true;  // false: the limit on steps was reached, and what was left was judged without values
  };
  // What can block when Go calls `function`, which has a body, with these arguments.
  Outcome run(FunctionId function, const std::vector<Value>& arguments, HandleStates& handles);
  // What can block when Go calls the library function `name` itself. C structs that Go passes are
  // not known.
  Outcome run_library(const std::string& name, const std::vector<Value>& arguments,
                      HandleStates& handles);

 private:
  struct Place {
    PlaceId parent = kNone;
    std::string key;
    std::string
        identity;  // what names it across functions: a global, or "record.field"; "" for a local
    std::vector<PlaceId> children;
  };
  struct State {
    bool reachable = true;
    PlaceMap store;
    HandleStates handles;
    std::vector<std::string> locks;
  };
  struct Frame {
    FunctionId id = 0;
    const Function* function = nullptr;
    const TranslationUnit* unit = nullptr;
    uint32_t number = 0;
    SourcePlace call_place;  // in this frame's function: the call being made
    State returned;          // joined over the return statements
    Value result;
    bool knew_arguments = false;      // an argument was a known integer or function
    size_t outer_turns = 0;           // how many loops were running when it was entered
    std::vector<PlaceId> roots;       // the objects that end with it
    std::map<uint32_t, State> jumps;  // goto label → states that jump there
  };
  // Where break and continue of a loop or switch go, and how its turns count.
  struct Breakable {
    bool is_loop = false;
    uint32_t label = kNone;
    State broken, continued;
  };
  struct Turns {
    LoopKind kind = LoopKind::kFinite;
    int64_t count = 0;  // with kCounted and a known number
    // Not 0: it ends when a time is over, `limit_ns` after the clock was read with this many loops
    // less one around it.
    uint32_t clock_read = 0;
    int64_t limit_ns = 0;
    // Not 0: one of so many, each of which is run by itself.
    int64_t number = 0, of = 0;
  };
  // The tests of a loop that reads the clock, and what they say of its length.
  struct ClockTests {
    uint32_t frame = 0;  // its number
    size_t depth = 0;    // how many loops are around it
    const std::vector<LoopShape::Test>* tests = nullptr;
    uint32_t clock_read = 0;  // 0: nothing
    std::optional<int64_t> limit_ns;
  };
  using Places = llvm::SmallVector<PlaceId, 2>;

  // Places.
  PlaceId root(const std::string& key, const std::string& identity);
  PlaceId local_root(Frame& owner, const std::string& key);
  PlaceId child(PlaceId parent, const std::string& key);
  PlaceId slot_place(uint32_t slot);
  PlaceId aggregate_place(ExprId aggregate);
  PlaceId object_of(SymbolId symbol);
  SymbolId fresh_symbol();
  Value load(PlaceId place);
  Value function_of_any_element(PlaceId place) const;
  bool has_elements(PlaceId array) const;
  Value initial(PlaceId place);
  void store(const Places& places, const Value& value);
  void copy_children(PlaceId from, PlaceId to, int depth);
  void erase_below(PlaceId place);
  void forget(PlaceId place);
  void forget_arguments(const std::vector<Value>& arguments);
  void initialise_global(PlaceId place, const std::string& name);
  void store_aggregate(PlaceId place, const Function& function, ExprId aggregate, bool initial);

  // Expressions and statements.
  Value eval(ExprId id);
  Places eval_places(ExprId id);
  Value eval_call(ExprId id);
  Value eval_logical(const Expr& expression);
  Value load_record(const Places& places);
  void assign(ExprId target_id, ExprId value_id, const Places& places, const Value& value);
  void refine_state(ExprId condition, bool holds);
  void refine_place(ExprId lvalue, Op op, const Value& against, bool holds, bool is_signed);
  void exec(StmtId id);
  void exec_if(const Stmt& statement);
  void exec_loop(StmtId id);
  void exec_each_turn(const Stmt& loop, int64_t count);
  void exec_switch(const Stmt& statement);
  Turns turns_of(const LoopShape& shape, const Stmt& loop);
  Turns turns_by_clock(const LoopShape& shape, const Stmt& loop, std::map<PlaceId, Value>& times);
  void note_clock_test(ExprId id, const Value& left, const Value& right);
  bool has_marker(const Function& function, StmtId id);
  static State joined(State a, State b);
  void merge_into(State& into, State&& from);

  // Calls.
  Value call_function(FunctionId id, const Call* call, const std::vector<Value>& arguments,
                      const Value& object);
  // `again`: entered by itself, for whatever arguments.
  Value enter(FunctionId id, const std::vector<Value>& arguments, const Value& object,
              bool again = false);
  Value call_library(const std::string& name, const std::vector<Value>& arguments,
                     const Value& object);
  CallView view(const std::vector<Value>& arguments, const Value& object);
  Value make_handle(const HandleMaker& maker, const CallView& call);
  std::string text_of(const Value& pointer);
  void keep_text(const std::string& name, const Value& to, std::string text);
  void apply_option(const HandleOption& option, const CallView& call);
  void apply_effect(const CallEffect& effect, const CallView& call, Value& result);
  void share_lock(const CallEffect& effect, const CallView& call);
  void mark_ready(const Value& polled, bool ready);
  void deny_answer(const Value& answer, const Value& after);
  void take_ready(const BlockingFunction& row, const CallView& call);
  SymbolId handle_symbol(const Value& value);
  HandleState handle_state(const Value& value);
  std::string handle_identity(const Value& value);
  std::string place_identity(const Value& pointer);
  std::string lock_identity(const Value& pointer);
  void note_wait(const BlockingFunction& row, const std::string& name, const Wait& wait,
                 const CallView& call);
  static std::string pointer_name(const Function& function, const Call& call);
  static std::string stored_name(const Function& function, ExprId place);
  void note_spin(const Stmt& loop, LoopKind kind);
  void record(BlockingEvent event);
  static void keep_worst(std::map<std::string, BlockingEvent>& events, const std::string& key,
                         BlockingEvent event);
  std::string fingerprint(FunctionId id, const std::vector<Value>& arguments, const Value& object);
  void scan_without_values(FunctionId id);

  Program& program_;
  PackageFacts& facts_;
  ShapeCache& cache_;
  std::vector<Place> places_;
  std::unordered_map<std::string, PlaceId> place_ids_;
  std::map<SymbolId, std::string> symbol_identities_;
  std::unordered_map<std::string, SymbolId> named_symbols_;
  SymbolId next_symbol_ = 1;
  std::map<PlaceId, Value> initial_;  // contents of globals whose initialiser counts
  std::set<PlaceId> initialised_;
  std::map<PlaceId, std::set<SymbolId>> descriptor_sets_;  // fd_set → descriptors put in
  // "Is there something to read?": the answer's symbol → the handle that was asked about and what
  // the answer means, and the answers of calls, by frame and expression.
  struct Asked {
    Value handle;
    ReadyAnswer ready = ReadyAnswer::kNonzero;
  };
  std::map<SymbolId, Asked> answers_;
  std::map<std::pair<uint32_t, ExprId>, Value> call_answers_;
  std::set<PlaceId> shared_places_;  // locks and lock attributes that other processes can use

  State state_;
  std::vector<std::unique_ptr<Frame>> frames_;
  std::vector<Breakable> breakables_;
  std::vector<Turns> turns_;
  std::vector<ClockTests> clock_tests_;
  std::map<std::string, Value>
      seen_;  // calls already made from this Go call site, by what they were given
  std::map<std::string, BlockingEvent> events_;
  uint32_t next_frame_ = 0;
  uint64_t steps_ = 0;
  bool exhausted_ = false;
  std::set<FunctionId> scanned_;        // without values, from this Go call site
  std::set<FunctionId> entered_again_;  // functions that called themselves, from this Go call site
};

}  // namespace cgoscope
