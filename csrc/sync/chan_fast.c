/* chan_fast.c - channels that are known by the address of their userdata, and what LuaJIT
 * calls from compiled code.
 *
 * Calling a C function ends a trace of LuaJIT's; calling one through its FFI does not. So
 * there put and get (wrap.c) first ask here for a place, in the ring or a fiber's own, and the
 * compiled code itself reads or writes it. What is not the plain case is refused, and left for
 * the face: a closed channel, a select, a cancellation. The functions touch no Lua state.
 *
 * The FFI gives the address of a userdata, whatever it stands for. It must not be looked into
 * before it is known to be a channel's: luv__sync(S)->chans says so (known.h). */
#include "sync.h"

/* A face has seen that this is an open channel of its state. */
void luv__chan_know(luv_chan_t *c) {
  luv__know(luv__sync(c->o.S)->chans, LUV_CHAN_BITS, c->o.box, c);
}

/* The channel is closed: its userdata may soon be something else. */
static void leaving(luv_object *o) {
  if (!o->S) return;
  luv__unknow(luv__sync(o->S)->chans, LUV_CHAN_BITS, o);
  if (o->S->landing == o) o->S->landing = NULL;
}

luv_class luv__class_chan = {.name = "luv.chan", .leaving = leaving};

/* The channel, if it has a ring and nothing is the matter. */
static inline luv_chan_t *plain(luv_state *S, const void *box) {
  luv_chan_t *c = luv__known(luv__sync(S)->chans, LUV_CHAN_BITS, box);
  return LUV_LIKELY(c && !luv__forked && luv__calm(S)) ? c : NULL;
}

/* Who will have to wait does so in its face, and keeps the value that it puts, or finds the
 * one that it gets, in Lua's table at its own place: the number of its slot. */
static int will_wait(luv_state *S, luv_chan_t *c) {
  luv_fiber *f = S->current;
  if (!f || f->is_main || f->slot >= LUV_CHAN_SLOTS) return 0;
  S->landing = c;
  return LUV_CHAN_WAITS + (int)f->slot;
}

/* Whoever waits there goes on; 0: it waits in another way, and the face must do it. */
static int served(luv_state *S, luv_queue *waiters) {
  luv_fiber *f = luv__first_waiter(waiters);
  if (f->is_main || !f->wait.arg) return 0;
  f->nargs = 0;
  luv__wake(S, f, LUV_OUT_STACK);
  return -(int)f->slot;
}

/* Where the value is to be stored: a place in the ring, which counts from now on; less than 0:
 * that of the getter it goes to; LUV_CHAN_WAITS and more: that of the putter, who has to wait;
 * 0: the face must do it. The ring has all places already (LUV_CHAN_PRESIZE), as has the table
 * of the slots, so storing it cannot fail. */
int luv_chan_fast_put(luv_state *S, const void *box) {
  luv_chan_t *c = plain(S, box);
  uint32_t at;
  S->landing = NULL;
  if (!c || c->ended) return 0;
  if (!queue_empty(&c->o.waiters)) return served(S, &c->o.waiters);
  if (c->count == c->cap) return will_wait(S, c);
  if (!c->ringed) return 0;
  at = c->head + c->count++;
  return (int)(at < c->cap ? at : at - c->cap) + 1;
}

/* Where the value is: in the ring, from which it is to be taken; less than 0: the place of the
 * putter it comes from; LUV_CHAN_WAITS and more: where it will come; 0: the face must do it. */
int luv_chan_fast_get(luv_state *S, const void *box) {
  luv_chan_t *c = plain(S, box);
  int at;
  S->landing = NULL;
  if (!c) return 0;
  if (!c->count && !queue_empty(&c->putters)) return served(S, &c->putters);
  if (!c->count) return c->ended ? 0 : will_wait(S, c);
  if (!queue_empty(&c->putters) || !c->ringed) return 0;
  at = (int)c->head + 1;
  if (++c->head == c->cap) c->head = 0;
  c->count--;
  return at;
}

/* ring = (ch): its table, for compiled code to keep; nil: it has none, or too large a one. */
int luv__chan_ring(lua_State *L) {
  luv_chan_t *c = luv__quick(L, luv__class_chan.id);
  if (!c || !c->cap || c->in || c->cap > LUV_CHAN_PRESIZE) return 0;
  c->ringed = 1;
  lua_getfenv(L, 1);
  return 1;
}
