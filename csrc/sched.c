/* sched.c - the ready queue and the run loop: the hot path, which never enters Go.
 *
 * Fibers first: the loop is polled when no fiber is ready. But not later than a
 * millisecond after the last poll (the clock is looked at every LUV_BUDGET switches),
 * so a fiber that yields for ever delays no I/O (DESIGN rule 9).
 *
 * The loop runs inside one protected call on the scheduler's own Lua thread M. Values
 * that must be allocated for a suspended fiber are made on M and moved: a memory error
 * then unwinds to here and to nowhere else. */
#include <limits.h>
#include "luv.h"

__thread luv_state *luv__running __attribute__((tls_model("initial-exec")));
__thread lua_State *luv__turn __attribute__((tls_model("initial-exec")));

/* ---- the ready queue ------------------------------------------------------------------ */

/* Makes room for n fibers and the main chunk: called before a fiber can become ready,
 * so that making one ready never fails. */
int luv__ready_reserve(luv_state *S, uint32_t n) {
  luv_ring *r = &S->ready, grown = {NULL, r->head, r->tail, 63};
  uint32_t i;
  if (r->v && n + 2 <= r->mask) return 0;
  while (n + 2 > grown.mask) grown.mask = grown.mask * 2 + 1;
  grown.v = malloc(((size_t)grown.mask + 1) * sizeof *grown.v);
  if (!grown.v) return UV_ENOMEM;
  for (i = r->head; i != r->tail; i++) grown.v[i & grown.mask] = r->v[i & r->mask];
  free(r->v);
  *r = grown;
  return 0;
}

void luv__ready_push(luv_state *S, luv_fiber *f) {
  luv_ring *r = &S->ready;
  luv_assert(r->tail - r->head <= r->mask);
  r->v[r->tail++ & r->mask] = f;
}

/* Takes f out of the middle. Returns whether it was there. */
int luv__ready_remove(luv_state *S, luv_fiber *f) {
  luv_ring *r = &S->ready;
  uint32_t i = r->head;
  while (i != r->tail && r->v[i & r->mask] != f) i++;
  if (i == r->tail) return 0;
  for (; i + 1 != r->tail; i++) r->v[i & r->mask] = r->v[(i + 1) & r->mask];
  r->tail--;
  return 1;
}

void luv__enqueue(luv_state *S, luv_fiber *f) {
  f->status = LUV_READY;
  if (f->is_main == LUV_IS_CASE) luv__case_done(S, f);
  else if (f->is_main) S->attention = 1;
  else luv__ready_push(S, f);
}

/* ---- one switch ------------------------------------------------------------------------- */

static void leave(luv_state *S) {
  S->chain = NULL;
  luv__turn = NULL;
}

/* Pushes the outcome of the fiber's wait on its thread. */
static int deliver(luv_state *S, luv_fiber *f) {
  int n;
  S->delivering = f;
  n = luv__outcome(S, f, S->M);
  S->delivering = NULL;
  if (n == LUV_RAISE) return n;
  if (!luv__room(f->chain.L, n)) {
    lua_settop(S->M, -n - 1);
    n = 0;
  }
  lua_xmove(S->M, f->chain.L, n);
  return n;
}

/* What the fiber did in its turn, when it was not a plain yield from its base. */
static void settle(luv_state *S, luv_fiber *f, int rc) {
  int ran = luv__settle(S, &f->chain, NULL, rc);
  while (ran == LUV_RAN_SUSPEND && f->wait.op == LUV_OP_NONE) {
    S->pending = NULL; /* frames too deep for the C stack: start them from here */
    S->stash.top = NULL;
    ran = luv__drive(S, &f->chain, NULL, S->deferred);
  }
  S->pending = NULL;
  S->stash.top = NULL;
  S->attention = S->main.status != LUV_WAITING;
  leave(S);
  f->framed = f->chain.top != NULL;
  if (ran == LUV_RAN_SUSPEND) luv__wait_begin(S, f);
  else if (ran == LUV_RAN_YIELD) luv__enqueue(S, f);
  else luv__fiber_finish(S, f, ran == LUV_RAN_ERROR);
}

/* The turn of a fiber that has more to be done for it than to be resumed. */
static int resume(luv_state *S, luv_fiber *f) {
  int n = f->out == LUV_OUT_STACK ? f->nargs : deliver(S, f);
  if (f->framed) {
    S->attention = 1;
    luv__turn = NULL;
  }
  f->nargs = 0;
  return luv__resume(S, f->chain.L, n);
}

/* The same for a wait that luv__suspend_quickly has asked for. */
static inline void settle_quickly(luv_state *S, luv_fiber *f) {
  S->quick = NULL;
  S->pending = NULL; /* of a wait before this, whose yield Lua refused */
  S->stash.top = NULL;
  S->attention = S->main.status != LUV_WAITING;
  leave(S);
  f->framed = 0;
  luv__wait_begin_quickly(S, f);
}

/* Returns whether the fiber did more than yield. */
static inline int step(luv_state *S, luv_fiber *f) {
  int rc;
  luv_assert(f->status == LUV_READY && f->slot && queue_empty(&f->wait.node));
  S->chain = &f->chain;
  luv__turn = f->chain.L;
  rc = f->turn ? resume(S, f) : lua_resume(f->chain.L, 0);
  if (LUV_UNLIKELY(rc != LUA_YIELD || S->attention)) {
    if (S->quick) settle_quickly(S, f);
    else settle(S, f, rc);
    return 1;
  }
  luv_assert(f->out == LUV_OUT_STACK && queue_empty(&f->wait.node));
  luv__ready_push(S, f);
  return 0;
}

/* Fetches what the switches to come will touch: with many fibers that is the cost. The
 * fiber, its lua_State, and what that points to (words 3 to 5: the stack's base and the
 * CallInfo on Lua 5.1, base and top on LuaJIT) each need the one before, so they are
 * fetched four switches apart. Should another host keep something else there: fetching
 * in vain costs little and cannot fail. Inlined by force: GCC takes a function that only
 * prefetches for one without effect, and drops the call. */
static inline __attribute__((always_inline)) void prefetch(luv_ring *r) {
  char *far = (char *)&r->v[(r->head + 12) & r->mask]->chain;
  void **L = (void **)(void *)r->v[(r->head + 8) & r->mask]->chain.L;
  void **near = (void **)(void *)r->v[(r->head + 4) & r->mask]->chain.L;
  __builtin_prefetch(far);
  __builtin_prefetch(L);
  __builtin_prefetch(L + 8);
  __builtin_prefetch(near[3]);
  __builtin_prefetch(near[4]);
  __builtin_prefetch(near[5]);
}

/* The switches are counted by what has left the ready queue. */
void luv__budget_renew(luv_state *S) {
  S->switches += S->ready.head - S->renewed;
  S->renewed = S->ready.head;
  S->look = S->renewed + LUV_BUDGET;
}

static int slice_is_over(luv_state *S) {
  uint64_t now = uv_hrtime();
  luv__budget_renew(S);
  luv__delay_end(S, now);
  if (!S->delay_from) luv__delay_begin(S, now);
  return now - S->slice >= LUV_SLICE;
}

/* Runs ready fibers; returns when none is left, the slice is over or main is woken. */
static LUV_HOT void run_ready(luv_state *S) {
  luv_ring *r = &S->ready;
  while (r->head != r->tail) {
    luv_fiber *f = r->v[r->head++ & r->mask];
    if (r->tail - r->head > 64) prefetch(r);
    if (LUV_UNLIKELY(f->turn) && f->is_main) {
      f->status = LUV_READY;
      break;
    }
    if (step(S, f) && S->main.status != LUV_WAITING) break;
    if (LUV_UNLIKELY((int32_t)(r->head - S->look) >= 0) && slice_is_over(S)) break;
  }
  leave(S);
}

/* ---- the loop ------------------------------------------------------------------------------ */

static void interrupt(luv_state *S) {
  S->interrupted = 0;
  S->broken_off = 1;
  luv__abandon(S, &S->main, LUV_OUT_RAISE);
  S->main.wait.on = (void *)"interrupted!";
}

/* Nothing is ready and nothing outside can change that. */
static void nothing_left(luv_state *S) {
  int run = S->main.wait.op == LUV_OP_RUN;
  if (!luv_ready_empty(S) || S->main.status != LUV_WAITING) return;
  if (run) luv__wake(S, &S->main, LUV_OUT_TRUE);
  else luv__abandon(S, &S->main, LUV_OUT_DEADLOCK); /* a select leaves its cases */
}

/* What ØMQ brings from fiber to fiber of this thread, and what threads of the pool have
 * done, needs no look at the outside, as long as the last one is not too long ago. */
static int served_here(luv_state *S) {
  int zmq = S->zmq && luv__zmq_pending(S);
  if (!luv_ready_empty(S) || (!zmq && !__atomic_load_n(&S->arrived, __ATOMIC_RELAXED))) return 0;
  if (luv__slice_is_over(S)) return 0;
  S->arena_used = 0;
  luv__pool_collect(S);
  if (zmq) luv__zmq_service(S);
  return !luv_ready_empty(S) || S->main.status != LUV_WAITING;
}

static void poll(luv_state *S, int block) {
  luv__poll(S, block);
  luv__receive(S, UINT_MAX);
}

/* Reads some of what the last poll has found. Whether that is all there is to do: it is not
 * when the slice is over, and when a fiber that yields for ever has used it up, the others
 * have waited long enough. */
static int received(luv_state *S) {
  int over = !luv_ready_empty(S);
  if (queue_empty(&S->unread)) return 0;
  if (!over) S->arena_used = 0;
  luv__receive(S, S->ready.head - S->received > 2 * LUV_RECEIVE ? UINT_MAX : LUV_RECEIVE);
  return !over;
}

/* One turn after the ready fibers have run: poll, unless it is over. */
static void turn(luv_state *S) {
  int partial = S->main.wait.op == LUV_OP_RUN && S->run_mode != LUV_RUN_DEFAULT;
  if (received(S)) return;
  if (luv_ready_empty(S) && S->external == luv__thread_chan_lone(S)) {
    if (partial) poll(S, 0); /* handles may be closing */
    nothing_left(S);
    return;
  }
  if (!partial && served_here(S)) return;
  luv__poll(S, luv_ready_empty(S) && S->run_mode != LUV_RUN_NOWAIT);
  if (!partial || S->main.status != LUV_WAITING) return;
  luv__receive(S, UINT_MAX);
  luv__budget_renew(S);
  S->slice = uv_hrtime();
  run_ready(S);
  if (S->main.status == LUV_WAITING) luv__wake(S, &S->main, LUV_OUT_TRUE);
}

static int body(lua_State *M) {
  luv_state *S = lua_touserdata(M, 1);
  luaL_checkstack(M, 100, "luv");
  while (S->main.status == LUV_WAITING) {
    if (LUV_UNLIKELY(S->interrupted)) {
      interrupt(S);
      break;
    }
    if (LUV_UNLIKELY(S->dump_wanted)) luv__dump_asked(S, M, 0);
    run_ready(S);
    if (S->main.status == LUV_WAITING) turn(S);
    else if ((int32_t)(S->ready.head - S->look) >= 0 && slice_is_over(S)) poll(S, 0); /* main only yields */
  }
  return 0;
}

/* An error came out of the scheduler itself: memory, or a __gc method of the script.
 * The fiber that it was about to wake gets it; one that it was at work for dies of it;
 * else the main chunk gets it. */
static int failed(luv_state *S) {
  luv_fiber *f = S->finishing ? S->finishing : luv_current(S);
  S->finishing = NULL;
  leave(S);
  S->pending = NULL;
  S->stash.top = NULL;
  if (f && f == S->delivering) {
    S->delivering = NULL;
    lua_pop(S->M, 1);
    f->out = LUV_OUT_RAISE;
    f->wait.on = (void *)"not enough memory";
    luv__enqueue(S, f);
    return 0;
  }
  if (f) {
    lua_pop(S->M, 1);
    luv__fiber_lost(S, f);
    return 0;
  }
  if (S->main.status == LUV_WAITING) luv__abandon(S, &S->main, LUV_OUT_STACK);
  return 1;
}

int luv__sched_run(luv_state *S) {
  luv_state *outer = luv__running;
  int rc = 0;
  S->depth++;
  S->attention = 0;
  luv__running = S;
  if (!S->delay_from && !luv_ready_empty(S)) luv__delay_begin(S, uv_hrtime());
  while (rc == 0 && S->main.status == LUV_WAITING)
    if (luv__protect(S, body, S)) rc = failed(S);
  luv__running = outer;
  S->depth--;
  return rc;
}

int luv__run_main(luv_state *S, lua_State *L) {
  int rc = 0;
  luv__interrupt_enter(S);
  S->broken_off = 0;
  if (S->main.status == LUV_WAITING) rc = goRun((uintptr_t)S);
  luv__interrupt_leave(S);
  luv__regain(S, L);
  if (rc) lua_xmove(S->M, L, 1);
  if (LUV_UNLIKELY(S->ending)) luv__close_state(S, L);
  return rc;
}
