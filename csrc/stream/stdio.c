/* stdio.c - luv.stdin, luv.stdout and luv.stderr: opened when a script first names them.
 *
 * They take nothing away from `print`, io.read and the shell: each has a descriptor of its own,
 * with flags of its own where the kernel allows that (pipe_open.c), and what the C library has
 * buffered stays there. So 0, 1 and 2 are never closed, and there is nothing to put back. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "pipe.h"
#include "luvstdio.h"

/* Those that were closed as luv was loaded. libuv would take such a number for its epoll,
 * and abort when that is closed. So they are occupied by what cannot be read or written
 * either (EBADF), and that child processes do not inherit. Before Go starts its threads, that is
 * what the priority is for: they open a file for a moment, which would have such a number. */
static int closed_at_start;

__attribute__((constructor(101))) static void look(void) {
  int fd;
  for (fd = 0; fd <= 2; fd++)
    if (fcntl(fd, F_GETFD) < 0) {
      closed_at_start |= 1 << fd;
      open("/", O_PATH | O_CLOEXEC); /* takes the lowest number that is free */
    }
}

/* An object that is closed from the start. */
static int push_closed(luv_state *S, lua_State *L) {
  luv_object *o = luv__object_new(S, luv__class_stdio.id, sizeof *o);
  if (!o) return UV_ENOMEM;
  luv__push_object(S, L, o);
  luv__object_close(o);
  return 0;
}

static int initialised(luv_stream *s, int err) {
  if (err) luv__object_dispose(&s->o);
  return err;
}

static int init(luv_state *S, luv_stream *s) {
  int err;
  if (s->o.class_id == luv__class_tcp.id) err = uv_tcp_init(S->loop, &s->h.tcp);
  else err = uv_pipe_init(S->loop, &s->h.pipe, 0);
  s->h.s.data = s;
  return initialised(s, err);
}

/* Gives a new stream the descriptor `own`. */
static int start(luv_state *S, luv_stream *s, int own, int shares) {
  int err;
  if (s->o.class_id == luv__class_stdio.id) return (s->std = luv__std_new(s, own, 1)) ? 0 : UV_ENOMEM;
  if (s->o.class_id == luv__class_tcp.id) err = uv_tcp_open(&s->h.tcp, own);
  else err = luv__pollable(S->loop, own);
  if (!err && s->o.class_id == luv__class_pipe.id) err = uv_pipe_open(&s->h.pipe, own);
  if (!err) luv__leave_flags(s, shares);
  return err;
}

static int open_as(luv_state *S, int class_id, int fd, luv_stream **to) {
  int shares, own = luv__private_fd(fd, &shares), err;
  luv_stream *s;
  if (own < 0) return own;
  s = luv__stream_new(S, class_id);
  err = s ? init(S, s) : UV_ENOMEM;
  if (err) {
    close(own);
    return err;
  }
  err = start(S, s, own, shares);
  if (err) {
    close(own);
    luv__object_close(&s->o);
  }
  *to = s;
  return err;
}

/* What libuv cannot poll is read and written as a file, whatever it is. */
static int open_stream(luv_state *S, int fd, luv_stream **to) {
  int err = UV_EINVAL;
  switch (uv_guess_handle(fd)) {
    case UV_TTY: *to = luv__tty_lent(S, fd, &err); break;
    case UV_TCP: err = open_as(S, luv__class_tcp.id, fd, to); break;
    case UV_FILE: break;
    default: err = open_as(S, luv__class_pipe.id, fd, to);
  }
  return err == UV_EINVAL || err == UV_EPERM ? open_as(S, luv__class_stdio.id, fd, to) : err;
}

static int push_std(luv_state *S, lua_State *L, int fd) {
  luv_stream *s = NULL;
  int err;
  if (closed_at_start & 1 << fd || fcntl(fd, F_GETFD) < 0) return push_closed(S, L);
  err = open_stream(S, fd, &s);
  if (!err) luv__push_object(S, L, &s->o);
  return err;
}

/* __index of the module: makes the stream, and sets it as a field; or another field. */
static int index_module(lua_State *L) {
  static const char *const names[] = {"stdin", "stdout", "stderr"};
  luv_state *S = luv_upstate(L);
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  int fd, err;
  for (fd = 0; fd < 3 && strcmp(key, names[fd]) != 0; fd++) {}
  if (fd == 3) return luv__push_field(S, L, key, strlen(key));
  luv_enter(L);
  err = push_std(S, L, fd);
  if (err) return luv__error(S, L, "luv.%s: %s: %s", key, uv_err_name(err), uv_strerror(err));
  lua_pushvalue(L, 2);
  lua_pushvalue(L, -2);
  lua_rawset(L, 1);
  return 1;
}

/* The module table is on top of L. */
void luv__std_open(luv_state *S, lua_State *L) {
  lua_createtable(L, 0, 1);
  lua_pushlightuserdata(L, S);
  lua_pushcclosure(L, index_module, 1);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
}

/* fd = stdio:fileno() */
int luv_stdio_fileno(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_stream *s = luv__check_stream(S, L, "fileno");
  uv_os_fd_t fd;
  int err = s ? luv__descriptor(&s->o, &fd) : UV_EBADF;
  if (err) return luv__fail(L, err);
  lua_pushinteger(L, fd);
  return 1;
}
