/* event.c - luv.event: a flag that fibers wait for. It stays set until it is cleared. */
#include "sync.h"

luv_class luv__class_event = {.name = "luv.event"};

static luv_counter *check(luv_state *S, lua_State *L, const char *fname) {
  return luv__self(S, L, luv__class_event.id, fname);
}

/* e = luv.event() */
int luv_event_create(lua_State *L) {
  luv_object *o;
  return luv__make(luv_enter(L), L, luv__class_event.id, sizeof(luv_counter), &o);
}

/* e = e:set(): wakes all that wait */
int luv_event_set(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_counter *e = check(S, L, "set");
  if (!e) return luv__fail(L, UV_EBADF);
  e->n = 1;
  luv__wake_all(S, &e->o.waiters, LUV_OUT_SELF, 0);
  lua_settop(L, 1);
  return 1;
}

/* e = e:clear() */
int luv_event_clear(lua_State *L) {
  luv_counter *e = check(luv_enter(L), L, "clear");
  if (!e) return luv__fail(L, UV_EBADF);
  e->n = 0;
  lua_settop(L, 1);
  return 1;
}

/* yes = e:is_set() */
int luv_event_is_set(lua_State *L) {
  luv_counter *e = check(luv_enter(L), L, "is_set");
  if (!e) return luv__fail(L, UV_EBADF);
  lua_pushboolean(L, e->n != 0);
  return 1;
}

static int begin_wait(luv_state *S, luv_fiber *f) {
  luv_counter *e = f->wait.on;
  (void)S;
  if (e->n) return LUV_OUT_SELF;
  queue_push(&e->o.waiters, &f->wait.node);
  return 0;
}

static const luv_op wait_op = {.name = "event", .begin = begin_wait};

/* e = e:wait([timeout]) */
int luv_event_wait(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_counter *e = check(S, L, "wait");
  double timeout = luv__opt_timeout(S, L, 2, 1, "wait");
  luv__check_cancel(S, L);
  if (!e) return luv__fail(L, UV_EBADF);
  if (!e->n) return luv__suspend(S, L, &wait_op, e, 0, timeout);
  lua_settop(L, 1);
  return 1;
}
