/* handle.c - handles that go from process to process, with bytes, through a pipe made with ipc.
 *
 * What is sent is a duplicate of the descriptor, in a handle of its own (the carrier), since
 * libuv needs the handle until the bytes have gone: the object may be closed at once.
 *
 * What arrives is taken from libuv as it comes and waits in stream->accepted, as the
 * connections of a listening socket do. So whoever closes the pipe closes them all; and when
 * LUV_ACCEPT_AHEAD of them wait, reading stops. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "pipe.h"
#include "stream.h"

/* ---- sending ------------------------------------------------------------------------------ */

/* The descriptor of the object at idx, or an error. */
static int descriptor_at(lua_State *L, int idx) {
  luv_box *b = luv__anybox(L, idx);
  uv_os_fd_t fd;
  int err;
  if (!b || !b->o || b->o->flags & LUV_O_CLOSING) return UV_EBADF;
  err = luv__descriptor(b->o, &fd);
  return err ? err : fd;
}

void luv__carrier_close(uv_pipe_t *carrier) {
  if (carrier) uv_close((uv_handle_t *)carrier, luv__handle_free);
}

/* A handle for the descriptor of the object at idx, that lives as long as the request. */
int luv__carrier(luv_stream *s, lua_State *L, int idx, uv_pipe_t **carrier) {
  int fd = descriptor_at(L, idx), copy, flags;
  uv_pipe_t *p;
  if (fd < 0) return fd;
  copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) return uv_translate_sys_error(errno);
  p = malloc(sizeof *p);
  if (!p || uv_pipe_init(s->h.s.loop, p, 0)) {
    free(p);
    close(copy);
    return UV_ENOMEM;
  }
  p->data = NULL;
  flags = fcntl(copy, F_GETFL);
  uv_pipe_open(p, copy);
  if (flags >= 0) fcntl(copy, F_SETFL, flags); /* they are the object's, too */
  *carrier = p;
  return 0;
}

/* What the kernel takes at once, the handle with its first byte: bytes, or an error. */
static int64_t send_now(luv_stream *s, lua_State *L, int fd) {
  union { struct cmsghdr h; char room[CMSG_SPACE(sizeof(int))]; } control;
  uv_buf_t bufs[16];
  struct msghdr m;
  uv_os_fd_t to;
  ssize_t n;
  if (uv_fileno((uv_handle_t *)&s->h, &to)) return UV_ENOTCONN;
  memset(&m, 0, sizeof m);
  memset(&control, 0, sizeof control);
  m.msg_iov = (struct iovec *)bufs;
  m.msg_iovlen = luv__gather(L, 2, 0, bufs, 16);
  m.msg_control = &control;
  m.msg_controllen = sizeof control.room;
  control.h.cmsg_level = SOL_SOCKET;
  control.h.cmsg_type = SCM_RIGHTS;
  control.h.cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(&control.h), &fd, sizeof fd);
  do n = sendmsg(to, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  if (n < 0) return errno == EAGAIN || errno == ETOOMANYREFS ? 0 : uv_translate_sys_error(errno);
  s->o.S->bytes_written += (uint64_t)n;
  return n;
}

/* n = stream:write(data, {handle = object}[, timeout]) */
int luv__write_handle(luv_state *S, lua_State *L) {
  uint64_t total = luv__check_data(S, L, 2, 1, "write");
  double timeout = luv__opt_timeout(S, L, 4, 3, "write");
  int64_t done = 0;
  luv_stream *s;
  int fd;
  lua_settop(L, 3);
  lua_pushliteral(L, "handle");
  lua_rawget(L, 3);
  lua_replace(L, 3);
  s = luv__check_stream(S, L, "write");
  if (lua_isnil(L, 3)) return luv__write_plain(S, L, s, total, timeout);
  if (!luv__anybox(L, 3))
    return luv__arg_error(S, L, 2, "write", "field 'handle': an object with a descriptor expected");
  if (total == 0) return luv__arg_error(S, L, 1, "write", "a handle needs a byte to go with");
  if (!s) return luv__fail(L, UV_EBADF);
  if (s->o.class_id != luv__class_pipe.id || !s->h.pipe.ipc)
    return luv__fail_about(L, UV_EINVAL, "a handle goes through a pipe made with ipc", NULL);
  if (s->o.flags & LUV_O_SHUT) return luv__fail(L, UV_EPIPE);
  fd = descriptor_at(L, 3);
  if (fd < 0) return luv__fail(L, fd);
  if (luv__can_write(s)) done = send_now(s, L, fd);
  if (done < 0) return luv__fail(L, (int)done);
  if (done > 0) lua_settop(L, 2); /* the rest is bytes */
  if ((uint64_t)done == total) {
    lua_pushnumber(L, (lua_Number)total);
    return 1;
  }
  return luv__write_from(S, L, s, total, (uint64_t)done, timeout);
}

/* ---- taking ------------------------------------------------------------------------------- */

static luv_object *stream_object(luv_state *S, int class_id, int fd) {
  luv_stream *s = luv__stream_new(S, class_id);
  int err;
  if (!s) return NULL;
  if (class_id == luv__class_tcp.id) err = uv_tcp_init(S->loop, &s->h.tcp);
  else err = uv_pipe_init(S->loop, &s->h.pipe, 0);
  s->h.s.data = s;
  if (!err) err = class_id == luv__class_tcp.id ? uv_tcp_open(&s->h.tcp, fd) : uv_pipe_open(&s->h.pipe, fd);
  if (!err) return &s->o;
  luv__object_close(&s->o);
  return NULL;
}

/* The object of the class that fits what fd is; NULL: no memory, fd is still the caller's. */
luv_object *luv__adopt(luv_state *S, int fd) {
  luv_object *o;
  int err;
  switch (uv_guess_handle(fd)) {
    case UV_TCP: return stream_object(S, luv__class_tcp.id, fd);
    case UV_NAMED_PIPE: return stream_object(S, luv__class_pipe.id, fd);
    case UV_TTY:
      o = (luv_object *)luv__tty_new(S, S->loop, fd, &err);
      return o ? o : luv__room_adopt(S, fd, UV_FILE);
    case UV_UDP:
      o = luv__room_adopt(S, fd, UV_UDP);
      return o ? o : stream_object(S, luv__class_pipe.id, fd);
    default: return luv__room_adopt(S, fd, UV_FILE);
  }
}

/* The next descriptor that libuv holds for us, or an error. */
static int take_fd(luv_stream *s) {
  uv_pipe_t *p = malloc(sizeof *p);
  uv_os_fd_t fd;
  int copy = UV_ENOMEM;
  if (!p || uv_pipe_init(s->h.s.loop, p, 0)) {
    free(p);
    return copy;
  }
  p->data = NULL;
  if (uv_accept(&s->h.s, (uv_stream_t *)p) == 0 && uv_fileno((uv_handle_t *)p, &fd) == 0) {
    copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy < 0) copy = uv_translate_sys_error(errno);
  }
  uv_close((uv_handle_t *)p, luv__handle_free);
  return copy;
}

static int take(luv_stream *s, luv_object **o) {
  int fd = take_fd(s);
  if (fd < 0) return fd;
  *o = luv__adopt(s->o.S, fd);
  if (*o) return 0;
  close(fd);
  return UV_ENOMEM;
}

/* Called when something has been read. What there is no memory to take stays with libuv. */
void luv__handles_arrived(luv_stream *s) {
  int n;
  while ((n = uv_pipe_pending_count(&s->h.pipe)) > 0) {
    luv_object *o;
    int err = take(s, &o);
    if (!err) luv__accept_arrived(s, o);
    else luv__accept_failed(s, err);
    if (err && uv_pipe_pending_count(&s->h.pipe) == n) return;
  }
}

/* n = pipe:pending(): handles that accept() would give at once */
int luv_pipe_pending(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_stream *s = luv__check_stream(S, L, "pending");
  if (!s) return luv__fail(L, UV_EBADF);
  lua_pushinteger(L, s->o.flags & LUV_O_LISTENING ? 0 : s->naccepted);
  return 1;
}
