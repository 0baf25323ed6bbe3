/* udp_recv.c - receiving: a bounded queue of datagrams for each socket.
 *
 * Reading begins with the first recv() and stays on, since switching it costs a system call,
 * until LUV_UDP_AHEAD datagrams or LUV_HIGH_WATER bytes are unread; beyond that they stay in
 * the kernel, which drops what its own buffer does not take. libuv takes up to 20 at once
 * (recvmmsg), into one buffer per state. What was taken with the one at which reading is to
 * stop must not be lost, so it is stopped only at the end of such a batch. */
#include "udp.h"

/* A long datagram on its way to a fiber; those that are short go through the arena. */
typedef struct { luv_queue link; luv_datagram d; } parcel;

int luv__udp_full(luv_udp *s) { return s->count >= LUV_UDP_AHEAD || s->in.len >= LUV_HIGH_WATER; }

static void stop(luv_udp *s) {
  if (!(s->o.flags & LUV_O_READING)) return;
  s->o.flags &= ~(uint32_t)LUV_O_READING;
  if (luv__is_unixgram(s)) luv__unixgram_stop(s);
  else uv_udp_recv_stop(&s->h);
}

/* What is unread goes, with the socket. */
void luv__udp_drop(luv_udp *s) {
  s->count = 0;
  luv__buffer_free(&s->in);
}

static void drop_parcel(parcel *p) {
  queue_remove(&p->link);
  free(p);
}

/* ---- the outcome -------------------------------------------------------------------------- */

/* data, {family, address, port}, truncated. May raise (memory). */
static int push(luv_state *S, lua_State *L, const luv_datagram *d) {
  lua_pushlstring(L, (const char *)(d + 1) + d->name, d->len);
  luv__push_addr(S, L, &d->from);
  if (d->named) luv__unixgram_push_name(L, d);
  lua_pushboolean(L, (int)d->truncated);
  return 3;
}

static int deliver(luv_state *S, luv_fiber *f, lua_State *L, lua_State *W) {
  luv_udp_state *t = luv__udp_of(S);
  parcel *p = f->wait.arg ? (parcel *)(uintptr_t)f->wait.arg : NULL;
  int n;
  (void)L;
  if (t->last && t->last != (luv_queue *)p) drop_parcel((parcel *)t->last); /* its delivery ran out of memory */
  t->last = (luv_queue *)p;
  n = push(S, W, p ? &p->d : f->wait.on);
  t->last = NULL;
  if (p) drop_parcel(p);
  return n;
}

/* Room for a datagram of n bytes, in the arena or else in a parcel of its own. */
static luv_datagram *reserve(luv_state *S, luv_fiber *f, size_t n) {
  size_t size = (sizeof(luv_datagram) + n + 7) & ~(size_t)7;
  parcel *p;
  f->wait.arg = 0;
  S->arena_used = (S->arena_used + 7) & ~(uint32_t)7;
  if (size <= LUV_ARENA_PIECE && S->arena_used + size <= LUV_ARENA) {
    f->wait.on = S->arena + S->arena_used;
    S->arena_used += (uint32_t)size;
    return f->wait.on;
  }
  p = malloc(sizeof *p + n);
  if (!p) return NULL;
  queue_push(&luv__udp_of(S)->parcels, &p->link);
  f->wait.arg = (uint64_t)(uintptr_t)p;
  return &p->d;
}

static void give(luv_udp *s, luv_fiber *f, const luv_datagram *d, const char *p) {
  luv_datagram *to = reserve(s->o.S, f, luv__datagram_bytes(d));
  if (!to) {
    luv__wake_error(s->o.S, f, UV_ENOMEM);
    return;
  }
  *to = *d;
  memcpy(to + 1, p, luv__datagram_bytes(d));
  luv__wake(s->o.S, f, LUV_OUT_OWN);
}

/* ---- the queue ------------------------------------------------------------------------------ */

static luv_fiber *first(luv_udp *s) { return luv_container(s->o.waiters.next, luv_fiber, wait.node); }

/* Datagrams get lost, but not in silence: the next call is told. */
static void keep(luv_udp *s, const luv_datagram *d, const char *p) {
  size_t before = s->in.len;
  if (luv__buffer_append(&s->in, (const char *)d, sizeof *d) == 0 && luv__buffer_append(&s->in, p, luv__datagram_bytes(d)) == 0) {
    s->count++;
    return;
  }
  s->in.len = before;
  if (!s->error) s->error = UV_ENOMEM;
}

/* The first of the queue. It may stand at any address. */
static const char *head(luv_udp *s, luv_datagram *d) {
  const char *p = s->in.p + s->in.head;
  memcpy(d, p, sizeof *d);
  return p + sizeof *d;
}

static void consume(luv_udp *s, const luv_datagram *d) {
  luv__buffer_consume(&s->in, sizeof *d + luv__datagram_bytes(d));
  s->count--;
}

static void serve(luv_udp *s) {
  luv_datagram d;
  if (s->error && !queue_empty(&s->o.waiters)) {
    luv__wake_error(s->o.S, first(s), s->error);
    s->error = 0;
  }
  while (s->count && !queue_empty(&s->o.waiters)) {
    const char *p = head(s, &d);
    give(s, first(s), &d, p);
    consume(s, &d);
  }
}

/* ---- libuv's callbacks -------------------------------------------------------------------------- */

char *luv__udp_space(luv_udp_state *t) {
  if (!t->buf) t->buf = malloc(LUV_UDP_ROOM);
  return t->buf;
}

static void on_alloc(uv_handle_t *h, size_t size, uv_buf_t *buf) {
  (void)size;
  buf->base = luv__udp_space(luv__udp_of(((luv_udp *)h->data)->o.S));
  buf->len = buf->base ? LUV_UDP_ROOM : 0;
}

void luv__udp_arrived(luv_udp *s, const luv_datagram *d, const char *p) {
  s->o.S->bytes_read += d->len;
  if (queue_empty(&s->o.waiters)) keep(s, d, p);
  else give(s, first(s), d, p);
}

static void arrived(luv_udp *s, const char *p, size_t n, const struct sockaddr *from, unsigned flags) {
  luv_datagram d;
  memset(&d, 0, sizeof d);
  d.len = (uint32_t)n;
  d.truncated = (flags & UV_UDP_PARTIAL) != 0;
  if (s->nameless) d.from.sa.sa_family = AF_UNIX;
  else memcpy(&d.from, from, from->sa_family == AF_INET ? sizeof d.from.v4 : sizeof d.from.v6);
  luv__udp_arrived(s, &d, p);
}

/* An error of the socket, such as that nobody listens at its peer, is the next call's. */
void luv__udp_failed(luv_udp *s, int err) {
  if (queue_empty(&s->o.waiters)) s->error = err;
  else luv__wake_error(s->o.S, first(s), err);
  if (queue_empty(&s->o.waiters)) stop(s);
}

static void on_recv(uv_udp_t *h, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags) {
  luv_udp *s = h->data;
  if (n < 0) luv__udp_failed(s, (int)n);
  else if (from) arrived(s, buf->base, (size_t)n, from, flags);
  if (!(flags & UV_UDP_MMSG_CHUNK) && luv__udp_full(s)) stop(s);
}

static int read_more(luv_udp *s) {
  int err;
  if (s->o.flags & LUV_O_READING) return 0;
  err = luv__is_unixgram(s) ? luv__unixgram_start(s) : uv_udp_recv_start(&s->h, on_alloc, on_recv);
  if (err == 0) s->o.flags |= LUV_O_READING;
  return err;
}

/* Between two batches: as before, or not any more. */
void luv__udp_read_on(luv_udp *s) {
  int err = 0;
  if (luv__udp_full(s)) stop(s);
  else if (!queue_empty(&s->o.waiters)) err = read_more(s);
  if (err) luv__udp_failed(s, err);
}

/* ---- recv ------------------------------------------------------------------------------------------ */

static int begin_recv(luv_state *S, luv_fiber *f) {
  luv_udp *s = f->wait.on;
  int err;
  (void)S;
  queue_push(&s->o.waiters, &f->wait.node);
  serve(s);
  if (f->status == LUV_WAITING && (err = read_more(s))) luv__wake_error(S, f, err);
  return 0;
}

static const luv_op recv_op = {.name = "udp recv", .flags = LUV_OP_EXTERNAL | LUV_OP_AGAIN, .begin = begin_recv, .deliver = deliver};
static const luv_op unixgram_recv_op = {.name = "unixgram recv", .flags = LUV_OP_EXTERNAL | LUV_OP_AGAIN, .begin = begin_recv, .deliver = deliver};

/* Takes the first of the queue, out of the way of whatever a finaliser does to the socket
 * while the results are made. A long one costs a block of its own. */
static int take(luv_state *S, lua_State *L, luv_udp *s) {
  struct { luv_datagram d; char bytes[LUV_ARENA_PIECE]; } small;
  parcel *p = NULL;
  const char *bytes = head(s, &small.d);
  luv_datagram *d = &small.d;
  int n;
  if (luv__datagram_bytes(d) > sizeof small.bytes) {
    p = malloc(sizeof *p + luv__datagram_bytes(d));
    if (!p) return luv__fail(L, UV_ENOMEM);
    queue_push(&luv__udp_of(S)->parcels, &p->link);
    p->d = *d;
    d = &p->d;
  }
  memcpy(d + 1, bytes, luv__datagram_bytes(d));
  consume(s, d);
  if (s->count < LUV_UDP_AHEAD / 2 && s->in.len < LUV_HIGH_WATER / 2) read_more(s);
  n = push(S, L, d);
  if (p) drop_parcel(p);
  return n;
}

/* What can be had without waiting: the results, or 0. */
static int recv_now(luv_state *S, lua_State *L, luv_udp *s) {
  int err = s->error;
  if (LUV_LIKELY(!err)) return s->count ? take(S, L, s) : 0;
  s->error = 0;
  return luv__fail(L, err);
}

/* data, {family, address, port}, truncated = udp:recv([timeout]) */
int luv_udp_recv(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_udp *s = luv__check_datagrams(S, L, "recv");
  double timeout = lua_gettop(L) > 1 ? luv__opt_timeout(S, L, 2, 1, "recv") : LUV_NO_TIMEOUT;
  const luv_op *op;
  int n;
  luv__check_cancel(S, L);
  if (!s) return luv__fail(L, UV_EBADF);
  op = luv__is_unixgram(s) ? &unixgram_recv_op : &recv_op;
  if (!queue_empty(&s->o.waiters) || (timeout != 0 && luv__udp_overdue(S, L)))
    return luv__suspend(S, L, op, s, 0, timeout);
  n = recv_now(S, L, s);
  if (n == 0 && timeout == 0) { /* what the kernel has counts as being there */
    int err = read_more(s);
    if (err) return luv__fail(L, err);
    luv__glance(S);
    s = luv__check_datagrams(S, L, "recv");
    if (!s) return luv__fail(L, UV_ECANCELED);
    n = recv_now(S, L, s);
  }
  return n ? n : luv__suspend(S, L, op, s, 0, timeout);
}
