/* semaphore.c - luv.semaphore: n permits. Who wants many is not overtaken by those who
 * want few: permits go to the one that has waited longest, or to nobody. */
#include "sync.h"

luv_class luv__class_semaphore = {.name = "luv.semaphore"};

static luv_counter *check(luv_state *S, lua_State *L, const char *fname) {
  return luv__self(S, L, luv__class_semaphore.id, fname);
}

/* s = luv.semaphore([n = 1]) */
int luv_semaphore_create(lua_State *L) {
  luv_state *S = luv_enter(L);
  int64_t n = luv__opt_count(S, L, 1, "semaphore", 0, 1);
  luv_object *o;
  luv__make(S, L, luv__class_semaphore.id, sizeof(luv_counter), &o);
  ((luv_counter *)o)->n = n;
  return 1;
}

static void serve(luv_state *S, luv_counter *s) {
  while (!queue_empty(&s->o.waiters)) {
    luv_fiber *f = luv__first_waiter(&s->o.waiters);
    if (f->wait.arg > (uint64_t)s->n) return;
    s->n -= (int64_t)f->wait.arg;
    luv__wake(S, f, LUV_OUT_SELF);
  }
}

static int begin_acquire(luv_state *S, luv_fiber *f) {
  luv_counter *s = f->wait.on;
  (void)S;
  if (queue_empty(&s->o.waiters) && (uint64_t)s->n >= f->wait.arg) {
    s->n -= (int64_t)f->wait.arg;
    return LUV_OUT_SELF;
  }
  queue_push(&s->o.waiters, &f->wait.node);
  return 0;
}

/* The first in line gives up: the next may want less. */
static void abandon_acquire(luv_state *S, luv_fiber *f) {
  luv_counter *s = f->wait.on;
  queue_remove(&f->wait.node);
  serve(S, s);
}

const luv_op luv__op_acquire = {.name = "semaphore", .begin = begin_acquire, .abandon = abandon_acquire};

static int acquire(luv_state *S, lua_State *L, const char *fname, double timeout) {
  luv_counter *s = check(S, L, fname);
  int64_t n = luv__opt_count(S, L, 2, fname, 1, 1);
  luv__check_cancel(S, L);
  if (!s) return luv__fail(L, UV_EBADF);
  if (n > s->n || !queue_empty(&s->o.waiters))
    return luv__suspend(S, L, &luv__op_acquire, s, (uint64_t)n, timeout);
  s->n -= n;
  lua_settop(L, 1);
  return 1;
}

/* s = s:acquire([n = 1[, timeout]]) */
int luv_semaphore_acquire(lua_State *L) {
  luv_state *S = luv_enter(L);
  check(S, L, "acquire");
  return acquire(S, L, "acquire", luv__opt_timeout(S, L, 3, 2, "acquire"));
}

/* s = s:try_acquire([n = 1]) */
int luv_semaphore_try_acquire(lua_State *L) {
  return acquire(luv_enter(L), L, "try_acquire", 0);
}

/* s = s:release([n = 1]) */
int luv_semaphore_release(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_counter *s = check(S, L, "release");
  int64_t n = luv__opt_count(S, L, 2, "release", 1, 1);
  if (!s) return luv__fail(L, UV_EBADF);
  s->n += n;
  serve(S, s);
  lua_settop(L, 1);
  return 1;
}

/* n = s:value(): permits that are free */
int luv_semaphore_value(lua_State *L) {
  luv_counter *s = check(luv_enter(L), L, "value");
  if (!s) return luv__fail(L, UV_EBADF);
  lua_pushnumber(L, (lua_Number)s->n);
  return 1;
}
