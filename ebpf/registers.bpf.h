// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Where Go keeps things when a probe is hit: its own calling convention (Go's
// src/cmd/compile/abi-internal.md), not C's. The only place that knows the machine.
#pragma once

// clang-format off: libbpf's header wants the kernel's types before it.
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
// clang-format on

#if defined(__TARGET_ARCH_x86)

typedef struct pt_regs cg_registers;

#define GO_ARGUMENT_0(r) ((r)->rax)
#define GO_ARGUMENT_1(r) ((r)->rbx)
#define GO_ARGUMENT_2(r) ((r)->rcx)
#define GO_ARGUMENT_3(r) ((r)->rdi)
#define GO_ARGUMENT_4(r) ((r)->rsi)
#define GO_G(r) ((r)->r14)
#define PROGRAM_COUNTER(r) ((r)->rip)
#define STACK_POINTER(r) ((r)->rsp)
#define FRAME_POINTER(r) ((r)->rbp)
#define CALL_BYTES 5

// Of the function whose site was hit; 0 when it cannot be read.
static __always_inline __u64 return_address(const cg_registers* r, __u32 stack_adjust) {
  __u64 address = 0;
  bpf_probe_read_user(&address, sizeof(address), (const void*)(r->rsp + stack_adjust));
  return address;
}

// The same where the stack has been copied, from the stack pointer on.
static __always_inline __u64 return_address_within(const cg_registers* r, __u32 stack_adjust,
                                                   const __u64* stack, __u64 words) {
  const __u32 index = stack_adjust / sizeof(__u64);
  return index < words ? stack[index] : return_address(r, stack_adjust);
}

// Whether the stack check's `jbe` will jump: CF or ZF. The function then starts again later.
static __always_inline int stack_check_fails(const cg_registers* r) {
  return (r->eflags & 0x41) != 0;
}

#elif defined(__TARGET_ARCH_arm64)

typedef struct user_pt_regs cg_registers;

#define GO_ARGUMENT_0(r) ((r)->regs[0])
#define GO_ARGUMENT_1(r) ((r)->regs[1])
#define GO_ARGUMENT_2(r) ((r)->regs[2])
#define GO_ARGUMENT_3(r) ((r)->regs[3])
#define GO_ARGUMENT_4(r) ((r)->regs[4])
#define GO_G(r) ((r)->regs[28])
#define PROGRAM_COUNTER(r) ((r)->pc)
#define STACK_POINTER(r) ((r)->sp)
#define FRAME_POINTER(r) ((r)->regs[29])
#define CALL_BYTES 4

static __always_inline __u64 return_address(const cg_registers* r, __u32 stack_adjust) {
  (void)stack_adjust;
  return r->regs[30];
}

static __always_inline __u64 return_address_within(const cg_registers* r, __u32 stack_adjust,
                                                   const __u64* stack, __u64 words) {
  (void)stack;
  (void)words;
  return return_address(r, stack_adjust);
}

// Whether `b.ls` will jump: C clear or Z set.
static __always_inline int stack_check_fails(const cg_registers* r) {
  return (r->pstate & (1ul << 29)) == 0 || (r->pstate & (1ul << 30)) != 0;
}

#else
#error "registers.bpf.h does not know this machine"
#endif
