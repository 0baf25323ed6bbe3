/* detach.c - a stream's descriptor becomes the caller's, or one of the two directions ends. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "luvstdio.h"

/* libuv cannot let go of a descriptor: it gets a duplicate to close, so that whoever has been told the
 * number may go on with it. */
static int exchange(luv_stream *s, int fd, int mine) {
  luv__stream_read_stop(s);
  luv__ready_closing(s);
  if (s->h.s.io_watcher.fd != fd || s->h.s.io_watcher.pevents) return mine; /* libuv watches it still: it listens */
  uv_handle_t *h = (uv_handle_t *)&s->h;
  if (epoll_ctl(uv_backend_fd(h->loop), EPOLL_CTL_DEL, fd, NULL) && errno != ENOENT) return mine;
  s->h.s.io_watcher.fd = mine;
  return fd;
}

/* fd, data = stream:detach(): what was read and not taken; the object is closed. */
int luv_stream_detach(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_stream *s = luv__check_stream(S, L, "detach");
  uv_os_fd_t fd;
  int err, mine;
  if (!s) return luv__fail(L, UV_EBADF);
  if ((err = luv__descriptor(&s->o, &fd))) return luv__fail(L, err);
  if (s->error == UV_ENOMEM) return luv__fail(L, s->error); /* what was read is lost */
  if (s->writing || s->naccepted || s->o.flags & LUV_O_CONNECTING) return luv__fail(L, UV_EBUSY);
  lua_settop(L, 1);
  lua_pushlstring(L, s->in.len ? s->in.p + s->in.head : "", s->in.len);
  mine = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (mine < 0) return luv__fail(L, uv_translate_sys_error(errno));
  if (!luv__over_another(s) && !s->std) mine = exchange(s, fd, mine);
  luv__pipe_keep(s);
  luv__object_close(&s->o);
  lua_pushinteger(L, mine);
  lua_insert(L, 2);
  return 2;
}

/* The end of the direction that is read. */
int luv__shut_reading(luv_stream *s) {
  uv_os_fd_t fd;
  int err;
  if (luv__over_another(s)) {
    luv__read_end(s, UV_EOF);
    return 0;
  }
  err = luv__descriptor(&s->o, &fd);
  if (err) return err;
  return shutdown(fd, SHUT_RD) ? uv_translate_sys_error(errno) : 0;
}
