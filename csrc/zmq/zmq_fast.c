/* zmq_fast.c - send and recv on LuaJIT, compiled: for what need not wait.
 *
 * Calling a C function ends a trace of LuaJIT's; calling one through its FFI does not. So
 * the wrappers of send and recv (wrap.c) try these first. They touch no Lua state and
 * raise nothing; what is not the plain case is left as it was, for the face to do again: a
 * wrong argument, a closed socket, a wait, a cancellation, more than one frame.
 *
 * The FFI gives the address of a userdata, whatever it stands for. It must not be looked
 * into before it is known to be a socket's (known.h). */
#include "luvzmq.h"

/* A face has seen that this is an open socket of the state. */
void luv__zmq_know(luv_zmq *z) {
  luv__know(luv__zmq_of(z->o.S)->known, LUV_ZMQ_BITS, z->o.box, z);
}

/* The socket is closed: its box may soon be something else. */
void luv__zmq_forget(luv_zmq *z) {
  luv_zmq_state *t = luv__zmq_of(z->o.S);
  if (t) luv__unknow(t->known, LUV_ZMQ_BITS, z);
}

/* The socket, if its next send or recv is the plain case as far as one can see. */
static luv_zmq *plain(luv_state *S, const void *box) {
  luv_zmq_state *t = luv__zmq_of(S);
  luv_zmq *z;
  if (LUV_UNLIKELY(!t || luv__forked | S->dead)) return NULL;
  z = luv__known(t->known, LUV_ZMQ_BITS, box);
  if (LUV_UNLIKELY(!z || z->proxy)) return NULL;
  if (LUV_UNLIKELY(luv_current(S) && (luv_current(S)->flags & LUV_F_CANCEL))) return NULL;
  if (LUV_UNLIKELY(luv__overdue_is_next(t->ops))) return NULL;
  t->ops++;
  return z;
}

/* Sends one frame; returns 0 when the face has to do it. */
int luv_zmq_try_send(luv_state *S, const void *box, const char *p, size_t n) {
  luv_zmq *z = plain(S, box);
  if (LUV_UNLIKELY(!z || !queue_empty(&z->senders))) return 0;
  if (LUV_UNLIKELY(zmq_send(z->socket, p, n, ZMQ_DONTWAIT) < 0)) return 0;
  luv__zmq_touch(z);
  return 1;
}

/* Receives one short frame into the caller's LUV_ZMQ_RELEASE bytes (so that nothing which runs
 * before there is a string of it can touch it); how many, -1 when the face has to do it. It
 * finds what was taken here, and is more than that, in z->first. */
int luv_zmq_try_recv(luv_state *S, const void *box, char *to) {
  luv_zmq *z = plain(S, box);
  zmq_msg_t *m;
  int size;
  if (LUV_UNLIKELY(!z || z->has_first || z->kept || !queue_empty(&z->receivers))) return -1;
  m = &luv__zmq_of(S)->scratch;
  size = zmq_msg_recv(m, z->socket, ZMQ_DONTWAIT);
  luv__zmq_touch(z);
  if (LUV_UNLIKELY(size < 0)) return -1;
  if (LUV_UNLIKELY(size >= LUV_ZMQ_RELEASE || zmq_msg_more(m))) {
    zmq_msg_init(&z->first);
    zmq_msg_move(&z->first, m);
    z->has_first = 1;
    return -1;
  }
  memcpy(to, zmq_msg_data(m), (size_t)size);
  return size;
}
