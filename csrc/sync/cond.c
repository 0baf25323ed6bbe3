/* cond.c - luv.cond: wait, signal, broadcast; luv.fiber.cond is the same.
 *
 * wait(mutex) lets go of the mutex as the wait begins, and has it back when wait returns,
 * however it ends: a woken fiber moves over to the mutex's queue with its outcome. */
#include "sync.h"

static luv_object *check(luv_state *S, lua_State *L, const char *fname) {
  return luv__self(S, L, luv__class_cond.id, fname);
}

/* c = luv.cond() */
int luv_cond_create(lua_State *L) {
  luv_object *o;
  return luv__make(luv_enter(L), L, luv__class_cond.id, sizeof *o, &o);
}

/* The mutex of a wait, by its userdata: a closed one is none. */
static luv_mutex *mutex_of(luv_fiber *f) {
  luv_box *b = (luv_box *)(uintptr_t)f->wait.done;
  return b ? (luv_mutex *)b->o : NULL;
}

static int begin_wait(luv_state *S, luv_fiber *f) {
  luv_object *o = f->wait.on;
  luv_mutex *m;
  f->wait.done = f->wait.arg;
  m = mutex_of(f);
  if (m && luv__mutex_owned(m, f)) luv__mutex_release(S, m);
  queue_push(&o->waiters, &f->wait.node);
  return 0;
}

/* Ends a wait for a condition. */
static void end_wait(luv_state *S, luv_fiber *f, int out) {
  luv_mutex *m = mutex_of(f);
  if (m) luv__mutex_relock(S, m, f, out);
  else luv__wake(S, f, out);
}

static int hold_on(luv_state *S, luv_fiber *f, int out) {
  end_wait(S, f, out);
  return 1;
}

/* It has its mutex back first, however it ends. */
static const luv_op wait_op = {.name = "cond", .begin = begin_wait, .holds_on = hold_on};

static void leaving(luv_object *o) {
  while (o->S && !queue_empty(&o->waiters)) {
    luv_fiber *f = luv__first_waiter(&o->waiters);
    f->wait.arg = (uint64_t)(int64_t)UV_ECANCELED;
    end_wait(o->S, f, LUV_OUT_ERROR);
  }
}

luv_class luv__class_cond = {.name = "luv.cond", .leaving = leaving};

/* The userdata of the mutex at 2, which the caller must own; NULL: there is none. */
static luv_box *check_mutex(luv_state *S, lua_State *L) {
  luv_box *b = luv__tobox(L, 2, luv__class_mutex.id);
  if (!b || !b->o) return b;
  if (luv__me(S)->is_main == LUV_IS_CASE) luv__error(S, L, "wait: a condition with a mutex cannot be selected");
  if (luv__mutex_owned((luv_mutex *)b->o, luv__me(S))) return b;
  luv__error(S, L, "wait: the mutex is not locked by this fiber");
  return NULL;
}

/* true = c:wait([mutex[, timeout]]): the seed's era passed the fiber itself */
int luv_cond_wait(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_object *o = check(S, L, "wait");
  double timeout = luv__opt_timeout(S, L, 3, 2, "wait");
  luv_box *m = check_mutex(S, L);
  luv__check_cancel(S, L);
  if (!o || (m && !m->o)) return luv__fail(L, UV_EBADF);
  return luv__suspend(S, L, &wait_op, o, (uint64_t)(uintptr_t)m, timeout);
}

/* c = c:signal(): wakes the one that has waited longest */
int luv_cond_signal(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_object *o = check(S, L, "signal");
  if (!o) return luv__fail(L, UV_EBADF);
  if (!queue_empty(&o->waiters)) end_wait(S, luv__first_waiter(&o->waiters), LUV_OUT_TRUE);
  lua_settop(L, 1);
  return 1;
}

/* c = c:broadcast(): wakes all */
int luv_cond_broadcast(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_object *o = check(S, L, "broadcast");
  if (!o) return luv__fail(L, UV_EBADF);
  while (!queue_empty(&o->waiters)) end_wait(S, luv__first_waiter(&o->waiters), LUV_OUT_TRUE);
  lua_settop(L, 1);
  return 1;
}
