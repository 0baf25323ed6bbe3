/* pipe.c - unix sockets and pipes: their names, and descriptors that come from elsewhere.
 *
 * libuv 1.44 cuts a path that is too long, knows no abstract names and unlinks what stands
 * under the name by then, whosever it is; so sockets are made, bound and connected here, and
 * libuv is handed the descriptor. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "pipe.h"

static int failure(void) { return uv_translate_sys_error(errno); }

/* ---- names ------------------------------------------------------------------------------ */

/* A name that begins with "@" or a zero byte is abstract: it stands in no file system. */
static int abstract(const char *p) { return *p == '@' || *p == 0; }

int luv__unix_address(const char *p, size_t n, struct sockaddr_un *a, socklen_t *len) {
  memset(a, 0, sizeof *a);
  a->sun_family = AF_UNIX;
  if (n == 0) return UV_EINVAL;
  if (n + !abstract(p) > sizeof a->sun_path) return UV_ENAMETOOLONG;
  if (!abstract(p) && memchr(p, 0, n)) return UV_EINVAL;
  memcpy(a->sun_path, p, n);
  if (abstract(p)) a->sun_path[0] = 0;
  *len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + !abstract(p));
  return 0;
}

/* How long the name is: 0 for none, an abstract one gets its "@". */
size_t luv__unix_text(struct sockaddr_un *a, socklen_t len) {
  size_t from = offsetof(struct sockaddr_un, sun_path), n = len > from ? len - from : 0;
  if (n == 0 || a->sun_path[0]) return strnlen(a->sun_path, n);
  a->sun_path[0] = '@';
  return n;
}

/* The name of this end or of the other; its length. */
int luv__unix_name(luv_object *o, int peer, char *to, size_t cap) {
  struct sockaddr_un a;
  socklen_t len = sizeof a;
  uv_os_fd_t fd;
  size_t n;
  int err = uv_fileno(luv__handle(o), &fd);
  if (err) return err;
  if ((peer ? getpeername : getsockname)(fd, (struct sockaddr *)&a, &len)) return failure();
  if (a.sun_family != AF_UNIX) return UV_EAFNOSUPPORT;
  n = luv__unix_text(&a, len);
  if (n > cap) return UV_ENOBUFS;
  memcpy(to, a.sun_path, n);
  return (int)n;
}

/* ---- binding -------------------------------------------------------------------------------- */

struct luv_bound { dev_t dev; ino_t ino; char path[]; };

/* The file goes with its socket, if it still is the socket's. */
void luv__unix_unbind(struct luv_bound **bound) {
  struct luv_bound *b = *bound;
  struct stat st;
  *bound = NULL;
  if (!b) return;
  if (lstat(b->path, &st) == 0 && st.st_dev == b->dev && st.st_ino == b->ino) unlink(b->path);
  free(b);
}

/* The socket becomes somebody else's: its file stays. */
void luv__pipe_keep(luv_stream *s) {
  free(s->bound);
  s->bound = NULL;
}

static struct luv_bound *remember(const char *path) {
  struct luv_bound *b = malloc(sizeof *b + strlen(path) + 1);
  struct stat st;
  if (!b || lstat(path, &st)) {
    free(b);
    return NULL;
  }
  b->dev = st.st_dev;
  b->ino = st.st_ino;
  strcpy(b->path, path);
  return b;
}

/* A socket that nobody has: what a server has left that did not come to its end. */
static int stale(const struct sockaddr_un *a, socklen_t len, int type) {
  struct stat st;
  int fd, refused;
  if (lstat(a->sun_path, &st) || !S_ISSOCK(st.st_mode)) return 0;
  fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return 0;
  refused = connect(fd, (const struct sockaddr *)a, len) && errno == ECONNREFUSED;
  close(fd);
  return refused;
}

static int bind_to(int fd, const struct sockaddr_un *a, socklen_t len, int replace) {
  int type = SOCK_STREAM;
  socklen_t size = sizeof type;
  if (bind(fd, (const struct sockaddr *)a, len) == 0) return 0;
  if (errno != EADDRINUSE || !replace || !*a->sun_path) return failure();
  getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
  if (!stale(a, len, type) || unlink(a->sun_path)) return UV_EADDRINUSE;
  return bind(fd, (const struct sockaddr *)a, len) ? failure() : 0;
}

/* Binds fd to a name; `mode` is that of the file, -1 what umask leaves; `replace`: a stale one. */
int luv__unix_bind(int fd, const char *path, size_t n, int mode, int replace, struct luv_bound **bound) {
  struct sockaddr_un a;
  socklen_t len;
  int err = luv__unix_address(path, n, &a, &len);
  if (!err && mode >= 0 && fchmod(fd, (mode_t)mode)) err = failure(); /* the file will have it */
  if (!err) err = bind_to(fd, &a, len, replace);
  if (!err && *a.sun_path) *bound = remember(a.sun_path);
  return err;
}

int luv__pipe_bind(luv_stream *s, const char *path, size_t n, int mode, int replace) {
  uv_os_fd_t old;
  int fd, err;
  if (uv_fileno((uv_handle_t *)&s->h, &old) == 0 || s->o.flags & LUV_O_CONNECTING) return UV_EINVAL;
  fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return failure();
  if ((err = luv__unix_bind(fd, path, n, mode, replace, &s->bound))) {
    close(fd);
    return err;
  }
  s->h.pipe.io_watcher.fd = fd; /* as uv_pipe_bind does: neither end can be read yet */
  return 0;
}

/* ---- connecting ---------------------------------------------------------------------------- */

static int connected(luv_stream *s) { return uv_is_readable(&s->h.s) || uv_is_writable(&s->h.s); }

/* Connects fd: at once, or not. UV_EAGAIN: so many wait already. Touches nothing of luv's. */
int luv__unix_dial(int fd, const char *path, size_t n) {
  struct sockaddr_un a;
  socklen_t len;
  int err = luv__unix_address(path, n, &a, &len), r;
  if (err) return err;
  do r = connect(fd, (struct sockaddr *)&a, len);
  while (r && errno == EINTR);
  return r ? failure() : 0;
}

/* A descriptor to connect with, to be given back by luv__pipe_connected: the socket's own
 * number if it is bound (`own` is set), or a new one. */
int luv__pipe_socket(luv_stream *s, int *own) {
  uv_os_fd_t fd;
  if (s->o.flags & LUV_O_CONNECTING) return UV_EALREADY;
  if (s->o.flags & LUV_O_LISTENING || connected(s)) return UV_EISCONN;
  *own = uv_fileno((uv_handle_t *)&s->h, &fd) == 0;
  if (*own) return fd;
  fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  return fd < 0 ? failure() : fd;
}

/* The stream is what fd is connected to. After an error fd is the caller's. */
int luv__pipe_connected(luv_stream *s, int fd) { return uv_pipe_open(&s->h.pipe, fd); }

/* ---- descriptors from elsewhere ----------------------------------------------------------------- */

/* libuv aborts when the kernel cannot poll a descriptor (a file, a directory). */
int luv__pollable(uv_loop_t *loop, int fd) {
  struct epoll_event e = {EPOLLIN, {.fd = -1}};
  int loop_fd = uv_backend_fd(loop);
  if (fcntl(fd, F_GETFD) < 0) return failure();
  if (epoll_ctl(loop_fd, EPOLL_CTL_ADD, fd, &e)) return errno == EPERM || errno == ELOOP ? UV_EINVAL : failure();
  epoll_ctl(loop_fd, EPOLL_CTL_DEL, fd, &e);
  return 0;
}

/* Two objects with one descriptor would close it twice, the second time somebody else's. */
int luv__fd_taken(luv_state *S, int fd) {
  luv_queue *q;
  uv_os_fd_t other;
  if (!S) return 0;
  for (q = S->objects.next; q != &S->objects; q = q->next) {
    luv_object *o = luv_container(q, luv_object, link);
    if (o->flags & LUV_O_HANDLE && !(o->flags & LUV_O_CLOSING) &&
        uv_fileno(luv__handle(o), &other) == 0 && other == fd) return 1;
  }
  return 0;
}

/* Takes a descriptor over. After an error it is still the caller's. */
int luv__pipe_open(luv_stream *s, int fd) {
  uv_os_fd_t old;
  int err;
  if (uv_fileno((uv_handle_t *)&s->h, &old) == 0 || s->o.flags & LUV_O_CONNECTING) return UV_EISCONN;
  if (luv__fd_taken(s->o.S, fd)) return UV_EEXIST;
  err = luv__pollable(s->h.s.loop, fd);
  return err ? err : uv_pipe_open(&s->h.pipe, fd);
}

/* The permissions of the socket's file. */
int luv__unix_chmod(luv_object *o, int mode) {
  char path[sizeof(struct sockaddr_un)];
  int n = luv__unix_name(o, 0, path, sizeof path - 1);
  if (n < 0) return n;
  if (n == 0 || *path == '@') return UV_EINVAL;
  path[n] = 0;
  return chmod(path, (mode_t)mode) ? failure() : 0;
}
