// Read from the DWARF of unstripped linux/amd64 binaries that Go 1.19.8, 1.21.13, 1.22.12, 1.23.5,
// 1.24.4, 1.26.10 and 1.27.3 built, with Go's own debug/dwarf. arm64 has the same offsets; of the
// sizes, runtime.p's is smaller there since 1.26 (14320). tests/unit/go/layout_test.cpp compares
// each column with programs of its release, wherever that toolchain is at hand, and
// tests/unit/go/runtime_offsets/main.go prints a column for a new one.
//
// An interface or slice takes two or three words: the data word of timer.arg lies 8 bytes on.
#include "probe_cli/go/layout_table.h"

#include <iterator>

namespace cgoscope {
namespace {

constexpr int32_t kNone = -1;

template <typename Part>
struct Row {
  std::string_view member;
  Offset Part::* field;
  std::array<int32_t, kMeasuredMinors.size()> offsets;
};

// clang-format off
// Columns: Go 1.19, 1.21, 1.22, 1.23, 1.24, 1.26, 1.27.
constexpr Row<GLayout> kG[] = {
    {"",             &GLayout::size,         {  392,   408,   424, 432, 440, 456, 456}},
    {"stack.lo",     &GLayout::stack_lo,     {    0,     0,     0,   0,   0,   0,   0}},
    {"stack.hi",     &GLayout::stack_hi,     {    8,     8,     8,   8,   8,   8,   8}},
    {"m",            &GLayout::m,            {   48,    48,    48,  48,  48,  48,  48}},
    {"sched.sp",     &GLayout::sched_sp,     {   56,    56,    56,  56,  56,  56,  56}},
    {"sched.pc",     &GLayout::sched_pc,     {   64,    64,    64,  64,  64,  64,  64}},
    {"sched.g",      &GLayout::sched_g,      {   72,    72,    72,  72,  72,  72,  72}},
    {"sched.bp",     &GLayout::sched_bp,     {  104,   104,   104, 104, 104,  96,  96}},
    {"syscallsp",    &GLayout::syscallsp,    {  112,   112,   112, 112, 112, 104, 104}},
    {"syscallpc",    &GLayout::syscallpc,    {  120,   120,   120, 120, 120, 112, 112}},
    {"syscallbp",    &GLayout::syscallbp,    {kNone, kNone, kNone, 128, 128, 120, 120}},
    {"atomicstatus", &GLayout::atomicstatus, {  144,   144,   144, 152, 152, 144, 144}},
    {"goid",         &GLayout::goid,         {  152,   152,   152, 160, 160, 152, 152}},
    {"waitsince",    &GLayout::waitsince,    {  168,   168,   168, 176, 176, 168, 168}},
    {"waitreason",   &GLayout::waitreason,   {  176,   176,   176, 184, 184, 176, 176}},
    {"lockedm",      &GLayout::lockedm,      {  232,   208,   208, 216, 216, 208, 208}},
    {"parentGoid",   &GLayout::parent_goid,  {kNone,   272,   272, 280, 280, 280, 280}},
    {"gopc",         &GLayout::gopc,         {  296,   280,   280, 288, 288, 288, 288}},
    {"startpc",      &GLayout::startpc,      {  312,   296,   296, 304, 304, 304, 304}},
    {"waiting",      &GLayout::waiting,      {  328,   312,   312, 320, 320, 320, 320}},
};
constexpr Row<MLayout> kM[] = {
    {"",          &MLayout::size,       { 1008, 1008, 2024, 1760, 1808, 1824, 1832}},
    {"g0",        &MLayout::g0,         {    0,    0,    0,    0,    0,    0,    0}},
    {"procid",    &MLayout::procid,     {   72,   72,   72,   72,   72,   64,   64}},
    {"gsignal",   &MLayout::gsignal,    {   80,   80,   80,   80,   80,   72,   72}},
    {"curg",      &MLayout::curg,       {  192,  192,  192,  192,  192,  184,  184}},
    {"p",         &MLayout::p,          {  208,  208,  208,  208,  208,  208,  208}},
    {"nextp",     &MLayout::nextp,      {  216,  216,  216,  216,  216,  216,  216}},
    {"oldp",      &MLayout::oldp,       {  224,  224,  224,  224,  224,  224,  224}},
    {"id",        &MLayout::id,         {  232,  232,  232,  232,  232,  232,  232}},
    {"locks",     &MLayout::locks,      {  264,  264,  264,  264,  264,  264,  264}},
    {"spinning",  &MLayout::spinning,   {  276,  276,  276,  276,  276,  276,  276}},
    {"blocked",   &MLayout::blocked,    {  277,  277,  277,  277,  277,  277,  277}},
    {"incgo",     &MLayout::incgo,      {  280,  280,  280,  280,  280,  280,  280}},
    {"isextra",   &MLayout::isextra,    {kNone,  281,  281,  281,  281,  281,  281}},
    {"ncgocall",  &MLayout::ncgocall,   {  304,  304,  296,  296,  296,  320,  320}},
    {"alllink",   &MLayout::alllink,    {  336,  336,  328,  328,  328,  352,  352}},
    {"lockedg",   &MLayout::lockedg,    {  352,  352,  344,  344,  344,  384,  384}},
    {"lockedExt", &MLayout::locked_ext, {  616,  616,  608,  608,  608,  648,  648}},
    {"lockedInt", &MLayout::locked_int, {  620,  620,  612,  612,  612,  652,  652}},
};
constexpr Row<PLayout> kP[] = {
    {"",               &PLayout::size,           { 8912,  8912,  8944,  8944,  8952, 15920, 15920}},
    {"id",             &PLayout::id,             {    0,     0,     0,     0,     0,     0,     0}},
    {"status",         &PLayout::status,         {    4,     4,     4,     4,     4,     4,     4}},
    {"schedtick",      &PLayout::schedtick,      {   16,    16,    16,    16,    16,    16,    16}},
    {"syscalltick",    &PLayout::syscalltick,    {   20,    20,    20,    20,    20,    20,    20}},
    {"m",              &PLayout::m,              {   56,    56,    56,    48,    48,    48,    48}},
    {"numTimers",      &PLayout::num_timers,     { 8864,  8864,  8896, kNone, kNone, kNone, kNone}},
    {"deletedTimers",  &PLayout::deleted_timers, { 8868,  8868,  8900, kNone, kNone, kNone, kNone}},
    {"timers.len",     &PLayout::timers_len,     {kNone, kNone, kNone,  8872,  8872, 13704, 13704}},
    {"timers.zombies", &PLayout::timers_zombies, {kNone, kNone, kNone,  8876,  8876, 13708, 13708}},
};
constexpr Row<SchedLayout> kSched[] = {
    {"goidgen",      &SchedLayout::goidgen,      { 0,  0,  0,  0,  0,  0,  0}},
    {"lock",         &SchedLayout::lock,         {24, 24, 24, 24, 24, 32, 32}},
    {"midle",        &SchedLayout::midle,        {32, 32, 32, 32, 32, 40, 40}},
    {"nmidle",       &SchedLayout::nmidle,       {40, 40, 40, 40, 40, 64, 64}},
    {"nmidlelocked", &SchedLayout::nmidlelocked, {44, 44, 44, 44, 44, 68, 68}},
    {"mnext",        &SchedLayout::mnext,        {48, 48, 48, 48, 48, 72, 72}},
    {"maxmcount",    &SchedLayout::maxmcount,    {56, 56, 56, 56, 56, 80, 80}},
    {"nmsys",        &SchedLayout::nmsys,        {60, 60, 60, 60, 60, 84, 84}},
    {"nmfreed",      &SchedLayout::nmfreed,      {64, 64, 64, 64, 64, 88, 88}},
    {"ngsys",        &SchedLayout::ngsys,        {72, 72, 72, 72, 72, 96, 96}},
};
constexpr Row<TimerLayout> kTimer[] = {
    {"when",   &TimerLayout::when,   { 8,  8,  8,    16,    16,    24,    24}},
    {"period", &TimerLayout::period, {16, 16, 16,    24,    24,    32,    32}},
    {"f",      &TimerLayout::f,      {24, 24, 24,    32,    32,    40,    40}},
    {"arg",    &TimerLayout::arg,    {32, 32, 32,    40,    40,    48,    48}},
    {"status", &TimerLayout::status, {64, 64, 64, kNone, kNone, kNone, kNone}},
};
constexpr Row<PanicLayout> kPanic[] = {
    {"arg",    &PanicLayout::arg,    { 8,  8,  8,     8,     8,     0,     0}},
};
// clang-format on

template <typename Part, size_t kRows>
void add_rows(std::vector<LayoutField>* fields, std::string_view structure, Part Layout::* part,
              const Row<Part> (&rows)[kRows]) {
  for (const Row<Part>& row : rows) {
    LayoutField field{
        structure,
        row.member,
        [part, member = row.field](Layout& layout) -> Offset& { return layout.*part.*member; },
        {}};
    for (size_t i = 0; i < row.offsets.size(); ++i) {
      if (row.offsets[i] != kNone) field.offsets[i] = static_cast<uint32_t>(row.offsets[i]);
    }
    fields->push_back(std::move(field));
  }
}

std::vector<LayoutField> all_fields() {
  std::vector<LayoutField> fields;
  add_rows(&fields, "runtime.g", &Layout::g, kG);
  add_rows(&fields, "runtime.m", &Layout::m, kM);
  add_rows(&fields, "runtime.p", &Layout::p, kP);
  add_rows(&fields, "runtime.schedt", &Layout::sched, kSched);
  add_rows(&fields, "runtime.timer", &Layout::timer, kTimer);
  add_rows(&fields, "runtime._panic", &Layout::panic, kPanic);
  return fields;
}

}  // namespace

const std::vector<LayoutField>& layout_fields() {
  static const std::vector<LayoutField> kFields = all_fields();
  return kFields;
}

Layout table_layout(size_t index) {
  Layout layout;
  for (const LayoutField& field : layout_fields()) field.in(layout) = field.offsets.at(index);
  return layout;
}

}  // namespace cgoscope
