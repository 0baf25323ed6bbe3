/* sched.c - the ready queue and the run loop: the hot path, which never enters Go.
 *
 * Fibers first: the loop is polled when no fiber is ready. But not later than a
 * millisecond after the last poll (the clock is looked at every LUV_BUDGET switches),
 * so a fiber that yields for ever delays no I/O (DESIGN rule 9).
 *
 * The loop runs inside one protected call on the scheduler's own Lua thread M. Values
 * that must be allocated for a suspended fiber are made on M and moved: a memory error
 * then unwinds to here and to nowhere else. */
#include "luv.h"

__thread luv_state *luv__running __attribute__((tls_model("initial-exec")));

/* ---- the ready queue ------------------------------------------------------------------ */

/* Makes room for n fibers and the main chunk: called before a fiber can become ready,
 * so that making one ready never fails. */
int luv__ready_reserve(luv_state *S, uint32_t n) {
  luv_ring *r = &S->ready, grown = {NULL, 0, 0, 63};
  if (r->v && n + 2 <= r->mask) return 0;
  while (n + 2 > grown.mask) grown.mask = grown.mask * 2 + 1;
  grown.v = malloc(((size_t)grown.mask + 1) * sizeof *grown.v);
  if (!grown.v) return UV_ENOMEM;
  while (r->head != r->tail) grown.v[grown.tail++] = r->v[r->head++ & r->mask];
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
  if (f->flags & LUV_F_MAIN) S->attention = 1;
  else luv__ready_push(S, f);
}

/* ---- one switch ------------------------------------------------------------------------- */

static void leave(luv_state *S) {
  S->chain = NULL;
  S->current = NULL;
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
  if (ran == LUV_RAN_SUSPEND) luv__wait_begin(S, f);
  else if (ran == LUV_RAN_YIELD) luv__enqueue(S, f);
  else luv__fiber_finish(S, f, ran == LUV_RAN_ERROR);
}

static inline void step(luv_state *S, luv_fiber *f) {
  int n = f->nargs, rc;
  S->chain = &f->chain;
  S->current = f;
  f->status = LUV_RUNNING;
  if (f->wait.out != LUV_OUT_STACK) n = deliver(S, f);
  f->nargs = 0;
  if (LUV_LIKELY(n != LUV_RAISE)) rc = lua_resume(f->chain.L, n);
  else rc = luv__resume(S, f->chain.L, n);
  if (LUV_UNLIKELY(rc != LUA_YIELD || S->attention || f->chain.top)) {
    settle(S, f, rc);
    return;
  }
  f->status = LUV_READY;
  luv__ready_push(S, f);
}

/* Fetches what the switches to come will touch: at 100,000 fibers that is the cost. The
 * first words of a lua_State point, among others, to its stack and its call: what they
 * are differs between hosts, but fetching in vain costs nothing and cannot fail. */
static inline void prefetch(luv_ring *r) {
  luv_fiber *far = r->v[(r->head + 6) & r->mask];
  void **L = (void **)(void *)r->v[(r->head + 3) & r->mask]->chain.L;
  void **next = (void **)(void *)r->v[(r->head + 1) & r->mask]->chain.L;
  __builtin_prefetch(far);
  __builtin_prefetch(L);
  __builtin_prefetch(L + 8);
  __builtin_prefetch(next[2]);
  __builtin_prefetch(next[3]);
  __builtin_prefetch(next[4]);
  __builtin_prefetch(next[5]);
}

/* The switches are counted by the budget that they use up. */
void luv__budget_renew(luv_state *S) {
  S->switches += (uint64_t)(LUV_BUDGET - S->budget);
  S->budget = LUV_BUDGET;
}

static int slice_is_over(luv_state *S) {
  luv__budget_renew(S);
  return uv_hrtime() - S->slice >= LUV_SLICE;
}

/* Runs ready fibers; returns when none is left, the slice is over or main is woken. */
static void run_ready(luv_state *S) {
  luv_ring *r = &S->ready;
  while (r->head != r->tail) {
    luv_fiber *f = r->v[r->head++ & r->mask];
    if (r->tail - r->head > 64) prefetch(r);
    if (LUV_UNLIKELY(f->flags & LUV_F_MAIN)) {
      f->status = LUV_READY;
      break;
    }
    step(S, f);
    if (LUV_UNLIKELY(S->attention) && S->main.status != LUV_WAITING) break;
    if (LUV_UNLIKELY(--S->budget <= 0) && slice_is_over(S)) break;
  }
  leave(S);
}

/* ---- the loop ------------------------------------------------------------------------------ */

static void interrupt(luv_state *S) {
  S->interrupted = 0;
  S->main.wait.on = (void *)"interrupted!";
  luv__abandon(S, &S->main, LUV_OUT_RAISE);
}

/* Nothing is ready and nothing outside can change that. */
static void nothing_left(luv_state *S) {
  int run = S->main.wait.op == LUV_OP_RUN;
  luv__wake(S, &S->main, run ? LUV_OUT_TRUE : LUV_OUT_DEADLOCK);
}

/* One turn after the ready fibers have run: poll, unless it is over. */
static void turn(luv_state *S) {
  int partial = S->main.wait.op == LUV_OP_RUN && S->run_mode != LUV_RUN_DEFAULT;
  if (luv_ready_empty(S) && S->external == 0) {
    nothing_left(S);
    return;
  }
  luv__poll(S, luv_ready_empty(S) && S->run_mode != LUV_RUN_NOWAIT);
  if (!partial || S->main.status != LUV_WAITING) return;
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
    run_ready(S);
    if (S->main.status == LUV_WAITING) turn(S);
  }
  return 0;
}

/* An error came out of the scheduler itself: memory, or a __gc method of the script.
 * The fiber it was about to wake gets it; else the main chunk does. */
static int failed(luv_state *S) {
  luv_fiber *f = S->current;
  leave(S);
  S->pending = NULL;
  S->stash.top = NULL;
  if (f && f == S->delivering) {
    S->delivering = NULL;
    lua_pop(S->M, 1);
    f->wait.out = LUV_OUT_RAISE;
    f->wait.on = (void *)"not enough memory";
    luv__enqueue(S, f);
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
  while (rc == 0 && S->main.status == LUV_WAITING)
    if (luv__protect(S, body, S)) rc = failed(S);
  luv__running = outer;
  S->depth--;
  return rc;
}

int luv__run_main(luv_state *S, lua_State *L) {
  int rc = 0;
  luv__interrupt_watch(S);
  if (S->main.status == LUV_WAITING) rc = goRun((uintptr_t)S);
  if (rc) lua_xmove(S->M, L, 1);
  return rc;
}
