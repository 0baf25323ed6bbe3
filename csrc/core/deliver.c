/* deliver.c - what a wait came to, given to a fiber that has yielded for it.
 *
 * The values are made on the scheduler's own Lua thread, protected, and moved: a memory error
 * is then the fiber's. What the codec makes may call functions of the script, which may wait:
 * it is made on a thread of its own, as part of the fiber's turn. A call that has kept its C
 * stack takes its outcome in its turn (luv__outcome_here). */
#include "luv.h"

/* done: the values, or the error, are on `to`. Lua may collect once more as the call ends, and a
 * finaliser fail then. */
typedef struct { luv_state *S; luv_fiber *f; lua_State *to; int n, done; } job;

static int make(lua_State *W) {
  job *j = lua_touserdata(W, 1);
  int n;
  j->S->delivering = j->f;
  j->n = luv__outcome(j->S, j->f, j->f->base, W);
  n = j->n == LUV_RAISE ? 1 : j->n;
  if (!luv__room(j->to, n)) return luaL_error(W, "stack overflow (too many results)");
  lua_xmove(W, j->to, n);
  j->done = 1;
  return 0;
}

void luv__outcome_open(luv_state *S, lua_State *L) {
  lua_pushcfunction(L, make);
  S->ref_outcome = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_createtable(L, LUV_SCRATCH, 0);
  S->ref_scratch = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* What is made of it can be made again, should a finaliser that came to run have failed. */
int luv__can_be_repeated(const luv_fiber *f, int out) {
  switch (out) {
    case LUV_OUT_DATA: case LUV_OUT_ERROR: case LUV_OUT_TIMEOUT: case LUV_OUT_JOINED: case LUV_OUT_DEADLOCK: return 1;
    case LUV_OUT_OWN: return f->wait.op->again ? f->wait.op->again(f) : (f->wait.op->flags & LUV_OP_AGAIN) != 0;
    default: return 0;
  }
}

static int make_once(luv_state *S, job *j, lua_State *W) {
  int err;
  lua_rawgeti(W, LUA_REGISTRYINDEX, S->ref_outcome);
  lua_pushlightuserdata(W, j);
  err = lua_pcall(W, 1, 0, 0);
  S->delivering = NULL;
  if (err && W != S->M) lua_xmove(W, S->M, 1);
  return err;
}

/* Whether a finaliser has failed, and it is to be made again. Else j is done, or an error is on M. */
static int is_to_be_repeated(luv_state *S, job *j, luv_fiber *f, lua_State *W, int out) {
  if (!j->done && (W != S->M || !luv__can_be_repeated(f, out))) return 0;
  if (luv__finalizer_failed(S)) return !j->done;
  if (!j->done) lua_pushliteral(S->M, "not enough memory");
  return 0;
}

static void make_again(luv_state *S, job *j, luv_fiber *f, lua_State *W, int out) {
  f->out = (uint8_t)out;
  lua_gc(W, LUA_GCSTOP, 0);
  make_once(S, j, W);
  lua_gc(W, LUA_GCRESTART, 0);
}

/* Makes it on W, for `to`: how many values, or LUV_RAISE and an error on M. */
static int make_on(luv_state *S, luv_fiber *f, lua_State *to, lua_State *W) {
  job j = {S, f, to, 0, 0};
  int out = f->out;
  if (make_once(S, &j, W) && is_to_be_repeated(S, &j, f, W, out)) make_again(S, &j, f, W, out);
  f->out = LUV_OUT_STACK;
  if (!j.done) return LUV_RAISE;
  if (j.n == LUV_RAISE) lua_xmove(to, S->M, 1);
  return j.n;
}

/* ---- Lua threads for what may wait ----------------------------------------------------- */

static int new_thread(lua_State *M) {
  lua_State **T = lua_touserdata(M, 1);
  luv_state *S = luv__state(M);
  lua_rawgeti(M, LUA_REGISTRYINDEX, S->ref_scratch);
  *T = lua_newthread(M);
  lua_pushboolean(M, 1);
  lua_rawset(M, -3);
  return 0;
}

static lua_State *take_thread(luv_state *S) {
  lua_State *T = NULL;
  if (S->nscratch) return S->scratch[--S->nscratch];
  return luv__protect(S, new_thread, &T) ? NULL : T;
}

/* More than a few are rarely idle at once: those are garbage. */
static void give_thread(luv_state *S, lua_State *T) {
  lua_settop(T, 0);
  if (S->nscratch < LUV_SCRATCH) {
    S->scratch[S->nscratch++] = T;
    return;
  }
  lua_rawgeti(T, LUA_REGISTRYINDEX, S->ref_scratch);
  lua_pushthread(T);
  lua_pushnil(T);
  lua_rawset(T, -3);
  lua_settop(T, 0);
}

static int make_apart(luv_state *S, luv_fiber *f) {
  lua_State *T = take_thread(S);
  int n;
  if (!T) return LUV_RAISE;
  S->current = f;
  n = make_on(S, f, f->base, T);
  give_thread(S, T);
  return n;
}

/* ---- the ways -------------------------------------------------------------------------- */

/* The same for a call that has kept its C stack, on L: what a finaliser fails with as values are made
 * that can be made again is not the call's. A finaliser's own call may be on M, from where nothing can be
 * moved to it. */
int luv__outcome_here(luv_state *S, luv_fiber *f, lua_State *in, lua_State *L) {
  int n;
  if (L == S->M || !luv__can_be_repeated(f, f->out)) return luv__outcome(S, f, in, L);
  n = make_on(S, f, L, S->M);
  if (n == LUV_RAISE) lua_xmove(S->M, L, 1);
  luv__regain(S, L);
  return n;
}

/* Pushes the outcome on the fiber's thread: how many values, or LUV_RAISE and an error on M. */
int luv__deliver(luv_state *S, luv_fiber *f) {
  int n = 1;
  switch (f->out) {
    case LUV_OUT_TRUE: lua_pushboolean(f->base, 1); break;
    case LUV_OUT_SELF: lua_pushvalue(f->base, 1); break;
    case LUV_OUT_COUNT: lua_pushnumber(f->base, (lua_Number)f->wait.arg); break;
    case LUV_OUT_OWN:
      if (f->wait.op->move && (n = f->wait.op->move(f))) break;
      return f->wait.op->flags & LUV_OP_APART ? make_apart(S, f) : make_on(S, f, f->base, S->M);
    default: return make_on(S, f, f->base, S->M);
  }
  f->out = LUV_OUT_STACK;
  return n;
}
