/* thread_chan.c - luv.thread.chan: a queue of values that all threads of the process share.
 *
 * A put that finds room and a get that finds a value need the lock, for some nanoseconds,
 * and nothing else. With a capacity of 0 there is room while more fibers wait in get than
 * values lie ready for them. */
#include <math.h>
#include "thread.h"

#define BUCKETS 64

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static luv_queue known[BUCKETS];
static uint64_t last_id;

/* ---- the shared part ---------------------------------------------------------------------- */

static int room(luv_channel *c) {
  return c->cap > 0 ? c->count < c->cap : c->count < c->core.wanted;
}

static int grow(luv_channel *c) {
  uint32_t i, size = c->size ? c->size * 2 : 16;
  luv_msg *v = malloc(size * sizeof *v);
  if (!v) return UV_ENOMEM;
  for (i = 0; i < c->count; i++) v[i] = c->v[(c->head + i) & (c->size - 1)];
  free(c->v);
  c->v = v;
  c->size = size;
  c->head = 0;
  return 0;
}

int luv__thread_chan_push(luv_channel *c, const luv_msg *m) {
  if (LUV_UNLIKELY(c->count == c->size) && grow(c)) return UV_ENOMEM;
  c->v[(c->head + c->count++) & (c->size - 1)] = *m;
  return 0;
}

static void shift(luv_channel *c, luv_msg *m) {
  *m = c->v[c->head];
  c->head = (c->head + 1) & (c->size - 1);
  c->count--;
}

/* Gives f, the first that waits in get, the next value: 0 if there is none. */
static int give(luv_link *k, luv_channel *c, luv_fiber *f) {
  luv_msg *m;
  if (!c->count) {
    if (c->closed) luv__link_wake_error(k, f, UV_EOF);
    return c->closed;
  }
  m = malloc(sizeof *m);
  if (!m) {
    luv__link_wake_error(k, f, UV_ENOMEM);
    return 1;
  }
  shift(c, m);
  f->wait.on = m;
  luv__link_wake(k, f, LUV_OUT_MSG);
  return 1;
}

/* Takes what f, the first that waits in put, has brought. */
static int take(luv_link *k, luv_channel *c, luv_fiber *f) {
  luv_msg *m = lua_touserdata(f->chain.L, 2);
  int err = c->closed ? UV_EPIPE : !room(c) ? UV_EAGAIN : luv__thread_chan_push(c, m);
  if (err == UV_EAGAIN) return 0;
  if (err) luv__wake_error(k->o.S, f, err);
  else {
    m->kind = LUV_MSG_NIL;
    luv__wake(k->o.S, f, LUV_OUT_TRUE);
  }
  return 1;
}

static void serve(luv_link *k) {
  luv_channel *c = (luv_channel *)k->core;
  int more = 1;
  while (more) {
    more = 0;
    if (!queue_empty(&k->o.waiters)) more |= give(k, c, luv_container(k->o.waiters.next, luv_fiber, wait.node));
    if (!queue_empty(&k->senders)) more |= take(k, c, luv_container(k->senders.next, luv_fiber, wait.node));
  }
}

static int ready(luv_core *core, int bell) {
  luv_channel *c = (luv_channel *)core;
  if (queue_empty(&core->bells[bell])) return 0;
  return c->closed || (bell == LUV_BELL_GET ? c->count > 0 : room(c));
}

static void free_chan(luv_core *core) {
  luv_channel *c = (luv_channel *)core;
  luv_msg m;
  pthread_mutex_lock(&lock);
  queue_remove(&c->known);
  pthread_mutex_unlock(&lock);
  while (c->count) {
    shift(c, &m);
    luv__msg_free(&m);
  }
  free(c->v);
  free(c);
}

static const luv_core_kind kind = {serve, ready, NULL, free_chan};

luv_channel *luv__thread_chan_new(double cap) {
  luv_channel *c = calloc(1, sizeof *c);
  int i;
  if (!c) return NULL;
  luv__core_init(&c->core, &kind);
  c->cap = cap;
  pthread_mutex_lock(&lock);
  for (i = 0; i < BUCKETS && !known[i].next; i++) queue_init(&known[i]);
  c->id = ++last_id;
  queue_push(&known[c->id % BUCKETS], &c->known);
  pthread_mutex_unlock(&lock);
  return c;
}

void luv__thread_chan_close(luv_channel *c) {
  pthread_mutex_lock(&c->core.lock);
  c->closed = 1;
  luv__core_ring_all(&c->core, LUV_BELL_GET);
  luv__core_ring_all(&c->core, LUV_BELL_PUT);
  pthread_mutex_unlock(&c->core.lock);
}

/* ---- in messages ------------------------------------------------------------------------------ */

static uint64_t hold(luv_state *S, lua_State *L, int idx) {
  luv_box *b = luv__tobox(L, idx, LUV_CLASS_THREAD_CHAN);
  luv_channel *c;
  (void)S;
  if (!b || !b->o) return 0;
  c = (luv_channel *)((luv_link *)b->o)->core;
  luv__core_hold(&c->core);
  return c->id;
}

/* The channel of that number, with a reference; NULL: it is gone, or on its way. */
static luv_channel *find(uint64_t id) {
  luv_queue *q, *head = &known[id % BUCKETS];
  luv_channel *c = NULL;
  pthread_mutex_lock(&lock);
  for (q = head->next; q && q != head && !c; q = q->next) {
    c = luv_container(q, luv_channel, known);
    if (c->id != id) c = NULL;
  }
  if (c && !luv__core_revive(&c->core)) c = NULL;
  pthread_mutex_unlock(&lock);
  return c;
}

static int push_chan(luv_state *S, lua_State *L, luv_core *c) {
  luv_link *k = luv__link_new(S, LUV_CLASS_THREAD_CHAN, c);
  if (!k) return luaL_error(L, "not enough memory");
  luv__push_object(S, L, &k->o);
  return 1;
}

static int push(luv_state *S, lua_State *L, uint64_t id) {
  luv_channel *c = find(id);
  return c ? push_chan(S, L, &c->core) : 0;
}

static void drop(uint64_t id) {
  luv_channel *c = find(id);
  if (!c) return;
  luv__core_drop(&c->core);
  luv__core_drop(&c->core);
}

static const luv_shared shared = {"luv.thread.chan", LUV_CLASS_THREAD_CHAN, hold, push, drop};

void luv__thread_chan_once(void) { luv__codec_shared(&shared); }

/* ---- the faces ----------------------------------------------------------------------------------- */

/* ch = luv.thread.chan([capacity = 0]) */
int luv_thread_chan(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_channel *c;
  double cap = lua_tonumber(L, 1);
  if (!lua_isnoneornil(L, 1) && lua_type(L, 1) != LUA_TNUMBER)
    return luv__type_error(S, L, 1, 1, "chan", "number");
  if (!(cap >= 0) || cap != floor(cap)) return luv__arg_error(S, L, 1, "chan", "a whole number of 0 or more expected");
  c = luv__thread_chan_new(cap);
  if (!c) return luaL_error(L, "not enough memory");
  return push_chan(S, L, &c->core);
}

/* Values that need not wait must not keep the other fibers waiting for ever. */
static int overdue(luv_state *S) { return (++S->link_ops & 63) == 0 && uv_hrtime() - S->slice >= LUV_SLICE; }

/* value = ch:get([timeout]) */
int luv_thread_chan_get(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_link *k = luv__check_link(S, L, LUV_CLASS_THREAD_CHAN, "get");
  double timeout = luv__opt_timeout(S, L, 2, 1, "get");
  luv_channel *c = k ? (luv_channel *)k->core : NULL;
  luv_msg m;
  int there, ended;
  luv__check_cancel(S, L);
  if (!c) return luv__fail(L, UV_EBADF);
  if (!queue_empty(&k->o.waiters) || (timeout != 0 && overdue(S)))
    return luv__suspend(S, L, LUV_OP_THREAD_GET, k, 0, timeout);
  pthread_mutex_lock(&c->core.lock);
  there = c->count > 0;
  ended = c->closed;
  if (there) {
    shift(c, &m);
    if (ready(&c->core, LUV_BELL_PUT)) luv__core_ring(&c->core, LUV_BELL_PUT);
  }
  pthread_mutex_unlock(&c->core.lock);
  if (there) return luv__msg_push(S, L, &m) == LUV_RAISE ? lua_error(L) : 1;
  if (ended) return luv__fail(L, UV_EOF);
  return luv__suspend(S, L, LUV_OP_THREAD_GET, k, 0, timeout);
}

static int message_gc(lua_State *L) {
  luv__msg_free(lua_touserdata(L, 1));
  return 0;
}

/* A message that waits for room stands in place of its value, and frees itself. */
static luv_msg *new_message(lua_State *L) {
  luv_msg *m = lua_newuserdata(L, sizeof *m);
  m->kind = LUV_MSG_NIL;
  if (luaL_newmetatable(L, "luv.thread.message")) {
    lua_pushcfunction(L, message_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  return m;
}

static int put_later(luv_state *S, lua_State *L, luv_link *k, const luv_msg *m, double timeout) {
  luv_msg *kept;
  if (timeout == 0) {
    luv_msg refused = *m;
    luv__msg_free(&refused);
    return luv__fail(L, UV_ETIMEDOUT);
  }
  kept = new_message(L);
  *kept = *m;
  lua_replace(L, 2);
  return luv__suspend(S, L, LUV_OP_THREAD_PUT, k, 0, timeout);
}

/* Puts m if there is room: 0, or why not. */
static int put(luv_link *k, luv_channel *c, const luv_msg *m) {
  int err;
  pthread_mutex_lock(&c->core.lock);
  err = c->closed ? UV_EPIPE : room(c) && queue_empty(&k->senders) ? luv__thread_chan_push(c, m) : UV_EAGAIN;
  if (!err) luv__core_ring(&c->core, LUV_BELL_GET);
  pthread_mutex_unlock(&c->core.lock);
  return err;
}

/* true = ch:put(value[, timeout]) */
int luv_thread_chan_put(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_link *k = luv__check_link(S, L, LUV_CLASS_THREAD_CHAN, "put");
  double timeout = luv__opt_timeout(S, L, 3, 2, "put");
  luv_channel *c = k ? (luv_channel *)k->core : NULL;
  luv_msg m;
  int err;
  luv__check_cancel(S, L);
  if (!c) return luv__fail(L, UV_EBADF);
  lua_settop(L, 3);
  luaL_checkstack(L, 10, "luv");
  if (luv__msg_pack(S, L, 2, &m)) return luv__error(S, L, "cannot put %s", lua_tostring(L, -1));
  err = overdue(S) && timeout != 0 ? UV_EAGAIN : put(k, c, &m);
  if (err == UV_EAGAIN) return put_later(S, L, k, &m, timeout);
  if (err) {
    luv__msg_free(&m);
    return luv__fail(L, err);
  }
  lua_pushboolean(L, 1);
  return 1;
}

/* ch = ch:close(): for all threads; get still takes what is in it */
int luv_thread_chan_close(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_link *k = luv__check_link(S, L, LUV_CLASS_THREAD_CHAN, "close");
  if (k) luv__thread_chan_close((luv_channel *)k->core);
  lua_settop(L, 1);
  return 1;
}

/* yes = ch:closed() */
int luv_thread_chan_closed(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_link *k = luv__check_link(S, L, LUV_CLASS_THREAD_CHAN, "closed");
  lua_pushboolean(L, !k || __atomic_load_n(&((luv_channel *)k->core)->closed, __ATOMIC_RELAXED));
  return 1;
}

/* n = #ch: values that lie in it */
int luv_thread_chan_len(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_link *k = luv__check_link(S, L, LUV_CLASS_THREAD_CHAN, "__len");
  lua_pushinteger(L, k ? (lua_Integer)__atomic_load_n(&((luv_channel *)k->core)->count, __ATOMIC_RELAXED) : 0);
  return 1;
}

/* value = next(): what iter returns. Upvalue 2 is the channel. */
int luv__next_value(lua_State *L) {
  lua_settop(L, 0);
  lua_pushvalue(L, lua_upvalueindex(2));
  return luv_thread_chan_get(L);
}

/* for value in ch:iter() */
int luv_thread_chan_iter(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv__check_link(S, L, LUV_CLASS_THREAD_CHAN, "iter");
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushvalue(L, 1);
  lua_pushcclosure(L, luv__next_value, 2);
  luv__wrap_suspending(S, L);
  return 1;
}
