/* chan_fast.c - channels that are known by the address of their userdata, and what LuaJIT
 * calls from compiled code.
 *
 * Calling a C function ends a trace of LuaJIT's; calling one through its FFI does not. So
 * there put and get (wrap.c) first ask here for a place in the ring, and the compiled code
 * itself reads or writes it. What is not the plain case is refused, and left for the face: a
 * closed channel, somebody who waits, a cancellation. The functions touch no Lua state.
 *
 * The FFI gives the address of a userdata, whatever it stands for. It must not be looked into
 * before it is known to be a channel's: S->chans says so (known.h). */
#include "sync.h"

/* A face has seen that this is an open channel of its state. */
void luv__chan_know(luv_chan_t *c) {
  luv__know(c->o.S->chans, LUV_CHAN_BITS, c->o.box, c);
}

/* The channel is closed: its userdata may soon be something else. */
void luv__chan_forget(luv_object *o) {
  if (o->S) luv__unknow(o->S->chans, LUV_CHAN_BITS, o);
}

/* The channel, if it has a ring and nothing is the matter. */
static inline luv_chan_t *plain(luv_state *S, const void *box) {
  luv_chan_t *c = luv__known(S->chans, LUV_CHAN_BITS, box);
  return LUV_LIKELY(c && !luv__forked && luv__calm(S)) ? c : NULL;
}

/* The place in the ring for the next value, which counts from now on; 0: the face must do it.
 * The ring has that place already (LUV_CHAN_PRESIZE), so writing it cannot fail. */
int luv_chan_try_append(luv_state *S, const void *box) {
  luv_chan_t *c = plain(S, box);
  uint32_t at;
  if (!c || c->ended || c->count == c->cap || !queue_empty(&c->o.waiters)) return 0;
  at = c->head + c->count++;
  return (int)(at < c->cap ? at : at - c->cap) + 1;
}

/* The place of the first value, which is to be taken from there; 0: the face must do it. */
int luv_chan_try_shift(luv_state *S, const void *box) {
  luv_chan_t *c = plain(S, box);
  int at;
  if (!c || !c->count || !queue_empty(&c->putters)) return 0;
  at = (int)c->head + 1;
  if (++c->head == c->cap) c->head = 0;
  c->count--;
  return at;
}

/* ring = (ch): its table, for compiled code to keep; nil: it has none, or too large a one. */
int luv__chan_ring(lua_State *L) {
  luv_chan_t *c = luv__quick(L, LUV_CLASS_CHAN);
  if (!c || !c->cap || c->in || c->cap > LUV_CHAN_PRESIZE) return 0;
  lua_getfenv(L, 1);
  return 1;
}
