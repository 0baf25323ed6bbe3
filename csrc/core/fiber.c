/* fiber.c - fiber life.
 *
 *   NEW ----ready----> READY ---run loop---> running ---end---> DEAD
 *                        ^                    |    |
 *                        +------- yield ------+    +--wait--> WAITING --wake--> READY
 *
 * The running one keeps the status READY: it is luv_current(S).
 *
 * A fiber is a userdata that a script holds, and a Lua thread that runs its function.
 * From ready() to its death both stand in the registry's table of anchors. Before and
 * after, the userdata's environment table holds the thread: so cycles through a fiber
 * that never starts, or that is dead, are ordinary garbage. */
#include "luv.h"

/* Pushes thread T on L. */
void luv__push_thread(lua_State *T, lua_State *L) {
  lua_pushthread(T);
  if (T != L) lua_xmove(T, L, 1);
}

static uint32_t take_slot(luv_state *S, lua_State *L) {
  if (S->nfree) return S->free_slots[--S->nfree];
  if (S->top_slot == S->cap_slots) {
    uint32_t cap = S->cap_slots ? S->cap_slots * 2 : 64;
    uint32_t *v = realloc(S->free_slots, cap * sizeof *v);
    if (!v) luaL_error(L, "not enough memory");
    S->free_slots = v;
    S->cap_slots = cap;
  }
  return ++S->top_slot;
}

/* Anchors thread and userdata, the two values on top of L; pops the thread. */
static void anchor(luv_state *S, lua_State *L, luv_fiber *f) {
  uint32_t slot;
  if (luv__ready_reserve(S, S->nfibers + 1)) luaL_error(L, "not enough memory");
  slot = take_slot(S, L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_anchors);
  lua_pushvalue(L, -3);
  lua_rawseti(L, -2, (int)(2 * slot));
  lua_insert(L, -2);
  lua_rawseti(L, -2, (int)(2 * slot - 1));
  lua_pop(L, 1);
  f->slot = slot;
  S->nfibers++;
}

static void unanchor(luv_state *S, luv_fiber *f) {
  lua_State *M = S->M;
  lua_rawgeti(M, LUA_REGISTRYINDEX, S->ref_anchors);
  lua_pushnil(M);
  lua_rawseti(M, -2, (int)(2 * f->slot));
  lua_pushnil(M);
  lua_rawseti(M, -2, (int)(2 * f->slot - 1));
  lua_pop(M, 1);
  S->free_slots[S->nfree++] = f->slot;
  f->slot = 0;
  S->nfibers--;
}

void luv__push_fiber(luv_state *S, lua_State *W, luv_fiber *f) {
  lua_rawgeti(W, LUA_REGISTRYINDEX, S->ref_anchors);
  lua_rawgeti(W, -1, (int)(2 * f->slot));
  lua_remove(W, -2);
}

static void init(luv_state *S, luv_fiber *f, lua_State *T) {
  memset(f, 0, sizeof *f);
  queue_init(&f->wait.node);
  queue_init(&f->joiners);
  f->state = S;
  f->base = f->in = T;
  f->id = ++S->next_id;
  f->born = S->now;
}

/* Makes a fiber of the n values on top of L, the function first; pushes its userdata
 * and then its thread. */
luv_fiber *luv__fiber_new(luv_state *S, lua_State *L, int n) {
  int i, extra, first = lua_gettop(L) - n + 1;
  luv_fiber *f = lua_newuserdata(L, sizeof *f);
  lua_State *T = lua_newthread(L);
  init(S, f, T);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_meta[luv__class_fiber.id]);
  lua_setmetatable(L, -3);
  if (n > LUA_MINSTACK && (!lua_checkstack(T, n) || !lua_checkstack(L, n)))
    luaL_error(L, "too many arguments");
  extra = luv__push_body(S, L, first);
  for (i = 0; i < n; i++) lua_pushvalue(L, first + i);
  lua_xmove(L, T, n + extra);
  f->nargs = n + extra - 1;
  return f;
}

void luv__fiber_ready(luv_state *S, lua_State *L, luv_fiber *f) {
  luv_assert(f->status == LUV_NEW && !f->slot && queue_empty(&f->wait.node));
  anchor(S, L, f);
  luv__enqueue(S, f);
}

static void check_function(luv_state *S, lua_State *L, const char *fname) {
  if (lua_isfunction(L, 1)) return;
  luv__type_error(S, L, 1, 1, fname, "function");
}

/* The seed's era also took a coroutine that has not started: its function is taken. */
static void accept_coroutine(lua_State *L) {
  lua_State *co = lua_tothread(L, 1);
  if (!co || lua_status(co) != 0 || lua_gettop(co) == 0) return;
  lua_pushvalue(co, 1);
  lua_xmove(co, L, 1);
  lua_replace(L, 1);
}

/* f = luv.fiber.create(fn, ...) */
int luv_fiber_create(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_fiber *f;
  accept_coroutine(L);
  check_function(S, L, "create");
  f = luv__fiber_new(S, L, lua_gettop(L));
  luv__env_hold_new(S, L, f);
  return 1;
}

/* f = luv.spawn(fn, ...) */
int luv_spawn(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_fiber *f;
  check_function(S, L, "spawn");
  f = luv__fiber_new(S, L, lua_gettop(L));
  luv__fiber_ready(S, L, f);
  return 1;
}

/* Starts a NEW fiber, which is at idx 1. The anchors hold its thread from here on. */
static void start(luv_state *S, lua_State *L, luv_fiber *f) {
  lua_pushvalue(L, 1);
  luv__push_thread(f->base, L);
  luv__fiber_ready(S, L, f);
  lua_pop(L, 1);
  luv__env_started(S, L, f);
}

/* f = fiber:ready() */
int luv_fiber_ready(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_fiber *f = luv__tofiber(S, L, "ready");
  if (f->status == LUV_NEW) start(S, L, f);
  else if (f->status == LUV_WAITING && f->wait.op == &luv__op_suspend)
    luv__wake(S, f, LUV_OUT_TRUE);
  lua_settop(L, 1);
  return 1;
}

/* fiber = fiber:suspend(): takes it off the ready queue, or waits when it is the
 * caller, until fiber:resume() (fiber:ready() is the same) */
int luv_fiber_suspend(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_fiber *f = luv__tofiber(S, L, "suspend");
  if (f == luv_current(S)) return luv__suspend(S, L, &luv__op_suspend, f, 0, LUV_NO_TIMEOUT);
  /* It is not there when a finaliser calls this while f is about to run, or to end. */
  if (f->status == LUV_READY && f->out == LUV_OUT_STACK && luv__ready_remove(S, f)) {
    f->wait.op = &luv__op_suspend;
    f->wait.seq++;
    f->status = LUV_WAITING;
    queue_push(&S->asleep, &f->wait.node);
    f->wait.keep = 1;
  }
  lua_settop(L, 1);
  return 1;
}

/* ... = fiber:join([timeout]) */
int luv_fiber_join(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_fiber *f = luv__tofiber(S, L, "join");
  double timeout = luv__opt_timeout(S, L, 2, 1, "join");
  luv__check_cancel(S, L);
  if (f->status == LUV_DEAD) {
    int n = luv__push_joined(S, f, L);
    return n == LUV_RAISE ? lua_error(L) : n;
  }
  if (f == luv_current(S)) return luv__error(S, L, "a fiber cannot join itself");
  if (f->status == LUV_NEW) start(S, L, f);
  return luv__suspend(S, L, &luv__op_join, f, 0, timeout);
}

int luv__push_joined(luv_state *S, luv_fiber *f, lua_State *W) {
  int i, n;
  if (f->flags & LUV_F_FAILED) {
    if (f->flags & LUV_F_UNTAKEN) {
      f->flags &= (uint8_t)~LUV_F_UNTAKEN;
      S->untaken--;
    }
    if (!f->base) {
      lua_pushliteral(W, "not enough memory");
      return LUV_RAISE;
    }
    lua_pushvalue(f->base, -1);
    lua_xmove(f->base, W, 1);
    return LUV_RAISE;
  }
  n = f->nargs;
  luaL_checkstack(W, n, "too many results");
  for (i = 1; i <= n; i++) {
    lua_pushvalue(f->base, i);
    lua_xmove(f->base, W, 1);
  }
  return n;
}

static void wake_joiners(luv_state *S, luv_fiber *f) {
  while (!queue_empty(&f->joiners)) {
    luv_fiber *j = luv_container(f->joiners.next, luv_fiber, wait.node);
    luv__wake(S, j, LUV_OUT_JOINED);
  }
}

static void die(luv_state *S, luv_fiber *f, int failed) {
  f->status = LUV_DEAD;
  luv__due_remove(&S->heap, &f->wait.due);
  if (failed) f->flags |= LUV_F_FAILED;
  while (f->ties) f->ties->ended(S, f->ties);
}

/* Last of all: nothing of the scheduler's knows the fiber any more. */
static void bury(luv_state *S, luv_fiber *f, int keeps_thread) {
  wake_joiners(S, f);
  if (!keeps_thread) f->base = f->in = NULL;
  unanchor(S, f);
}

static int hold_dead(lua_State *M) {
  luv_fiber *f = lua_touserdata(M, 1);
  luv__env_hold_dead(f->state, f);
  return 0;
}

/* There is no memory to keep what it ended with. */
static void lose(luv_fiber *f) {
  f->nargs = 0;
  f->flags |= LUV_F_FAILED;
  f->base = f->in = NULL;
  if (queue_empty(&f->joiners)) fprintf(stderr, "luv: fiber %u died: not enough memory\n", f->id);
}

/* It is dead before anything is allocated: a finaliser may come to run then, and look at it. */
void luv__fiber_finish(luv_state *S, luv_fiber *f, int failed) {
  int keeps_thread;
  luv_assert(f->status == LUV_READY && f->slot && queue_empty(&f->wait.node));
  f->nargs = failed ? 0 : lua_gettop(f->base);
  keeps_thread = failed || f->nargs;
  die(S, f, failed);
  if (keeps_thread && luv__protect_made(S, hold_dead, f)) lose(f);
  else if (failed && queue_empty(&f->joiners) && !f->keeper) luv__report(S, f);
  if (f->keeper) f->keeper->ended(S, f->keeper, f, f->flags & LUV_F_FAILED);
  bury(S, f, keeps_thread);
}

/* Its wait ends, or its next one does. */
void luv__fiber_cancel(luv_state *S, luv_fiber *f) {
  f->flags |= LUV_F_CANCEL;
  if (f->status == LUV_WAITING) luv__abandon(S, f, LUV_OUT_CANCEL);
}

/* fiber:cancel([reason]) */
int luv_fiber_cancel(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_fiber *f = luv__tofiber(S, L, "cancel");
  lua_settop(L, 2);
  if (f->status != LUV_DEAD) {
    luv__env_set_reason(S, L, f);
    luv__fiber_cancel(S, f);
  }
  lua_settop(L, 1);
  return 1;
}
