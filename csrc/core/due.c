/* due.c - what is to happen at a time: a heap of four children per node.
 *
 * Entries carry their time, so moving one touches only the heap's own memory;
 * four children lie in one cache line. A fiber's entry is lazy: when its wait ends
 * the entry stays, and a later deadline is looked at when the old one comes up. So
 * a read with a timeout costs no heap operation in the steady state.
 *
 * Times are uv_hrtime nanoseconds: nothing ever ends early, however stale the
 * loop's own millisecond clock is. */
#include "luv.h"

static void place(luv_heap *h, uint32_t i, luv_due_entry e) {
  h->v[i] = e;
  e.due->index = i + 1;
}

static void sift_up(luv_heap *h, uint32_t i, luv_due_entry e) {
  while (i > 0) {
    uint32_t up = (i - 1) >> 2;
    if (h->v[up].at <= e.at) break;
    place(h, i, h->v[up]);
    i = up;
  }
  place(h, i, e);
}

static uint32_t least_child(const luv_heap *h, uint32_t i) {
  uint32_t first = 4 * i + 1, best = first, k;
  for (k = first + 1; k < first + 4 && k < h->n; k++)
    if (h->v[k].at < h->v[best].at) best = k;
  return best;
}

static void sift_down(luv_heap *h, uint32_t i, luv_due_entry e) {
  while (4 * i + 1 < h->n) {
    uint32_t child = least_child(h, i);
    if (h->v[child].at >= e.at) break;
    place(h, i, h->v[child]);
    i = child;
  }
  place(h, i, e);
}

static int grow(luv_heap *h) {
  uint32_t cap = h->cap ? h->cap * 2 : 64;
  luv_due_entry *v = realloc(h->v, cap * sizeof *v);
  if (!v) return UV_ENOMEM;
  h->v = v;
  h->cap = cap;
  return 0;
}

/* Makes d due at `at`. A no-op for an entry that comes up no later than that. */
int luv__due_insert(luv_heap *h, luv_due *d, uint64_t at) {
  luv_due_entry e = {at, d};
  if (d->index) {
    if (h->v[d->index - 1].at > at) sift_up(h, d->index - 1, e);
    return 0;
  }
  if (h->n == h->cap && grow(h)) return UV_ENOMEM;
  sift_up(h, h->n++, e);
  return 0;
}

void luv__due_remove(luv_heap *h, luv_due *d) {
  luv_due_entry last;
  uint32_t i;
  if (!d->index) return;
  i = d->index - 1;
  d->index = 0;
  last = h->v[--h->n];
  if (i == h->n) return;
  if (i > 0 && h->v[(i - 1) >> 2].at > last.at) sift_up(h, i, last);
  else sift_down(h, i, last);
}

uint64_t luv__due_first(luv_state *S) {
  return S->heap.n ? S->heap.v[0].at : LUV_FOREVER;
}

static void expire(luv_state *S, luv_due *d) {
  luv_fiber *f;
  if (d->fire) {
    d->fire(S, d);
    return;
  }
  f = luv_container(d, luv_fiber, wait.due);
  if (f->status != LUV_WAITING) { /* Lua has refused that wait's yield */
    d->at = 0;
    return;
  }
  d->at = 0;
  if (f->wait.op == &luv__op_sleep && !f->wait.scoped) luv__wake(S, f, LUV_OUT_TRUE);
  else luv__abandon(S, f, f->wait.scoped ? LUV_OUT_EXPIRED : LUV_OUT_TIMEOUT);
}

/* Ends or fires all that is due by now; puts back what was moved to later. */
void luv__due_fire(luv_state *S) {
  while (S->heap.n && S->heap.v[0].at <= S->now) {
    luv_due *d = S->heap.v[0].due;
    luv__due_remove(&S->heap, d);
    if (d->at > S->now) luv__due_insert(&S->heap, d, d->at); /* room was just made */
    else if (d->at) expire(S, d);
  }
}

uint64_t luv__nanoseconds(double seconds) {
  double ns = seconds * 1e9;
  if (!(ns > 0)) return 0;
  return ns >= 9e18 ? LUV_FOREVER : (uint64_t)(ns + 0.5);
}

/* The time that lies so many seconds after now, read from the real clock. */
uint64_t luv__due_in(luv_state *S, double seconds) {
  uint64_t ns = luv__nanoseconds(seconds);
  S->now = uv_hrtime();
  return ns == LUV_FOREVER ? LUV_FOREVER - 1 : S->now + ns;
}
