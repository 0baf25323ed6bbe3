/* pcall.c - luv.pcall, luv.xpcall and luv.timeout.
 *
 * In a fiber, or a coroutine that luv runs, each is a frame (frame.c). Elsewhere a
 * call that waits does not yield but runs the loop in place, so the native way does.
 * On LuaJIT the native pcall and xpcall can be yielded across and luv uses those. */
#include "frame.h"

static int known(luv_state *S, lua_State *L) { return S->chain && S->chain->L == L; }

static int run(luv_state *S, lua_State *L, luv_frame *fr, int nargs) {
  return luv__frame_run(S, L, S->chain, fr, NULL, nargs);
}

/* Called by C, as in pcall(pcall), the native knows no name for itself; nor does this,
 * though a Lua function of luv's stands between. */
static void check_any(lua_State *L, int arg) {
  lua_Debug ar;
  if (!lua_isnone(L, arg)) return;
  if (lua_getstack(L, 1, &ar) && lua_getinfo(L, "S", &ar) && strcmp(ar.source, "=luv") == 0) {
    lua_pushfstring(L, "bad argument #%d to '?' (value expected)", arg);
    lua_error(L);
  }
  luaL_argerror(L, arg, "value expected");
}

/* ok, ... = luv.pcall(fn, ...) */
int luv_pcall(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_frame fr;
  int n = lua_gettop(L);
  check_any(L, 1);
  if (!known(S, L)) {
    int status = lua_pcall(L, n - 1, LUA_MULTRET, 0);
    lua_pushboolean(L, status == 0);
    lua_insert(L, 1);
    return lua_gettop(L);
  }
  return run(S, L, &fr, luv__pool_take(S, L, &fr, LUV_FRAME_PCALL, 0));
}

/* ok, ... = luv.xpcall(fn, handler, ...) */
int luv_xpcall(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_frame fr;
  int n = lua_gettop(L);
  check_any(L, 2);
  lua_pushvalue(L, 1); /* handler, fn, arguments */
  lua_insert(L, 3);
  lua_remove(L, 1);
  if (!known(S, L)) {
    int status = lua_pcall(L, n - 2, LUA_MULTRET, 1);
    lua_pushboolean(L, status == 0);
    lua_replace(L, 1);
    return lua_gettop(L);
  }
  n = luv__pool_take(S, L, &fr, LUV_FRAME_XPCALL, 1); /* the handler stays with L */
  return run(S, L, &fr, n);
}

/* In the main chunk the limit stands in a list that its waits look at. */
static int timeout_in_place(luv_state *S, lua_State *L, luv_frame *fr, int nargs) {
  int status;
  fr->parent = S->main.chain.top;
  S->main.chain.top = fr;
  status = lua_pcall(L, nargs, LUA_MULTRET, 0);
  S->main.chain.top = fr->parent;
  if (status == 0) return lua_gettop(L);
  luv__push_expired(S, L);
  if (lua_rawequal(L, -1, -2) && fr->due <= uv_hrtime()) return luv__fail(L, UV_ETIMEDOUT);
  lua_pop(L, 1);
  return lua_error(L);
}

/* ... = luv.timeout(seconds, fn, ...) */
int luv_timeout(lua_State *L) {
  luv_state *S = luv_enter(L);
  double seconds = luv__opt_timeout(S, L, 1, 1, "timeout");
  int n = lua_gettop(L);
  luv_frame fr;
  uint64_t due;
  if (n < 2) return luv__arg_error(S, L, 2, "timeout", "value expected");
  due = seconds < 0 ? LUV_FOREVER : luv__due_in(S, seconds);
  lua_remove(L, 1);
  if (!known(S, L)) {
    memset(&fr, 0, sizeof fr);
    fr.kind = LUV_FRAME_TIMEOUT;
    fr.due = due;
    return timeout_in_place(S, L, &fr, n - 2);
  }
  n = luv__pool_take(S, L, &fr, LUV_FRAME_TIMEOUT, 0);
  fr.due = due;
  return run(S, L, &fr, n);
}
