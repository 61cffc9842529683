#include "clang_plugin/packages/clang_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/packages/temporary_tree.h"

namespace cgoscope {
namespace {

using testing::ElementsAre;
using testing::Optional;

TEST(ClangTarget, TriplesAreDebians) {
  EXPECT_EQ(target_triple("linux", "arm64"), "aarch64-linux-gnu");
  EXPECT_EQ(target_triple("linux", "amd64"), "x86_64-linux-gnu");
  EXPECT_EQ(target_triple("linux", "ppc64le"), "powerpc64le-linux-gnu");
  EXPECT_EQ(target_triple("linux", "wasm"), "");
  EXPECT_EQ(target_triple("windows", "amd64"), "");
  EXPECT_EQ(cross_headers_package("arm64"), "libc6-dev-arm64-cross");
  EXPECT_EQ(cross_headers_package("arm"), "libc6-dev-armhf-cross");
  EXPECT_EQ(cross_headers_package("wasm"), "");
}

TEST(ClangTarget, FlagsOnlyWithTheHeaders) {
  const TemporaryTree none, multiarch, cross;
  multiarch.write("usr/include/aarch64-linux-gnu/bits/types.h", "");
  cross.write("usr/aarch64-linux-gnu/include/bits/types.h", "");
  EXPECT_EQ(target_flags("aarch64-linux-gnu", none.root()), std::nullopt);
  EXPECT_THAT(target_flags("aarch64-linux-gnu", multiarch.root()),
              Optional(ElementsAre("-target", "aarch64-linux-gnu")));
  EXPECT_EQ(target_flags("s390x-linux-gnu", multiarch.root()), std::nullopt);
  EXPECT_THAT(target_flags("aarch64-linux-gnu", cross.root()),
              Optional(ElementsAre("-target", "aarch64-linux-gnu", "-isystem",
                                   cross.path("usr/aarch64-linux-gnu/include"))));
}

}  // namespace
}  // namespace cgoscope
