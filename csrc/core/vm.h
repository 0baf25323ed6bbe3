/* vm.h - what luv must know of the Lua that runs it, and no function of Lua's tells.
 *
 * Lua 5.1 has no lua_isyieldable: whether a yield would pass is what two counters in a
 * lua_State say. Their place, and that of what says that a finaliser or a hook runs, is found
 * when the first state opens, by calling at known depths, and checked. Where it is not found,
 * every wait keeps its C stack: that is always right. */
#ifndef LUV_VM_H
#define LUV_VM_H

#include <stdint.h>
#include "compat.h"

enum { LUV_AT_CODE, LUV_AT_HOOK, LUV_AT_FINALIZER };

typedef struct {
  uint16_t calls; /* Lua 5.1: nCcalls and baseCcalls in a lua_State; then hookmask, allowhook; 0: not found */
  uint16_t global; /* LuaJIT: the pointer to what all threads share; 0: not found */
  uint8_t narrow;  /* LuaJIT: that pointer has 32 bits */
  uint16_t mask;   /* LuaJIT: there, hookmask */
  uint16_t frame;  /* LuaJIT: cframe in a lua_State, whose lowest bit says it; 0: not found */
} luv_vm;

extern luv_vm luv__vm;

/* Finds it out; L has luv's opening on it. May raise (memory). */
void luv__vm_open(lua_State *L);

/* Whether lua_yield would pass, in a C function that L has called. */
static inline int luv__yieldable(lua_State *L) {
  const uint16_t *n = (const uint16_t *)((const char *)L + luv__vm.calls);
  if (luv__vm.calls) return n[0] <= n[1];
  if (luv__vm.frame) return *(const uintptr_t *)((const char *)L + luv__vm.frame) & 1;
  return luaJIT_setmode && lua_isyieldable && lua_isyieldable(L);
}

/* Where the code that L runs was called from. */
int luv__vm_place(lua_State *L);

/* Whether the function at `level` finalises its first argument. */
int luv__vm_finalizes(lua_State *L, int level);

uint8_t luv__vm_leave_finalizer(lua_State *L);
void luv__vm_enter_finalizer(lua_State *L, uint8_t before);

/* lua_resume(T, nargs), called by L, wherever that is: also in a finaliser or a hook. */
int luv__vm_resume(lua_State *L, lua_State *T, int nargs);

#endif
