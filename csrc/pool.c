/* pool.c - idle Lua threads, so that luv.pcall need not make one each time.
 *
 * A thread of the pool is anchored in the registry while it is idle and while its
 * face runs it in place. A frame that is suspended takes its thread along: onto its
 * parent's stack, together with its record, so that a coroutine that is dropped in
 * the middle of a pcall is collected with all it holds. A thread that an error has
 * killed cannot be used again. */
#include "frame.h"

static lua_State *make(luv_state *S, lua_State *L, int place) {
  lua_State *T;
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_pool);
  T = lua_newthread(L);
  lua_rawseti(L, -2, place + 1);
  lua_pop(L, 1);
  return T;
}

static int empty_place(luv_state *S) {
  int i;
  for (i = 0; i < LUV_POOL; i++)
    if (!S->pool[i]) return i;
  return -1;
}

/* A thread has its own table of globals, which setfenv(0) changes: the function in a
 * frame is to see, and to change, its caller's. */
static void share_globals(lua_State *from, lua_State *to) {
  if (LUV_LIKELY(lua_topointer(from, LUA_GLOBALSINDEX) == lua_topointer(to, LUA_GLOBALSINDEX)))
    return;
  lua_pushvalue(from, LUA_GLOBALSINDEX);
  lua_xmove(from, to, 1);
  lua_replace(to, LUA_GLOBALSINDEX);
}

/* Gives fr a thread and moves L's stack there, but for the first `keep`: the function
 * and its arguments. Returns the number of arguments. May raise. */
int luv__pool_take(luv_state *S, lua_State *L, luv_frame *fr, int kind, int keep) {
  int i, n = lua_gettop(L) - keep;
  memset(fr, 0, sizeof *fr);
  luv__frame_depth(S, L, fr);
  i = S->npool ? S->pool_idle[--S->npool] : empty_place(S);
  fr->kind = (uint8_t)kind;
  fr->local = 1;
  if (i >= 0) {
    if (!S->pool[i]) S->pool[i] = make(S, L, i);
    fr->L = S->pool[i];
    fr->pooled = (uint8_t)(i + 1);
  } else {
    fr->L = lua_newthread(L);
    lua_insert(L, keep + 1);
  }
  share_globals(L, fr->L);
  if (luv__push_body(S, L, lua_gettop(L) - n + 1, 0)) {
    lua_insert(L, lua_gettop(L) - n);
    n++;
  }
  if (!luv__room(fr->L, n)) luaL_error(L, "stack overflow (too many arguments)");
  lua_xmove(L, fr->L, n);
  return n - 1;
}

static void forget(luv_state *S, int place) {
  lua_rawgeti(S->M, LUA_REGISTRYINDEX, S->ref_pool);
  lua_pushnil(S->M);
  lua_rawseti(S->M, -2, place + 1);
  lua_pop(S->M, 1);
  S->pool[place] = NULL;
}

/* A thread that came off the pool while it was suspended goes back to it. */
static void readmit(luv_state *S, lua_State *T) {
  int i = empty_place(S);
  if (i < 0) return;
  lua_rawgeti(S->M, LUA_REGISTRYINDEX, S->ref_pool);
  lua_pushthread(T);
  lua_xmove(T, S->M, 1);
  lua_rawseti(S->M, -2, i + 1);
  lua_pop(S->M, 1);
  S->pool[i] = T;
  S->pool_idle[S->npool++] = (uint8_t)i;
}

void luv__pool_give(luv_state *S, luv_frame *fr, lua_State *to, int failed) {
  lua_State *T = fr->L;
  int ours = fr->kind != LUV_FRAME_RESUME && fr->kind != LUV_FRAME_WRAP;
  if (!ours) return;
  share_globals(T, to);
  if (failed) {
    if (fr->pooled) forget(S, fr->pooled - 1);
    return;
  }
  lua_settop(T, 0);
  if (fr->pooled) S->pool_idle[S->npool++] = (uint8_t)(fr->pooled - 1);
  else readmit(S, T);
}

/* Everything that points to the record on the C stack shall point to its copy. */
static void repoint(luv_frame *top, luv_frame *from, luv_frame *to) {
  for (; top; top = top->parent)
    if (top->parent == from) top->parent = to;
}

void luv__promote(luv_state *S, lua_State *L, luv_frame *fr) {
  luv_frame *copy;
  if (!fr->local) return;
  luaL_checkstack(L, 8, "luv");
  if (fr->pooled) {
    lua_pushthread(fr->L);
    lua_xmove(fr->L, L, 1);
    forget(S, fr->pooled - 1);
  }
  copy = lua_newuserdata(L, sizeof *copy);
  *copy = *fr;
  copy->pooled = 0;
  copy->local = 0;
  repoint(S->stash.top, fr, copy);
  if (S->stash.top == fr) S->stash.top = copy;
}
