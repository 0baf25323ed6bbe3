/* tls.c - a stream of TLS over any other stream: its life, its handshake, its reading.
 *
 * The stream below is taken: no script has it any more, and what it reads comes here (fed). Until
 * the handshake is over the bytes are copied for the goroutine that carries it out; its answers
 * come by the loop's posts. From then on Go opens records on this thread, in one call for all that
 * has been read, and what is plain goes on as what any stream has read: luv__got. So all ways of
 * reading, their limits and their waits are those of read.c.
 *
 * The libuv handle of the stream itself is a pipe that is never opened: it has the object's memory
 * freed at a time when nobody is at work with it. */
#include "readiness.h"
#include "tls.h"

static const luv_engine engine;

/* ---- memory for a call ------------------------------------------------------------------- */

#define IDLE LUV_TLS_IDLE

char *luv__tls_block(luv_state *S) {
  int i;
  for (i = 0; i < IDLE; i++) {
    char *block = luv__tls_of(S)->blocks[i];
    if (!block) continue;
    luv__tls_of(S)->blocks[i] = NULL;
    return block;
  }
  return malloc(LUV_TLS_BLOCK);
}

void luv__tls_block_done(luv_state *S, char *block) {
  int i;
  for (i = 0; i < IDLE; i++) {
    if (luv__tls_of(S)->blocks[i] || S->dead) continue;
    luv__tls_of(S)->blocks[i] = block;
    return;
  }
  free(block);
}

void luv__tls_freed(luv_state *S) {
  int i;
  for (i = 0; i < IDLE; i++) free(luv__tls_of(S)->blocks[i]);
}

luv_record luv__tls_record(luv_tls *t, int what) {
  luv_record r;
  memset(&r, 0, sizeof r);
  r.slot = t->s.o.slot;
  r.what = what;
  return r;
}

/* ---- its making --------------------------------------------------------------------------- */

/* Whether a stream can become one: 0, or an error. */
int luv__tls_possible(luv_stream *s) {
  if (!s->o.S || s->o.flags & (LUV_O_LISTENING | LUV_O_CONNECTING)) return UV_ENOTCONN;
  if (!s->engine && !uv_is_readable(&s->h.s)) return UV_ENOTCONN;
  if (s->o.flags & LUV_O_SHUT) return UV_EPIPE;
  if (s->writing || !queue_empty(&s->readers) || !queue_empty(&s->writers) || !queue_empty(&s->watchers))
    return UV_EBUSY;
  return s->naccepted || !queue_empty(&s->o.waiters) ? UV_EBUSY : 0;
}

/* The script's object of the stream below is closed: what was its stream is t's. */
static void take(luv_tls *t, luv_stream *under) {
  if (under->o.box) under->o.box->o = NULL;
  under->o.box = NULL;
  under->o.flags &= ~(uint32_t)LUV_O_FLOWING;
  under->upper = &t->s;
  t->under = under;
}

/* A connection over `under`, whose number of Go's is still to be set; NULL: no memory. */
luv_object *luv__tls_new(luv_stream *under) {
  luv_state *S = under->o.S;
  luv_tls *t = (luv_tls *)luv__stream_sized(S, luv__class_tls.id, sizeof *t);
  if (!t) return NULL;
  if (uv_pipe_init(S->loop, &t->s.h.pipe, 0)) {
    luv__object_dispose(&t->s.o);
    return NULL;
  }
  t->s.h.s.data = t;
  t->s.engine = &engine;
  /* Whoever sends the last of a handshake and then a request would wait for the peer's delayed ACK. */
  if (under->o.class_id == luv__class_tcp.id) uv_tcp_nodelay(&under->h.tcp, 1);
  take(t, under);
  return &t->s.o;
}

/* What a listener gives for a connection: its handshake begins when it is used. */
static luv_stream *accepted(luv_stream *server, luv_stream *c) {
  luv_object *o = luv__tls_new(c);
  if (o && luv__go_accepted(server->o.slot, o) == 0) return (luv_stream *)o;
  luv__object_close(o ? o : &c->o);
  return NULL;
}

void luv__tls_listens(luv_stream *s) { s->wrap = accepted; }

/* The stream that a connection stands on, through all that are between: what has the descriptor. */
luv_object *luv__tls_base(luv_object *o) {
  while (o && o->class_id == luv__class_tls.id) o = ((luv_tls *)o)->under ? &((luv_tls *)o)->under->o : NULL;
  return o;
}

/* ---- what ends it --------------------------------------------------------------------------- */

static void learn_why(luv_tls *t) {
  char text[1024];
  luv_record r = luv__tls_record(t, LUV_TLS_WHY);
  r.to = text;
  r.room = sizeof text - 1;
  luv__go_record(&r);
  text[r.done] = 0;
  free(t->why);
  t->why = r.done ? strdup(text) : NULL;
}

static const char *why(luv_object *o, int err) {
  luv_tls *t = (luv_tls *)o;
  return err == t->s.error ? t->why : NULL;
}

/* Nothing can be read any more, nor written. */
static void broken(luv_tls *t, int err) {
  luv_write *w = t->w;
  t->phase = LUV_TLS_BROKEN;
  learn_why(t);
  t->w = NULL;
  luv__read_end(&t->s, err);
  if (w) luv__write_finished(w, err);
}

static int is_closed(luv_tls *t) { return !t->under || t->s.o.flags & LUV_O_CLOSING; }

static void closing(luv_stream *s) {
  luv_tls *t = (luv_tls *)s;
  luv_stream *under = t->under;
  luv_write *w = t->w;
  t->w = NULL;
  if (w) luv__write_drop(w);
  if (under) luv__tls_last_words(t);
  t->under = NULL;
  free(t->why);
  t->why = NULL;
  if (!under) return;
  under->upper = NULL;
  luv__object_close(&under->o);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* What has been opened goes to those who read. True: there is more to open. */
static int opened(luv_tls *t, luv_record *r) {
  if (r->done) luv__got(&t->s, r->to, r->done);
  if (is_closed(t)) return 0;
  if (r->pending) t->owes = 1;
  if (t->owes) luv__tls_flush(t);
  if (is_closed(t)) return 0;
  if (r->status == LUV_TLS_LAST) luv__read_end(&t->s, UV_EOF);
  else if (r->status < 0) broken(t, r->status);
  r->in = NULL;
  r->n = 0;
  return r->status == LUV_TLS_MORE && t->phase == LUV_TLS_READY;
}

static void open_records(luv_tls *t, const char *p, size_t n) {
  luv_state *S = t->s.o.S;
  luv_record r = luv__tls_record(t, LUV_TLS_OPEN);
  r.in = p;
  r.n = n;
  r.to = luv__tls_block(S);
  r.room = LUV_TLS_BLOCK;
  if (!r.to) {
    luv__read_end(&t->s, UV_ENOMEM);
    return;
  }
  do luv__go_record(&r);
  while (opened(t, &r));
  if (!is_closed(t)) t->under->fed = n >= LUV_READ_SIZE && queue_empty(&t->s.readers);
  luv__tls_block_done(S, r.to);
}

static void feed_handshake(luv_tls *t, const char *p, size_t n) {
  luv_record r = luv__tls_record(t, LUV_TLS_OPEN);
  r.in = p;
  r.n = n;
  luv__go_record(&r);
  if (r.status != LUV_TLS_FULL) return;
  t->held = 1;
  luv__stream_read_stop(t->under);
}

static void fed(luv_stream *s, const char *p, size_t n) {
  luv_tls *t = (luv_tls *)s;
  if (t->phase == LUV_TLS_READY && !s->error) open_records(t, p, n);
  else if (t->phase == LUV_TLS_SHAKING) feed_handshake(t, p, n);
}

/* The stream below has ended. Without a close_notify that was not the peer's will. */
static void ended(luv_stream *s, int err) {
  luv_tls *t = (luv_tls *)s;
  luv_record r = luv__tls_record(t, LUV_TLS_ENDED);
  if (t->phase == LUV_TLS_READY && !s->error) luv__read_end(s, err == UV_EOF ? LUV_ETRUNCATED : err);
  if (t->phase != LUV_TLS_SHAKING) return;
  r.status = err;
  luv__go_record(&r);
}

static void read_more(luv_stream *s) {
  luv_tls *t = (luv_tls *)s;
  s->o.flags |= LUV_O_READING;
  if (t->phase == LUV_TLS_FRESH) luv__tls_start(t);
  else if (t->under && !t->held) luv__stream_read_more(t->under);
}

static void read_stop(luv_stream *s) {
  luv_tls *t = (luv_tls *)s;
  if (t->under && t->phase != LUV_TLS_SHAKING) luv__stream_read_stop(t->under);
}

/* Whoever waits until something can be read has the stream read on. */
static int ready(luv_stream *s, int wanted) {
  luv_tls *t = (luv_tls *)s;
  if (wanted & LUV_READ) luv__stream_read_more(s);
  if (wanted & LUV_WRITE && t->phase == LUV_TLS_FRESH) luv__tls_start(t);
  if (t->phase == LUV_TLS_BROKEN || t->failed) return LUV_READ | LUV_WRITE;
  return t->phase == LUV_TLS_READY && !t->sending && !t->w ? LUV_WRITE : 0;
}

/* ---- the handshake -------------------------------------------------------------------------- */

/* What the stream below had read before are the peer's first bytes. */
static void feed_buffered(luv_tls *t) {
  luv_stream *under = t->under;
  size_t n = under->in.len;
  if (n) feed_handshake(t, under->in.p + under->in.head, n);
  luv__buffer_free(&under->in);
  if (under->error) ended(&t->s, under->error);
  else if (!t->held) luv__stream_read_more(under);
}

/* Go has begun it, or is told to. */
void luv__tls_started(luv_object *o) {
  luv_tls *t = (luv_tls *)o;
  t->phase = LUV_TLS_SHAKING;
  o->flags |= LUV_O_CONNECTING;
  feed_buffered(t);
}

void luv__tls_start(luv_tls *t) {
  luv_record r = luv__tls_record(t, LUV_TLS_START);
  luv__go_record(&r);
  luv__tls_started(&t->s.o);
}

void luv__tls_start_fresh(luv_object *o) { luv__tls_start((luv_tls *)o); }

int luv__tls_is_fresh(luv_object *o) { return ((luv_tls *)o)->phase == LUV_TLS_FRESH; }

/* The goroutine has something to send, or has read all that it had. */
void luv__tls_stirred(luv_object *o) {
  luv_tls *t = (luv_tls *)o;
  if (is_closed(t)) return;
  t->owes = 1;
  luv__tls_flush(t);
  if (is_closed(t) || !t->held) return;
  t->held = 0;
  luv__stream_read_more(t->under);
}

/* The handshake is over. What has come behind it is data; reading stays on. */
void luv__tls_shaken(luv_object *o, int err) {
  luv_tls *t = (luv_tls *)o;
  if (is_closed(t)) return;
  t->s.o.flags &= ~(uint32_t)LUV_O_CONNECTING;
  luv__tls_stirred(o);
  if (is_closed(t)) return;
  if (err) {
    broken(t, err);
    luv__wake_all_error(o->S, &o->waiters, err);
    return;
  }
  t->phase = LUV_TLS_READY;
  t->s.o.flags |= LUV_O_READING;
  luv__wake_all(o->S, &o->waiters, LUV_OUT_SELF, 0);
  open_records(t, NULL, 0);
  if (!is_closed(t) && t->under->error) ended(&t->s, t->under->error);
  if (is_closed(t)) return;
  luv__tls_pump(t);
  luv__ready_look(&t->s);
}

static const luv_engine engine = {
  .read_more = read_more, .read_stop = read_stop, .put = luv__tls_put, .write = luv__tls_write,
  .shutdown = luv__tls_shutdown, .unwritten = luv__tls_unwritten, .ready = ready,
  .fed = fed, .ended = ended, .closing = closing,
};

static void write_peer(luv_object *o, FILE *out) {
  if ((o = luv__tls_base(o))) luv__write_address(o, out);
}

luv_class luv__class_tls = {.name = "luv.tls", LUV_STREAM_CLASS, .why = why, .write = write_peer},
          luv__class_tls_listener = {.name = "luv.tls.listener", LUV_STREAM_CLASS_WITH(LUV_CLASS_WRAPS)};
