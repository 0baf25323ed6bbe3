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

void luv__enqueue(luv_state *S, luv_fiber *f) {
  f->status = LUV_READY;
  if (!(f->flags & LUV_F_MAIN)) queue_push(&S->ready, &f->wait.node);
}

/* Pushes the outcome of the fiber's wait on its thread. */
static int deliver(luv_state *S, luv_fiber *f) {
  int n = luv__outcome(S, f, S->M);
  f->wait.out = LUV_OUT_STACK;
  if (n == LUV_RAISE) return n;
  if (!luv__room(f->chain.L, n)) {
    lua_settop(S->M, -n - 1);
    n = 0;
  }
  lua_xmove(S->M, f->chain.L, n);
  return n;
}

static void leave(luv_state *S) {
  S->chain = NULL;
  S->current = NULL;
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
  leave(S);
  if (ran == LUV_RAN_SUSPEND) luv__wait_begin(S, f);
  else if (ran == LUV_RAN_YIELD) luv__enqueue(S, f);
  else luv__fiber_finish(S, f, ran == LUV_RAN_ERROR);
}

/* Resumes with a raise, or in a fiber of several threads. */
static void step_slow(luv_state *S, luv_fiber *f, int nargs) {
  lua_State *L = f->chain.L;
  if (nargs != LUV_RAISE) {
    settle(S, f, lua_resume(L, nargs));
    return;
  }
  settle(S, f, luv__resume(S, L, nargs));
}

static inline void step(luv_state *S, luv_fiber *f) {
  int n = f->nargs, rc;
  S->chain = &f->chain;
  S->current = f;
  if (f->wait.out != LUV_OUT_STACK) n = deliver(S, f);
  f->nargs = 0;
  f->status = LUV_RUNNING;
  if (LUV_UNLIKELY(n == LUV_RAISE)) {
    step_slow(S, f, n);
    return;
  }
  rc = lua_resume(f->chain.L, n);
  if (LUV_UNLIKELY(rc != LUA_YIELD || S->pending || S->stash.top || f->chain.top)) {
    settle(S, f, rc);
    return;
  }
  leave(S);
  f->status = LUV_READY;
  queue_push(&S->ready, &f->wait.node);
}

/* What the next switches will touch. */
static inline void prefetch(luv_queue *next) {
  luv_fiber *f = luv_container(next, luv_fiber, wait.node);
  const char *L = (const char *)f->chain.L;
  __builtin_prefetch(next->next);
  __builtin_prefetch(L);
  __builtin_prefetch(L + 64);
  __builtin_prefetch(L + 128);
}

static int slice_is_over(luv_state *S) {
  S->budget = LUV_BUDGET;
  return uv_hrtime() - S->slice >= LUV_SLICE;
}

/* Runs ready fibers; returns when none is left, the slice is over or main is woken. */
static void run_ready(luv_state *S) {
  luv_queue *ready = &S->ready;
  while (!queue_empty(ready)) {
    luv_queue *n = ready->next;
    luv_fiber *f = luv_container(n, luv_fiber, wait.node);
    ready->next = n->next;
    n->next->prev = ready;
    if (n->next != ready) prefetch(n->next);
    S->switches++;
    if (LUV_UNLIKELY(f->flags & LUV_F_MAIN)) {
      queue_init(n);
      f->status = LUV_READY;
      return;
    }
    step(S, f);
    if (LUV_UNLIKELY(S->main.status != LUV_WAITING)) return;
    if (LUV_UNLIKELY(--S->budget <= 0) && slice_is_over(S)) return;
  }
}

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
  if (queue_empty(&S->ready) && S->external == 0) {
    nothing_left(S);
    return;
  }
  luv__poll(S, queue_empty(&S->ready) && S->run_mode != LUV_RUN_NOWAIT);
  if (!partial || S->main.status != LUV_WAITING) return;
  S->budget = LUV_BUDGET;
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
  if (f && f->status == LUV_READY && queue_empty(&f->wait.node)) {
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
  int rc = 0;
  S->depth++;
  while (rc == 0 && S->main.status == LUV_WAITING)
    if (luv__protect(S, body, S)) rc = failed(S);
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
