/* sched.c - the ready queue and the run loop: the hot path, which never enters Go.
 *
 * Fibers first: the loop is polled when no fiber is ready. But not later than a
 * millisecond after the last poll (the clock is looked at every LUV_BUDGET switches),
 * so a fiber that yields for ever delays no I/O (DESIGN rule 9).
 *
 * It has two halves. Ready fibers run on luv's own C stacks (stack.h), where every frame
 * of the loop can carry it on: all it needs is in the state. What looks at the outside runs
 * on the host's stack, inside one protected call on the scheduler's own Lua thread M. */
#include <limits.h>
#include "luv.h"

__thread luv_state *luv__running __attribute__((tls_model("initial-exec")));

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
  if (f->is_main == LUV_IS_CASE) luv__given.case_done(S, f);
  else if (f->is_main) S->attention = 1;
  else luv__ready_push(S, f);
}

/* ---- one switch ------------------------------------------------------------------------- */

/* A handler that came while no fiber ran had nobody to stop: now it has. */
static __attribute__((noinline)) void nudge(luv_state *S) {
  S->nudged = 0;
  LUV_EACH_ROOM(nudge, S);
}

/* From here on a handler finds f running. */
static inline void begin_turn(luv_state *S, luv_fiber *f) {
  S->current = f;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* The fiber goes on below C, where it stands: this stack is given up for its own. */
static void __attribute__((noinline, noreturn)) go_on_below(luv_state *S, luv_fiber *f) {
  luv_stack *own = f->stack;
  f->stack = NULL;
  begin_turn(S, f);
  if (LUV_UNLIKELY(S->nudged)) nudge(S);
  luv__stack_give(&S->stacks, S->stack);
  S->stack = own;
  luv__stack_drop(luv__host, own);
}

/* The fiber ends with the error on top of M, or raises it if it has code that could catch it: a
 * wait that yields has none around it on Lua 5.1. */
static int raise_in(luv_state *S, luv_fiber *f) {
  int started = lua_status(f->base) == LUA_YIELD;
  if (S->jit && started) lua_pushlightuserdata(f->base, (void *)&luv__raised);
  lua_xmove(S->M, f->base, 1);
  return S->jit && started ? lua_resume(f->base, 2) : LUA_ERRRUN;
}

/* The turn of a fiber that has more to be done for it than to be resumed. */
static int resume(luv_state *S, luv_fiber *f) {
  int n;
  if (f->below) go_on_below(S, f);
  S->current = NULL;
  n = f->out == LUV_OUT_STACK ? f->nargs : luv__deliver(S, f);
  f->nargs = 0;
  begin_turn(S, f);
  if (LUV_UNLIKELY(S->nudged)) nudge(S);
  return n == LUV_RAISE ? raise_in(S, f) : lua_resume(f->base, n);
}

/* What the fiber did in its turn, when it was not a plain yield. */
static void settle(luv_state *S, luv_fiber *f, int rc) {
  int suspended = S->suspended;
  S->suspended = 0;
  S->attention = S->main.status != LUV_WAITING;
  S->current = NULL;
  if (rc != LUA_YIELD) luv__fiber_finish(S, f, rc != 0);
  else if (!suspended) luv__ready_push(S, f);
}

/* Returns whether the fiber did more than yield. */
static inline int step(luv_state *S, luv_fiber *f) {
  int rc;
  luv_assert(f->status == LUV_READY && f->slot && queue_empty(&f->wait.node));
  begin_turn(S, f);
  rc = f->turn | S->nudged ? resume(S, f) : lua_resume(f->base, 0);
  if (LUV_UNLIKELY(rc != LUA_YIELD || S->attention)) {
    settle(S, f, rc);
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
  char *far = (char *)&r->v[(r->head + 12) & r->mask]->base;
  void **L = (void **)(void *)r->v[(r->head + 8) & r->mask]->base;
  void **near = (void **)(void *)r->v[(r->head + 4) & r->mask]->base;
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
  if (!S->delay.from) luv__delay_begin(S, now);
  return now - S->slice >= LUV_SLICE;
}

/* Runs ready fibers; returns when none is left, the slice is over or main is woken. */
static LUV_HOT __attribute__((noinline)) void run_ready(luv_state *S) {
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
  S->current = NULL;
}

/* What every stack of luv's begins with. It has no end: the stack is left, and dropped or
 * entered again. */
void luv__run_fibers(void) {
  luv_state *S;
  luv__stack_begun();
  for (;;) {
    S = luv__host->S;
    if (S->main.status == LUV_WAITING) run_ready(S);
    luv__host_leave(luv__host);
  }
}

/* Runs them from the host's stack, and here what they want to have run here. */
static void run_fibers(luv_state *S) {
  luv_host *h = luv__host;
  void (*fn)(void *arg);
  if (!S->stack && !(S->stack = luv__stack_take(&S->stacks, luv__run_fibers)))
    luaL_error(S->M, "not enough memory for a C stack");
  h->stack = S->stack;
  for (;;) {
    luv__host_enter(h);
    fn = h->fn;
    if (!fn) return;
    h->fn = NULL;
    fn(h->arg);
    h->stack = h->left;
  }
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
  int run = S->main.wait.op == &luv__op_run;
  if (!luv_ready_empty(S) || S->main.status != LUV_WAITING) return;
  if (run) luv__wake(S, &S->main, LUV_OUT_TRUE);
  else luv__abandon(S, &S->main, LUV_OUT_DEADLOCK); /* a select leaves its cases */
}

/* What ØMQ brings from fiber to fiber of this thread, and what threads of the pool have
 * done, needs no look at the outside, as long as the last one is not too long ago. */
static int served_here(luv_state *S) {
  if (!luv_ready_empty(S) || (!__atomic_load_n(&S->arrived, __ATOMIC_RELAXED) && !luv__outside_pending(S))) return 0;
  if (luv__slice_is_over(S)) return 0;
  S->arena_used = 0;
  luv__outside_serve(S);
  luv__outside_look(S, 0);
  return !luv_ready_empty(S) || S->main.status != LUV_WAITING;
}

static void poll(luv_state *S, int block) {
  luv__poll(S, block);
  luv__given.receive(S, UINT_MAX);
}

/* Reads some of what the last poll has found. Whether that is all there is to do: it is not
 * when the slice is over, and when a fiber that yields for ever has used it up, the others
 * have waited long enough. */
static int received(luv_state *S) {
  int over = !luv_ready_empty(S);
  if (queue_empty(&S->unread)) return 0;
  if (!over) S->arena_used = 0;
  luv__given.receive(S, S->ready.head - S->received > 2 * LUV_RECEIVE ? UINT_MAX : LUV_RECEIVE);
  return !over;
}

/* One turn after the ready fibers have run: poll, unless it is over. */
static void turn(luv_state *S) {
  int partial = S->main.wait.op == &luv__op_run && S->run_mode != LUV_RUN_DEFAULT;
  if (received(S)) return;
  if (luv_ready_empty(S) && S->external == luv__outside_lone(S)) {
    if (partial) poll(S, 0); /* handles may be closing */
    nothing_left(S);
    return;
  }
  if (!partial && served_here(S)) return;
  luv__poll(S, luv_ready_empty(S) && S->run_mode != LUV_RUN_NOWAIT);
  if (!partial || S->main.status != LUV_WAITING) return;
  luv__given.receive(S, UINT_MAX);
  luv__budget_renew(S);
  S->slice = uv_hrtime();
  run_fibers(S);
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
    if (LUV_UNLIKELY(S->dump_wanted)) luv__given.dump_asked(S, M, 0);
    if (!luv_ready_empty(S)) run_fibers(S);
    if (S->main.status == LUV_WAITING) turn(S);
    else if ((int32_t)(S->ready.head - S->look) >= 0 && slice_is_over(S)) poll(S, 0); /* main only yields */
  }
  return 0;
}

/* An error came out of the half that looks at the outside. A finaliser's is told, and the loop goes
 * on: the main chunk may have come to the value of its wait by now. Without memory it cannot, and the
 * main chunk, should it still wait, gets the error. */
static int failed(luv_state *S) {
  if (!luv__out_of_memory(S->M) || S->main.status != LUV_WAITING) {
    luv__error_told(S);
    return 0;
  }
  luv__abandon(S, &S->main, LUV_OUT_STACK);
  return 1;
}

int luv__sched_run(luv_state *S) {
  luv_state *outer = luv__running;
  luv_host host = {.S = S, .outer = luv__host};
  int rc = 0;
  S->depth++;
  S->attention = 0;
  S->nudged = 1; /* a handler may have come while the main chunk was on its way here */
  luv__running = S;
  luv__host = &host;
  if (!S->delay.from && !luv_ready_empty(S)) luv__delay_begin(S, uv_hrtime());
  while (rc == 0 && S->main.status == LUV_WAITING)
    if (luv__protect(S, body, S)) rc = failed(S);
  luv__host = host.outer;
  luv__running = outer;
  S->depth--;
  return rc;
}

int luv__run_main(luv_state *S, lua_State *L) {
  int rc = 0;
  luv__given.main_waits(S);
  S->broken_off = 0;
  if (S->main.status == LUV_WAITING) rc = luv__go_run(S);
  luv__given.main_goes_on(S);
  luv__regain(S, L);
  if (rc) lua_xmove(S->M, L, 1);
  if (LUV_UNLIKELY(S->ending)) luv__close_state(S, L);
  return rc;
}
