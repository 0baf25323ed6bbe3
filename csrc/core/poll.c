/* poll.c - one look at the outside: due times, libuv, and spinning before blocking.
 *
 * Spinning: an answer that comes within microseconds is met faster, and with less
 * CPU, by polling without blocking than by sleeping and being woken. So the loop polls
 * before it blocks, as long as the waits are no longer than S->spin on average. One may
 * be a few times that: a peer on another CPU answers faster when it is asked again
 * before that CPU has gone to sleep, so the first waits are the longest. Each miss
 * doubles the number of waits in which it is not tried. An idle process blocks. */
#include <limits.h>
#include <sched.h>
#include "luv.h"
#include "quiet.h"

#define LUV_SPIN_MOST 3 /* times the average that is worth it: when a try is given up */

/* libuv runs timers before it polls: without the stop it would then block, with no timer
 * left to end that. */
static void on_alarm(uv_timer_t *t) {
  luv_state *S = t->data;
  S->armed = 0;
  uv_stop(S->loop);
}

/* Sets the loop's one timer so that it fires within a millisecond after the first due
 * time: libuv counts from the whole millisecond that its loop begins in. */
static void arm(luv_state *S) {
  uint64_t first = luv__due_first(S), at, now;
  if (first == S->armed || (first == LUV_FOREVER && !S->armed)) return;
  if (first == LUV_FOREVER) {
    uv_timer_stop(S->alarm);
    S->armed = 0;
    return;
  }
  at = S->now / 1000000 + (first > S->now ? (first - S->now + 999999) / 1000000 : 0);
  now = uv_now(S->loop);
  uv_timer_start(S->alarm, on_alarm, at > now ? at - now : 0, 0);
  S->armed = first;
}

static void look(luv_state *S) {
  S->now = uv_hrtime();
  luv__due_fire(S);
  luv__outside_serve(S);
}

static int woken(luv_state *S) {
  return !luv_ready_empty(S) || !queue_empty(&S->unread) || S->main.status != LUV_WAITING || S->interrupted ||
         __atomic_load_n(&S->dump_wanted, __ATOMIC_RELAXED) ||
         __atomic_load_n(&S->rung, __ATOMIC_RELAXED) || __atomic_load_n(&S->arrived, __ATOMIC_RELAXED);
}

static int due_soon(luv_state *S) { return luv__due_first(S) <= S->now + S->spin; }

/* A try took so long; `hit`: something happened. The average begins at 0 after a miss. */
static void spun(luv_state *S, uint64_t took, int hit) {
  S->spin_mean += ((int64_t)took - S->spin_mean) / 64;
  if (hit && S->spin_mean <= (int64_t)S->spin) {
    S->spin_miss = 0;
    return;
  }
  S->spin_mean = 0;
  if (S->spin_miss < 12) S->spin_miss++;
  S->spin_skip = S->spin_miss > 2 ? 1 << S->spin_miss : 0;
}

/* What another thread does is seen without a look at the kernel, which takes longer. */
static void hearken(luv_state *S) {
  int i;
  for (i = 0; i < 20 && !__atomic_load_n(&S->rung, __ATOMIC_RELAXED); i++) luv__relax();
}

/* Polls without blocking for a while, when the last waits were that short. */
void luv__spin(luv_state *S) {
  uint64_t start = S->now;
  int soon = due_soon(S);
  if (!S->spin || luv__outside_far(S)) return;
  if (S->spin_skip > 0 && !soon) {
    S->spin_skip--;
    return;
  }
  while (!woken(S) && S->now - start < LUV_SPIN_MOST * S->spin) {
    if (luv__outside_working(S)) sched_yield(); /* a thread of the pool may want this CPU */
    S->looking = LUV_LOOKING;
    luv__uv_run(S, UV_RUN_NOWAIT);
    S->looking = 0;
    if (S->was_rung) hearken(S);
    S->was_rung = __atomic_load_n(&S->rung, __ATOMIC_RELAXED);
    look(S);
  }
  if (!soon) spun(S, S->now - start, woken(S));
}

/* Looks at what the kernel has, for a call that is not to wait. Legal while a fiber
 * runs: uv_run is not on the stack then, and its callbacks only wake. A finaliser that runs
 * below uv_run sees what is there already. Objects may be closed, and freed, in it. */
static void glance(void *p) {
  luv_state *S = p;
  S->looking = LUV_LOOKING;
  luv__uv_run(S, UV_RUN_NOWAIT);
  S->looking = 0;
  luv__given.receive(S, UINT_MAX);
}

void luv__glance(luv_state *S) {
  if (!S->looking) luv__on_host(glance, S);
}

static void look_below(luv_state *S, int block) {
  S->looking = LUV_LOOKING;
  luv__uv_run(S, block ? UV_RUN_ONCE : UV_RUN_NOWAIT);
  S->looking = 0;
  luv__unblocks(S);
  look(S);
}

/* Polls once. With `block`, waits until something has happened. */
void luv__poll(luv_state *S, int block) {
  int polled = 0;
  S->polls++;
  if (luv_ready_empty(S)) S->arena_used = 0;
  luv__check_state(S);
  if (__atomic_load_n(&S->rung, __ATOMIC_RELAXED)) block = 0; /* a thread may have ended, with which a deadlock begins */
  look(S);
  luv__outside_look(S, 0);
  luv__delay_end(S, S->now);
  if (block && !woken(S)) {
    luv__spin(S);
    polled = !luv_ready_empty(S); /* that was a look at the kernel, too */
  }
  if (woken(S) || luv__outside_pending(S)) block = 0;
  if (block && S->external == luv__outside_lone(S)) block = 0; /* what came meanwhile has made it so */
  if (block) luv__outside_look(S, 1);
  if (block) arm(S);
  if (block && !luv__blocks(S)) block = 0;
  if (!polled) look_below(S, block);
  else luv__unblocks(S);
  if (LUV_UNLIKELY(S->stacks.ndirty)) luv__stacks_trim(&S->stacks, S->now);
  S->slice = S->now;
  S->received = S->ready.head;
  if (!S->delay.from) luv__delay_begin(S, S->now);
  luv__budget_renew(S);
}

/* old = luv.spin([µs]): how long the waits may be, on average, that the loop polls for
 * before it blocks; 0: never */
int luv_spin(lua_State *L) {
  luv_state *S = luv_enter(L);
  double us;
  lua_pushnumber(L, (double)S->spin / 1000);
  if (lua_isnoneornil(L, 1)) return 1;
  us = lua_tonumber(L, 1);
  if (lua_type(L, 1) != LUA_TNUMBER)
    return luv__type_error(S, L, 1, 1, "spin", "number");
  if (!(us >= 0 && us <= 1e6))
    return luv__arg_error(S, L, 1, "spin", "0 to 1000000 microseconds expected");
  S->spin = (uint64_t)(us * 1000);
  S->spin_miss = S->spin_skip = 0;
  S->spin_mean = 0;
  return 1;
}
