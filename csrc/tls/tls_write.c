/* tls_write.c - writing to a stream of TLS.
 *
 * Go seals a piece at a time, and the stream below is tried at once, as write.c does. What it does
 * not take it is given to keep; until it has written that nothing more is sealed. So what waits in
 * memory is never more than the records of one piece, and a writer waits as for any stream. */
#include "tls.h"

static void on_sent(luv_stream *upper, int status);

/* Sends n bytes, at once if they can be; else the stream below keeps a copy. */
static int send_on(luv_tls *t, const char *p, size_t n, int at_once) {
  uv_buf_t buf = uv_buf_init((char *)p, (unsigned)n);
  int put = at_once ? luv__put(t->under, &buf, 1) : 0, err;
  char *rest;
  if (put == UV_EAGAIN) put = 0;
  if (put < 0) return put;
  if ((size_t)put == n) return 0;
  rest = malloc(n - (size_t)put);
  if (!rest) return UV_ENOMEM;
  memcpy(rest, p + put, n - (size_t)put);
  err = luv__write_own(t->under, rest, n - (size_t)put, on_sent);
  if (!err) t->sending = 1;
  return err;
}

/* Asks Go for records, and sends them. */
static int send_record(luv_tls *t, luv_record *r, int at_once) {
  luv_state *S = t->s.o.S;
  int err;
  r->to = luv__tls_block(S);
  r->room = LUV_TLS_BLOCK;
  if (!r->to) return UV_ENOMEM;
  luv__go_record(r);
  err = r->status < 0 ? r->status : r->done ? send_on(t, r->to, r->done, at_once) : 0;
  luv__tls_block_done(S, r->to);
  if (r->pending) t->owes = 1;
  if (err) t->failed = err; /* what is sealed next would not fit what has gone */
  return err;
}

int luv__tls_flush(luv_tls *t) {
  int err = 0;
  while (t->owes && !t->sending && !err) {
    luv_record r = luv__tls_record(t, LUV_TLS_FLUSH);
    err = send_record(t, &r, 1);
    t->owes = r.pending > 0;
  }
  return err;
}

static int seal(luv_tls *t, const char *p, size_t n, int at_once) {
  luv_record r = luv__tls_record(t, LUV_TLS_SEAL);
  r.in = p;
  r.n = n;
  return send_record(t, &r, at_once);
}

/* ---- what can be had at once ------------------------------------------------------------------ */

/* Copies small pieces together behind the first `skip` bytes: each would be a record. */
static size_t gather(char *to, const uv_buf_t *bufs, unsigned n, size_t skip) {
  size_t got = 0;
  unsigned i;
  for (i = 0; i < n && got < LUV_TLS_PIECE; i++) {
    size_t k = bufs[i].len, at = skip < k ? skip : k;
    skip -= at;
    k -= at;
    if (k > LUV_TLS_PIECE - got) k = LUV_TLS_PIECE - got;
    memcpy(to + got, (char *)bufs[i].base + at, k);
    got += k;
  }
  return got;
}

/* The next piece behind the first `done` bytes: where it is. `room` is for what has to be copied. */
static const char *piece(const uv_buf_t *bufs, unsigned n, size_t done, char *room, size_t *len) {
  if (n > 1) {
    *len = gather(room, bufs, n, done);
    return room;
  }
  *len = bufs->len - done < LUV_TLS_PIECE ? bufs->len - done : LUV_TLS_PIECE;
  return bufs->base + done;
}

static int put_pieces(luv_tls *t, const uv_buf_t *bufs, unsigned n, char *room) {
  size_t done = 0, total = 0, len;
  unsigned i;
  for (i = 0; i < n; i++) total += bufs[i].len;
  if (total > 1u << 30) total = 1u << 30;
  while (done < total && !t->sending) {
    const char *p = piece(bufs, n, done, room, &len);
    int err = len ? seal(t, p, len, 1) : UV_EAGAIN;
    if (err) return done ? (int)done : err;
    done += len;
  }
  return (int)done;
}

int luv__tls_put(luv_stream *s, const uv_buf_t *bufs, unsigned n) {
  luv_tls *t = (luv_tls *)s;
  char *room;
  int put;
  if (t->phase == LUV_TLS_FRESH) luv__tls_start(t);
  if (t->phase == LUV_TLS_BROKEN) return s->error;
  if (t->failed) return t->failed;
  if (t->phase != LUV_TLS_READY || t->sending || t->w) return UV_EAGAIN;
  room = n > 1 ? luv__tls_block(s->o.S) : NULL;
  if (n > 1 && !room) return UV_ENOMEM;
  put = put_pieces(t, bufs, n, room);
  if (room) luv__tls_block_done(s->o.S, room);
  return put;
}

/* ---- a writer that waits ------------------------------------------------------------------------- */

#define PIECES 64

/* Seals the next piece of the writer's data; of a shutdown, its close_notify. */
static int go_on(luv_tls *t, int at_once) {
  uv_buf_t bufs[PIECES];
  luv_record notify = luv__tls_record(t, LUV_TLS_NOTIFY);
  const char *p;
  size_t len;
  char *room;
  unsigned n;
  int err;
  if (t->ends) {
    t->done = t->w->total = 1;
    return send_record(t, &notify, at_once);
  }
  n = luv__write_rest_of(t->w, (size_t)t->done, bufs, PIECES);
  room = luv__tls_block(t->s.o.S);
  if (!n || !room) {
    if (room) luv__tls_block_done(t->s.o.S, room);
    return UV_ENOMEM;
  }
  p = piece(bufs, n, 0, room, &len);
  err = seal(t, p, len, at_once);
  if (!err) t->done += len;
  luv__tls_block_done(t->s.o.S, room);
  return err;
}

static void finish(luv_tls *t, int err) {
  luv_write *w = t->w;
  t->w = NULL;
  luv__write_finished(w, err);
}

void luv__tls_pump(luv_tls *t) {
  int err = 0;
  while (t->w && t->under && t->phase == LUV_TLS_READY && !t->sending && !err) {
    if (t->done == t->w->total && (!t->ends || t->done)) finish(t, 0);
    else if ((err = go_on(t, 1))) finish(t, err);
  }
}

/* What is sealed now goes by the loop, so that the writer's end is not before this one's. */
static int begin(luv_tls *t, luv_write *w, uint64_t done, int ends) {
  int err = 0;
  t->w = w;
  t->done = done;
  t->ends = (uint8_t)ends;
  if (t->phase == LUV_TLS_FRESH) luv__tls_start(t);
  if (t->phase == LUV_TLS_BROKEN) err = t->s.error;
  else if (t->failed) err = t->failed;
  else if (t->phase == LUV_TLS_READY && !t->sending) err = go_on(t, 0);
  if (err) t->w = NULL;
  return err;
}

int luv__tls_write(luv_stream *s, luv_write *w, uint64_t done) { return begin((luv_tls *)s, w, done, 0); }

int luv__tls_shutdown(luv_stream *s, luv_write *w) { return begin((luv_tls *)s, w, 0, 1); }

uint64_t luv__tls_unwritten(luv_stream *s) {
  luv_tls *t = (luv_tls *)s;
  return t->w && !t->ends ? t->w->total - t->done : 0;
}

/* The stream below has written what it was given. */
static void on_sent(luv_stream *upper, int status) {
  luv_tls *t = (luv_tls *)upper;
  t->sending = 0;
  if (!t->under) return;
  if (status < 0) {
    t->failed = status;
    if (t->w) finish(t, status);
    luv__ready_look(upper);
    return;
  }
  luv__tls_flush(t);
  luv__tls_pump(t);
  if (!t->sending) luv__ready_look(upper);
}

/* The connection is being closed: what is still to be said goes if it can go at once. */
void luv__tls_last_words(luv_tls *t) {
  luv_record r = luv__tls_record(t, LUV_TLS_CLOSE);
  uv_buf_t buf;
  r.to = luv__tls_block(t->s.o.S);
  r.room = r.to ? LUV_TLS_BLOCK : 0;
  luv__go_record(&r);
  buf = uv_buf_init(r.to, (unsigned)r.done);
  if (r.done && !t->sending && !t->under->writing) luv__put(t->under, &buf, 1);
  if (r.to) luv__tls_block_done(t->s.o.S, r.to);
}
