/* cond.c - luv.fiber.cond, the seed's era's condition: wait, signal, broadcast. */
#include "luv.h"

static luv_object *check(luv_state *S, lua_State *L, const char *fname) {
  luv_box *b = luv__tobox(L, 1, LUV_CLASS_COND);
  if (!b) luv__type_error(S, L, 1, 0, fname, "luv.cond");
  return b->o && !(b->o->flags & LUV_O_CLOSING) ? b->o : NULL;
}

/* c = luv.fiber.cond() */
int luv_cond_create(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_object *o = luv__object_new(S, LUV_CLASS_COND, sizeof *o);
  if (!o) return luaL_error(L, "not enough memory");
  luv__push_object(S, L, o);
  return 1;
}

/* true = c:wait([unused[, timeout]]): the seed's era passed the fiber itself */
int luv_cond_wait(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_object *o = check(S, L, "wait");
  double timeout = luv__opt_timeout(S, L, 3, 2, "wait");
  luv__check_cancel(S, L);
  if (!o) return luv__fail(L, UV_EBADF);
  return luv__suspend(S, L, LUV_OP_COND, o, 0, timeout);
}

/* c = c:signal(): wakes the one that has waited longest */
int luv_cond_signal(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_object *o = check(S, L, "signal");
  if (!o) return luv__fail(L, UV_EBADF);
  if (!queue_empty(&o->waiters))
    luv__wake(S, luv_container(o->waiters.next, luv_fiber, wait.node), LUV_OUT_TRUE);
  lua_settop(L, 1);
  return 1;
}

/* c = c:broadcast(): wakes all */
int luv_cond_broadcast(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_object *o = check(S, L, "broadcast");
  if (!o) return luv__fail(L, UV_EBADF);
  luv__wake_all(S, &o->waiters, LUV_OUT_TRUE, 0);
  lua_settop(L, 1);
  return 1;
}
