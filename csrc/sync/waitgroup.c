/* waitgroup.c - luv.waitgroup: wait until as many are done as were added. */
#include "sync.h"

luv_class luv__class_waitgroup = {.name = "luv.waitgroup"};

static luv_counter *check(luv_state *S, lua_State *L, const char *fname) {
  return luv__self(S, L, luv__class_waitgroup.id, fname);
}

/* g = luv.waitgroup() */
int luv_waitgroup_create(lua_State *L) {
  luv_object *o;
  return luv__make(luv_enter(L), L, luv__class_waitgroup.id, sizeof(luv_counter), &o);
}

static int change(luv_state *S, lua_State *L, luv_counter *g, int64_t n, const char *fname) {
  if (!g) return luv__fail(L, UV_EBADF);
  if (g->n + n < 0) return luv__error(S, L, "%s: more are done than were added", fname);
  g->n += n;
  if (g->n == 0) luv__wake_all(S, &g->o.waiters, LUV_OUT_SELF, 0);
  lua_settop(L, 1);
  return 1;
}

/* g = g:add([n = 1]) */
int luv_waitgroup_add(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_counter *g = check(S, L, "add");
  return change(S, L, g, luv__opt_count(S, L, 2, "add", -2147483646, 1), "add");
}

/* g = g:done() */
int luv_waitgroup_done(lua_State *L) {
  luv_state *S = luv_enter(L);
  return change(S, L, check(S, L, "done"), -1, "done");
}

static int begin_wait(luv_state *S, luv_fiber *f) {
  luv_counter *g = f->wait.on;
  (void)S;
  if (g->n == 0) return LUV_OUT_SELF;
  queue_push(&g->o.waiters, &f->wait.node);
  return 0;
}

static const luv_op wait_op = {.name = "waitgroup", .begin = begin_wait};

/* g = g:wait([timeout]) */
int luv_waitgroup_wait(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_counter *g = check(S, L, "wait");
  double timeout = luv__opt_timeout(S, L, 2, 1, "wait");
  luv__check_cancel(S, L);
  if (!g) return luv__fail(L, UV_EBADF);
  if (g->n) return luv__suspend(S, L, &wait_op, g, 0, timeout);
  lua_settop(L, 1);
  return 1;
}

/* n = g:count(): how many are not done yet */
int luv_waitgroup_count(lua_State *L) {
  luv_counter *g = check(luv_enter(L), L, "count");
  if (!g) return luv__fail(L, UV_EBADF);
  lua_pushnumber(L, (lua_Number)g->n);
  return 1;
}
