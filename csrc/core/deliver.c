/* deliver.c - what a wait came to, given to a fiber that has yielded for it.
 *
 * The values are made on the scheduler's own Lua thread, protected, and moved: a memory error
 * is then the fiber's. What the codec makes may call functions of the script, which may wait:
 * it is made on a thread of its own, as part of the fiber's turn. A call that has kept its C
 * stack takes its outcome itself (suspend.c). */
#include "luv.h"

typedef struct { luv_state *S; luv_fiber *f; int n; } job;

static int make(lua_State *W) {
  job *j = lua_touserdata(W, 1);
  j->S->delivering = j->f;
  j->n = luv__outcome(j->S, j->f, j->f->base, W);
  return j->n == LUV_RAISE ? 1 : j->n;
}

void luv__outcome_open(luv_state *S, lua_State *L) {
  lua_pushcfunction(L, make);
  S->ref_outcome = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_createtable(L, LUV_SCRATCH, 0);
  S->ref_scratch = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* Moves what W has come to onto the fiber's thread: how many values, or LUV_RAISE and an
 * error on M. */
static int hand_over(luv_state *S, luv_fiber *f, lua_State *W, int n) {
  if (n == LUV_RAISE) {
    if (W != S->M) lua_xmove(W, S->M, 1);
    return n;
  }
  if (!luv__room(f->base, n)) {
    lua_settop(W, -n - 1);
    lua_pushliteral(S->M, "stack overflow (too many results)");
    return LUV_RAISE;
  }
  lua_xmove(W, f->base, n);
  return n;
}

/* What is made of it can be made again, should a finaliser that came to run have failed. */
static int can_be_repeated(const luv_fiber *f, int out) {
  switch (out) {
    case LUV_OUT_DATA: case LUV_OUT_ERROR: case LUV_OUT_TIMEOUT: case LUV_OUT_JOINED: case LUV_OUT_DEADLOCK: return 1;
    case LUV_OUT_OWN: return (f->wait.op->flags & LUV_OP_AGAIN) != 0;
    default: return 0;
  }
}

static int make_once(luv_state *S, job *j, lua_State *W) {
  int err;
  lua_rawgeti(W, LUA_REGISTRYINDEX, S->ref_outcome);
  lua_pushlightuserdata(W, j);
  err = lua_pcall(W, 1, LUA_MULTRET, 0);
  if (err) j->n = LUV_RAISE;
  S->delivering = NULL;
  return err;
}

static int make_on(luv_state *S, luv_fiber *f, lua_State *W) {
  job j = {S, f, 0};
  int out = f->out;
  while (make_once(S, &j, W) && W == S->M && can_be_repeated(f, out)) {
    if (!luv__finalizer_failed(S)) {
      lua_pushliteral(S->M, "not enough memory");
      break;
    }
    f->out = (uint8_t)out;
  }
  f->out = LUV_OUT_STACK;
  return hand_over(S, f, W, j.n);
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
  n = make_on(S, f, T);
  give_thread(S, T);
  return n;
}

/* ---- the ways -------------------------------------------------------------------------- */

/* Pushes the outcome on the fiber's thread: how many values, or LUV_RAISE and an error on M. */
int luv__deliver(luv_state *S, luv_fiber *f) {
  int n = 1;
  switch (f->out) {
    case LUV_OUT_TRUE: lua_pushboolean(f->base, 1); break;
    case LUV_OUT_SELF: lua_pushvalue(f->base, 1); break;
    case LUV_OUT_COUNT: lua_pushnumber(f->base, (lua_Number)f->wait.arg); break;
    case LUV_OUT_OWN:
      if (f->wait.op->move && (n = f->wait.op->move(f))) break;
      return f->wait.op->flags & LUV_OP_APART ? make_apart(S, f) : make_on(S, f, S->M);
    default: return make_on(S, f, S->M);
  }
  f->out = LUV_OUT_STACK;
  return n;
}
