#include "probe_cli/process/mappings.h"

#include <gmock/gmock.h>
#include <sys/sysmacros.h>

namespace cgoscope {
namespace {

using testing::IsEmpty;

TEST(Mappings, EveryFieldOfALine) {
  const auto mappings = parse_mappings(
      "00400000-00522000 r-xp 00001000 fe:02 173521                             /usr/bin/server\n");
  ASSERT_EQ(mappings.size(), 1u);
  EXPECT_EQ(mappings[0], (Mapping{0x400000, 0x522000, 0x1000, true, false, makedev(0xfe, 2), 173521,
                                  "/usr/bin/server"}));
}

TEST(Mappings, PathsAsTheKernelWritesThem) {
  const auto mappings = parse_mappings(
      "1000-2000 rw-p 00000000 00:00 0 \n"
      "2000-3000 rw-p 00000000 00:00 0                          [heap]\n"
      "3000-4000 r--p 00000000 08:01 7                          /opt/two  words/a b (deleted)\n"
      "4000-5000 r--p 00000000 08:01 8                          /tmp/new\\012line\\\\x\n"
      "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0  [vsyscall]");
  ASSERT_EQ(mappings.size(), 5u);
  EXPECT_EQ(mappings[0].path, "");
  EXPECT_TRUE(mappings[0].writable);
  EXPECT_EQ(mappings[1].path, "[heap]");
  EXPECT_EQ(mappings[2].path, "/opt/two  words/a b (deleted)");
  EXPECT_EQ(mappings[3].path, "/tmp/new\nline\\\\x");
  EXPECT_EQ(mappings[4].end, 0xffffffffff601000);
}

TEST(Mappings, WhatIsNoLineIsPassedOver) {
  for (const char* line :
       {"", "\n\n", "1000", "1000-", "2000-1000 r-xp 0 0:0 0 ", "1000-1000 r-xp 0 0:0 0 ",
        "x-2000 r-xp 0 0:0 0 ", "1000-2000 rx 0 0:0 0 ", "1000-2000 r-xp 0 00 0 ",
        "1000-2000 r-xp 0 0:0 ", "1000-2000 r-xp -1 0:0 0", "1ffffffffffffffff-2 r-xp 0 0:0 0 /x",
        " 1000-2000 r-xp 0 0:0 0 "}) {
    EXPECT_THAT(parse_mappings(line), IsEmpty()) << line;
  }
}

TEST(Mappings, NameWithoutDeleted) {
  EXPECT_EQ(without_deleted("/bin/server (deleted)"), "/bin/server");
  EXPECT_EQ(without_deleted("/bin/server"), "/bin/server");
  EXPECT_EQ(without_deleted(""), "");
}

}  // namespace
}  // namespace cgoscope
