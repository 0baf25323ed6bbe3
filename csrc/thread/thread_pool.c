/* thread_pool.c - luv.thread.pool: OS threads that take calls from one channel of tasks. */
#include "thread_chan.h"

static void free_task(luv_core *c) {
  luv__task_clear((luv_task *)c);
  free(c);
}

static const luv_core_kind kind = {luv__task_serve, luv__task_ready, NULL, free_task};

/* ---- in a thread of the pool ---------------------------------------------------------------- */

static void perform(lua_State *L, luv_task *t) {
  luv__task_end(t, luv__task_run(L, t));
  luv__core_drop(&t->core);
}

/* Takes one call after another, until the pool is closed and empty. */
static int work(lua_State *L) {
  luv_thread *t = lua_touserdata(L, 1);
  luv_state *S = luv__state(L);
  luv_link *k;
  luv__core_hold(t->body_core);
  k = luv__link_new(S, luv__class_thread_chan.id, t->body_core);
  if (!k) return luaL_error(L, "not enough memory");
  luv__push_object(S, L, &k->o);
  for (;;) {
    lua_settop(L, 2);
    luv__suspend(S, L, &luv__op_thread_get, k, 0, LUV_NO_TIMEOUT);
    if (!lua_isuserdata(L, 3)) return 0;
    perform(L, lua_touserdata(L, 3));
  }
}

static const char *refusal(luv_channel *c) { return c->why ? c->why : "the pool is closed"; }

/* One of its threads has ended; why, if it has failed. When the last has, and not because the pool is closed, since it could
 * not even begin, nobody will take the calls that are there, and none is to come. */
void luv__thread_pool_left(luv_core *calls, const char *why) {
  luv_channel *c = (luv_channel *)calls;
  luv_msg m;
  if (__atomic_sub_fetch(&c->workers, 1, __ATOMIC_SEQ_CST)) return;
  c->why = why;
  luv__thread_chan_close(c);
  while (luv__ring_shift(c, &m) == 0)
    if (m.kind == LUV_MSG_TASK) luv__task_refuse(m.u.task, refusal(c));
}

/* ---- in the state that made it ------------------------------------------------------------------ */

static int start_one(luv_state *S, lua_State *L, luv_core *calls) {
  luv_thread *t = luv__thread_new();
  int err;
  if (!t) return UV_ENOMEM;
  t->body = work;
  t->body_core = calls;
  luv__core_hold(calls);
  snprintf(t->name, sizeof t->name, "pool-%u", t->id);
  __atomic_add_fetch(&((luv_channel *)calls)->workers, 1, __ATOMIC_SEQ_CST);
  err = luv__thread_spawn(S, L, t);
  if (err) __atomic_sub_fetch(&((luv_channel *)calls)->workers, 1, __ATOMIC_SEQ_CST);
  lua_pop(L, 1);
  return err;
}

/* pool = luv.thread.pool(n) */
int luv_thread_pool(lua_State *L) {
  luv_state *S = luv_enter(L);
  double n = lua_tonumber(L, 1);
  luv_channel *c;
  luv_link *k;
  int i, err = 0;
  if (lua_type(L, 1) != LUA_TNUMBER) return luv__type_error(S, L, 1, 1, "pool", "number");
  if (!(n >= 1 && n <= 1024)) return luv__arg_error(S, L, 1, "pool", "1 to 1024 threads expected");
  c = luv__thread_chan_new(1e15);
  k = c ? luv__link_new(S, luv__class_thread_pool.id, &c->core) : NULL;
  if (!k) return luaL_error(L, "not enough memory");
  luv__push_object(S, L, &k->o);
  for (i = 1; i <= (int)n && !err; i++) err = start_one(S, L, &c->core);
  if (!err) return 1;
  luv__object_close(&k->o);
  return luv__fail(L, err);
}

static void submit(luv_channel *c, luv_task *t) {
  luv_msg m;
  int err;
  m.kind = LUV_MSG_TASK;
  m.u.task = t;
  luv__core_hold(&t->core);
  err = luv__thread_chan_put(c, &m);
  if (err) luv__task_refuse(t, err == UV_ENOMEM ? "not enough memory" : refusal(c));
  else luv__core_tell(&c->core, LUV_BELL_GET);
}

/* ... = pool:call(fn, ...) */
int luv_thread_pool_call(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_link *pool = luv__self(S, L, luv__class_thread_pool.id, "call"), *k;
  luv_task *t;
  if (!lua_isfunction(L, 2)) return luv__type_error(S, L, 2, 1, "call", "function");
  luv__check_cancel(S, L);
  if (!pool) return luv__fail(L, UV_EBADF);
  luaL_checkstack(L, 10, "luv");
  t = calloc(1, sizeof *t);
  if (!t) return luaL_error(L, "not enough memory");
  luv__core_init(&t->core, &kind);
  if (luv__task_pack(S, L, t, 2, lua_gettop(L) - 1)) {
    luv__core_drop(&t->core);
    return luv__encode_error(S, L, "pass");
  }
  k = luv__link_new(S, luv__class_thread.id, &t->core);
  if (!k) return luaL_error(L, "not enough memory");
  luv__push_object(S, L, &k->o);
  lua_replace(L, 2);
  lua_settop(L, 2);
  pool = luv__self(S, L, luv__class_thread_pool.id, "call"); /* to pack may have taken time */
  if (!pool) return luv__fail(L, UV_ECANCELED);
  submit((luv_channel *)pool->core, t);
  return luv__suspend(S, L, &luv__op_thread_join, k, 0, LUV_NO_TIMEOUT);
}

/* The pool is closed, or garbage: its threads end when they have done what they were given. */
static void closing(luv_object *o) {
  luv_link *k = (luv_link *)o;
  k->keep = 0;
  luv__thread_chan_close((luv_channel *)k->core);
  luv__link_closing(o);
}

luv_class luv__class_thread_pool = {.name = "luv.thread.pool", .closing = closing};

static luv_box *check(lua_State *L, const char *fname) {
  luv_state *S = luv_enter(L);
  luv_box *b = luv__tobox(L, 1, luv__class_thread_pool.id);
  if (!b) luv__type_error(S, L, 1, 0, fname, "luv.thread.pool");
  return b;
}

/* pool = pool:close() */
int luv_thread_pool_close(lua_State *L) {
  luv_box *b = check(L, "close");
  if (b->o) luv__object_close(b->o);
  lua_settop(L, 1);
  return 1;
}

/* yes = pool:closed() */
int luv_thread_pool_closed(lua_State *L) {
  lua_pushboolean(L, !check(L, "closed")->o);
  return 1;
}
