/* thread_chan.c - luv.thread.chan: a queue of values that all threads of the process share.
 *
 * The ring (thread_ring.c) has locks of its own, for putting and getting; the core's comes first
 * where both are needed: when a fiber waits, or may be waiting.
 * A put counts its value before it looks whether anybody hangs at a bell, and who is about
 * to wait hangs there before it looks at the count: one sees the other. The same holds for
 * gets and room. With a capacity of 0 there is room while more fibers wait in get than
 * values lie ready for them. */
#include <math.h>
#include "thread_chan.h"

/* ---- the waits ---------------------------------------------------------------------------------- */

/* Gives f, the first that waits in get, the next value: 0 if there is none. */
static int give(luv_link *k, luv_channel *c, luv_fiber *f) {
  luv_msg *m = malloc(sizeof *m);
  int err = m ? luv__ring_shift(c, m) : UV_ENOMEM;
  if (err) free(m);
  if (err == UV_EAGAIN) return 0;
  if (err) luv__link_wake_error(k, f, err);
  else {
    f->wait.on = m;
    luv__link_wake(k, f, LUV_OUT_OWN);
  }
  return 1;
}

/* Takes what f, one that waits in put, has brought. */
static int take(luv_link *k, luv_channel *c, luv_fiber *f) {
  luv_msg *m = lua_touserdata(f->in, 2);
  int err = luv__thread_chan_put(c, m);
  if (err == UV_EAGAIN) return 0;
  if (err) luv__wake_error(k->o.S, f, err);
  else {
    m->kind = LUV_MSG_NIL;
    luv__wake(k->o.S, f, LUV_OUT_SELF);
  }
  return 1;
}

static int gets_from(const luv_fiber *f, const void *core) {
  return f->wait.op == &luv__op_thread_get && f->wait.arg && ((luv_link *)f->wait.on)->core == core;
}

/* With a capacity of 0: of those who wait to get, the cases of f's own luv.select, which does
 * not meet itself. */
static uint32_t own(luv_channel *c, luv_fiber *f) {
  return c->cap > 0 || f->is_main != LUV_IS_CASE ? 0 : luv__given.case_count(f, gets_from, c);
}

static int room_beside(luv_channel *c, uint32_t own) {
  return c->cap > 0 ? ring_room(c) : ring_count(c) + own < c->core.wanted;
}

/* The first that waits in put; one that only its own luv.select would serve is passed over. */
static int take_next(luv_link *k, luv_channel *c) {
  luv_queue *q;
  k->own = 0;
  for (q = k->senders.next; q != &k->senders; q = q->next) {
    luv_fiber *f = luv_container(q, luv_fiber, wait.node);
    uint32_t n = own(c, f);
    if (!k->own || n < k->own) k->own = n;
    if (!n || ring_closed(c) || room_beside(c, n)) return take(k, c, f);
  }
  return 0;
}

static void serve(luv_link *k) {
  luv_channel *c = (luv_channel *)k->core;
  int more = 1;
  while (more) {
    more = 0;
    if (!queue_empty(&k->o.waiters)) more |= give(k, c, luv_container(k->o.waiters.next, luv_fiber, wait.node));
    more |= take_next(k, c);
  }
}

/* Does a link at the bell PUT have somebody who can put? */
static int can_put(luv_channel *c) {
  luv_queue *head = &c->core.bells[LUV_BELL_PUT], *q;
  for (q = head->next; q != head; q = q->next)
    if (room_beside(c, luv_container(q - LUV_BELL_PUT, luv_link, bell)->own)) return 1;
  return 0;
}

static int ready(luv_core *core, int bell) {
  luv_channel *c = (luv_channel *)core;
  if (queue_empty(&core->bells[bell])) return 0;
  return ring_closed(c) || (bell == LUV_BELL_GET ? ring_count(c) > 0 : can_put(c));
}

/* ---- life ----------------------------------------------------------------------------------------- */

static void free_one(luv_channel *c) {
  luv_msg m;
  while (luv__ring_shift(c, &m) == 0) luv__msg_free(&m);
  free(c->v);
  free(c);
}

/* What lies in a channel may hold the last reference to another one, and so on: they stand
 * in a row, lest the C stack bounds how many. */
static void free_chan(luv_core *core) {
  static __thread luv_channel *row __attribute__((tls_model("initial-exec")));
  static __thread int busy __attribute__((tls_model("initial-exec")));
  luv_channel *c = (luv_channel *)core;
  luv__ring_make_unknown(c);
  c->after = row;
  row = c;
  if (busy) return;
  busy = 1;
  while ((c = row)) {
    row = c->after;
    free_one(c);
  }
  busy = 0;
}

static const luv_core_kind kind = {serve, ready, NULL, free_chan};

luv_channel *luv__thread_chan_new(double cap) {
  luv_channel *c = aligned_alloc(64, sizeof *c);
  if (!c) return NULL;
  memset(c, 0, sizeof *c);
  luv__core_init(&c->core, &kind);
  c->cap = cap;
  if (luv__ring_make_known(c) == 0) return c;
  free(c);
  return NULL;
}

void luv__thread_chan_close(luv_channel *c) {
  pthread_mutex_lock(&c->core.lock);
  ring_lock(&c->putting);
  __atomic_store_n(&c->closed, 1, __ATOMIC_SEQ_CST);
  ring_unlock(&c->putting);
  luv__core_ring_all(&c->core, LUV_BELL_GET);
  luv__core_ring_all(&c->core, LUV_BELL_PUT);
  pthread_mutex_unlock(&c->core.lock);
}

/* ---- alone with a channel ---------------------------------------------------------------- */

int luv__endless(luv_queue *list) {
  luv_queue *q;
  int n = 0;
  for (q = list->next; q != list; q = q->next) {
    luv_fiber *f = luv_container(q, luv_fiber, wait.node);
    n += f->wait.external && !f->wait.due.at;
  }
  return n;
}

/* Waits for channels that no other state and no message holds: nothing from outside ends
 * them. Unless there are threads, whose errors may run a function here, or this is one
 * itself, which can be cancelled. */
int luv__thread_chan_lone(luv_state *S) {
  luv_queue *q;
  int n = 0;
  if (LUV_LIKELY(queue_empty(&luv__threads(S)->links)) || !queue_empty(&luv__threads(S)->children) || !luv__threads(S)->thread->is_main) return 0;
  if (__atomic_load_n(&S->rung, __ATOMIC_SEQ_CST)) return 0;
  for (q = luv__threads(S)->links.next; q != &luv__threads(S)->links; q = q->next) {
    luv_link *k = luv_container(q, luv_link, node);
    if (k->o.class_id == luv__class_thread_chan.id && __atomic_load_n(&k->core->refs, __ATOMIC_ACQUIRE) == 1)
      n += luv__endless(&k->o.waiters) + luv__endless(&k->senders);
  }
  return n;
}

/* ---- the faces ----------------------------------------------------------------------------------- */

const luv_op luv__op_thread_get = {.name = "thread get", .flags = LUV_OP_EXTERNAL | LUV_OP_APART, .begin = luv__link_begin,
                                   .abandon = luv__link_abandon, .deliver = luv__msg_deliver};
static const luv_op put_op = {.name = "thread put", .flags = LUV_OP_EXTERNAL, .begin = luv__link_begin_put};

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
  return luv__thread_chan_push(S, L, c);
}

static int get(luv_state *S, lua_State *L, luv_link *k, double timeout) {
  luv_channel *c = k ? (luv_channel *)k->core : NULL;
  luv_msg m;
  int err;
  luv__check_cancel(S, L);
  if (!c) return luv__fail(L, UV_EBADF);
  if (!queue_empty(&k->o.waiters) || (timeout != 0 && luv__overdue(S, L, &luv__threads(S)->ops)))
    return luv__suspend(S, L, &luv__op_thread_get, k, 0, timeout);
  err = luv__ring_shift(c, &m);
  if (err == UV_EAGAIN) return luv__suspend(S, L, &luv__op_thread_get, k, 0, timeout);
  if (err) return luv__fail(L, err);
  luv__core_tell(&c->core, LUV_BELL_PUT);
  return luv__msg_push(S, L, &m) == LUV_RAISE ? lua_error(L) : 1;
}

/* value = ch:get([timeout]) */
int luv_thread_chan_get(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_link *k = luv__self(S, L, luv__class_thread_chan.id, "get");
  if (S->jit && k) luv__thread_chan_know(S, k);
  return get(S, L, k, luv__opt_timeout(S, L, 2, 1, "get"));
}

/* value = ch:try_get() */
int luv_thread_chan_try_get(lua_State *L) {
  luv_state *S = luv_enter(L);
  return get(S, L, luv__self(S, L, luv__class_thread_chan.id, "try_get"), 0);
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

static int put_later(luv_state *S, lua_State *L, const luv_msg *m, double timeout) {
  luv_msg *kept;
  luv_link *k;
  if (timeout == 0) {
    luv_msg refused = *m;
    luv__msg_free(&refused);
    return luv__fail(L, UV_ETIMEDOUT);
  }
  kept = new_message(L);
  *kept = *m;
  lua_replace(L, 2);
  k = luv__self(S, L, luv__class_thread_chan.id, "put"); /* a finaliser may have closed it */
  if (!k) return luv__fail(L, UV_ECANCELED);
  return luv__suspend(S, L, &put_op, k, 0, timeout);
}

/* With a capacity of 0 it counts how many wait, which the core's lock keeps. */
static int put_now(luv_channel *c, const luv_msg *m) {
  int err;
  if (LUV_LIKELY(c->cap > 0)) return luv__thread_chan_put(c, m);
  pthread_mutex_lock(&c->core.lock);
  err = luv__thread_chan_put(c, m);
  pthread_mutex_unlock(&c->core.lock);
  return err;
}

/* The value is packed first, for which the script's code may run, and wait: then the channel is
 * looked up. */
static int put(luv_state *S, lua_State *L, const char *fname, double timeout) {
  luv_channel *c;
  luv_link *k;
  luv_msg m;
  int err;
  luv__check_cancel(S, L);
  if (!luv__self(S, L, luv__class_thread_chan.id, fname)) return luv__fail(L, UV_EBADF);
  lua_settop(L, 2);
  if (luv__msg_pack(S, L, 2, &m)) return luv__encode_error(S, L, "put");
  k = luv__self(S, L, luv__class_thread_chan.id, fname);
  if (!k) {
    luv__msg_free(&m);
    return luv__fail(L, UV_ECANCELED);
  }
  c = (luv_channel *)k->core;
  err = UV_EAGAIN;
  if (queue_empty(&k->senders) && !(timeout != 0 && luv__overdue(S, L, &luv__threads(S)->ops))) err = put_now(c, &m);
  if (err == UV_EAGAIN) return put_later(S, L, &m, timeout);
  if (err) {
    luv__msg_free(&m);
    return luv__fail(L, err);
  }
  luv__core_tell(&c->core, LUV_BELL_GET);
  lua_settop(L, 1);
  return 1;
}

/* ch = ch:put(value[, timeout]) */
int luv_thread_chan_put(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_link *k = luv__self(S, L, luv__class_thread_chan.id, "put");
  if (S->jit && k) luv__thread_chan_know(S, k);
  return put(S, L, "put", luv__opt_timeout(S, L, 3, 2, "put"));
}

/* ch = ch:try_put(value) */
int luv_thread_chan_try_put(lua_State *L) {
  luv_state *S = luv_enter(L);
  return put(S, L, "try_put", 0);
}

/* n = ch:capacity() */
int luv_thread_chan_capacity(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_link *k = luv__self(S, L, luv__class_thread_chan.id, "capacity");
  lua_pushnumber(L, k ? ((luv_channel *)k->core)->cap : 0);
  return 1;
}

/* ch = ch:close(): for all threads; get still takes what is in it */
int luv_thread_chan_close(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_link *k = luv__self(S, L, luv__class_thread_chan.id, "close");
  if (k) luv__thread_chan_close((luv_channel *)k->core);
  lua_settop(L, 1);
  return 1;
}

/* yes = ch:ring_closed() */
int luv_thread_chan_closed(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_link *k = luv__self(S, L, luv__class_thread_chan.id, "closed");
  lua_pushboolean(L, !k || ring_closed((luv_channel *)k->core));
  return 1;
}

/* n = #ch: values that lie in it */
int luv_thread_chan_len(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_link *k = luv__self(S, L, luv__class_thread_chan.id, "__len");
  lua_pushinteger(L, k ? (lua_Integer)ring_count((luv_channel *)k->core) : 0);
  return 1;
}

/* value = next(): what iter returns. Upvalue 2 is the channel. */
int luv__next_value(lua_State *L) {
  lua_settop(L, 0);
  lua_pushvalue(L, lua_upvalueindex(2));
  return luv_thread_chan_get(L);
}

static const luv_face value_face = {.fn = luv__next_value, .waits = 1};

/* for value in ch:iter() */
int luv_thread_chan_iter(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv__self(S, L, luv__class_thread_chan.id, "iter");
  lua_pushvalue(L, 1);
  luv__push_iterator(S, L, &value_face);
  return 1;
}
