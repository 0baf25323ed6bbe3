/* timer.c - luv.timer: ticks that neither come early, nor drift, nor get lost.
 *
 * A timer is a time in the loop's heap (due.c), not a uv_timer_t, whose clock counts
 * whole milliseconds and is stale by as long as the fibers have run. The n-th tick is
 * due at start + delay + n * repeat; ticks that nobody waited for are counted. */
#include <math.h>
#include "timer.h"

static void wake(luv_state *S, luv_timer *t) {
  if (queue_empty(&t->o.waiters)) return;
  luv__wake_all(S, &t->o.waiters, LUV_OUT_COUNT, t->o.events);
  t->o.events = 0;
}

/* What lies beyond the end of time is never. */
static uint64_t later(uint64_t at, uint64_t ns) {
  return ns > LUV_FOREVER - 1 - at ? LUV_FOREVER - 1 : at + ns;
}

static const luv_op next_op = {.name = "timer", .flags = LUV_OP_EXTERNAL, .begin = luv__begin_object};

/* The timer is due: counts all the ticks that have passed and sets the next. */
static void fire(luv_state *S, luv_due *d) {
  luv_timer *t = luv_container(d, luv_timer, due);
  uint64_t missed;
  t->o.events++;
  if (t->repeat) {
    missed = (S->now - t->due.at) / t->repeat;
    t->o.events += missed;
    t->due.at = later(t->due.at + missed * t->repeat, t->repeat);
    luv__due_insert(&S->heap, &t->due, t->due.at); /* its place is free: it just left */
  } else t->due.at = 0;
  wake(S, t);
}

static void closing(luv_object *o) {
  if (o->S) luv__due_remove(&o->S->heap, &((luv_timer *)o)->due);
}

luv_class luv__class_timer = {.name = "luv.timer", .closing = closing};

static luv_box *check_box(luv_state *S, lua_State *L, const char *fname) {
  luv_box *b = luv__tobox(L, 1, luv__class_timer.id);
  if (!b) luv__type_error(S, L, 1, 0, fname, "luv.timer");
  return b;
}

/* NULL for a closed timer: the face returns EBADF. */
static luv_timer *check(luv_state *S, lua_State *L, const char *fname) {
  luv_box *b = check_box(S, L, fname);
  if (!b->o || (b->o->flags & LUV_O_CLOSING)) return NULL;
  return (luv_timer *)b->o;
}

static uint64_t opt_ms(luv_state *S, lua_State *L, int idx, const char *fname) {
  double ms;
  if (lua_isnoneornil(L, idx)) return 0;
  if (lua_type(L, idx) != LUA_TNUMBER)
    luv__type_error(S, L, idx, idx - 1, fname, "number");
  ms = lua_tonumber(L, idx);
  if (!(ms >= 0)) luv__arg_error(S, L, idx - 1, fname, "milliseconds of 0 or more expected");
  return luv__nanoseconds(ms / 1000);
}

/* t = luv.timer.create() */
int luv_timer_create(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_object *o;
  luv__make(S, L, luv__class_timer.id, sizeof(luv_timer), &o);
  ((luv_timer *)o)->due.fire = fire;
  return 1;
}

static int schedule(luv_state *S, lua_State *L, luv_timer *t, uint64_t delay) {
  S->now = uv_hrtime();
  luv__due_remove(&S->heap, &t->due);
  t->due.at = later(S->now, delay);
  if (luv__due_insert(&S->heap, &t->due, t->due.at)) return luv__fail(L, UV_ENOMEM);
  lua_settop(L, 1);
  return 1;
}

/* t = t:start([delay = 0[, repeat = 0]]), in ms */
int luv_timer_start(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_timer *t = check(S, L, "start");
  uint64_t delay = opt_ms(S, L, 2, "start"), repeat = opt_ms(S, L, 3, "start");
  if (!t) return luv__fail(L, UV_EBADF);
  t->repeat = repeat;
  t->o.events = 0;
  return schedule(S, L, t, delay);
}

/* t = t:again(): starts over with the repeat as delay */
int luv_timer_again(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_timer *t = check(S, L, "again");
  if (!t) return luv__fail(L, UV_EBADF);
  if (!t->repeat) return luv__fail(L, UV_EINVAL);
  return schedule(S, L, t, t->repeat);
}

/* t = t:stop(): ends the waits for it with ECANCELED */
int luv_timer_stop(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_timer *t = check(S, L, "stop");
  if (!t) return luv__fail(L, UV_EBADF);
  luv__due_remove(&S->heap, &t->due);
  t->due.at = 0;
  luv__wake_all_error(S, &t->o.waiters, UV_ECANCELED);
  lua_settop(L, 1);
  return 1;
}

/* n = t:next([timeout]) = t:wait([timeout]): ticks since the last call, at least 1 */
int luv_timer_next(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_timer *t = check(S, L, "next");
  double timeout = luv__opt_timeout(S, L, 2, 1, "next");
  uint64_t n;
  luv__check_cancel(S, L);
  if (!t) return luv__fail(L, UV_EBADF);
  if ((n = t->o.events)) {
    t->o.events = 0;
    lua_pushnumber(L, (lua_Number)n);
    return 1;
  }
  if (!t->due.at) return luv__fail(L, UV_EINVAL);
  return luv__suspend(S, L, &next_op, t, 0, timeout);
}

/* t = t:set_repeat(ms): from the next tick on */
int luv_timer_set_repeat(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_timer *t = check(S, L, "set_repeat");
  uint64_t repeat = opt_ms(S, L, 2, "set_repeat");
  if (!t) return luv__fail(L, UV_EBADF);
  t->repeat = repeat;
  lua_settop(L, 1);
  return 1;
}

/* ms = t:get_repeat() */
int luv_timer_get_repeat(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_timer *t = check(S, L, "get_repeat");
  if (!t) return luv__fail(L, UV_EBADF);
  lua_pushnumber(L, (lua_Number)t->repeat / 1e6);
  return 1;
}

/* ms = t:due_in(): until the next tick; 0 when it is due or the timer is stopped */
int luv_timer_due_in(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_timer *t = check(S, L, "due_in");
  uint64_t now = uv_hrtime();
  if (!t) return luv__fail(L, UV_EBADF);
  lua_pushnumber(L, t->due.at > now ? (lua_Number)(t->due.at - now) / 1e6 : 0);
  return 1;
}

/* true = luv.sleep(seconds) */
int luv_sleep(lua_State *L) {
  luv_state *S = luv_enter(L);
  double s = luv__opt_timeout(S, L, 1, 1, "sleep");
  if (lua_isnoneornil(L, 1)) return luv__type_error(S, L, 1, 1, "sleep", "number");
  return luv__suspend(S, L, &luv__op_sleep, NULL, 0, s < 0 ? 1e300 : s);
}
