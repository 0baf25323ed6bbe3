/* tty_pty.c - pseudo-terminals: our side, which is a stream, and the name of the other. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include "pipe.h"
#include "stream.h"

static int prepare(int fd, int width, int height, char *path, size_t size) {
  struct winsize w = {.ws_row = (unsigned short)height, .ws_col = (unsigned short)width};
  if (grantpt(fd) || unlockpt(fd) || ioctl(fd, TIOCSWINSZ, &w)) return uv_translate_sys_error(errno);
  return uv_translate_sys_error(ptsname_r(fd, path, size));
}

/* Our side of a new one, and in `path` the other's name; NULL, and *err, otherwise. */
luv_stream *luv__pty_new(luv_state *S, uv_loop_t *loop, int width, int height, char *path, size_t size, int *err) {
  int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  luv_stream *s = NULL;
  *err = fd < 0 ? uv_translate_sys_error(errno) : prepare(fd, width, height, path, size);
  if (!*err) s = luv__tty_new(S, loop, fd, err);
  if (!s && fd >= 0) close(fd);
  return s;
}

/* What a read of our side says when the last of the others has let go of theirs. */
int luv__pty_end(luv_stream *s, int err) {
  uv_os_fd_t fd;
  unsigned n;
  if (err != UV_EIO || s->o.class_id != luv__class_tty.id || uv_fileno((uv_handle_t *)&s->h, &fd)) return err;
  return ioctl(fd, TIOCGPTN, &n) == 0 ? UV_EOF : err;
}

int luv__tty_set_winsize(luv_stream *s, int width, int height) {
  struct winsize w;
  uv_os_fd_t fd;
  int err = uv_fileno((uv_handle_t *)&s->h, &fd);
  if (err) return err;
  if (ioctl(fd, TIOCGWINSZ, &w)) return uv_translate_sys_error(errno);
  w.ws_col = (unsigned short)width;
  w.ws_row = (unsigned short)height;
  return ioctl(fd, TIOCSWINSZ, &w) ? uv_translate_sys_error(errno) : 0;
}
