/* ready.c - waiting until a stream is ready, taking nothing: wait, and write_some.
 *
 * libuv has one watcher for each descriptor, and what it finds readable it reads. So the
 * descriptors that are waited for here are armed, for one event at a time, in an epoll of the
 * state's own (the hub), which libuv watches. The fibers are in stream->watchers. What no kernel
 * knows of wakes them as well, by luv__ready_look: bytes and connections that lie in memory, the
 * end of a write, of an attempt to connect. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "luvstdio.h"
#include "readiness.h"
#include "socket.h"

struct luv_ready { uv_poll_t h; int epoll; };

#define BATCH 64

/* ---- the hub ------------------------------------------------------------------------------- */

static void on_hub(uv_poll_t *h, int status, int events) {
  struct luv_ready *r = (struct luv_ready *)h;
  struct epoll_event e[BATCH];
  int i, n = epoll_wait(r->epoll, e, BATCH, 0);
  (void)status, (void)events;
  for (i = 0; i < n; i++) luv__ready_serve(e[i].data.ptr);
}

static int make_hub(luv_state *S) {
  struct luv_ready *r = calloc(1, sizeof *r);
  int err;
  if (!r) return UV_ENOMEM;
  r->epoll = epoll_create1(EPOLL_CLOEXEC);
  err = r->epoll < 0 ? uv_translate_sys_error(errno) : uv_poll_init(S->loop, &r->h, r->epoll);
  if (err) {
    if (r->epoll >= 0) close(r->epoll);
    free(r);
    return err;
  }
  uv_poll_start(&r->h, UV_READABLE, on_hub);
  uv_unref((uv_handle_t *)&r->h);
  luv__streams(S)->hub = r;
  return 0;
}

void luv__ready_free(luv_state *S) {
  struct luv_ready *r = luv__streams(S)->hub;
  if (!r) return;
  luv__streams(S)->hub = NULL;
  uv_poll_stop(&r->h);
  close(r->epoll);
  uv_close((uv_handle_t *)&r->h, luv__handle_free);
}

/* ---- what is ready --------------------------------------------------------------------------- */

static int can_write(luv_stream *s) {
  if (s->o.flags & LUV_O_CONNECTING) return 0;
  return luv__can_write(s) || s->o.flags & LUV_O_SHUT; /* which the next write tells */
}

static int in_memory(luv_stream *s) { return s->in.len || s->error || s->naccepted ? LUV_READ : 0; }

/* What may become ready by itself: a write that luv has begun is in the way of others. */
static int possible(luv_stream *s, int wanted) { return can_write(s) ? wanted : wanted & ~LUV_WRITE; }

/* What of `wanted` is ready: 0 for nothing, or an error. */
static int ready(luv_stream *s, int wanted) {
  int is = in_memory(s) & wanted, now;
  uv_os_fd_t fd;
  if (luv__over_another(s)) return is | (s->engine->ready(s, possible(s, wanted)) & wanted);
  if (s->o.flags & LUV_O_CONNECTING) return is;
  if (luv__descriptor(&s->o, &fd)) return UV_EBADF;
  now = luv__readiness(fd, possible(s, wanted));
  return now < 0 ? now : is | now;
}

static const luv_op write_some_op;

/* Arms the descriptor for what the kernel has to tell. The rest comes by luv__ready_look. */
static int arm(luv_stream *s) {
  luv_queue *q;
  uv_os_fd_t fd;
  int err, wanted = 0;
  if (s->o.flags & LUV_O_CONNECTING || luv__over_another(s)) return 0;
  for (q = s->watchers.next; q != &s->watchers; q = q->next) {
    luv_fiber *f = luv_container(q, luv_fiber, wait.node);
    wanted |= f->wait.op == &write_some_op ? LUV_WRITE : (int)f->wait.arg;
  }
  if (!(wanted = possible(s, wanted))) return 0;
  if (luv__descriptor(&s->o, &fd)) return UV_EBADF;
  if (!luv__streams(s->o.S)->hub && (err = make_hub(s->o.S))) return err;
  s->watched = 1;
  return luv__readiness_arm(luv__streams(s->o.S)->hub->epoll, fd, wanted, s);
}

/* ---- waiting ------------------------------------------------------------------------------------ */

static int64_t write_bytes(luv_stream *s, const char *p, size_t n) {
  uv_buf_t buf = uv_buf_init((char *)p, n > 1u << 30 ? 1u << 30 : (unsigned)n); /* what one call takes */
  int64_t put = luv__put(s, &buf, 1);
  if (put > 0) s->o.S->bytes_written += (uint64_t)put;
  return put;
}

/* Behind a writer that waits nothing may go before it. */
static int serve_writer(luv_stream *s, luv_fiber *f) {
  const char *p = lua_tostring(f->in, 2);
  int64_t n;
  if (!can_write(s)) return 0;
  n = s->o.flags & LUV_O_SHUT ? UV_EPIPE : write_bytes(s, p + f->wait.arg, (size_t)(f->wait.done - f->wait.arg));
  if (n == UV_EAGAIN || n == 0) return 0;
  if (n < 0) luv__wake_error(s->o.S, f, luv__write_error(s, (int)n));
  else {
    f->wait.arg = (uint64_t)n;
    luv__wake(s->o.S, f, LUV_OUT_COUNT);
  }
  return 1;
}

static int serve_watcher(luv_stream *s, luv_fiber *f) {
  int is = ready(s, (int)f->wait.arg);
  if (is == 0) return 0;
  if (is < 0) luv__wake_error(s->o.S, f, is);
  else {
    f->wait.arg = (uint64_t)is;
    luv__wake(s->o.S, f, LUV_OUT_OWN);
  }
  return 1;
}

/* Whether f, which waits for the stream, need not wait any more. */
static int serve_one(void *on, luv_fiber *f) {
  return f->wait.op == &write_some_op ? serve_writer(on, f) : serve_watcher(on, f);
}

/* Wakes those whose stream is ready, and arms it for the others. */
void luv__ready_serve(luv_stream *s) {
  int err;
  luv__readiness_serve(&s->watchers, s, serve_one);
  if (!queue_empty(&s->watchers) && (err = arm(s))) luv__wake_all_error(s->o.S, &s->watchers, err);
}

static int begin_wait(luv_state *S, luv_fiber *f) {
  luv_stream *s = f->wait.on;
  (void)S;
  queue_push(&s->watchers, &f->wait.node);
  luv__ready_serve(s);
  return 0;
}

static const luv_op wait_op = {.name = "ready", .flags = LUV_OP_EXTERNAL | LUV_OP_AGAIN, .begin = begin_wait,
                        .deliver = luv__deliver_readiness};
static const luv_op write_some_op = {.name = "write_some", .flags = LUV_OP_EXTERNAL, .begin = begin_wait};

void luv__ready_closing(luv_stream *s) {
  uv_os_fd_t fd;
  luv__wake_all_error(s->o.S, &s->watchers, UV_ECANCELED);
  if (s->watched && luv__streams(s->o.S)->hub && luv__descriptor(&s->o, &fd) == 0)
    epoll_ctl(luv__streams(s->o.S)->hub->epoll, EPOLL_CTL_DEL, fd, NULL); /* others may have the file, too */
}

/* ---- the faces ------------------------------------------------------------------------------------ */

/* "r", "w" or "rw" = stream:wait("r"|"w"|"rw"[, timeout]): takes nothing */
int luv_stream_wait(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_stream *s = luv__check_stream(S, L, "wait");
  int want = luv__readiness_wanted(S, L), is;
  double timeout = luv__opt_timeout(S, L, 3, 2, "wait");
  luv__check_cancel(S, L);
  if (!s) return luv__fail(L, UV_EBADF);
  is = ready(s, want);
  if (is < 0) return luv__fail(L, is);
  if (is == 0 || (timeout != 0 && luv__hogging(S, L)))
    return luv__suspend(S, L, &wait_op, s, (uint64_t)want, timeout);
  return luv__push_readiness(L, is);
}

/* The place that argument idx names in a string of n bytes, as string.sub counts. */
static double place(luv_state *S, lua_State *L, int idx, double otherwise, size_t n) {
  double at;
  if (lua_isnoneornil(L, idx)) return otherwise;
  if (lua_type(L, idx) != LUA_TNUMBER) luv__type_error(S, L, idx, idx - 1, "write_some", "number");
  at = lua_tonumber(L, idx);
  if (at != at) luv__arg_error(S, L, idx - 1, "write_some", "a place in the string expected");
  return at < 0 ? at + (double)n + 1 : at;
}

/* n = stream:write_some(data[, i[, j]][, timeout]): what the kernel takes; at least a byte */
int luv_stream_write_some(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_stream *s = luv__check_stream(S, L, "write_some");
  double timeout = luv__opt_timeout(S, L, 5, 4, "write_some"), i, j;
  size_t n;
  const char *p;
  int64_t put = UV_EAGAIN;
  if (!lua_isstring(L, 2)) return luv__type_error(S, L, 2, 1, "write_some", "string");
  p = lua_tolstring(L, 2, &n);
  i = place(S, L, 3, 1, n);
  j = place(S, L, 4, (double)n, n);
  if (i < 1) i = 1;
  if (j > (double)n) j = (double)n;
  luv__check_cancel(S, L);
  if (!s) return luv__fail(L, UV_EBADF);
  if (s->o.flags & (LUV_O_SHUT | LUV_O_LISTENING)) return luv__fail(L, s->o.flags & LUV_O_SHUT ? UV_EPIPE : UV_ENOTCONN);
  if (i <= j && s->std) { /* a file or a device: no kernel says how much it would take */
    lua_pushlstring(L, p + (size_t)i - 1, (size_t)j - (size_t)i + 1);
    lua_replace(L, 2);
    lua_settop(L, 2);
    return luv__write_plain(S, L, s, lua_objlen(L, 2), timeout);
  }
  if (i > j) put = 0;
  else if (can_write(s) && !(timeout != 0 && luv__hogging(S, L))) put = write_bytes(s, p + (size_t)i - 1, (size_t)j - (size_t)i + 1);
  if (put < 0 && put != UV_EAGAIN) return luv__fail(L, luv__write_error(s, (int)put));
  if (put >= 0) {
    lua_pushnumber(L, (lua_Number)put);
    return 1;
  }
  lua_settop(L, 2);
  luv__writer(S, L)->wait.done = (uint64_t)j;
  return luv__suspend(S, L, &write_some_op, s, (uint64_t)i - 1, timeout);
}
