/* suspend.c - the two small Lua functions that luv puts between a script and C.
 *
 * Lua 5.1 cannot resume a thread whose bottom function is written in C and has yielded.
 * A C function that is to run as a fiber, a coroutine or in a pcall gets a Lua function
 * under it: `body`.
 *
 * The other is how LuaJIT raises an error in a call that waits.
 *
 * To end a wait by an error (cancel, luv.timeout, join of a fiber that failed), the
 * suspended call must raise. On Lua 5.1 a count hook on its thread does it at the first
 * instruction after the resume. LuaJIT removes a frame that makes a tail call, so
 * there the next instruction may lie outside the pcall around the call. Hence on LuaJIT
 * each face that can wait stands behind a small Lua function, which raises when the
 * first result is the mark. */
#include "luv.h"

static const char source[] =
  "local mark, error = ...\n"
  "local function check(...)\n"
  "  if ... == mark then local _, e = ...; error(e, 0) end\n"
  "  return ...\n"
  "end\n"
  "return function(fn) return function(...) return check(fn(...)) end end";

static const char body[] = "return function(fn, ...) return fn(...) end";

static void ref_body(luv_state *S, lua_State *L) {
  if (luaL_loadbuffer(L, body, sizeof body - 1, "=luv")) lua_error(L);
  lua_call(L, 0, 1);
  S->ref_body = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* Pushes `body` if the function at idx needs it; returns how many values that was. */
int luv__push_body(luv_state *S, lua_State *L, int idx) {
  if (S->jit || !lua_iscfunction(L, idx)) return 0;
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_body);
  return 1;
}

/* Makes both; called while the state is set up. */
void luv__wrapper_open(luv_state *S, lua_State *L) {
  ref_body(S, L);
  if (luaL_loadbuffer(L, source, sizeof source - 1, "=luv")) lua_error(L);
  lua_pushlightuserdata(L, (void *)&luv__suspended);
  lua_getglobal(L, "error");
  lua_call(L, 2, 1);
  S->ref_wrapper = luaL_ref(L, LUA_REGISTRYINDEX);
}

void luv__wrap_suspending(luv_state *S, lua_State *L) {
  if (!S->jit) return;
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_wrapper);
  lua_insert(L, -2);
  lua_call(L, 1, 1);
}
