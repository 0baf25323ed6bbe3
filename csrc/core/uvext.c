/* uvext.c - what libuv 1.44 does not do for us. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>
#include "luv.h"

/* Installs a handler as Go wants it (DESIGN rule 10). */
void luv__handle_signal(int signum, void (*fn)(int)) {
  struct sigaction ours;
  memset(&ours, 0, sizeof ours);
  ours.sa_handler = fn;
  ours.sa_flags = SA_ONSTACK | SA_RESTART;
  sigaction(signum, &ours, NULL);
}

/* Adds SA_ONSTACK to the handler that libuv has just installed (DESIGN rule 10). */
int luv__signal_onstack(int signum) {
  struct sigaction sa;
  if (sigaction(signum, NULL, &sa)) return uv_translate_sys_error(errno);
  if (sa.sa_flags & SA_ONSTACK) return 0;
  sa.sa_flags |= SA_ONSTACK;
  return sigaction(signum, &sa, NULL) ? uv_translate_sys_error(errno) : 0;
}

/* Why a stream has ended. libuv takes a hang-up for the end of the stream, also when it
 * comes with a reset behind the last data; the socket itself knows. */
int luv__end_of_stream(uv_stream_t *h) {
  uv_os_fd_t fd;
  int err = 0;
  socklen_t len = sizeof err;
  if (uv_fileno((uv_handle_t *)h, &fd) || getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len))
    return UV_EOF;
  return err ? uv_translate_sys_error(err) : UV_EOF;
}

/* Puts the socket `fd` in the place of the handle's own, which must not be being polled.
 * The handle keeps its number: libuv takes one that it has for its own. After an error
 * `fd` is still the caller's. */
int luv__tcp_replace(uv_tcp_t *t, int own, int fd) {
  int err;
  if (uv_is_active((uv_handle_t *)t)) return UV_EBUSY;
  if (dup3(fd, own, O_CLOEXEC) < 0) return uv_translate_sys_error(errno);
  err = uv_tcp_open(t, own);
  if (!err) close(fd);
  return err;
}

/* Closes with a reset. The object's own close does the rest. */
int luv__tcp_close_reset(luv_object *o) {
  struct linger l = {1, 0};
  uv_os_fd_t fd;
  int err = uv_fileno(luv__handle(o), &fd);
  if (err) return err;
  if (o->flags & LUV_O_SHUT) return UV_EINVAL;
  if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l)) return uv_translate_sys_error(errno);
  luv__object_close(o);
  return 0;
}

static void close_one(uv_handle_t *h, void *unused) {
  luv_object *o = h->data;
  (void)unused;
  if (!uv_is_closing(h) && o) luv__object_close(o);
}

/* Closes every handle on the loop; all of them are ours. */
void luv__close_all(uv_loop_t *loop) { uv_walk(loop, close_one, NULL); }
