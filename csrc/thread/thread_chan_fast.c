/* thread_chan_fast.c - put and get of a luv.thread.chan without a Lua state, for compiled code.
 *
 * The rules are those of chan_fast.c: an address is a channel's if a face has said so, and
 * what is not the plain case is left for the face. Plain are short strings and numbers. */
#include "thread_chan.h"

/* The channel is closed for this state: its userdata may soon be something else. */
static void leaving(luv_object *o) {
  if (o->S) luv__unknow(luv__threads(o->S)->chans, LUV_THREAD_CHAN_BITS, o);
}

luv_class luv__class_thread_chan = {.name = "luv.thread.chan", .leaving = leaving, .closing = luv__link_closing,
                                    .shared = &luv__thread_chan_shared};

void luv__thread_chan_know(luv_state *S, luv_link *k) {
  luv__know(luv__threads(S)->chans, LUV_THREAD_CHAN_BITS, k->o.box, k);
}

static inline luv_link *plain(luv_state *S, const void *box) {
  luv_link *k = luv__known(luv__threads(S)->chans, LUV_THREAD_CHAN_BITS, box);
  luv_fiber *f = luv_current(S);
  if (LUV_UNLIKELY(!k || luv__forked | S->dead)) return NULL;
  if (LUV_UNLIKELY((f && f->flags & LUV_F_CANCEL) || luv__overdue_is_next(luv__threads(S)->ops))) return NULL;
  return ((luv_channel *)k->core)->cap > 0 ? k : NULL;
}

static int put_plainly(luv_state *S, luv_link *k, const luv_msg *m) {
  luv_channel *c = (luv_channel *)k->core;
  if (!queue_empty(&k->senders) || luv__thread_chan_put(c, m)) return 0;
  luv__threads(S)->ops++;
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

/* Takes the next value if it is a short string, whose length it returns, or a number, for which
 * it returns -1; they are the caller's then. -2: the face has to do it. */
int luv_thread_chan_take(luv_state *S, const void *box, double *number, char *text) {
  luv_link *k = plain(S, box);
  luv_channel *c = k ? (luv_channel *)k->core : NULL;
  const luv_msg *m = NULL;
  int n = -2;
  if (!k || !queue_empty(&k->o.waiters)) return n;
  ring_lock(&c->getting);
  if (c->head == c->tail_seen) luv__ring_look(c);
  if (c->head != c->tail_seen) m = &c->v[c->head & (c->size - 1)];
  if (m && m->kind != LUV_MSG_SHORT && m->kind != LUV_MSG_NUMBER) m = NULL;
  if (m) {
    ring_fetch_to_get(c);
    n = m->kind == LUV_MSG_SHORT ? m->n : -1;
    if (m->kind == LUV_MSG_NUMBER) *number = m->u.number;
    else memcpy(text, m->u.s, m->n);
    __atomic_store_n(&c->head, c->head + 1, __ATOMIC_SEQ_CST);
  }
  ring_unlock(&c->getting);
  if (!m) return n;
  luv__threads(S)->ops++;
  luv__core_tell(&c->core, LUV_BELL_PUT);
  return n;
}
