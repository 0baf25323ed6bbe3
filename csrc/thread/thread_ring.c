/* thread_ring.c - what a luv.thread.chan is to its threads: a ring of messages, and the list of all
 * channels, by id, through which one that was passed is found.
 *
 * Who puts and who gets have a lock each, for some nanoseconds: one that spins, and lets others
 * run if that lasts. The head is the getters', the tail the putters'; each side looks at the
 * other's count only when the one it has seen last does not do. */
#include <sched.h>
#include "thread_chan.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct { luv_queue *v; uint64_t size, n; } known; /* by id */
static uint64_t last_id;

void luv__ring_wait_for(int *l) {
  int i = 0;
  do {
    while (__atomic_load_n(l, __ATOMIC_RELAXED))
      if (++i % 128 == 0) sched_yield();
  } while (__atomic_exchange_n(l, 1, __ATOMIC_ACQUIRE));
}

static void pause_briefly(void) {
  int i;
  for (i = 0; i < 6; i++) luv__relax();
}

/* Two sides that keep up with each other would look at each other's count for every value,
 * and the line with it would go to and fro. Who has found few the last time lets some more
 * come first, for a fraction of a microsecond; not if the other side is its own thread. */
#define FEW 8
static int few(luv_channel *c, uint32_t n, luv_state **other) {
  return n > 0 && n <= FEW && c->cap > 2 * FEW && __atomic_load_n(other, __ATOMIC_RELAXED) != luv__running;
}

/* With `getting` held. */
void luv__ring_look(luv_channel *c) {
  if (c->few_values) pause_briefly();
  c->tail_seen = ring_load(&c->tail);
  c->few_values = few(c, c->tail_seen - c->head, &c->put_by);
  __atomic_store_n(&c->got_by, luv__running, __ATOMIC_RELAXED);
}

/* With `putting` held. */
static void look_for_room(luv_channel *c) {
  if (c->few_places) pause_briefly();
  c->head_seen = ring_load(&c->head);
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
  ring_lock(&c->getting);
  for (i = c->head; i != c->tail; i++) v[i & (size - 1)] = c->v[i & (c->size - 1)];
  free(c->v);
  c->v = v;
  c->size = size;
  ring_unlock(&c->getting);
  return 0;
}

static int push_back(luv_channel *c, const luv_msg *m) {
  if (LUV_UNLIKELY(c->tail - c->head_seen >= c->size)) {
    c->head_seen = ring_load(&c->head);
    if (c->tail - c->head_seen >= c->size && grow(c)) return UV_ENOMEM;
  }
  ring_fetch_to_put(c);
  c->v[c->tail & (c->size - 1)] = *m;
  __atomic_store_n(&c->put_by, luv__running, __ATOMIC_RELAXED);
  __atomic_store_n(&c->tail, c->tail + 1, __ATOMIC_SEQ_CST);
  return 0;
}

/* Puts m if there is room. */
int luv__thread_chan_put(luv_channel *c, const luv_msg *m) {
  int err;
  ring_lock(&c->putting);
  err = ring_closed(c) ? UV_EOF : room_seen(c) ? push_back(c, m) : UV_EAGAIN;
  ring_unlock(&c->putting);
  return err;
}

/* Takes the next value: UV_EAGAIN when there is none, UV_EOF when none will come. */
int luv__ring_shift(luv_channel *c, luv_msg *m) {
  int last = ring_closed(c), err = 0;
  ring_lock(&c->getting);
  if (c->head == c->tail_seen) luv__ring_look(c);
  if (c->head == c->tail_seen) err = last ? UV_EOF : UV_EAGAIN;
  else {
    ring_fetch_to_get(c);
    *m = c->v[c->head & (c->size - 1)];
    __atomic_store_n(&c->head, c->head + 1, __ATOMIC_SEQ_CST);
  }
  ring_unlock(&c->getting);
  return err;
}

/* ---- all of them --------------------------------------------------------------------------------- */

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

int luv__ring_make_known(luv_channel *c) {
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

void luv__ring_make_unknown(luv_channel *c) {
  pthread_mutex_lock(&lock);
  queue_remove(&c->known);
  known.n--;
  pthread_mutex_unlock(&lock);
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

/* ---- in messages ------------------------------------------------------------------------------ */

static uint64_t hold(luv_state *S, lua_State *L, int idx) {
  luv_box *b = luv__tobox(L, idx, luv__class_thread_chan.id);
  luv_channel *c;
  (void)S;
  if (!b || !b->o) return 0;
  c = (luv_channel *)((luv_link *)b->o)->core;
  luv__core_hold(&c->core);
  return c->id;
}

/* Pushes an object for c, whose reference it takes. May raise. */
int luv__thread_chan_push(luv_state *S, lua_State *L, luv_channel *c) {
  luv_link *k = luv__link_new(S, luv__class_thread_chan.id, &c->core);
  if (!k) return luaL_error(L, "not enough memory");
  luv__push_object(S, L, &k->o);
  return 1;
}

static int push(luv_state *S, lua_State *L, uint64_t id) {
  luv_channel *c = find(id);
  return c ? luv__thread_chan_push(S, L, c) : 0;
}

static void drop(uint64_t id) {
  luv_channel *c = find(id);
  if (!c) return;
  luv__core_drop(&c->core);
  luv__core_drop(&c->core);
}

const luv_shared luv__thread_chan_shared = {"luv.thread.chan", hold, push, drop};
