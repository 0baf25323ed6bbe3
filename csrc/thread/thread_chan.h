/* thread_chan.h - luv.thread.chan, for its own files: the ring (thread_ring.c), the waits and what
 * Lua sees (thread_chan.c), what LuaJIT compiles (thread_chan_fast.c). */
#ifndef LUV_THREAD_CHAN_H
#define LUV_THREAD_CHAN_H

#include "thread.h"

/* ---- thread_ring.c ------------------------------------------------------------------------------ */

int luv__ring_shift(luv_channel *c, luv_msg *m); /* 0, UV_EAGAIN, UV_EOF: none will come */
void luv__ring_look(luv_channel *c);             /* for values, with `getting` held */
void luv__ring_wait_for(int *l);
int luv__ring_make_known(luv_channel *c);
void luv__ring_make_unknown(luv_channel *c);
int luv__thread_chan_push(luv_state *S, lua_State *L, luv_channel *c);

static inline uint32_t ring_load(const uint32_t *n) { return __atomic_load_n(n, __ATOMIC_SEQ_CST); }
static inline int ring_closed(luv_channel *c) { return __atomic_load_n(&c->closed, __ATOMIC_SEQ_CST); }

static inline uint32_t ring_count(luv_channel *c) {
  uint32_t head = ring_load(&c->head);
  return ring_load(&c->tail) - head;
}

static inline int ring_room(luv_channel *c) {
  return ring_count(c) < (c->cap > 0 ? c->cap : c->core.wanted);
}

static inline void ring_lock(int *l) {
  if (LUV_UNLIKELY(__atomic_exchange_n(l, 1, __ATOMIC_ACQUIRE))) luv__ring_wait_for(l);
}

static inline void ring_unlock(int *l) { __atomic_store_n(l, 0, __ATOMIC_RELEASE); }

/* Fetches what the values to come will touch, which another CPU has used last: storing the
 * count waits for all that was written before. */
#define RING_AHEAD 4
static inline __attribute__((always_inline)) void ring_fetch_to_put(luv_channel *c) {
  __builtin_prefetch(&c->v[(c->tail + RING_AHEAD) & (c->size - 1)], 1);
}
static inline __attribute__((always_inline)) void ring_fetch_to_get(luv_channel *c) {
  if (c->tail_seen - c->head > RING_AHEAD) __builtin_prefetch(&c->v[(c->head + RING_AHEAD) & (c->size - 1)]);
}

/* ---- thread_chan_fast.c ------------------------------------------------------------------------- */

void luv__thread_chan_know(luv_state *S, luv_link *k); /* a face has seen that it is the state's */

#endif
