/* zmq_proxy.c - zmq.proxy: a fiber that stands for the traffic between two sockets.
 *
 * Frames move from socket to socket without a copy and without Lua, in the loop's own
 * thread, a burst at a time, so the other fibers go on. libzmq's zmq_proxy would need a
 * thread of its own and sockets that migrate to it. A frame that the other side (or the
 * capture) has no room for is kept, and its side is not read until it is gone. */
#include "luvzmq.h"

#define BURST 500 /* frames in each direction before the others have their turn */

enum { FRONT, BACK, CAPTURE, CONTROL, SOCKETS };
enum { EMPTY, TO_CAPTURE, TO_PEER };

typedef struct {
  zmq_msg_t frame;
  int stage;     /* where the frame has to go */
  int within;    /* the frame is not the first of its message */
  uint64_t messages, bytes;
} direction;

struct luv_proxy {
  luv_zmq *z[SOCKETS]; /* the last two may be NULL */
  luv_fiber *f;
  int paused;
  direction from[2];   /* FRONT, BACK */
};

/* ---- life ---------------------------------------------------------------------------- */

/* A frame that could not be passed on is the first that its side receives again. */
static void give_back(luv_zmq *z, direction *d) {
  if (d->stage == EMPTY || d->within || z->has_first || z->o.flags & LUV_O_CLOSING) {
    zmq_msg_close(&d->frame);
    return;
  }
  luv__zmq_keep(z, &d->frame);
}

static void free_proxy(luv_proxy *p) {
  int i;
  for (i = 0; i < SOCKETS; i++) if (p->z[i]) p->z[i]->proxy = NULL;
  give_back(p->z[FRONT], &p->from[FRONT]);
  give_back(p->z[BACK], &p->from[BACK]);
  free(p);
}

/* Ends the proxy: err 0 for one that was told to terminate. */
void luv__proxy_end(luv_proxy *p, int err) {
  luv_fiber *f = p->f;
  luv_state *S = p->z[FRONT]->o.S;
  free_proxy(p);
  if (err) luv__wake_error(S, f, err);
  else luv__wake(S, f, LUV_OUT_TRUE);
}

/* A socket is being closed under its proxy. */
void luv__proxy_forget(luv_zmq *z) {
  if (z->proxy) luv__proxy_end(z->proxy, UV_ECANCELED);
}

static void abandon_proxy(luv_state *S, luv_fiber *f) {
  luv_zmq *z = f->wait.on;
  (void)S;
  if (z->proxy) free_proxy(z->proxy);
}

static luv_zmq *socket_at(lua_State *L, int idx) {
  luv_box *b = luv__tobox(L, idx, luv__class_zmq.id);
  return b && b->o && !(b->o->flags & LUV_O_CLOSING) ? (luv_zmq *)b->o : NULL;
}

/* Whether a socket that the face has seen is closed, or has got another proxy, by now. */
static int refused(lua_State *L) {
  int i;
  for (i = 0; i < SOCKETS; i++) {
    luv_zmq *z = socket_at(L, i + 1);
    if (!z && (i < CAPTURE || !lua_isnoneornil(L, i + 1))) return UV_ECANCELED;
    if (z && z->proxy) return UV_EBUSY;
  }
  return 0;
}

static int begin_proxy(luv_state *S, luv_fiber *f) {
  int i, err = refused(f->in);
  luv_proxy *p = err ? NULL : calloc(1, sizeof *p);
  if (!p) return luv__refused(f, err ? err : UV_ENOMEM);
  zmq_msg_init(&p->from[FRONT].frame);
  zmq_msg_init(&p->from[BACK].frame);
  p->f = f;
  queue_push(&S->asleep, &f->wait.node);
  for (i = 0; i < SOCKETS; i++) {
    luv_zmq *z = p->z[i] = socket_at(f->in, i + 1);
    if (!z) continue;
    z->proxy = p;
    luv__zmq_watch(z);
    luv__zmq_touch(z);
  }
  return 0;
}

static const luv_op proxy_op = {.name = "zmq proxy", .flags = LUV_OP_EXTERNAL, .begin = begin_proxy, .abandon = abandon_proxy};

/* ---- traffic ---------------------------------------------------------------------------- */

static int send_frame(luv_zmq *z, zmq_msg_t *m, int flags) {
  while (zmq_msg_send(m, z->socket, flags | ZMQ_DONTWAIT) < 0)
    if (errno != EINTR) return luv__zmq_error(errno);
  luv__zmq_of(z->o.S)->moved |= z->inproc;
  return 0;
}

static int send_copy(luv_zmq *z, zmq_msg_t *m, int flags) {
  zmq_msg_t copy;
  int err;
  zmq_msg_init(&copy);
  zmq_msg_copy(&copy, m);
  err = send_frame(z, &copy, flags);
  zmq_msg_close(&copy);
  return err;
}

/* Takes the next frame of a side, if none is kept. */
static int fetch(luv_proxy *p, int side) {
  direction *d = &p->from[side];
  int err;
  if (d->stage != EMPTY) return 0;
  if (p->paused && !d->within) return UV_EAGAIN;
  err = luv__zmq_take(p->z[side], &d->frame);
  if (err == UV_ENOTSUP || err == -EFSM) return UV_EAGAIN; /* a PUSH; a REP in between */
  if (err) return err;
  d->bytes += zmq_msg_size(&d->frame);
  d->stage = p->z[CAPTURE] ? TO_CAPTURE : TO_PEER;
  return 0;
}

/* Moves one frame on: 0, or why not. Only a first frame can be refused; should a peer
 * vanish within a message, libzmq has taken back what it had, and the rest is dropped. */
static int pass(luv_proxy *p, int side) {
  direction *d = &p->from[side];
  int err = fetch(p, side), flags;
  if (err) return err;
  flags = zmq_msg_more(&d->frame) ? ZMQ_SNDMORE : 0;
  if (d->stage == TO_CAPTURE) {
    err = send_copy(p->z[CAPTURE], &d->frame, flags);
    if (err && !(err == UV_EAGAIN && d->within)) return err;
    d->stage = TO_PEER;
  }
  err = send_frame(p->z[!side], &d->frame, flags);
  if (err && !(err == UV_EAGAIN && d->within)) return err;
  d->stage = EMPTY;
  d->within = flags != 0;
  d->messages += !flags;
  return 0;
}

static int burst(luv_proxy *p, int side) {
  int i, err = 0;
  for (i = 0; (i < BURST || p->from[side].within) && err == 0; i++) err = pass(p, side);
  if (err == UV_EHOSTUNREACH) { /* a ROUTER that insists on its peers: the frame goes */
    p->from[side].stage = EMPTY;
    err = 0;
  }
  return err == UV_EAGAIN ? 0 : err;
}

/* ---- steering ------------------------------------------------------------------------- */

static int is(zmq_msg_t *m, const char *word) {
  return zmq_msg_size(m) == strlen(word) && memcmp(zmq_msg_data(m), word, strlen(word)) == 0;
}

/* Eight numbers of 64 bits, as zmq_proxy_steerable sends them: messages and bytes that
 * the front received and sent, and the back. */
static void tell(luv_proxy *p, luv_zmq *z) {
  direction *f = &p->from[FRONT], *b = &p->from[BACK];
  uint64_t n[8] = {f->messages, f->bytes, b->messages, b->bytes,
                   b->messages, b->bytes, f->messages, f->bytes};
  int i;
  for (i = 0; i < 8; i++)
    zmq_send(z->socket, &n[i], sizeof n[i], ZMQ_DONTWAIT | (i < 7 ? ZMQ_SNDMORE : 0));
}

/* Reads the commands that have come; returns 1 when the proxy is to end. */
static int steer(luv_proxy *p) {
  luv_zmq *z = p->z[CONTROL];
  zmq_msg_t *m;
  if (!z) return 0;
  m = &luv__zmq_of(z->o.S)->scratch;
  while (luv__zmq_take(z, m) == 0) {
    if (is(m, "PAUSE")) p->paused = 1;
    else if (is(m, "RESUME")) p->paused = 0;
    else if (is(m, "STATISTICS")) tell(p, z);
    else if (is(m, "TERMINATE") || is(m, "KILL")) return 1;
  }
  return 0;
}

/* Could frames of this side move now? Reading the events takes the edges off all of the
 * descriptors: what is not seen here would be seen never. */
static int could(luv_proxy *p, int side, const int events[SOCKETS]) {
  switch (p->from[side].stage) {
    case EMPTY: return !p->paused && (events[side] & ZMQ_POLLIN);
    case TO_CAPTURE: return events[CAPTURE] & ZMQ_POLLOUT;
    default: return events[!side] & ZMQ_POLLOUT;
  }
}

static int look(luv_proxy *p) {
  int i, events[SOCKETS] = {0};
  for (i = 0; i < SOCKETS; i++) {
    if (!p->z[i]) continue;
    events[i] = luv__zmq_events(p->z[i]);
    if (events[i] < 0) return events[i];
  }
  return could(p, FRONT, events) || could(p, BACK, events) ||
         (p->z[CONTROL] && (events[CONTROL] & ZMQ_POLLIN));
}

/* Moves what can be moved, within the burst; then the loop goes on. */
void luv__proxy_run(luv_proxy *p) {
  int err = 0, more, i;
  for (i = 0; i < SOCKETS; i++) if (p->z[i]) queue_remove(&p->z[i]->dirty);
  if (steer(p)) {
    luv__proxy_end(p, 0);
    return;
  }
  err = burst(p, FRONT);
  if (!err) err = burst(p, BACK);
  more = err ? err : look(p);
  if (more < 0) luv__proxy_end(p, more);
  else if (more) luv__zmq_touch(p->z[FRONT]);
}

/* true = zmq.proxy(front, back[, capture[, control[, timeout]]]) */
int luv_zmq_proxy(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_zmq *z[SOCKETS] = {NULL};
  double timeout = luv__opt_timeout(S, L, 5, 5, "proxy");
  int i, k;
  lua_settop(L, 5);
  for (i = 0; i < SOCKETS; i++) {
    if (i >= CAPTURE && lua_isnil(L, i + 1)) continue;
    if (!luv__tobox(L, i + 1, luv__class_zmq.id))
      return luv__type_error(S, L, i + 1, i + 1, "proxy", "luv.zmq.socket");
    z[i] = luv__check_zmq(S, L, i + 1, luv__class_zmq.id, "proxy");
    if (!z[i]) return luv__fail(L, UV_EBADF);
    for (k = 0; k < i; k++)
      if (z[k] == z[i]) return luv__arg_error(S, L, i + 1, "proxy", "the same socket twice");
  }
  luv__check_cancel(S, L);
  for (i = 0; i < SOCKETS; i++)
    if (z[i] && (z[i]->proxy || !queue_empty(&z[i]->receivers) || !queue_empty(&z[i]->senders)))
      return luv__fail(L, UV_EBUSY);
  return luv__suspend(S, L, &proxy_op, z[FRONT], 0, timeout);
}
