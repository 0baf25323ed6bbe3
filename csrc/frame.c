/* frame.c - the Lua threads a fiber is made of, and how they run.
 *
 * Stock Lua 5.1 cannot yield across pcall. So luv.pcall runs its function in a Lua
 * thread of its own, a frame; luv.coroutine.resume pushes the coroutine as a frame.
 * A frame runs on the C stack of the face that pushed it as long as nothing in it
 * waits: that is the common case, and costs one lua_resume. When something waits,
 * each of those faces yields in its turn (luv__yield_suspended), the C stack is gone,
 * and the run loop resumes the innermost thread. Its end resumes its parent, here.
 *
 * Two marks on top of a yielded thread's stack tell the yields apart:
 *   luv__suspended  a wait: goes up to the run loop; S->pending says whose
 *   passed_up       a plain yield that pcall frames passed up from inside
 * S->stash holds the chain while a yield is under way. It is linked again only where
 * the yield arrives, so one that Lua refuses leaves everything as it was. */
#include "frame.h"

const char luv__suspended = 0;
static const char passed_up = 0;

static int top_is(lua_State *L, const void *mark) {
  return lua_gettop(L) > 0 && lua_touserdata(L, -1) == mark;
}

/* Makes room for n values on a thread that is not running; beyond what every C call
 * has, growing may raise, so it is done protected. Returns 0 when there is no room. */
static int grow_stack(lua_State *L) {
  luaL_checkstack(L, (int)(intptr_t)lua_touserdata(L, 1), "too many results");
  return 0;
}

int luv__room(lua_State *L, int n) {
  if (LUV_LIKELY(n <= LUV_MIN_ROOM)) return 1;
  if (lua_cpcall(L, grow_stack, (void *)(intptr_t)(n + 8)) == 0 && lua_checkstack(L, n))
    return 1;
  lua_settop(L, -2);
  return 0;
}

void luv__frame_depth(luv_state *S, lua_State *L, luv_frame *fr) {
  luv_frame *below = S->chain && S->chain->L == L ? S->chain->top : NULL;
  fr->depth = below ? below->depth + 1 : 1;
  if (LUV_UNLIKELY(fr->depth > LUV_MAX_DEPTH)) luaL_error(L, "C stack overflow");
}

uint64_t luv__frame_due(luv_frame *f) {
  uint64_t due = LUV_FOREVER;
  for (; f; f = f->parent)
    if (f->kind == LUV_FRAME_TIMEOUT && f->due < due) due = f->due;
  return due;
}

/* ---- raising in a thread that is suspended ---------------------------------- */

/* Runs at the first instruction after the suspended call, on its thread. */
static void raise_hook(lua_State *L, lua_Debug *ar) {
  luv_state *S = luv__state(L);
  (void)ar;
  luv__hook_put_back(L, S->displaced);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_raise);
  lua_error(L);
}

/* Takes the error value from the top of M and arranges for L to raise it when it is
 * resumed. Returns the number of arguments for that; LUV_RAISE when L has no Lua
 * function to raise it in, and ends by it (the value is then on L). */
static int raise_in(luv_state *S, lua_State *L) {
  lua_Debug ar;
  if (S->jit) { /* there each suspending face is wrapped in Lua, see wrap.c */
    lua_pushlightuserdata(L, (void *)&luv__suspended);
    lua_xmove(S->M, L, 1);
    return 2;
  }
  if (!lua_getstack(L, 1, &ar)) {
    lua_xmove(S->M, L, 1);
    return LUV_RAISE;
  }
  lua_rawseti(S->M, LUA_REGISTRYINDEX, S->ref_raise);
  S->displaced = luv__hook_of(L);
  lua_sethook(L, raise_hook, LUA_MASKCOUNT, 1);
  return 0;
}

int luv__resume(luv_state *S, lua_State *L, int nargs) {
  if (LUV_UNLIKELY(nargs == LUV_RAISE)) {
    nargs = raise_in(S, L);
    if (nargs == LUV_RAISE) return LUA_ERRRUN;
  }
  return lua_resume(L, nargs);
}

/* ---- plain yields ---------------------------------------------------------------- */

static luv_frame *nearest_coroutine(luv_frame *f, luv_frame *until) {
  for (; f; f = f == until ? NULL : f->parent)
    if (f->kind == LUV_FRAME_RESUME || f->kind == LUV_FRAME_WRAP) return f;
  return NULL;
}

/* Leaves the frames above `co` with the coroutine itself: on its stack, as the
 * innermost frame's record under a mark. luv__frame_reattach is the other half. */
static void detach(luv_frame *inner, luv_frame *co) {
  luv_frame *f;
  if (inner == co) return;
  for (f = inner; f->parent != co; f = f->parent) {}
  f->parent = NULL;
  lua_pushlightuserdata(co->L, inner);
  lua_pushlightuserdata(co->L, (void *)&passed_up);
}

/* The innermost frame of a suspended coroutine that has frames of its own, or NULL. */
luv_frame *luv__frame_detached(lua_State *co) {
  if (lua_status(co) != LUA_YIELD || lua_gettop(co) < 2 || !top_is(co, &passed_up))
    return NULL;
  return lua_touserdata(co, -2);
}

/* A coroutine yields n values, which lie on top of `from`: its resume returns. */
int luv__frame_yielded(luv_frame *inner, luv_frame *co, lua_State *from, int n,
                       lua_State *to) {
  int flag = co->kind == LUV_FRAME_RESUME;
  if (!luv__room(to, n + 1)) {
    lua_pop(from, n);
    n = 0;
  }
  if (flag) lua_pushboolean(to, 1);
  lua_xmove(from, to, n);
  detach(inner, co);
  return n + flag;
}

/* Passes a plain yield of S->yielded values from inside a pcall on to whoever resumed L.
 * All that is on L is yielded with them, under them: LuaJIT keeps nothing else. */
static int pass_up(luv_state *S, lua_State *L, luv_frame *fr) {
  luv__promote(S, L, fr);
  luaL_checkstack(L, S->yielded + 1, "too many results to yield");
  lua_xmove(S->from, L, S->yielded);
  lua_pushlightuserdata(L, (void *)&passed_up);
  return lua_yield(L, lua_gettop(L));
}

/* ---- waits ------------------------------------------------------------------------- */

int luv__yield_suspended(luv_state *S, lua_State *L, luv_chain *c) {
  luv__mark_suspended(S, L, c);
  return lua_yield(L, lua_gettop(L));
}

static int pass_suspended(luv_state *S, lua_State *L, luv_frame *fr) {
  luv__promote(S, L, fr);
  lua_pushlightuserdata(L, (void *)&luv__suspended);
  return lua_yield(L, lua_gettop(L));
}

/* ---- the engine ---------------------------------------------------------------------- */

/* A yield from a C function that has no Lua function under it: Lua 5.1 could not resume
 * the thread. Such a function is not luv's own. */
static int cannot_resume(luv_state *S, lua_State *L) {
  lua_Debug ar;
  return !S->jit && !lua_getstack(L, 1, &ar);
}

/* A yield has arrived from L. Links the chain it came through. */
static int arrived(luv_state *S, luv_chain *c, lua_State *L) {
  if (S->pending && top_is(L, &luv__suspended)) {
    c->top = S->stash.top;
    c->L = S->stash.L;
    return LUV_RAN_SUSPEND;
  }
  luv_assert(!S->pending || (queue_empty(&S->pending->wait.node) && !S->pending->wait.external));
  S->from = L;
  S->pending = NULL; /* Lua refused that wait's yield; its error was caught */
  if (S->stash.top && top_is(L, &passed_up)) {
    lua_pop(L, 1);
    c->top = S->stash.top;
    c->L = S->stash.L;
  } else S->yielded = lua_gettop(L);
  S->stash.top = NULL;
  return LUV_RAN_YIELD;
}

static lua_State *below(luv_chain *c, luv_frame *f) {
  return f->parent ? f->parent->L : c->fiber->base;
}

/* Goes on after a lua_resume of the innermost thread returned rc: with its parents,
 * until frame `until` ends or yields (NULL: the fiber's base), or something waits.
 * Values are left on the thread that ended, or as the top S->yielded of S->from. */
int luv__settle(luv_state *S, luv_chain *c, luv_frame *until, int rc) {
  for (;;) {
    lua_State *L = c->L;
    luv_frame *fr;
    int n;
    if (rc == LUA_YIELD && S->quick) { /* by the fiber itself, when its last frame had ended */
      S->quick = NULL;
      return LUV_RAN_SUSPEND;
    }
    if (rc == LUA_YIELD && c->top && cannot_resume(S, L)) {
      lua_settop(L, 0);
      lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_boundary);
      rc = LUA_ERRRUN;
    }
    if (rc == LUA_YIELD) {
      if (arrived(S, c, L) == LUV_RAN_SUSPEND) return LUV_RAN_SUSPEND;
      fr = nearest_coroutine(c->top, until);
      if (!fr || fr == until) return LUV_RAN_YIELD;
      n = luv__frame_yielded(c->top, fr, L, S->yielded, below(c, fr));
    } else {
      fr = c->top;
      if (fr == until) return rc ? LUV_RAN_ERROR : LUV_RAN_END;
      n = luv__frame_end(S, fr, below(c, fr), S->M, rc != 0);
    }
    c->L = below(c, fr);
    c->top = fr->parent;
    rc = luv__resume(S, c->L, n);
  }
}

/* Runs the innermost thread of c with nargs arguments that are on its stack
 * (LUV_RAISE: raising the error that is on M). */
int luv__drive(luv_state *S, luv_chain *c, luv_frame *until, int nargs) {
  return luv__settle(S, c, until, luv__resume(S, c->L, nargs));
}

/* A yield or an end has come out of frame fr: what its face is to return. */
static int come_out(luv_state *S, lua_State *L, luv_frame *fr, luv_frame *inner,
                    int ran) {
  int n;
  if (ran == LUV_RAN_SUSPEND) return pass_suspended(S, L, fr);
  if (ran == LUV_RAN_YIELD) {
    if (fr->kind != LUV_FRAME_RESUME && fr->kind != LUV_FRAME_WRAP)
      return pass_up(S, L, fr);
    S->stash.top = NULL;
    return luv__frame_yielded(inner, fr, S->from, S->yielded, L);
  }
  if (ran == LUV_RAN_ERROR) luv__regain(S, L);
  n = luv__frame_end(S, fr, L, L, ran == LUV_RAN_ERROR);
  return n == LUV_RAISE ? lua_error(L) : n;
}

/* Too deep for the C stack: yields, and the run loop starts the frame. */
static int defer(luv_state *S, lua_State *L, luv_chain *c, luv_frame *fr,
                 luv_frame *inner, int nargs) {
  if (!c->fiber) return luaL_error(L, "C stack overflow");
  fr->parent = c->top;
  S->stash = *c;
  S->stash.top = inner ? inner : fr;
  S->stash.L = S->stash.top->L;
  S->pending = c->fiber;
  S->attention = 1;
  S->deferred = nargs;
  c->fiber->wait.op = LUV_OP_NONE;
  return pass_suspended(S, L, fr);
}

/* Runs frame fr from a face that L called, as `return luv__frame_run(...)`: in place;
 * yields when something in it waits. `inner`: the innermost of the frames it has. */
int luv__frame_run(luv_state *S, lua_State *L, luv_chain *c, luv_frame *fr,
                   luv_frame *inner, int nargs) {
  luv_frame *parent = c->top;
  luv_chain *outer = S->chain;
  int ran;
  if (LUV_UNLIKELY(S->nest >= (c->fiber ? LUV_MAX_NEST : 2 * LUV_MAX_NEST)))
    return defer(S, L, c, fr, inner, nargs);
  fr->parent = parent;
  c->top = inner ? inner : fr;
  c->L = c->top->L;
  S->chain = c;
  S->nest++;
  ran = luv__drive(S, c, fr, nargs);
  S->nest--;
  inner = c->top;
  if (ran == LUV_RAN_SUSPEND || ran == LUV_RAN_YIELD) {
    S->stash = *c;
    S->attention = 1;
  }
  c->top = parent;
  c->L = L;
  S->chain = outer;
  return come_out(S, L, fr, inner, ran);
}
