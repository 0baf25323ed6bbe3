/* frame_end.c - what the end of a frame is to its parent: the results of pcall,
 * xpcall, timeout, resume and wrap, exactly as the natives give them.
 *
 * `to` is the parent's thread; W is where values may be made: `to` itself when its
 * face is running, M when it is suspended. Returns the number of values on `to`, or
 * LUV_RAISE with the error that the face is to raise on W. */
#include "frame.h"

static int too_many(lua_State *from, lua_State *to, lua_State *W) {
  lua_settop(from, 0);
  lua_pushboolean(W, 0);
  lua_pushliteral(W, "stack overflow (too many results)");
  if (W != to) lua_xmove(W, to, 2);
  return 2;
}

static int plain_end(luv_frame *fr, lua_State *to, lua_State *W, int n) {
  if (!luv__room(to, n + 1)) return too_many(fr->L, to, W);
  lua_xmove(fr->L, to, n);
  return n;
}

/* pcall and resume: true and the results, or false and the error. */
static int protected_end(luv_frame *fr, lua_State *to, lua_State *W, int failed, int n) {
  if (failed) n = 1;
  if (!luv__room(to, n + 1)) return too_many(fr->L, to, W);
  lua_pushboolean(to, !failed);
  lua_xmove(fr->L, to, n);
  return n + 1;
}

/* xpcall: the handler, argument 1 of the face, runs on the dead thread, whose stack is
 * as the error left it. debug.traceback itself is done here, since it is to show all
 * frames, not one. */
static int handled_end(luv_state *S, luv_frame *fr, lua_State *to, lua_State *W) {
  lua_State *T = fr->L;
  int is_traceback;
  lua_pushvalue(to, 1);
  if (T != to) lua_xmove(to, T, 1);
  lua_rawgeti(T, LUA_REGISTRYINDEX, S->ref_traceback);
  is_traceback = lua_rawequal(T, -1, -2) && lua_isstring(T, -3);
  lua_pop(T, 1);
  lua_pushboolean(to, 0);
  if (is_traceback) {
    lua_pop(T, 1);
    luv__traceback_frames(S, fr, W, lua_tostring(T, -1));
    if (W != to) lua_xmove(W, to, 1);
    return 2;
  }
  lua_insert(T, -2);
  if (lua_pcall(T, 1, 1, 0)) lua_pushliteral(T, "error in error handling");
  lua_xmove(T, to, 1);
  return 2;
}

static int raised(luv_state *S, luv_frame *fr, lua_State *W) {
  luv__keep_traceback(S, fr, W);
  lua_xmove(fr->L, W, 1);
  return LUV_RAISE;
}

/* The luv.timeout whose time has passed: which of several, each can say for itself. */
static int timeout_end(luv_state *S, luv_frame *fr, lua_State *to, lua_State *W) {
  luv__push_expired(S, fr->L);
  if (lua_rawequal(fr->L, -1, -2) && fr->due <= uv_hrtime()) {
    luv__fail(W, UV_ETIMEDOUT);
    if (W != to) lua_xmove(W, to, 3);
    return 3;
  }
  lua_pop(fr->L, 1);
  return raised(S, fr, W);
}

/* coroutine.wrap adds the position of its caller to a string, as the native does. */
static int wrap_end(luv_state *S, luv_frame *fr, lua_State *to, lua_State *W) {
  if (lua_type(fr->L, -1) == LUA_TSTRING) {
    luv__where(to, W);
    lua_xmove(fr->L, W, 1);
    lua_concat(W, 2);
    lua_xmove(W, fr->L, 1);
  }
  return raised(S, fr, W);
}

static int failed_end(luv_state *S, luv_frame *fr, lua_State *to, lua_State *W) {
  switch (fr->kind) {
    case LUV_FRAME_XPCALL: return handled_end(S, fr, to, W);
    case LUV_FRAME_TIMEOUT: return timeout_end(S, fr, to, W);
    case LUV_FRAME_WRAP: return wrap_end(S, fr, to, W);
    case LUV_FRAME_WITH: luv__with_end(S, to); return raised(S, fr, W);
    default: return protected_end(fr, to, W, 1, 1);
  }
}

int luv__frame_end(luv_state *S, luv_frame *fr, lua_State *to, lua_State *W, int failed) {
  int n = lua_gettop(fr->L), count;
  if (failed) count = failed_end(S, fr, to, W);
  else if (fr->kind == LUV_FRAME_TIMEOUT || fr->kind == LUV_FRAME_WRAP ||
           fr->kind == LUV_FRAME_WITH)
    count = plain_end(fr, to, W, n);
  else count = protected_end(fr, to, W, 0, n);
  luv__pool_give(S, fr, to, failed);
  if (!failed && fr->kind == LUV_FRAME_WITH) luv__with_end(S, to);
  return count;
}
