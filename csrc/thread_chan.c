/* thread_chan.c - luv.thread.chan: a queue of values that all threads of the process share.
 *
 * Who puts and who gets have a lock each, for some nanoseconds: one that spins, and lets others
 * run if that lasts.
 * The core's lock comes first where both are needed: when a fiber waits, or may be waiting.
 * A put counts its value before it looks whether anybody hangs at a bell, and who is about
 * to wait hangs there before it looks at the count: one sees the other. The same holds for
 * gets and room. With a capacity of 0 there is room while more fibers wait in get than
 * values lie ready for them. */
#include <math.h>
#include <sched.h>
#include "thread.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct { luv_queue *v; uint64_t size, n; } known; /* by id */
static uint64_t last_id;

/* ---- the shared part ---------------------------------------------------------------------- */

static uint32_t load(const uint32_t *n) { return __atomic_load_n(n, __ATOMIC_SEQ_CST); }
static int closed(luv_channel *c) { return __atomic_load_n(&c->closed, __ATOMIC_SEQ_CST); }

static __attribute__((noinline)) void wait_for(int *l) {
  int i = 0;
  do {
    while (__atomic_load_n(l, __ATOMIC_RELAXED))
      if (++i % 128 == 0) sched_yield();
  } while (__atomic_exchange_n(l, 1, __ATOMIC_ACQUIRE));
}

static inline void take_lock(int *l) {
  if (LUV_UNLIKELY(__atomic_exchange_n(l, 1, __ATOMIC_ACQUIRE))) wait_for(l);
}

static inline void drop_lock(int *l) { __atomic_store_n(l, 0, __ATOMIC_RELEASE); }

static uint32_t count(luv_channel *c) {
  uint32_t head = load(&c->head);
  return load(&c->tail) - head;
}

static int room(luv_channel *c) { return count(c) < (c->cap > 0 ? c->cap : c->core.wanted); }

static void pause_briefly(void) {
  int i;
  for (i = 0; i < 6; i++) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
  }
}

/* Two sides that keep up with each other would look at each other's count for every value,
 * and the line with it would go to and fro. Who has found few the last time lets some more
 * come first, for a fraction of a microsecond; not if the other side is its own thread. */
#define FEW 8
static int few(luv_channel *c, uint32_t n, luv_state **other) {
  return n > 0 && n <= FEW && c->cap > 2 * FEW && __atomic_load_n(other, __ATOMIC_RELAXED) != luv__running;
}

/* With `getting` held. */
static void look_for_values(luv_channel *c) {
  if (c->few_values) pause_briefly();
  c->tail_seen = load(&c->tail);
  c->few_values = few(c, c->tail_seen - c->head, &c->put_by);
  __atomic_store_n(&c->got_by, luv__running, __ATOMIC_RELAXED);
}

/* With `putting` held. */
static void look_for_room(luv_channel *c) {
  if (c->few_places) pause_briefly();
  c->head_seen = load(&c->head);
  c->few_places = c->cap < 1e9 && few(c, (uint32_t)c->cap - (c->tail - c->head_seen), &c->got_by);
}

/* The same with `putting` held. */
static int room_seen(luv_channel *c) {
  if (c->cap > 0 && c->tail - c->head_seen < c->cap) return 1;
  look_for_room(c);
  return c->tail - c->head_seen < (c->cap > 0 ? c->cap : c->core.wanted);
}

/* With `putting` held. */
static int grow(luv_channel *c) {
  uint32_t i, size = c->size ? c->size * 2 : 16;
  luv_msg *v = aligned_alloc(64, size * sizeof *v);
  if (!v) return UV_ENOMEM;
  take_lock(&c->getting);
  for (i = c->head; i != c->tail; i++) v[i & (size - 1)] = c->v[i & (c->size - 1)];
  free(c->v);
  c->v = v;
  c->size = size;
  drop_lock(&c->getting);
  return 0;
}

/* Fetches what the values to come will touch, which another CPU has used last: storing the
 * count waits for all that was written before. */
#define AHEAD 4
static inline __attribute__((always_inline)) void fetch_to_put(luv_channel *c) {
  __builtin_prefetch(&c->v[(c->tail + AHEAD) & (c->size - 1)], 1);
}
static inline __attribute__((always_inline)) void fetch_to_get(luv_channel *c) {
  if (c->tail_seen - c->head > AHEAD) __builtin_prefetch(&c->v[(c->head + AHEAD) & (c->size - 1)]);
}

static int push_back(luv_channel *c, const luv_msg *m) {
  if (LUV_UNLIKELY(c->tail - c->head_seen >= c->size)) {
    c->head_seen = load(&c->head);
    if (c->tail - c->head_seen >= c->size && grow(c)) return UV_ENOMEM;
  }
  fetch_to_put(c);
  c->v[c->tail & (c->size - 1)] = *m;
  __atomic_store_n(&c->put_by, luv__running, __ATOMIC_RELAXED);
  __atomic_store_n(&c->tail, c->tail + 1, __ATOMIC_SEQ_CST);
  return 0;
}

/* Puts m if there is room. */
int luv__thread_chan_put(luv_channel *c, const luv_msg *m) {
  int err;
  take_lock(&c->putting);
  err = closed(c) ? UV_EOF : room_seen(c) ? push_back(c, m) : UV_EAGAIN;
  drop_lock(&c->putting);
  return err;
}

/* Takes the next value: UV_EAGAIN when there is none, UV_EOF when none will come. */
static int shift(luv_channel *c, luv_msg *m) {
  int last = closed(c), err = 0;
  take_lock(&c->getting);
  if (c->head == c->tail_seen) look_for_values(c);
  if (c->head == c->tail_seen) err = last ? UV_EOF : UV_EAGAIN;
  else {
    fetch_to_get(c);
    *m = c->v[c->head & (c->size - 1)];
    __atomic_store_n(&c->head, c->head + 1, __ATOMIC_SEQ_CST);
  }
  drop_lock(&c->getting);
  return err;
}

/* Gives f, the first that waits in get, the next value: 0 if there is none. */
static int give(luv_link *k, luv_channel *c, luv_fiber *f) {
  luv_msg *m = malloc(sizeof *m);
  int err = m ? shift(c, m) : UV_ENOMEM;
  if (err) free(m);
  if (err == UV_EAGAIN) return 0;
  if (err) luv__link_wake_error(k, f, err);
  else {
    f->wait.on = m;
    luv__link_wake(k, f, LUV_OUT_MSG);
  }
  return 1;
}

/* Takes what f, the first that waits in put, has brought. */
static int take(luv_link *k, luv_channel *c, luv_fiber *f) {
  luv_msg *m = lua_touserdata(f->chain.L, 2);
  int err = luv__thread_chan_put(c, m);
  if (err == UV_EAGAIN) return 0;
  if (err) luv__wake_error(k->o.S, f, err);
  else {
    m->kind = LUV_MSG_NIL;
    luv__wake(k->o.S, f, LUV_OUT_SELF);
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
  return closed(c) || (bell == LUV_BELL_GET ? count(c) > 0 : room(c));
}

/* Without memory the lists get longer. Under the lock. */
static void more_lists(void) {
  uint64_t i, size = known.size ? known.size * 2 : 64;
  luv_queue *v = malloc(size * sizeof *v);
  if (!v) return;
  for (i = 0; i < size; i++) queue_init(&v[i]);
  for (i = 0; i < known.size; i++)
    while (!queue_empty(&known.v[i])) {
      luv_channel *c = luv_container(known.v[i].next, luv_channel, known);
      queue_remove(&c->known);
      queue_push(&v[c->id & (size - 1)], &c->known);
    }
  free(known.v);
  known.v = v;
  known.size = size;
}

static int make_known(luv_channel *c) {
  int err;
  pthread_mutex_lock(&lock);
  if (known.n >= known.size) more_lists();
  err = known.size ? 0 : UV_ENOMEM;
  if (!err) {
    c->id = ++last_id;
    known.n++;
    queue_push(&known.v[c->id & (known.size - 1)], &c->known);
  }
  pthread_mutex_unlock(&lock);
  return err;
}

static void make_unknown(luv_channel *c) {
  pthread_mutex_lock(&lock);
  queue_remove(&c->known);
  known.n--;
  pthread_mutex_unlock(&lock);
}

static void free_one(luv_channel *c) {
  luv_msg m;
  while (shift(c, &m) == 0) luv__msg_free(&m);
  free(c->v);
  free(c);
}

/* What lies in a channel may hold the last reference to another one, and so on: they stand
 * in a row, lest the C stack bounds how many. */
static void free_chan(luv_core *core) {
  static __thread luv_channel *row __attribute__((tls_model("initial-exec")));
  static __thread int busy __attribute__((tls_model("initial-exec")));
  luv_channel *c = (luv_channel *)core;
  make_unknown(c);
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
  if (make_known(c) == 0) return c;
  free(c);
  return NULL;
}

void luv__thread_chan_close(luv_channel *c) {
  pthread_mutex_lock(&c->core.lock);
  take_lock(&c->putting);
  __atomic_store_n(&c->closed, 1, __ATOMIC_SEQ_CST);
  drop_lock(&c->putting);
  luv__core_ring_all(&c->core, LUV_BELL_GET);
  luv__core_ring_all(&c->core, LUV_BELL_PUT);
  pthread_mutex_unlock(&c->core.lock);
}

/* ---- alone with a channel ---------------------------------------------------------------- */

/* A time limit would end the wait. A case of a luv.select is not counted, though its wait is. */
static int endless(luv_queue *list) {
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
  if (LUV_LIKELY(queue_empty(&S->links)) || !queue_empty(&S->children) || !S->thread->is_main) return 0;
  if (__atomic_load_n(&S->rung, __ATOMIC_SEQ_CST)) return 0;
  for (q = S->links.next; q != &S->links; q = q->next) {
    luv_link *k = luv_container(q, luv_link, node);
    if (k->o.class_id == LUV_CLASS_THREAD_CHAN && __atomic_load_n(&k->core->refs, __ATOMIC_ACQUIRE) == 1)
      n += endless(&k->o.waiters) + endless(&k->senders);
  }
  return n;
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
  luv_queue *q, *head;
  luv_channel *c = NULL;
  pthread_mutex_lock(&lock);
  head = known.size ? &known.v[id & (known.size - 1)] : NULL;
  for (q = head ? head->next : NULL; q != head && !c; q = q->next) {
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

/* ---- without a Lua state, for compiled code ------------------------------------------------------ */

static luv_link_known *place(luv_state *S, const void *box) {
  return &S->thread_chans[(uint32_t)((uintptr_t)box >> 4) * 2654435761u >> 28];
}

/* The channel is closed for this state: its userdata may soon be something else. */
void luv__thread_chan_forget(luv_object *o) {
  int i;
  for (i = 0; o->S && i < LUV_LINK_KNOWN; i++)
    if (o->S->thread_chans[i].k == (void *)o) o->S->thread_chans[i].box = o->S->thread_chans[i].k = NULL;
}

/* A face has seen that this is a channel of the state. */
static inline void know(luv_state *S, luv_link *k) {
  luv_link_known *at = place(S, k->o.box);
  at->box = k->o.box;
  at->k = k;
}

/* The rules are those of chan_fast.c. When it is time to let others run, the face sees to it. */
static inline luv_link *plain(luv_state *S, const void *box) {
  luv_link_known *at = place(S, box);
  luv_fiber *f = luv_current(S);
  if (LUV_UNLIKELY(at->box != box || luv__forked | S->dead)) return NULL;
  if (LUV_UNLIKELY((f && f->flags & LUV_F_CANCEL) || (S->link_ops & 63) == 63)) return NULL;
  return ((luv_channel *)at->k->core)->cap > 0 ? at->k : NULL;
}

static int put_plainly(luv_state *S, luv_link *k, const luv_msg *m) {
  luv_channel *c = (luv_channel *)k->core;
  if (!queue_empty(&k->senders) || luv__thread_chan_put(c, m)) return 0;
  S->link_ops++;
  luv__core_tell(&c->core, LUV_BELL_GET);
  return 1;
}

/* Puts a short string; 0: the face has to do it. */
int luv_thread_chan_put_text(luv_state *S, const void *box, const char *p, size_t n) {
  luv_link *k = plain(S, box);
  luv_msg m;
  if (!k || n > sizeof m.u.s) return 0;
  m.kind = LUV_MSG_SHORT;
  m.n = (uint8_t)n;
  memcpy(m.u.s, p, n);
  return put_plainly(S, k, &m);
}

int luv_thread_chan_put_number(luv_state *S, const void *box, double x) {
  luv_link *k = plain(S, box);
  luv_msg m;
  if (!k) return 0;
  m.kind = LUV_MSG_NUMBER;
  m.u.number = x;
  return put_plainly(S, k, &m);
}

/* Takes the next value if it is a short string, whose bytes stay until the next call, or a
 * number: how[0] is the length, or -1 with the number in how[1]. NULL: the face has to do it. */
const char *luv_thread_chan_take(luv_state *S, const void *box, double *how) {
  luv_link *k = plain(S, box);
  luv_channel *c = k ? (luv_channel *)k->core : NULL;
  const luv_msg *m = NULL;
  if (!k || !queue_empty(&k->o.waiters)) return NULL;
  take_lock(&c->getting);
  if (c->head == c->tail_seen) look_for_values(c);
  if (c->head != c->tail_seen) m = &c->v[c->head & (c->size - 1)];
  if (m && m->kind != LUV_MSG_SHORT && m->kind != LUV_MSG_NUMBER) m = NULL;
  if (m) {
    fetch_to_get(c);
    how[0] = m->kind == LUV_MSG_SHORT ? m->n : -1;
    if (m->kind == LUV_MSG_NUMBER) how[1] = m->u.number;
    else memcpy(S->taken, m->u.s, m->n);
    __atomic_store_n(&c->head, c->head + 1, __ATOMIC_SEQ_CST);
  }
  drop_lock(&c->getting);
  if (!m) return NULL;
  S->link_ops++;
  luv__core_tell(&c->core, LUV_BELL_PUT);
  return S->taken;
}

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

static int get(luv_state *S, lua_State *L, luv_link *k, double timeout) {
  luv_channel *c = k ? (luv_channel *)k->core : NULL;
  luv_msg m;
  int err;
  luv__check_cancel(S, L);
  if (!c) return luv__fail(L, UV_EBADF);
  if (!queue_empty(&k->o.waiters) || (timeout != 0 && luv__overdue(S, &S->link_ops)))
    return luv__suspend(S, L, LUV_OP_THREAD_GET, k, 0, timeout);
  err = shift(c, &m);
  if (err == UV_EAGAIN) return luv__suspend(S, L, LUV_OP_THREAD_GET, k, 0, timeout);
  if (err) return luv__fail(L, err);
  luv__core_tell(&c->core, LUV_BELL_PUT);
  return luv__msg_push(S, L, &m) == LUV_RAISE ? lua_error(L) : 1;
}

/* value = ch:get([timeout]) */
int luv_thread_chan_get(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_link *k = luv__self(S, L, LUV_CLASS_THREAD_CHAN, "get");
  if (S->jit && k) know(S, k);
  return get(S, L, k, luv__opt_timeout(S, L, 2, 1, "get"));
}

/* value = ch:try_get() */
int luv_thread_chan_try_get(lua_State *L) {
  luv_state *S = luv_enter(L);
  return get(S, L, luv__self(S, L, LUV_CLASS_THREAD_CHAN, "try_get"), 0);
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

/* With a capacity of 0 it counts how many wait, which the core's lock keeps. */
static int put_now(luv_channel *c, const luv_msg *m) {
  int err;
  if (LUV_LIKELY(c->cap > 0)) return luv__thread_chan_put(c, m);
  pthread_mutex_lock(&c->core.lock);
  err = luv__thread_chan_put(c, m);
  pthread_mutex_unlock(&c->core.lock);
  return err;
}

static int put(luv_state *S, lua_State *L, luv_link *k, double timeout) {
  luv_channel *c = k ? (luv_channel *)k->core : NULL;
  luv_msg m;
  int err;
  luv__check_cancel(S, L);
  if (!c) return luv__fail(L, UV_EBADF);
  lua_settop(L, 2);
  if (luv__msg_pack(S, L, 2, &m)) return luv__error(S, L, "cannot put %s", lua_tostring(L, -1));
  err = UV_EAGAIN;
  if (queue_empty(&k->senders) && !(timeout != 0 && luv__overdue(S, &S->link_ops))) err = put_now(c, &m);
  if (err == UV_EAGAIN) return put_later(S, L, k, &m, timeout);
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
  luv_link *k = luv__self(S, L, LUV_CLASS_THREAD_CHAN, "put");
  if (S->jit && k) know(S, k);
  return put(S, L, k, luv__opt_timeout(S, L, 3, 2, "put"));
}

/* ch = ch:try_put(value) */
int luv_thread_chan_try_put(lua_State *L) {
  luv_state *S = luv_enter(L);
  return put(S, L, luv__self(S, L, LUV_CLASS_THREAD_CHAN, "try_put"), 0);
}

/* n = ch:capacity() */
int luv_thread_chan_capacity(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_link *k = luv__self(S, L, LUV_CLASS_THREAD_CHAN, "capacity");
  lua_pushnumber(L, k ? ((luv_channel *)k->core)->cap : 0);
  return 1;
}

/* ch = ch:close(): for all threads; get still takes what is in it */
int luv_thread_chan_close(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_link *k = luv__self(S, L, LUV_CLASS_THREAD_CHAN, "close");
  if (k) luv__thread_chan_close((luv_channel *)k->core);
  lua_settop(L, 1);
  return 1;
}

/* yes = ch:closed() */
int luv_thread_chan_closed(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_link *k = luv__self(S, L, LUV_CLASS_THREAD_CHAN, "closed");
  lua_pushboolean(L, !k || closed((luv_channel *)k->core));
  return 1;
}

/* n = #ch: values that lie in it */
int luv_thread_chan_len(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_link *k = luv__self(S, L, LUV_CLASS_THREAD_CHAN, "__len");
  lua_pushinteger(L, k ? (lua_Integer)count((luv_channel *)k->core) : 0);
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
  luv__self(S, L, LUV_CLASS_THREAD_CHAN, "iter");
  lua_pushvalue(L, 1);
  luv__push_iterator(S, L, luv__next_value);
  return 1;
}
