/* write.c - writing: what the kernel takes at once costs no request.
 *
 * The rest waits in the stream's queue of writers, of which libuv has one at a time:
 * a writer that gives up before its turn has sent nothing. The request points into the
 * Lua string itself; while libuv has it the string is anchored in the registry, so a
 * writer may time out or be cancelled in the middle: what it began is still sent. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "luvstdio.h"
#include "quiet.h"
#include "socket.h"

static const luv_op write_op, shutdown_op;

#define FEW_BUFS 64    /* per system call on the fast path */

/* Adds the bytes of the string at idx behind the first *skip ones to bufs. */
static unsigned add(lua_State *L, int idx, size_t *skip, uv_buf_t *buf) {
  size_t n;
  const char *p = lua_tolstring(L, idx, &n);
  if (*skip >= n) {
    *skip -= n;
    return 0;
  }
  buf->base = (char *)p + *skip;
  buf->len = n - *skip;
  *skip = 0;
  return 1;
}

/* The data at idx (a string, or a table of strings) behind its first `skip` bytes,
 * as at most `max` pieces. Raises nothing: luv__check_data has looked at all of it. */
unsigned luv__gather(lua_State *L, int idx, size_t skip, uv_buf_t *bufs, unsigned max) {
  unsigned n = 0;
  size_t i, count;
  if (lua_type(L, idx) == LUA_TSTRING) return add(L, idx, &skip, bufs);
  count = lua_objlen(L, idx);
  for (i = 1; i <= count && n < max; i++) {
    lua_rawgeti(L, idx, (int)i);
    n += add(L, -1, &skip, bufs + n);
    lua_pop(L, 1);
  }
  return n;
}

/* The number of bytes in the data at idx. Raises for what is not data; numbers in a
 * table are made strings (in a copy), so that all of it stays anchored. */
uint64_t luv__check_data(luv_state *S, lua_State *L, int idx, int arg, const char *fname) {
  uint64_t total = 0;
  size_t i, count;
  int type = lua_type(L, idx);
  if (type == LUA_TSTRING || type == LUA_TNUMBER) {
    lua_tostring(L, idx);
    return lua_objlen(L, idx);
  }
  if (type != LUA_TTABLE) luv__type_error(S, L, idx, arg, fname, "string or table");
  count = lua_objlen(L, idx);
  lua_createtable(L, (int)count, 0);
  for (i = 1; i <= count; i++) {
    lua_rawgeti(L, idx, (int)i);
    if (!lua_isstring(L, -1)) {
      const char *msg = lua_pushfstring(L, "string expected at index %d of the table, got %s",
                                        (int)i, luaL_typename(L, -1));
      luv__arg_error(S, L, arg, fname, msg);
    }
    lua_tostring(L, -1);
    total += lua_objlen(L, -1);
    lua_rawseti(L, -2, (int)i);
  }
  lua_replace(L, idx);
  return total;
}

/* ---- the writer that libuv has ------------------------------------------------------ */

void luv__write_finished(luv_write *w, int status) {
  luv_stream *s = w->s;
  luv_state *S = s->o.S;
  luv_fiber *f = w->f;
  s->writing = NULL;
  luaL_unref(S->M, LUA_REGISTRYINDEX, w->ref);
  luv__carrier_close(w->carrier);
  free(w->own);
  if (w->finished && s->upper) w->finished(s->upper, status);
  else if (f && status) luv__wake_error(S, f, status);
  else if (f) {
    if (f->wait.op == &write_op) S->bytes_written += w->total - f->wait.done;
    f->wait.arg = w->total;
    luv__wake(S, f, f->wait.op == &write_op ? LUV_OUT_COUNT : LUV_OUT_SELF);
  }
  free(w);
  if (s->o.flags & LUV_O_CLOSING) return;
  luv__write_next(s);
  luv__ready_look(s);
}

/* The stream closes, and nobody else has the bytes. */
void luv__write_drop(luv_write *w) {
  w->s->writing = NULL;
  luaL_unref(w->s->o.S->M, LUA_REGISTRYINDEX, w->ref);
  free(w->own);
  free(w);
}

/* What is left of w's data behind its first `skip` bytes. */
unsigned luv__write_rest_of(luv_write *w, size_t skip, uv_buf_t *bufs, unsigned max) {
  lua_State *M = w->s->o.S->M;
  unsigned n;
  if (w->own) {
    bufs->base = w->own + skip;
    bufs->len = (size_t)w->total - skip;
    return skip < w->total;
  }
  if (!lua_checkstack(M, 4)) return 0;
  lua_rawgeti(M, LUA_REGISTRYINDEX, w->ref);
  n = luv__gather(M, lua_gettop(M), skip, bufs, max);
  lua_pop(M, 1);
  return n;
}

static void on_write(uv_write_t *req, int status) {
  luv__queued_writes--;
  luv__write_finished(req->data, status);
}

/* libuv tries at once, and goes on in its loop. */
static int queue(luv_write *w, const uv_buf_t *bufs, unsigned n) {
  luv_quiet q;
  int err;
  luv__quiet_begin(&q);
  err = w->carrier ? uv_write2(&w->u.write, &w->s->h.s, bufs, n, (uv_stream_t *)w->carrier, on_write)
                   : uv_write(&w->u.write, &w->s->h.s, bufs, n, on_write);
  luv__quiet_end(&q, 1);
  if (!err) luv__queued_writes++;
  return err;
}

/* A pipe with one direction knows no shutdown: its reader sees the end when we let go of it. */
static int let_go(luv_stream *s) {
  uv_os_fd_t fd;
  int err = uv_fileno((uv_handle_t *)&s->h, &fd), null;
  if (err) return err;
  null = (int)LUV_RETRY(open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (null < 0) return uv_translate_sys_error(errno);
  err = dup3(null, fd, O_CLOEXEC) < 0 ? uv_translate_sys_error(errno) : 0;
  close(null);
  return err;
}

static void on_shutdown(uv_shutdown_t *req, int status) {
  luv_write *w = req->data;
  if (status == UV_ENOTSOCK && !(w->s->o.flags & LUV_O_CLOSING)) status = let_go(w->s);
  luv__write_finished(w, status);
}

/* Anchors the writer's data, to which libuv's pieces are to point. Every protected call may
 * collect as it ends: the stream may be closed then, or the writer be cancelled. */
typedef struct { luv_write *w; uv_buf_t *bufs; unsigned n; } pieces;

static int anchor(lua_State *M) {
  pieces *p = lua_touserdata(M, 1);
  lua_State *L = p->w->f->in;
  lua_pushvalue(L, 2);
  lua_xmove(L, M, 1);
  p->n = luv__gather(M, lua_gettop(M), (size_t)p->w->f->wait.done, p->bufs, p->n);
  p->w->ref = luaL_ref(M, LUA_REGISTRYINDEX);
  return 0;
}

static int submit_pieces(luv_write *w, const pieces *p) {
  int err = 0;
  if (w->s->engine) return w->s->engine->write(w->s, w, w->f->wait.done);
  if (LUV_UNLIKELY(luv__anybox(w->f->in, 3) != NULL)) err = luv__carrier(w->s, w->f->in, 3, &w->carrier);
  return err ? err : queue(w, p->bufs, p->n);
}

#define FEW_PIECES 16

static int submit_bytes(luv_write *w) {
  lua_State *L = w->f->in;
  uv_buf_t few[FEW_PIECES];
  pieces p = {w, few, lua_type(L, 2) == LUA_TTABLE ? (unsigned)lua_objlen(L, 2) : 1};
  int err = 0;
  if (p.n > FEW_PIECES) p.bufs = malloc(p.n * sizeof *p.bufs);
  if (!p.bufs) return UV_ENOMEM;
  if (luv__protect_still(w->s->o.S, anchor, &p)) luv__finalizer_failed(w->s->o.S);
  if (!w->f) err = UV_ECANCELED;
  else if (w->ref == LUA_NOREF) err = UV_ENOMEM;
  else err = submit_pieces(w, &p); /* libuv copies the pieces */
  if (p.bufs != few) free(p.bufs);
  return err;
}

/* Hands the writer's data to libuv. */
static int submit(luv_write *w) {
  luv_stream *s = w->s;
  int err;
  if (s->o.flags & LUV_O_LISTENING) return UV_ENOTCONN;
  if (w->f->wait.op != &write_op && luv__over_another(s)) return s->engine->shutdown(s, w);
  if (w->f->wait.op != &write_op) return uv_shutdown(&w->u.shutdown, &s->h.s, on_shutdown);
  s->writing = w;
  err = submit_bytes(w);
  if (err) s->writing = NULL;
  if (err && w->ref != LUA_NOREF) luaL_unref(s->o.S->M, LUA_REGISTRYINDEX, w->ref);
  return err;
}

static luv_write *new_write(luv_stream *s, luv_fiber *f) {
  luv_write *w = calloc(1, sizeof *w);
  if (!w) return NULL;
  w->s = s;
  w->f = f;
  w->total = f->wait.arg;
  w->ref = LUA_NOREF;
  w->u.write.data = w;
  return w;
}

int luv__write_own(luv_stream *s, char *p, size_t n, void (*finished)(luv_stream *upper, int status)) {
  luv_write *w = calloc(1, sizeof *w);
  uv_buf_t buf = uv_buf_init(p, (unsigned)n);
  int err;
  if (w) *w = (luv_write){.s = s, .total = n, .ref = LUA_NOREF, .own = p, .finished = finished};
  if (w) w->u.write.data = w;
  if (!w) err = UV_ENOMEM;
  else if (s->engine) err = s->engine->write(s, w, 0);
  else err = queue(w, &buf, 1);
  if (!err) s->writing = w;
  if (err) free(p), free(w);
  return err;
}

/* Starts the next writer, if libuv has none. */
void luv__write_next(luv_stream *s) {
  while (!s->writing && !queue_empty(&s->writers)) {
    luv_fiber *f = luv_container(s->writers.next, luv_fiber, wait.node);
    luv_write *w = new_write(s, f);
    int err = w ? submit(w) : UV_ENOMEM;
    if (!err) s->writing = w;
    if (!err) continue;
    if (!w || w->f) luv__wake_error(s->o.S, f, err);
    if (w) luv__carrier_close(w->carrier);
    free(w);
  }
}

static int begin_write(luv_state *S, luv_fiber *f) {
  luv_stream *s = f->wait.on;
  (void)S;
  queue_push(&s->writers, &f->wait.node);
  if (f->wait.op == &shutdown_op) s->o.flags |= LUV_O_SHUT;
  luv__write_next(s);
  return 0;
}

/* The bytes of a writer that libuv has, and has not written yet. */
uint64_t luv__unwritten(luv_stream *s) {
  if (s->engine) return s->engine->unwritten(s);
  return uv_stream_get_write_queue_size(&s->h.s);
}

/* nil, message, "ETIMEDOUT", and how many bytes had gone. */
static int push_timed_out(lua_State *L, uint64_t gone) {
  int n = luv__fail(L, UV_ETIMEDOUT);
  lua_pushnumber(L, (lua_Number)gone);
  return n + 1;
}

static void abandon_write(luv_state *S, luv_fiber *f) {
  luv_stream *s = f->wait.on;
  (void)S;
  if (s->writing && s->writing->f == f) {
    s->writing->f = NULL;
    if (f->wait.op == &write_op) f->wait.done = s->writing->total - luv__unwritten(s);
  } else if (f->wait.op == &shutdown_op) s->o.flags &= ~(uint32_t)LUV_O_SHUT;
}

static int deliver(luv_state *S, luv_fiber *f, lua_State *L, lua_State *W) {
  (void)S, (void)L;
  return push_timed_out(W, f->wait.done);
}

static const luv_op write_op = {.name = "write", .flags = LUV_OP_EXTERNAL | LUV_OP_TELLS, .begin = begin_write,
                                .abandon = abandon_write, .deliver = deliver};
static const luv_op shutdown_op = {.name = "shutdown", .flags = LUV_OP_EXTERNAL, .begin = begin_write, .abandon = abandon_write};

/* ---- a stream that somebody else writes to --------------------------------------------- */

struct luv_hold { luv_write w; void (*closed)(void *ud); void *ud; };

/* Makes all writers wait: 0, EBUSY when one is at it, ENOMEM. */
int luv__write_hold(luv_stream *s, void (*closed)(void *ud), void *ud, luv_hold **to) {
  luv_hold *h;
  if (s->writing || !queue_empty(&s->writers)) return UV_EBUSY;
  h = *to = calloc(1, sizeof *h);
  if (!h) return UV_ENOMEM;
  h->w.s = s;
  h->w.held = 1;
  h->closed = closed;
  h->ud = ud;
  s->writing = &h->w;
  return 0;
}

void luv__write_release(luv_hold *h) {
  luv_stream *s = h->w.s;
  free(h);
  s->writing = NULL;
  luv__write_next(s);
  luv__ready_look(s);
}

static void release_closing(luv_stream *s) {
  luv_hold *h = (luv_hold *)s->writing;
  s->writing = NULL;
  h->closed(h->ud);
  free(h);
}

/* The stream closes: libuv will end its request with ECANCELED, when it may be too
 * late to wake anybody. */
void luv__write_closing(luv_stream *s) {
  if (s->writing && s->writing->held) release_closing(s);
  if (s->writing) s->writing->f = NULL;
  luv__wake_all_error(s->o.S, &s->writers, UV_ECANCELED);
}

/* ---- the faces ------------------------------------------------------------------------ */

static int put_quietly(luv_stream *s, const uv_buf_t *bufs, unsigned n) {
  luv_quiet q;
  int done;
  if (s->engine) return s->engine->put(s, bufs, n);
  luv__quiet_begin(&q);
  done = uv_try_write(&s->h.s, bufs, n); /* where the descriptor is not ours (LUV_O_SHY) it waits, as print does */
  luv__quiet_end(&q, done < 0 && done != UV_EAGAIN);
  return done;
}

/* A connection that speaks before it has read: so far nobody has marked it. */
static int is_socket(luv_stream *s) {
  if (s->o.flags & LUV_O_SOCKET) return 1;
  if (s->o.class_id != luv__class_tcp.id || s->o.flags & LUV_O_SHY || !uv_is_writable(&s->h.s)) return 0;
  s->o.flags |= LUV_O_SOCKET;
  return 1;
}

/* What the kernel takes at once: bytes, or an error. */
int luv__put(luv_stream *s, const uv_buf_t *bufs, unsigned n) {
  uv_os_fd_t fd;
  if (LUV_UNLIKELY(!is_socket(s) || uv_fileno((uv_handle_t *)&s->h, &fd))) return put_quietly(s, bufs, n);
  return (int)(n == 1 ? luv__send(fd, bufs->base, bufs->len) : luv__send_pieces(fd, bufs, n));
}

/* Writes what the kernel takes at once. Bytes written, or an error other than EAGAIN. */
static int64_t try_write(lua_State *L, luv_stream *s, uint64_t total) {
  uv_buf_t bufs[FEW_BUFS];
  uint64_t done = 0;
  int n;
  do {
    unsigned count = luv__gather(L, 2, (size_t)done, bufs, FEW_BUFS);
    n = luv__put(s, bufs, count);
    if (n > 0) done += (uint64_t)n, s->o.S->bytes_written += (uint64_t)n;
  } while (n > 0 && done < total);
  return n >= 0 || n == UV_EAGAIN ? (int64_t)done : n;
}

/* An error of write(2) before the socket is connected is not "closed". */
int luv__write_error(luv_stream *s, int err) {
  uv_os_fd_t fd;
  if (err == UV_EBADF && uv_fileno((uv_handle_t *)&s->h, &fd)) return UV_ENOTCONN;
  return err;
}

/* Whose wait a call on L is about to fill in. */
luv_fiber *luv__writer(luv_state *S, lua_State *L) {
  (void)L;
  return S->current ? S->current : &S->main;
}

/* Waits until the bytes behind the first `done` ones are written. */
int luv__write_from(luv_state *S, lua_State *L, luv_stream *s, uint64_t total,
                    uint64_t done, double timeout) {
  if (timeout == 0) {
    if (done == 0) return push_timed_out(L, 0);
    timeout = 1e-9; /* what has begun must be finished */
  }
  luv__writer(S, L)->wait.done = done;
  return luv__suspend(S, L, &write_op, s, total, timeout);
}

/* A peer who takes everything at once must not keep the other fibers from their turn. */
static int may_write_now(lua_State *L, luv_stream *s) { return luv__can_write(s) && !luv__hogging(s->o.S, L); }

/* The common case: one string, no timeout. Bytes written, or an error. */
static int write_string(lua_State *L, luv_stream *s, size_t *total) {
  uv_buf_t buf;
  buf.base = (char *)lua_tolstring(L, 2, total);
  buf.len = *total;
  return buf.len ? luv__put(s, &buf, 1) : 0;
}

static int write_any(luv_state *S, lua_State *L, luv_stream *s, uint64_t total, double timeout, int now) {
  int64_t done = 0;
  if (!s) return luv__fail(L, UV_EBADF);
  if (s->o.flags & LUV_O_SHUT) return luv__fail(L, UV_EPIPE);
  if (total > 0 && (now || (timeout == 0 && luv__can_write(s)))) {
    done = try_write(L, s, total);
    if (done < 0) return luv__fail(L, luv__write_error(s, (int)done));
  }
  lua_settop(L, 2);
  if ((uint64_t)done < total) return luv__write_from(S, L, s, total, (uint64_t)done, timeout);
  lua_pushnumber(L, (lua_Number)total);
  return 1;
}

int luv__write_plain(luv_state *S, lua_State *L, luv_stream *s, uint64_t total, double timeout) {
  return write_any(S, L, s, total, timeout, s && luv__can_write(s));
}

/* n = stream:write(data[, timeout]), stream:write(data, {handle = object}[, timeout]) */
int luv_stream_write(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_stream *s = luv__check_stream(S, L, "write");
  int64_t done = 0;
  uint64_t total;
  double timeout;
  int plain = lua_gettop(L) == 2 && lua_type(L, 2) == LUA_TSTRING, now = plain && s && may_write_now(L, s);
  luv__check_cancel(S, L);
  if (LUV_LIKELY(now)) {
    size_t n;
    done = write_string(L, s, &n);
    if (done < 0 && done != UV_EAGAIN) return luv__fail(L, luv__write_error(s, (int)done));
    if (done < 0) done = 0;
    S->bytes_written += (uint64_t)done;
    if ((size_t)done < n) return luv__write_from(S, L, s, n, (uint64_t)done, LUV_NO_TIMEOUT);
    lua_pushnumber(L, (lua_Number)n);
    return 1;
  }
  if (lua_type(L, 3) == LUA_TTABLE) return luv__write_handle(S, L);
  total = luv__check_data(S, L, 2, 1, "write");
  timeout = luv__opt_timeout(S, L, 3, 2, "write");
  s = luv__check_stream(S, L, "write");
  return write_any(S, L, s, total, timeout, !plain && s && may_write_now(L, s));
}

/* The writing side of a terminal, a file or a pipe that is read as well ends when it is closed. */
static int can_end(luv_stream *s) {
  int type;
  socklen_t len = sizeof type;
  uv_os_fd_t fd;
  if (s->o.class_id == luv__class_tcp.id || luv__over_another(s) || luv__descriptor(&s->o, &fd)) return 1;
  if (s->o.class_id == luv__class_pipe.id && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) return 1;
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0;
}

enum { SHUT_READING = 1, SHUT_WRITING = 2 };

/* Which side; nil: that of writing. */
static int side(luv_state *S, lua_State *L) {
  const char *how = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : NULL;
  if (lua_isnoneornil(L, 2)) return SHUT_WRITING;
  if (!how) return luv__type_error(S, L, 2, 1, "shutdown", "string or number");
  if (strcmp(how, "w") == 0) return SHUT_WRITING;
  if (strcmp(how, "r") == 0) return SHUT_READING;
  if (strcmp(how, "rw") == 0) return SHUT_READING | SHUT_WRITING;
  return luv__arg_error(S, L, 1, "shutdown", "\"r\", \"w\" or \"rw\" expected");
}

/* stream = stream:shutdown(["r"|"w"|"rw"][, timeout]): no more writes, so that the peer reads the
 * end; or no more reads. A number first is the timeout. */
int luv_stream_shutdown(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_stream *s = luv__check_stream(S, L, "shutdown");
  int limited = lua_type(L, 2) == LUA_TNUMBER, which = limited ? SHUT_WRITING : side(S, L), err;
  double timeout = limited ? luv__opt_timeout(S, L, 2, 1, "shutdown") : luv__opt_timeout(S, L, 3, 2, "shutdown");
  luv__check_cancel(S, L);
  if (!s) return luv__fail(L, UV_EBADF);
  lua_settop(L, 1);
  /* The kernel would do it: then no connection comes any more, and libuv asks for it for ever. */
  if (s->o.flags & LUV_O_LISTENING) return luv__fail(L, UV_ENOTCONN);
  if (which & SHUT_READING && (err = luv__shut_reading(s))) return luv__fail(L, err);
  if (which == SHUT_READING) return 1;
  if (s->o.flags & LUV_O_SHUT) return luv__fail(L, UV_ENOTCONN);
  if (!can_end(s)) return luv__fail(L, UV_ENOTSOCK);
  return luv__suspend(S, L, &shutdown_op, s, 0, timeout);
}
