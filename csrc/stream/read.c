/* read.c - reading: chunks, exact counts, lines, delimiters, all.
 *
 * There is one read buffer per loop. A waiting reader gets its string made straight
 * from it, in libuv's read callback (the one exception to DESIGN rule 5: it saves a
 * copy; protected, on M). What no reader takes is kept in stream->in. Reading stays
 * on, since switching it costs a system call, until LUV_HIGH_WATER bytes lie unread.
 *
 * Readers are served in order. Each states what it wants in its wait record: op, and
 * in arg the count or limit. A delimiter is read again from its suspended stack.
 *
 * To make a string may run code of the script (luv.h, "the rules"). So a reader is claimed
 * first: it is woken, and gets the bytes afterwards. What it takes of stream->in has left it by
 * then, and the block is held. Meanwhile nobody polls (S->looking), so the read buffer stays
 * as it is, and a stream that is closed is not freed yet. */
#include <math.h>
#include <poll.h>
#include "bytes.h"
#include "luvstdio.h"
#include "socket.h"

#define DEFAULT_MAX (16u << 20) /* of a line or record whose end does not come */

static luv_view unread(luv_stream *s) {
  luv_view v = {s->in.p + s->in.head, s->in.len};
  return v;
}

/* Of a line or a record the call tells whether it had its end. */
static int is_record(const luv_op *op) { return op == &luv__op_read_line || op == &luv__op_read_until; }

static int tell_end(lua_State *W, int had) {
  lua_pushboolean(W, had);
  return 1;
}

static int is_closed(const luv_stream *s) { return (s->o.flags & LUV_O_CLOSING) != 0; }

/* ---- serving waiting readers, in libuv's callback ------------------------------- */

/* Short data waits in the arena until the run loop makes the string: cheaper than a
 * protected call here, and the copy is small. */
static int serve_short(luv_state *S, luv_fiber *f, const char *p, size_t n) {
  char *to = S->arena + S->arena_used;
  memcpy(to, p, n);
  S->arena_used += (uint32_t)n;
  f->wait.on = to;
  f->wait.arg = n;
  luv__wake(S, f, LUV_OUT_OWN);
  return 1;
}

/* No memory for the string: the bytes stay where they were, the reader's call raises. */
static int serve_nothing(luv_fiber *f, uint32_t seq) {
  if (f->wait.seq != seq || f->status == LUV_WAITING) return 0;
  f->wait.on = (void *)"not enough memory";
  f->out = LUV_OUT_RAISE;
  return 0;
}

static int serve(luv_stream *s, luv_fiber *f, const char *p, size_t n) {
  luv_state *S = s->o.S;
  int counted = f->wait.op == &luv__op_read;
  uint32_t seq = f->wait.seq;
  if (n <= LUV_ARENA_PIECE && S->arena_used + n <= LUV_ARENA) return serve_short(S, f, p, n);
  luv__wake(S, f, LUV_OUT_STACK);
  f->nargs = 1 + counted;
  if (LUV_UNLIKELY(luv__bytes_to(S, f->in, counted, p, n))) return serve_nothing(f, seq);
  if (is_record(f->wait.op) && f->wait.seq == seq) f->nargs += tell_end(f->in, f->wait.done != 0);
  return 1;
}

/* The first reader, and what it would have of v; NULL: it has to wait for more, or nobody reads. */
static luv_fiber *first_served(luv_stream *s, luv_view v, luv_cut *c, int *what) {
  luv_fiber *f;
  if (queue_empty(&s->readers)) return NULL;
  f = luv_container(s->readers.next, luv_fiber, wait.node);
  *what = luv__record(s, f->in, f->wait.op, f->wait.arg, v, c);
  if (*what == LUV_MORE) return NULL;
  s->scanned = 0;
  f->wait.done = c->skip;
  return f;
}

/* Serves readers from v, which is not the stream's; returns how many bytes they took. What
 * is put before them meanwhile, by unread(), is to be served first. */
static size_t serve_readers(luv_stream *s, luv_view v) {
  size_t used = 0;
  luv_fiber *f;
  luv_cut c;
  int what;
  while (!s->in.len) {
    luv_view rest = {v.p + used, v.n - used};
    f = first_served(s, rest, &c, &what);
    if (!f) break;
    if (what == LUV_END) luv__wake_error(s->o.S, f, c.err);
    else if (serve(s, f, rest.p, c.take)) used += c.take + c.skip;
  }
  return used;
}

/* Of stream->in. */
static void serve_kept(luv_stream *s, luv_fiber *f, const luv_cut *c) {
  const char *p = s->in.p + s->in.head;
  char *block = s->in.len ? luv__buffer_hold(&s->in) : NULL;
  luv__buffer_consume(&s->in, c->take + c->skip);
  if (!serve(s, f, p, c->take) && !is_closed(s)) luv__buffer_prepend(&s->in, p, c->take + c->skip);
  luv__block_release(block);
}

void luv__read_service(luv_stream *s) {
  luv_fiber *f;
  luv_cut c;
  int what;
  while ((f = first_served(s, unread(s), &c, &what))) {
    if (what == LUV_END) luv__wake_error(s->o.S, f, c.err);
    else serve_kept(s, f, &c);
  }
}

/* The stream has ended: by EOF or an error. */
void luv__read_end(luv_stream *s, int err) {
  if (is_closed(s)) return;
  if (LUV_UNLIKELY(s->upper != NULL)) s->upper->engine->ended(s->upper, err);
  if (is_closed(s)) return;
  s->error = err;
  luv__stream_read_stop(s);
  if (s->o.class_id == luv__class_pipe.id && s->h.pipe.ipc) luv__wake_all_error(s->o.S, &s->o.waiters, err);
  luv__read_service(s);
  luv__ready_look(s);
}

/* More would go into memory, and its reader is about to ask: the next turn. */
int luv__fed_up(luv_stream *s) {
  int fed = s->fed && queue_empty(&s->readers);
  s->fed = 0;
  return fed;
}

/* Without a buffer libuv does not read: on_read is told ENOBUFS at once, and sees to it. */
static void on_alloc(uv_handle_t *h, size_t size, uv_buf_t *buf) {
  luv_stream *s = h->data;
  (void)size;
  if (LUV_LIKELY(s->o.flags & LUV_O_SOCKET)) {
    *buf = uv_buf_init(NULL, 0);
    return;
  }
  buf->base = luv__streams(s->o.S)->buf;
  buf->len = LUV_READ_SIZE;
  if (LUV_UNLIKELY(s->o.flags & LUV_O_SHY) && !luv__poll_now(s, POLLIN)) buf->len = 0; /* it would wait */
  if (luv__fed_up(s)) buf->len = 0;
}

void luv__got(luv_stream *s, const char *p, size_t n) {
  luv_view v = {p, n};
  size_t used;
  if (LUV_UNLIKELY(s->upper != NULL)) {
    s->upper->engine->fed(s->upper, p, n);
    return;
  }
  s->o.S->bytes_read += n;
  if (s->in.len == 0) {
    used = serve_readers(s, v);
    s->fed = used == n && n == LUV_READ_SIZE;
    p += used;
    n -= used;
  }
  if (n == 0 || is_closed(s)) return;
  if (luv__buffer_append(&s->in, p, n)) {
    luv__read_end(s, UV_ENOMEM);
    return;
  }
  if (!queue_empty(&s->readers)) luv__read_service(s);
  luv__ready_look(s);
  if (queue_empty(&s->readers) && s->in.len >= LUV_HIGH_WATER) luv__stream_read_stop(s);
}

static void on_read(uv_stream_t *h, ssize_t nread, const uv_buf_t *buf) {
  luv_stream *s = h->data;
  if (LUV_LIKELY(s->o.flags & LUV_O_SOCKET && nread == UV_ENOBUFS)) {
    if (queue_empty(&s->unread)) queue_push(&s->o.S->unread, &s->unread);
  } else if (nread > 0) {
    if (s->o.class_id == luv__class_pipe.id && s->h.pipe.ipc) luv__handles_arrived(s);
    luv__got(s, buf->base, (size_t)nread);
  } else if (nread == UV_ENOBUFS) return;
  else if (nread == UV_EOF) luv__read_end(s, luv__end_of_stream(h));
  else if (nread < 0) luv__read_end(s, luv__pty_end(s, (int)nread));
}

void luv__stream_read_more(luv_stream *s) {
  int err;
  if ((s->o.flags & LUV_O_READING) || s->error) return;
  if (LUV_UNLIKELY(s->engine && s->engine->read_more)) {
    s->engine->read_more(s);
    return;
  }
  if (LUV_UNLIKELY(luv__handles_full(s))) return;
  err = s->o.flags & LUV_O_LISTENING ? UV_ENOTCONN : uv_read_start(&s->h.s, on_alloc, on_read);
  if (err == 0) s->o.flags |= LUV_O_READING | (luv__is_socket(s) ? LUV_O_SOCKET : 0u);
  else if (err != UV_ENOTCONN) luv__read_end(s, err);
  else luv__wake_all_error(s->o.S, &s->readers, err);
}

static int begin_read(luv_state *S, luv_fiber *f) {
  luv_stream *s = f->wait.on;
  (void)S;
  if (s->error && s->in.len == 0 && f->wait.op != &luv__op_read_all) return luv__refused(f, s->error);
  queue_push(&s->readers, &f->wait.node);
  luv__stream_read_more(s);
  return 0;
}

static void abandon_read(luv_state *S, luv_fiber *f) {
  luv_stream *s = f->wait.on;
  (void)S;
  s->scanned = 0; /* the next reader may want something else */
}

/* What is in the arena. */
static int deliver(luv_state *S, luv_fiber *f, lua_State *L, lua_State *W) {
  luv_wait *w = &f->wait;
  (void)S, (void)L;
  if (w->op == &luv__op_read) lua_pushnumber(W, (lua_Number)w->arg);
  lua_pushlstring(W, w->on, (size_t)w->arg);
  if (is_record(w->op)) return 1 + tell_end(W, w->done != 0);
  return w->op == &luv__op_read ? 2 : 1;
}

#define READ(text) {.name = text, .flags = LUV_OP_EXTERNAL | LUV_OP_AGAIN, .begin = begin_read, .abandon = abandon_read, .deliver = deliver}
const luv_op luv__op_read = READ("read"), luv__op_read_exactly = READ("read_exactly"), luv__op_read_line = READ("read_line"),
             luv__op_read_until = READ("read_until"), luv__op_read_all = READ("read_all");

/* ---- the faces --------------------------------------------------------------------- */

static void release(void *block) { luv__block_release(block); }

/* Bytes of stream->in, which may go meanwhile. */
static int push_kept(luv_state *S, lua_State *L, luv_stream *s, const luv_op *op, size_t n) {
  luv_bytes h = {s->in.p + s->in.head, n, release, s->in.len ? luv__buffer_hold(&s->in) : NULL};
  return luv__push_bytes(S, L, op == &luv__op_read, h);
}

/* The stream at 1, if it is s still. */
static luv_stream *still(lua_State *L, luv_stream *s) {
  luv_box *b = luv__anybox(L, 1);
  return b && b->o == &s->o && !is_closed(s) ? s : NULL;
}

/* What can be had without waiting: the results, or 0. What a finaliser has read, or put back,
 * while they were made has gone before: then it is looked at again. */
static int read_now(luv_state *S, luv_stream *s, lua_State *L, const luv_op *op, uint64_t arg) {
  luv_cut c;
  uint32_t changes;
  int what, n, top = lua_gettop(L);
  do {
    lua_settop(L, top);
    if (!s->in.len && !s->error) return 0;
    what = luv__record(s, L, op, arg, unread(s), &c);
    if (what == LUV_MORE) return 0;
    s->scanned = 0;
    if (what == LUV_END) return luv__fail(L, c.err);
    changes = s->in.changes;
    n = push_kept(S, L, s, op, c.take);
    if (is_record(op)) n += tell_end(L, c.skip != 0);
    if (!still(L, s)) return n;
  } while (s->in.changes != changes);
  luv__buffer_consume(&s->in, c.take + c.skip);
  return n;
}

/* What the kernel has counts as being there. */
static int read_at_once(luv_state *S, luv_stream *s, lua_State *L, const luv_op *op, uint64_t arg) {
  luv__stream_read_more(s);
  s->fed = 0;
  luv__glance(S);
  if (!still(L, s)) return luv__fail(L, UV_ECANCELED);
  return read_now(S, s, L, op, arg);
}

static int read_op(luv_state *S, lua_State *L, luv_stream *s, const luv_op *op, uint64_t arg,
                   double timeout) {
  int n;
  luv__check_cancel(S, L);
  if (!s) return luv__fail(L, UV_EBADF);
  if (!queue_empty(&s->readers)) return luv__suspend(S, L, op, s, arg, timeout);
  n = read_now(S, s, L, op, arg);
  if (n == 0 && timeout == 0) n = read_at_once(S, s, L, op, arg);
  return n ? n : luv__suspend(S, L, op, s, arg, timeout);
}

/* The optional count at idx; 1 to 2^53. */
static uint64_t opt_count(luv_state *S, lua_State *L, int idx, const char *fname,
                          uint64_t otherwise, double least) {
  double n;
  if (lua_isnoneornil(L, idx)) return otherwise;
  if (lua_type(L, idx) != LUA_TNUMBER) luv__type_error(S, L, idx, idx - 1, fname, "number");
  n = lua_tonumber(L, idx);
  if (!(n >= least)) luv__arg_error(S, L, idx - 1, fname, "number of bytes out of range");
  return n >= 9007199254740992.0 ? (uint64_t)1 << 53 : (uint64_t)n;
}

/* The same, cut to what makes a string: what is longer is too long, then. */
static uint64_t opt_max(luv_state *S, lua_State *L, int idx, const char *fname, uint64_t otherwise) {
  uint64_t n = opt_count(S, L, idx, fname, otherwise, 1);
  return n < LUV_MAX_STRING ? n : LUV_MAX_STRING;
}

/* n, data = stream:read([max][, timeout]) */
int luv_stream_read(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_stream *s = luv__check_stream(S, L, "read");
  uint64_t max;
  if (LUV_LIKELY(lua_gettop(L) == 1))
    return read_op(S, L, s, &luv__op_read, LUV_FOREVER, LUV_NO_TIMEOUT);
  max = opt_max(S, L, 2, "read", LUV_FOREVER);
  return read_op(S, L, s, &luv__op_read, max, luv__opt_timeout(S, L, 3, 2, "read"));
}

/* data = stream:read_exactly(n[, timeout]) */
int luv_stream_read_exactly(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_stream *s = luv__check_stream(S, L, "read_exactly");
  uint64_t n;
  double timeout = luv__opt_timeout(S, L, 3, 2, "read_exactly");
  if (lua_isnoneornil(L, 2)) return luv__type_error(S, L, 2, 1, "read_exactly", "number");
  n = opt_count(S, L, 2, "read_exactly", 0, 0);
  if (n == 0 && s) {
    lua_pushliteral(L, "");
    return 1;
  }
  if (n > LUV_MAX_STRING) return luv__fail(L, s ? UV_EMSGSIZE : UV_EBADF);
  return read_op(S, L, s, &luv__op_read_exactly, n, timeout);
}

/* data, whole = stream:read_line([max][, timeout]) */
int luv_stream_read_line(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_stream *s = luv__check_stream(S, L, "read_line");
  uint64_t max = opt_max(S, L, 2, "read_line", DEFAULT_MAX);
  double timeout = luv__opt_timeout(S, L, 3, 2, "read_line");
  return read_op(S, L, s, &luv__op_read_line, max, timeout);
}

/* data, whole = stream:read_until(delimiter[, max][, timeout]) */
int luv_stream_read_until(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_stream *s = luv__check_stream(S, L, "read_until");
  uint64_t max = opt_max(S, L, 3, "read_until", DEFAULT_MAX);
  double timeout = luv__opt_timeout(S, L, 4, 3, "read_until");
  if (lua_type(L, 2) != LUA_TSTRING)
    return luv__type_error(S, L, 2, 1, "read_until", "string");
  if (lua_objlen(L, 2) == 0)
    return luv__arg_error(S, L, 1, "read_until", "delimiter is empty");
  return read_op(S, L, s, &luv__op_read_until, max, timeout);
}

/* data = stream:read_all([max][, timeout]) */
int luv_stream_read_all(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_stream *s = luv__check_stream(S, L, "read_all");
  uint64_t max = opt_max(S, L, 2, "read_all", LUV_FOREVER);
  double timeout = luv__opt_timeout(S, L, 3, 2, "read_all");
  return read_op(S, L, s, &luv__op_read_all, max, timeout);
}

int luv__next_line(lua_State *L) {
  luv_state *S = luv_enter(L);
  lua_settop(L, 0);
  lua_pushvalue(L, lua_upvalueindex(2));
  return read_op(S, L, luv__check_stream(S, L, "lines"), &luv__op_read_line, DEFAULT_MAX,
                 LUV_NO_TIMEOUT);
}

static const luv_face line_face = {.fn = luv__next_line, .waits = 1};

/* for line in stream:lines() */
int luv_stream_lines(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv__check_stream(S, L, "lines");
  lua_pushvalue(L, 1);
  luv__push_iterator(S, L, &line_face);
  return 1;
}

/* stream = stream:unread(data): the next read gets it first */
int luv_stream_unread(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_stream *s = luv__check_stream(S, L, "unread");
  size_t n;
  const char *p;
  if (lua_type(L, 2) != LUA_TSTRING) return luv__type_error(S, L, 2, 1, "unread", "string");
  if (!s) return luv__fail(L, UV_EBADF);
  p = lua_tolstring(L, 2, &n);
  if (luv__buffer_prepend(&s->in, p, n)) return luv__fail(L, UV_ENOMEM);
  s->scanned = 0;
  luv__read_service(s);
  luv__ready_look(s);
  lua_settop(L, 1);
  return 1;
}
