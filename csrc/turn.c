/* turn.c - whether a call that need not wait may, to give the others their turn.
 *
 * It would fail where Lua refuses a yield: below a C function that calls back (gsub, sort), on
 * Lua 5.1 also in a metamethod and in the iterator of a for loop, on LuaJIT in a finaliser or
 * a debug hook. What has worked there without waiting must not begin to fail because it took
 * long. Lua has no way to ask, so the calls on the stack are looked at, and in doubt the
 * answer is no. That is done once a millisecond at most, and only by who keeps the thread. */
#include <string.h>
#include "frame.h"

#define DEEPEST 100 /* calls that are looked at */

/* Nothing but the remains of tail calls lies from there on. */
static int is_bottom(lua_State *L, int level) {
  lua_Debug ar;
  for (; lua_getstack(L, level, &ar); level++)
    if (!lua_getinfo(L, "S", &ar) || strcmp(ar.what, "tail") != 0) return 0;
  return 1;
}

/* LuaJIT's own pcall and xpcall let yields pass; they are written in assembler. */
static int is_boundary(lua_State *L, lua_Debug *ar) {
  int real;
  if (!luv__room(L, 1) || !lua_getinfo(L, "f", ar)) return 1;
  real = lua_tocfunction(L, -1) != NULL;
  lua_pop(L, 1);
  return real;
}

/* What Lua 5.1 has called otherwise than by a call in the code has no name. */
static int was_called(lua_State *L, lua_Debug *ar, int level) {
  if (!*ar->namewhat) return is_bottom(L, level + 1);
  return strcmp(ar->name, "(for generator)") != 0;
}

static int passes(luv_state *S, lua_State *L) {
  lua_Debug ar;
  int level;
  for (level = 0; level < DEEPEST && lua_getstack(L, level, &ar); level++) {
    if (!lua_getinfo(L, "Sn", &ar)) return 0;
    if (level > 0 && strcmp(ar.what, "C") == 0 && (!S->jit || is_boundary(L, &ar))) return 0;
    if (!S->jit && !was_called(L, &ar, level)) return 0;
  }
  return level < DEEPEST;
}

int luv__may_wait(luv_state *S, lua_State *L) {
  luv_chain *c = S->chain;
  luv_frame *f;
  if (S->jit && luv__in_hook(S, L)) return 0;
  if (!c || !c->fiber) return !c && S->depth == 0; /* the main chunk waits in place */
  if (c->L != L || !passes(S, L)) return 0;
  for (f = c->top; f; f = f->parent)
    if (!passes(S, f->parent ? f->parent->L : c->fiber->base)) return 0;
  return 1;
}
