/* switch.c - from one C stack to another: what a call must keep is pushed, the stack pointers
 * change places, and the same is popped there. */
#include "switch.h"

#if defined(__x86_64__) && !defined(LUV_UCONTEXT)

/* rdi: where this stack's pointer is kept; rsi: the other's. */
__asm__(
  ".text\n.p2align 4\n.globl luv__switch\n.hidden luv__switch\n.type luv__switch, @function\n"
  "luv__switch:\n"
  ".cfi_startproc\n"
  "  pushq %rbp\n.cfi_adjust_cfa_offset 8\n.cfi_rel_offset rbp, 0\n"
  "  pushq %rbx\n.cfi_adjust_cfa_offset 8\n.cfi_rel_offset rbx, 0\n"
  "  pushq %r12\n.cfi_adjust_cfa_offset 8\n.cfi_rel_offset r12, 0\n"
  "  pushq %r13\n.cfi_adjust_cfa_offset 8\n.cfi_rel_offset r13, 0\n"
  "  pushq %r14\n.cfi_adjust_cfa_offset 8\n.cfi_rel_offset r14, 0\n"
  "  pushq %r15\n.cfi_adjust_cfa_offset 8\n.cfi_rel_offset r15, 0\n"
  "  movq %rsp, (%rdi)\n"
  "  movq %rsi, %rsp\n"
  "  popq %r15\n.cfi_adjust_cfa_offset -8\n.cfi_restore r15\n"
  "  popq %r14\n.cfi_adjust_cfa_offset -8\n.cfi_restore r14\n"
  "  popq %r13\n.cfi_adjust_cfa_offset -8\n.cfi_restore r13\n"
  "  popq %r12\n.cfi_adjust_cfa_offset -8\n.cfi_restore r12\n"
  "  popq %rbx\n.cfi_adjust_cfa_offset -8\n.cfi_restore rbx\n"
  "  popq %rbp\n.cfi_adjust_cfa_offset -8\n.cfi_restore rbp\n"
  "  ret\n"
  ".cfi_endproc\n"
  ".size luv__switch, .-luv__switch\n");

void *luv__switch_prepare(void *top, void (*entry)(void)) {
  void **sp = top; /* a multiple of 16: entry finds what a called function finds */
  int i;
  *--sp = NULL; /* entry has no caller: where a backtrace ends */
  *--sp = (void *)entry;
  for (i = 0; i < 6; i++) *--sp = NULL;
  return sp;
}

#elif defined(__aarch64__) && !defined(LUV_UCONTEXT)

__asm__(
  ".text\n.p2align 4\n.globl luv__switch\n.hidden luv__switch\n.type luv__switch, %function\n"
  "luv__switch:\n"
  "  sub sp, sp, #160\n"
  "  stp x19, x20, [sp, #0]\n"
  "  stp x21, x22, [sp, #16]\n"
  "  stp x23, x24, [sp, #32]\n"
  "  stp x25, x26, [sp, #48]\n"
  "  stp x27, x28, [sp, #64]\n"
  "  stp x29, x30, [sp, #80]\n"
  "  stp d8, d9, [sp, #96]\n"
  "  stp d10, d11, [sp, #112]\n"
  "  stp d12, d13, [sp, #128]\n"
  "  stp d14, d15, [sp, #144]\n"
  "  mov x9, sp\n"
  "  str x9, [x0]\n"
  "  mov sp, x1\n"
  "  ldp x19, x20, [sp, #0]\n"
  "  ldp x21, x22, [sp, #16]\n"
  "  ldp x23, x24, [sp, #32]\n"
  "  ldp x25, x26, [sp, #48]\n"
  "  ldp x27, x28, [sp, #64]\n"
  "  ldp x29, x30, [sp, #80]\n"
  "  ldp d8, d9, [sp, #96]\n"
  "  ldp d10, d11, [sp, #112]\n"
  "  ldp d12, d13, [sp, #128]\n"
  "  ldp d14, d15, [sp, #144]\n"
  "  add sp, sp, #160\n"
  "  ret\n"
  ".size luv__switch, .-luv__switch\n");

/* The return address of entry is entry's own x30, which it never uses. */
__asm__(
  ".text\n.p2align 2\n.type luv__switch_begin, %function\n"
  "luv__switch_begin:\n"
  ".cfi_startproc\n.cfi_undefined x30\n"
  "  mov x29, xzr\n"
  "  mov x30, xzr\n"
  "  br x19\n"
  ".cfi_endproc\n"
  ".size luv__switch_begin, .-luv__switch_begin\n");

void *luv__switch_prepare(void *top, void (*entry)(void)) {
  void **sp = (void **)top - 20;
  int i;
  for (i = 0; i < 20; i++) sp[i] = NULL;
  sp[0] = (void *)entry;              /* x19 */
  sp[11] = (void *)luv__switch_begin; /* x30 */
  return sp;
}

#else

/* Elsewhere the C library's, which is slower: it asks the kernel for the signal mask. */
#include <ucontext.h>

void luv__switch(void **from, void *to) {
  ucontext_t here;
  *from = &here;
  swapcontext(&here, to);
}

void *luv__switch_prepare(void *top, void (*entry)(void)) {
  ucontext_t *c = (ucontext_t *)top - 1;
  getcontext(c);
  c->uc_link = NULL;
  c->uc_stack.ss_sp = (char *)c - LUV_SWITCH_ROOM;
  c->uc_stack.ss_size = LUV_SWITCH_ROOM;
  makecontext(c, entry, 0);
  return c;
}

#endif
