/* glue.c - the small Lua functions that luv puts between a script and C.
 *
 * Lua 5.1 cannot resume a thread whose bottom function is written in C and has yielded: a C
 * function that is to run as a fiber gets a Lua function under it, `body`. On LuaJIT each face
 * that can wait stands behind a Lua function: see wrap.c. */
#include "luv.h"

static const char body[] = "return function(fn, ...) return fn(...) end";

static void ref_body(luv_state *S, lua_State *L) {
  if (luaL_loadbuffer(L, body, sizeof body - 1, "=luv")) lua_error(L);
  lua_call(L, 0, 1);
  S->ref_body = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* Pushes `body` if the function at idx needs it; returns how many values that was. The message
 * of error() itself would say where the body is. */
int luv__push_body(luv_state *S, lua_State *L, int idx) {
  lua_CFunction fn = S->jit ? NULL : lua_tocfunction(L, idx);
  if (LUV_LIKELY(!fn) || fn == S->native_error) return 0;
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_body);
  return 1;
}

static int grow_stack(lua_State *L) {
  luaL_checkstack(L, (int)(intptr_t)lua_touserdata(L, 1), "too many results");
  return 0;
}

/* Beyond what every suspended call has free, growing may raise, so it is done protected. */
int luv__room(lua_State *L, int n) {
  enum { FREE = 12 };
  if (LUV_LIKELY(n <= FREE)) return 1;
  if (lua_cpcall(L, grow_stack, (void *)(intptr_t)(n + 8)) == 0 && lua_checkstack(L, n))
    return 1;
  lua_settop(L, -2);
  return 0;
}

/* What these functions know as globals, as it was when luv was opened: a script, or a sandbox,
 * may take any of it away. */
static void ref_natives(luv_state *S, lua_State *L) {
  static const char *const names[] = {"error", "type", "unpack", "select", "pcall", "require",
                                      "setmetatable", "pairs", "ipairs", "tostring", "jit", "coroutine", NULL};
  const char *const *name;
  lua_newtable(L);
  for (name = names; *name; name++) {
    lua_getglobal(L, *name);
    lua_setfield(L, -2, *name);
  }
  S->ref_natives = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* Pushes a chunk of luv's own, which sees them and nothing else. */
void luv__load(luv_state *S, lua_State *L, const char *source, size_t n) {
  if (luaL_loadbuffer(L, source, n, "=luv")) lua_error(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_natives);
  lua_setfenv(L, -2);
}

void luv__push_native(luv_state *S, lua_State *L, const char *name) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_natives);
  lua_getfield(L, -1, name);
  lua_remove(L, -2);
}

static int nothing(lua_State *L) {
  (void)L;
  return 0;
}

/* Makes all of them; called while the state is set up. */
void luv__glue_open(luv_state *S, lua_State *L) {
  ref_natives(S, L);
  ref_body(S, L);
  lua_getglobal(L, "error");
  S->native_error = lua_tocfunction(L, -1);
  lua_pop(L, 1);
  lua_pushcfunction(L, nothing);
  S->ref_nothing = luaL_ref(L, LUA_REGISTRYINDEX);
}
