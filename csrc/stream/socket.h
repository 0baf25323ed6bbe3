/* socket.h - recv and send on a connected socket, a system call each and nothing else.
 *
 * What a socket has (LUV_O_SOCKET) goes this way instead of through libuv's read and write:
 * those ask the file system first, and as libc's they are cancellation points, which in a
 * process with several threads, as any with Go, is two atomic operations a call. Together
 * that is a twentieth of an echo. libuv still says when there is something to read. */
#ifndef LUV_SOCKET_H
#define LUV_SOCKET_H

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "stream.h"

/* Bytes, 0 at the end, or an error of libuv's. */
static inline ssize_t luv__recv(int fd, char *p, size_t n) {
  long got;
  do got = syscall(SYS_recvfrom, fd, p, n, MSG_DONTWAIT, NULL, NULL);
  while (LUV_UNLIKELY(got < 0 && errno == EINTR));
  return LUV_LIKELY(got >= 0) ? got : uv_translate_sys_error(errno);
}

/* Bytes, or an error of libuv's; no SIGPIPE. */
static inline ssize_t luv__send(int fd, const char *p, size_t n) {
  long put;
  do put = syscall(SYS_sendto, fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0);
  while (LUV_UNLIKELY(put < 0 && errno == EINTR));
  if (LUV_LIKELY(put >= 0)) return put;
  return errno == ENOBUFS ? UV_EAGAIN : uv_translate_sys_error(errno);
}

/* The same of several pieces, IOV_MAX at most. */
static inline ssize_t luv__send_pieces(int fd, const uv_buf_t *bufs, unsigned n) {
  struct msghdr m = {.msg_iov = (struct iovec *)bufs, .msg_iovlen = n};
  ssize_t put;
  do put = sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (LUV_UNLIKELY(put < 0 && errno == EINTR));
  if (LUV_LIKELY(put >= 0)) return put;
  return errno == ENOBUFS ? UV_EAGAIN : uv_translate_sys_error(errno);
}

/* Whether a stream that can be read is a socket of the kind that these know. */
static inline int luv__is_socket(luv_stream *s) {
  int type = 0;
  socklen_t len = sizeof type;
  uv_os_fd_t fd;
  if (s->o.flags & (LUV_O_SHY | LUV_O_SOCKET)) return (s->o.flags & LUV_O_SOCKET) != 0;
  if (s->o.class_id == luv__class_tcp.id) return 1;
  if (s->o.class_id != luv__class_pipe.id || s->h.pipe.ipc || uv_fileno((uv_handle_t *)&s->h, &fd)) return 0;
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM;
}

#endif
