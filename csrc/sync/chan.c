/* chan.c - luv.chan: values from fiber to fiber.
 *
 * A value goes straight to the getter that has waited longest, onto its stack; it is
 * woken and runs in its turn, while the putter goes on: no switch more than the one to
 * the getter. A putter that has to wait keeps its value on its own stack, at 2. Getters
 * wait only while nothing lies in the channel, putters only while it is full.
 *
 * On Lua 5.1 the values lie on two stacks, those of Lua threads that never run: a value is
 * moved onto `in`, and off `out`; when that is empty, what is on `in` is turned over onto it.
 * That is one call into Lua for each where a table takes three. LuaJIT shrinks the stacks of
 * such threads, and compiled code (chan_fast.c) cannot reach them: there, and for large
 * channels, the values are in a ring, the table that is the userdata's environment. */
#include "sync.h"

#define MAX_STACKED 1000

static luv_chan_t *check(luv_state *S, lua_State *L, const char *fname) {
  return luv__self(S, L, luv__class_chan.id, fname);
}

int64_t luv__opt_count(luv_state *S, lua_State *L, int idx, const char *fname, int64_t min,
                       int64_t otherwise) {
  double n;
  int arg = lua_type(L, 1) == LUA_TUSERDATA ? idx - 1 : idx;
  if (lua_isnoneornil(L, idx)) return otherwise;
  if (lua_type(L, idx) != LUA_TNUMBER) luv__type_error(S, L, idx, arg, fname, "number");
  n = lua_tonumber(L, idx);
  if (!(n >= (double)min && n <= 2147483646) || n != (double)(int64_t)n)
    luv__arg_error(S, L, arg, fname, min < 0 ? "whole number expected"
                   : min ? "whole number of 1 or more expected" : "whole number of 0 or more expected");
  return (int64_t)n;
}

/* A stack for n values, anchored in the table on top of L. */
static lua_State *new_stack(lua_State *L, int at, uint32_t n) {
  lua_State *T = lua_newthread(L);
  lua_rawseti(L, -2, at);
  if (!luv__room(T, (int)n)) luaL_error(L, "not enough memory");
  return T;
}

/* With a capacity of 1, one stack is both. */
static void make_stacks(lua_State *L, luv_chan_t *c) {
  c->in = new_stack(L, 1, c->cap);
  c->out = c->cap == 1 ? c->in : new_stack(L, 2, c->cap);
}

/* ch = luv.chan([capacity = 0]) */
int luv_chan(lua_State *L) {
  luv_state *S = luv_enter(L);
  uint32_t cap = (uint32_t)luv__opt_count(S, L, 1, "chan", 0, 0);
  int stacked = !S->jit && cap <= MAX_STACKED;
  luv_object *o;
  luv_chan_t *c;
  luv__make(S, L, luv__class_chan.id, sizeof *c, &o);
  c = (luv_chan_t *)o;
  queue_init(&c->putters);
  if (cap == 0) return 1;
  lua_createtable(L, stacked ? 2 : cap < LUV_CHAN_PRESIZE ? (int)cap : LUV_CHAN_PRESIZE, 0);
  c->cap = cap;
  if (stacked) make_stacks(L, c);
  lua_setfenv(L, -2);
  return 1;
}

/* ---- the two directions -------------------------------------------------------------- */

/* The value of a waiting putter, onto W; it goes on, with the channel as the result. */
static inline void take_from(luv_state *S, luv_fiber *f, lua_State *W) {
  lua_State *T = f->in;
  lua_settop(T, 2);
  lua_xmove(T, W, 1);
  f->nargs = 1;
  luv__wake(S, f, LUV_OUT_STACK);
}

/* The value on top of W goes to the getter that has waited longest. */
static inline void hand_over(luv_chan_t *c, lua_State *W) {
  luv_fiber *f = luv__first_waiter(&c->o.waiters);
  lua_xmove(W, f->in, 1);
  f->nargs = 1;
  luv__wake(c->o.S, f, LUV_OUT_STACK);
}

/* Turns what is on `in` over onto `out`, which is empty. */
static __attribute__((noinline)) void turn_over(luv_chan_t *c) {
  uint32_t i;
  for (i = 0; i < c->count; i++) lua_xmove(c->in, c->out, 1);
  c->nout = c->count;
}

/* Pushes the first value of the ring. */
static void shift_ring(luv_chan_t *c, lua_State *W, int self) {
  int at = (int)c->head + 1;
  lua_getfenv(W, self);
  lua_rawgeti(W, -1, at);
  lua_pushnil(W);
  lua_rawseti(W, -3, at);
  lua_remove(W, -2);
  if (++c->head == c->cap) c->head = 0;
}

/* Puts the value on top of W at the ring's end. */
static void append_ring(luv_chan_t *c, lua_State *W, int self) {
  uint32_t at = c->head + c->count;
  lua_getfenv(W, self);
  lua_insert(W, -2);
  lua_rawseti(W, -2, (int)(at < c->cap ? at : at - c->cap) + 1);
  lua_pop(W, 1);
}

/* Pushes the first value that lies in c, whose place on W is `self`. */
static inline void shift(luv_chan_t *c, lua_State *W, int self) {
  if (c->out) {
    if (!c->nout) turn_over(c);
    c->nout--;
    lua_xmove(c->out, W, 1);
  } else shift_ring(c, W, self);
  c->count--;
}

/* Pops the value on top of W, which is the last that lies in c from here on. */
static inline void append(luv_chan_t *c, lua_State *W, int self) {
  if (c->in) lua_xmove(W, c->in, 1);
  else append_ring(c, W, self);
  c->count++;
}

int luv__chan_take(luv_state *S, luv_chan_t *c, lua_State *W, int self) {
  if (c->count == 0) {
    if (queue_empty(&c->putters)) return 0;
    take_from(S, luv__first_waiter(&c->putters), W);
    return 1;
  }
  shift(c, W, self);
  if (LUV_UNLIKELY(!queue_empty(&c->putters))) {
    take_from(S, luv__first_waiter(&c->putters), W);
    append(c, W, self);
  }
  return 1;
}

int luv__chan_give(luv_state *S, luv_chan_t *c, lua_State *W, int self, int idx) {
  (void)S;
  if (!queue_empty(&c->o.waiters)) {
    lua_pushvalue(W, idx);
    hand_over(c, W);
    return 1;
  }
  if (c->count == c->cap) return 0;
  lua_pushvalue(W, idx);
  append(c, W, self);
  return 1;
}

/* The face has just seen that there is nothing, or no room. */
static int begin_get(luv_state *S, luv_fiber *f) {
  luv_chan_t *c = f->wait.on;
  (void)S;
  if (c->ended && !c->count) return luv__refused(f, UV_EOF);
  luv_assert(f->is_main == LUV_IS_CASE || (!c->count && queue_empty(&c->putters)));
  queue_push(&c->o.waiters, &f->wait.node);
  return 0;
}

static int begin_put(luv_state *S, luv_fiber *f) {
  luv_chan_t *c = f->wait.on;
  (void)S;
  if (c->ended) return luv__refused(f, UV_EOF);
  luv_assert(f->is_main == LUV_IS_CASE || (c->count == c->cap && queue_empty(&c->o.waiters)));
  queue_push(&c->putters, &f->wait.node);
  return 0;
}

const luv_op luv__op_get = {.name = "chan get", .begin = begin_get};
const luv_op luv__op_put = {.name = "chan put", .begin = begin_put};

/* ---- faces --------------------------------------------------------------------------- */

static int put(luv_state *S, lua_State *L, const char *fname, double timeout) {
  luv_chan_t *c = check(S, L, fname);
  lua_settop(L, 2);
  luv__check_cancel(S, L);
  if (!c) return luv__fail(L, UV_EBADF);
  if (c->ended) return luv__fail(L, UV_EOF);
  if (luv__chan_give(S, c, L, 1, 2)) {
    lua_settop(L, 1);
    return 1;
  }
  return luv__suspend(S, L, &luv__op_put, c, 0, timeout);
}

static __attribute__((noinline)) int put_slowly(lua_State *L) {
  luv_state *S = luv_enter(L);
  check(S, L, "put");
  return put(S, L, "put", luv__opt_timeout(S, L, 3, 2, "put"));
}

/* What puts most often come to, with few calls into Lua. */
static inline int put_quickly(luv_chan_t *c, lua_State *L) {
  if (!queue_empty(&c->o.waiters)) hand_over(c, L);
  else if (c->count < c->cap) append(c, L, 1);
  else return luv__suspend_quickly(c->o.S, L, &luv__op_put, c, 2);
  return 1;
}

static inline int get_quickly(luv_chan_t *c, lua_State *L) {
  if (queue_empty(&c->putters)) {
    if (!c->count) return luv__suspend_quickly(c->o.S, L, &luv__op_get, c, 1);
    shift(c, L, 1);
  } else luv__chan_take(c->o.S, c, L, 1);
  return 1;
}

/* The channel at 1, if it is one that is open and used on this thread: most often the state
 * knows its address (chan_fast.c). */
static inline luv_chan_t *known(lua_State *L, int idx) {
  const void *box = lua_touserdata(L, idx);
  luv_state *S = luv__running;
  if (LUV_UNLIKELY(!S || luv__forked)) return NULL;
  luv__check_crossing(L);
  return luv__known(luv__sync(S)->chans, LUV_CHAN_BITS, box);
}

static inline luv_chan_t *quick(lua_State *L) {
  luv_chan_t *c = known(L, 1);
  if (LUV_LIKELY(c)) return c;
  c = luv__quick(L, luv__class_chan.id);
  if (c) luv__chan_know(c);
  return c;
}

/* ch = ch:put(v[, timeout]) */
LUV_HOT int luv_chan_put(lua_State *L) {
  luv_chan_t *c = quick(L);
  if (LUV_LIKELY(c && !c->ended && luv__calm(c->o.S) && lua_gettop(L) == 2)) return put_quickly(c, L);
  return put_slowly(L);
}

/* ch = ch:try_put(v) */
int luv_chan_try_put(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv__last(S, L, 2, 1, "try_put");
  return put(S, L, "try_put", 0);
}

static int get(luv_state *S, lua_State *L, const char *fname, double timeout) {
  luv_chan_t *c = check(S, L, fname);
  luv__check_cancel(S, L);
  if (!c) return luv__fail(L, UV_EBADF);
  lua_settop(L, 1);
  if (luv__chan_take(S, c, L, 1)) return 1;
  if (c->ended) return luv__fail(L, UV_EOF);
  return luv__suspend(S, L, &luv__op_get, c, 0, timeout);
}

static __attribute__((noinline)) int get_slowly(lua_State *L) {
  luv_state *S = luv_enter(L);
  check(S, L, "get");
  return get(S, L, "get", luv__opt_timeout(S, L, 2, 1, "get"));
}

/* v = ch:get([timeout]) */
LUV_HOT int luv_chan_get(lua_State *L) {
  luv_chan_t *c = quick(L);
  if (LUV_LIKELY(c && (c->count || !c->ended) && luv__calm(c->o.S) && lua_gettop(L) == 1)) return get_quickly(c, L);
  return get_slowly(L);
}

/* The channel that compiled code has found that it must wait for. Something may have come
 * between, a finaliser: then it is looked at again. */
static inline luv_chan_t *landing(lua_State *L, int n) {
  luv_state *S = luv__running;
  luv_chan_t *c = S ? S->landing : NULL;
  return c && c->o.box == lua_touserdata(L, 1) && lua_gettop(L) == n && luv__calm(S) ? c : NULL;
}

LUV_HOT int luv__chan_land_put(lua_State *L) {
  luv_chan_t *c = landing(L, 2);
  if (LUV_UNLIKELY(!c || c->ended || c->count < c->cap || !queue_empty(&c->o.waiters))) return luv_chan_put(L);
  return luv__suspend_quickly(c->o.S, L, &luv__op_put, c, 2);
}

LUV_HOT int luv__chan_land_get(lua_State *L) {
  luv_chan_t *c = landing(L, 1);
  if (LUV_UNLIKELY(!c || c->ended || c->count || !queue_empty(&c->putters))) return luv_chan_get(L);
  return luv__suspend_quickly(c->o.S, L, &luv__op_get, c, 1);
}

/* v = ch:try_get() */
int luv_chan_try_get(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv__last(S, L, 1, 0, "try_get");
  return get(S, L, "try_get", 0);
}

/* ch = ch:close(): those that wait get EOF; what lies in it can still be got */
int luv_chan_close(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_chan_t *c = check(S, L, "close");
  lua_settop(L, 1);
  if (!c || c->ended) return 1;
  c->ended = 1;
  luv__wake_all_error(S, &c->putters, UV_EOF);
  luv__wake_all_error(S, &c->o.waiters, UV_EOF);
  return 1;
}

int luv_chan_closed(lua_State *L) {
  luv_chan_t *c = check(luv_enter(L), L, "closed");
  lua_pushboolean(L, !c || c->ended);
  return 1;
}

/* n = #ch: values that lie in it */
int luv_chan_len(lua_State *L) {
  luv_chan_t *c = check(luv_enter(L), L, "#");
  lua_pushnumber(L, c ? c->count : 0);
  return 1;
}

int luv_chan_capacity(lua_State *L) {
  luv_chan_t *c = check(luv_enter(L), L, "capacity");
  if (!c) return luv__fail(L, UV_EBADF);
  lua_pushnumber(L, c->cap);
  return 1;
}

static __attribute__((noinline)) int next_slowly(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_box *b;
  lua_settop(L, 0);
  lua_pushvalue(L, lua_upvalueindex(2));
  b = luv__tobox(L, 1, luv__class_chan.id);
  if (b && b->o) luv__chan_know((luv_chan_t *)b->o);
  return get(S, L, "iter", LUV_NO_TIMEOUT);
}

LUV_HOT int luv__chan_next(lua_State *L) {
  luv_chan_t *c = known(L, lua_upvalueindex(2));
  if (LUV_UNLIKELY(!c || !c->count || !queue_empty(&c->putters) || !luv__calm(c->o.S))) return next_slowly(L);
  shift(c, L, lua_upvalueindex(2));
  return 1;
}

static const luv_face next_face = {.fn = luv__chan_next, .waits = 1, .wrapper = &luv__wrap_some};

/* for v in ch:iter() */
int luv_chan_iter(lua_State *L) {
  luv_state *S = luv_enter(L);
  check(S, L, "iter");
  lua_pushvalue(L, 1);
  luv__push_iterator(S, L, &next_face);
  return 1;
}
