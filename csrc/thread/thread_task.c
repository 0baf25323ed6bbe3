/* thread_task.c - a function with its arguments, run in another state: there and back.
 *
 * Both ways go through the codec, in C memory that no state owns. */
#include "thread.h"

/* Frees what a task holds, but not the task. */
void luv__task_clear(luv_task *t) {
  luv__blob_free(&t->in);
  luv__blob_free(&t->out);
  luv__plain_clear(t);
  free(t->traceback);
}

/* Packs the n values at `first`; -1: what cannot be passed is on L, with the path to it. */
int luv__task_pack(luv_state *S, lua_State *L, luv_task *t, int first, int n) {
  if (luv__plain_pack(L, t, first, n)) return 0;
  return luv__encode(S, L, first, n, LUV_CODEC_TRUSTED | LUV_CODEC_STAYS, &t->in);
}

/* ---- where it runs --------------------------------------------------------------------- */

typedef struct { luv_task *t; int status; } running;

/* debug.traceback, or something that is no function. */
static void push_tracer(lua_State *L) {
  luv_state *S = luv__state(L);
  if (S) lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_traceback);
  else lua_getglobal(L, "debug");
  if (lua_istable(L, -1)) lua_getfield(L, -1, "traceback");
}

/* Handles an error: keeps the traceback, returns the error as it is. Upvalue: the task. */
static int trace(lua_State *L) {
  luv_task *t = lua_touserdata(L, lua_upvalueindex(1));
  const char *text;
  lua_settop(L, 1);
  push_tracer(L);
  if (!lua_isfunction(L, -1)) return lua_pop(L, 1), 1;
  if (lua_isstring(L, 1)) lua_pushvalue(L, 1);
  else lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 1));
  lua_pushinteger(L, 2);
  lua_call(L, 2, 1);
  text = lua_tostring(L, -1);
  free(t->traceback);
  t->traceback = text ? strdup(text) : NULL;
  lua_settop(L, 1);
  return 1;
}

/* The error on top of L becomes what join raises: the value, or at least its text. */
static int keep_error(lua_State *L, running *r) {
  luv_state *S = luv__thread_state(L);
  r->status = LUV_TASK_FAILED;
  if (luv__encode(S, L, lua_gettop(L), 1, LUV_CODEC_TRUSTED | LUV_CODEC_STAYS, &r->t->out) == 0) return 0;
  lua_pushfstring(L, "the thread's error is a %s, which cannot be passed: %s", luaL_typename(L, -2),
                  lua_isstring(L, -1) ? lua_tostring(L, -1) : "a finalizer failed");
  if (luv__encode(S, L, lua_gettop(L), 1, LUV_CODEC_TRUSTED | LUV_CODEC_STAYS, &r->t->out)) r->t->problem = "not enough memory";
  return 0;
}

static int run(lua_State *L) {
  running *r = lua_touserdata(L, 1);
  luv_task *t = r->t;
  int n, rc;
  luaL_checkstack(L, 20, "luv");
  lua_pushlightuserdata(L, t);
  lua_pushcclosure(L, trace, 1);
  n = t->args ? luv__plain_load(L, t) : luv__decode(luv__thread_state(L), L, t->in.p, t->in.n, LUV_CODEC_TRUSTED);
  if (n < 0) return keep_error(L, r);
  luv__blob_free(&t->in);
  luv__thread_enter(L);
  rc = lua_pcall(L, n - 1, LUA_MULTRET, 2);
  luv__thread_leave(L);
  luaL_checkstack(L, 20, "luv");
  if (rc) return keep_error(L, r);
  r->status = LUV_TASK_DONE;
  n = lua_gettop(L) - 2;
  if (luv__plain_keep(L, t, 3, n)) return 0;
  if (luv__encode(luv__thread_state(L), L, 3, n, LUV_CODEC_TRUSTED | LUV_CODEC_STAYS | LUV_CODEC_TAKE, &t->out) == 0) return 0;
  if (lua_type(L, -1) == LUA_TSTRING) lua_pushfstring(L, "cannot return %s", lua_tostring(L, -1));
  return keep_error(L, r);
}

/* What keeps luv from being opened is descriptors, or memory. */
const char *luv__task_problem(lua_State *L) {
  const char *msg = lua_tostring(L, -1);
  if (msg && strstr(msg, "too many open files in system")) return "ENFILE: too many open files in system";
  if (msg && strstr(msg, "too many open files")) return "EMFILE: too many open files";
  if (msg && strstr(msg, "file table overflow")) return "ENFILE: file table overflow";
  return "not enough memory";
}

int luv__task_run(lua_State *L, luv_task *t) {
  running r = {t, LUV_TASK_FAILED};
  if (lua_cpcall(L, run, &r) == 0) return r.status;
  luv__blob_free(&t->out);
  t->problem = luv__task_problem(L);
  lua_pop(L, 1);
  return LUV_TASK_FAILED;
}

/* From here on it can be joined. */
void luv__task_end(luv_task *t, int status) {
  pthread_mutex_lock(&t->core.lock);
  __atomic_store_n(&t->status, status, __ATOMIC_RELEASE); /* also read without the lock */
  luv__core_ring_all(&t->core, LUV_BELL_GET);
  pthread_mutex_unlock(&t->core.lock);
}

/* ---- where it is waited for ---------------------------------------------------------------- */

void luv__task_take(luv_task *t) { __atomic_store_n(&t->taken, 1, __ATOMIC_RELAXED); }
int luv__task_taken(luv_task *t) { return __atomic_load_n(&t->taken, __ATOMIC_RELAXED); }

void luv__task_serve(luv_link *k) {
  luv_task *t = (luv_task *)k->core;
  if (t->status == LUV_TASK_RUNNING) return;
  while (!queue_empty(&k->o.waiters)) {
    luv__task_take(t);
    luv__link_wake(k, luv_container(k->o.waiters.next, luv_fiber, wait.node), LUV_OUT_OWN);
  }
}

/* All are rung when it ends: there is nothing to pass on. */
int luv__task_ready(luv_core *c, int bell) {
  (void)c;
  (void)bell;
  return 0;
}

/* Pushes what it returned, or LUV_RAISE and its error. */
int luv__task_push(luv_state *S, lua_State *W, luv_task *t) {
  int n;
  luaL_checkstack(W, 10, "luv");
  if (t->results) return luv__plain_push(S, W, t);
  if (!t->out.p) {
    lua_pushstring(W, t->problem ? t->problem : "not enough memory");
    return LUV_RAISE;
  }
  n = luv__decode(S, W, t->out.p, t->out.n, LUV_CODEC_TRUSTED);
  return n < 0 || t->status == LUV_TASK_FAILED ? LUV_RAISE : n;
}
