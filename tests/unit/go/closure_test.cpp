#include "probe_cli/go/closure.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace cgoscope {
namespace {

uint32_t closure_words(const std::vector<uint8_t>& code, Machine machine = Machine::kAmd64) {
  return words_of_closure(machine, std::as_bytes(std::span(code)), 0x476960);
}

// A finalizer that prints a string and a number that it captured, and then closes the object that
// it captured, as Go 1.23 compiled it.
TEST(Closure, AllUpToTheLastThatItsCodeLoads) {
  EXPECT_EQ(closure_words({
                0x49, 0x3b, 0x66, 0x10,        // cmp 0x10(%r14),%rsp
                0x76, 0x79,                    // jbe
                0x55,                          // push %rbp
                0x48, 0x89, 0xe5,              // mov %rsp,%rbp
                0x48, 0x83, 0xec, 0x30,        // sub $0x30,%rsp
                0x48, 0x89, 0x44, 0x24, 0x40,  // mov %rax,0x40(%rsp)
                0x48, 0x8b, 0x4a, 0x20,        // mov 0x20(%rdx),%rcx
                0x48, 0x89, 0x4c, 0x24, 0x20,  // mov %rcx,0x20(%rsp)
                0x48, 0x8b, 0x5a, 0x08,        // mov 0x8(%rdx),%rbx
                0x48, 0x89, 0x5c, 0x24, 0x28,  // mov %rbx,0x28(%rsp)
                0x48, 0x8b, 0x72, 0x10,        // mov 0x10(%rdx),%rsi
                0x48, 0x89, 0x74, 0x24, 0x10,  // mov %rsi,0x10(%rsp)
                0x48, 0x8b, 0x52, 0x18,        // mov 0x18(%rdx),%rdx
                0x48, 0x8b, 0x52, 0x28,        // mov 0x28(%rdx),%rdx: of what it captured
            }),
            0b11110U);
}

TEST(Closure, NothingBehindTheFirstCall) {
  EXPECT_EQ(closure_words({
                0x48, 0x8b, 0x42, 0x08,        // mov 0x8(%rdx),%rax
                0xe8, 0x00, 0x00, 0x00, 0x00,  // call
                0x48, 0x8b, 0x42, 0x10,        // mov 0x10(%rdx),%rax
            }),
            0b10U);
}

TEST(Closure, OnlyWholeWordsThatAreRead) {
  EXPECT_EQ(closure_words({
                0x48, 0x89, 0x42, 0x10,        // mov %rax,0x10(%rdx): written
                0x48, 0x8d, 0x42, 0x18,        // lea 0x18(%rdx),%rax
                0x0f, 0xb6, 0x42, 0x20,        // movzbl 0x20(%rdx),%eax
                0x48, 0x8b, 0x44, 0xca, 0x28,  // mov 0x28(%rdx,%rcx,8),%rax
                0x48, 0x8b, 0x02,              // mov (%rdx),%rax: its own code
                0x48, 0x8b, 0x42, 0xf8,        // mov -0x8(%rdx),%rax
                0xc3,                          // ret
            }),
            0b10U);
  EXPECT_EQ(closure_words({0x0f, 0x10, 0x42, 0x10, 0xc3}), 0b1110U);  // movups 0x10(%rdx),%xmm0
}

// What it captured first is there whether it reads it or not.
TEST(Closure, TheFirstInAnyCase) {
  EXPECT_EQ(closure_words({0x48, 0x8b, 0x00, 0xc3}), 0b10U);  // mov (%rax),%rax; ret
  EXPECT_EQ(closure_words({}), 0b10U);
  EXPECT_EQ(closure_words({0x48}), 0b10U);  // cut off
}

TEST(Closure, OtherMachinesAreNotUnderstood) {
  EXPECT_EQ(closure_words({0x48, 0x8b, 0x42, 0x10}, Machine::kArm64), 0b10U);
}

}  // namespace
}  // namespace cgoscope
