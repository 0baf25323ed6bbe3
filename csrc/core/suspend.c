/* suspend.c - how a call waits, wherever it stands.
 *
 *   1. In the main chunk it begins the wait and runs the loop in place.
 *   2. In a fiber, with nothing of C between the call and the fiber's base, it begins the wait
 *      and yields. No C stack is held.
 *   3. In a fiber anywhere else it begins the wait and leaves the C stack as it stands; the
 *      scheduler goes on, on a fresh one (stack.h). When the wait is over the call returns.
 *
 * Nothing can wait in a finaliser, since it would leave the collector half-way while others
 * run, nor in a debug hook on LuaJIT, which would take every yield for one of the hook's. */
#include "luv.h"

static int fail_expired(luv_state *S, lua_State *L) {
  luv__push_expired(S, L);
  return lua_error(L);
}

/* ---- where -------------------------------------------------------------------------------- */

static int can_wait_at(luv_state *S, lua_State *L) {
  int place = luv__vm_place(L);
  return place == LUV_AT_CODE || (place == LUV_AT_HOOK && !S->jit);
}

void luv__check_place(luv_state *S, lua_State *L) {
  if (!can_wait_at(S, L)) luv__error(S, L, "cannot wait in a finalizer%s", S->jit ? " or a debug hook" : "");
}

/* Whether a call that need not wait may, to give the others their turn. */
int luv__may_wait(luv_state *S, lua_State *L) {
  if (!can_wait_at(S, L)) return 0;
  return S->current ? S->current->is_main != LUV_IS_CASE && luv__running == S : S->depth == 0;
}

/* A cancellation is not for a finaliser to meet. */
void luv__raise_cancel(luv_state *S, lua_State *L) {
  if (!can_wait_at(S, L)) return;
  luv__push_cancelled(S, L, luv_current(S));
  lua_error(L);
}

/* LuaJIT notes which Lua thread runs, for compiled code to find when it leaves a trace.
 * Releases before October 2023 do not set the note right when a C function has run
 * other threads and then raises: a crash, some time later. Any call on L sets it. So this
 * comes between running others and whatever may raise. */
void luv__regain(luv_state *S, lua_State *L) {
  if (!S->jit || !lua_checkstack(L, 1)) return;
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_nothing);
  lua_call(L, 0, 0);
}

/* ---- how ---------------------------------------------------------------------------------- */

/* The main chunk: begin the wait, run the loop here, return what it came to. */
static int wait_in_place(luv_state *S, lua_State *L, const luv_op *op, void *on, uint64_t arg,
                         double timeout) {
  luv_fiber *m = &S->main;
  int n;
  luv__given.heed(S);
  luv__check_place(S, L);
  if (LUV_UNLIKELY(m->flags & LUV_F_CANCEL)) { /* of a luv.scope, or of the thread */
    luv__push_cancelled(S, L, m);
    return lua_error(L);
  }
  if (luv__wait_prepare(S, m, op, on, arg, timeout)) return fail_expired(S, L);
  m->in = m->base = L;
  m->nargs = 0;
  luv__wait_begin(S, m);
  if (luv__run_main(S, L)) return lua_error(L);
  luaL_checkstack(L, LUA_MINSTACK, "luv");
  n = luv__outcome_here(S, m, L, L);
  return n == LUV_RAISE ? lua_error(L) : n;
}

/* A case of luv.select only asks: it is linked in luv__select_begin. */
static int ask(luv_state *S, lua_State *L, luv_fiber *f) {
  if (f->base != L || !luv__yieldable(L)) return luv__error(S, L, "select: the method cannot be selected");
  S->suspended = 1;
  return lua_yield(L, lua_gettop(L));
}

/* Way 2. All that is on L is yielded, that it may be found there: LuaJIT keeps nothing else. */
static int wait_by_yield(luv_state *S, lua_State *L, luv_fiber *f) {
  luv__wait_begin(S, f);
  S->suspended = 1;
  S->attention = 1;
  return lua_yield(L, lua_gettop(L));
}

/* Leaves the C stack as it stands, and returns when f has its turn again. */
static void leave_below(luv_state *S, lua_State *L, luv_fiber *f, luv_stack *fresh) {
  f->stack = S->stack;
  S->stack = fresh;
  S->current = NULL;
  S->attention = S->main.status != LUV_WAITING;
  luv__stack_hop(luv__host, f->stack, fresh);
  f->in = f->base;
  f->below = 0;
  luv__regain(S, L);
}

static const char no_stack[] =
  "attempt to yield across metamethod/C-call boundary: no C stack could be mapped for it "
  "(%d are there: see vm.max_map_count, ulimit -v, and luv.stack_size)";

static void check_below(luv_state *S, lua_State *L) {
  luv__check_place(S, L);
  if (luv__running != S) luv__error(S, L, "cannot wait here: another state's loop is running");
}

/* The stack that the scheduler is to go on with. Raises when there is none. */
static luv_stack *fresh_stack(luv_state *S, lua_State *L) {
  luv_stack *s = luv__stack_take(&S->stacks, luv__run_fibers);
  if (!s) luv__error(S, L, no_stack, (int)S->stacks.total);
  return s;
}

/* Way 3. */
static int wait_below(luv_state *S, lua_State *L, luv_fiber *f) {
  luv_stack *fresh = fresh_stack(S, L);
  int n;
  f->in = L;
  f->below = 1;
  luv__wait_begin(S, f);
  leave_below(S, L, f, fresh);
  n = f->nargs;
  f->nargs = 0;
  if (f->out == LUV_OUT_STACK) return n;
  luaL_checkstack(L, LUA_MINSTACK, "luv");
  n = luv__outcome_here(S, f, L, L);
  return n == LUV_RAISE ? lua_error(L) : n;
}

/* The running fiber goes to the back of the ready queue, where Lua would not let it yield. */
void luv__yield_below(luv_state *S, lua_State *L) {
  luv_fiber *f = S->current;
  luv_stack *fresh;
  check_below(S, L);
  fresh = fresh_stack(S, L);
  f->in = L;
  f->below = 1;
  luv__ready_push(S, f);
  leave_below(S, L, f, fresh);
  f->nargs = 0;
}

/* Whether the call can yield. Where nothing can wait this raises, before the fiber's record is
 * touched: a finaliser may be called as the outcome of the fiber's last wait is made of it. */
static int can_yield(luv_state *S, lua_State *L, luv_fiber *f) {
  if (LUV_LIKELY(f->base == L && luv__yieldable(L))) return 1;
  if (f->is_main == LUV_IS_CASE) luv__check_place(S, L); /* no stack is needed there */
  else check_below(S, L);
  return 0;
}

int luv__suspend(luv_state *S, lua_State *L, const luv_op *op, void *on, uint64_t arg,
                 double timeout) {
  luv_fiber *f = S->current;
  int yields;
  if (timeout == 0 && op != &luv__op_sleep) return luv__fail(L, UV_ETIMEDOUT);
  if (!f && S->depth == 0) return wait_in_place(S, L, op, on, arg, timeout);
  if (!f) luv__check_place(S, L);
  if (!f) return luv__error(S, L, "cannot wait here: the loop is already running");
  luv__check_cancel(S, L);
  yields = can_yield(S, L, f);
  if (luv__wait_prepare(S, f, op, on, arg, timeout)) return fail_expired(S, L);
  if (LUV_UNLIKELY(f->is_main == LUV_IS_CASE)) return ask(S, L, f);
  return yields ? wait_by_yield(S, L, f) : wait_below(S, L, f);
}

/* The same without a timeout, and without a second look: nothing is in the way, and nothing
 * from outside can end such a wait. */
LUV_HOT int luv__suspend_quickly(luv_state *S, lua_State *L, const luv_op *op, void *on, int n) {
  luv_fiber *f = S->current;
  luv_wait *w;
  int out;
  if (LUV_UNLIKELY(!f || f->base != L || f->is_main || !luv__yieldable(L)))
    return luv__suspend(S, L, op, on, 0, LUV_NO_TIMEOUT);
  luv_assert(f->status == LUV_READY && queue_empty(&f->wait.node) && !f->wait.external);
  luv_assert(!(op->flags & LUV_OP_EXTERNAL) && !f->limits);
  w = &f->wait;
  w->op = op;
  w->on = on;
  w->arg = S->landing == on;
  w->scoped = 0;
  w->due.at = 0;
  w->seq++;
  w->since = S->now;
  f->status = LUV_WAITING;
  out = op->begin(S, f);
  if (LUV_UNLIKELY(out)) luv__wake(S, f, out);
  S->suspended = 1;
  S->attention = 1;
  return lua_yield(L, n);
}

/* old = luv.stack_size([bytes]): of the C stacks that are made from now on */
int luv_stack_size(lua_State *L) {
  luv_state *S = luv_enter(L);
  double n = lua_tonumber(L, 1);
  lua_settop(L, 1);
  lua_pushnumber(L, (lua_Number)S->stacks.size);
  if (lua_isnil(L, 1)) return 1;
  if (lua_type(L, 1) != LUA_TNUMBER) return luv__type_error(S, L, 1, 1, "stack_size", "number");
  if (!(n >= LUV_STACK_LEAST && n <= 1u << 30))
    return luv__arg_error(S, L, 1, "stack_size", "65536 to 1073741824 bytes expected");
  S->stacks.size = ((size_t)n + 4095) & ~(size_t)4095;
  return 1;
}
