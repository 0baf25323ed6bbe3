/* stdio_io.c - reading and writing for the streams that libuv cannot serve.
 *
 * A file or a device (`backed`) is read and written where the kernel's position is, which it
 * shares with `print`, io.read and the shell: in place when that cannot take long, else by
 * libuv's pool, one call at a time, from and into memory of its own. What a reader has not
 * waited for is the next reader's.
 *
 * A socket that must stay blocking (LUV_O_SHY) is written with MSG_DONTWAIT; when it is full,
 * a descriptor of our own is polled until it is not. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>
#include "luvstdio.h"
#include "quiet.h"

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif
#define PIECE 65536 /* bytes that are written in place, or by the pool in one go */

struct luv_std {
  uv_poll_t poll; /* first: its data is NULL, since it is no object's */
  luv_stream *s; /* NULL: closed */
  int fd;        /* of a file: its own; of a socket: for the poll */
  int backed;
  int quick;     /* what is written goes into memory, as with print */
  int reading, writing, polling;
  uv_fs_t read_req;
  uv_work_t write_req;
  int64_t written; /* by it, or an error */
  char *in, *out;
  luv_write *w;
  uint64_t done;
  size_t piece, sent; /* bytes in `out`, and of these written */
};

static int is_quick(luv_state *S, int fd) {
  struct stat st;
  if (fstat(fd, &st)) return 0;
  if (S_ISCHR(st.st_mode)) return major(st.st_rdev) == 1 && (minor(st.st_rdev) == 3 || minor(st.st_rdev) == 7);
  return S_ISREG(st.st_mode) && luv__given.is_local(S, major(st.st_dev), minor(st.st_dev));
}

static const luv_engine file_engine, socket_engine;

luv_std *luv__std_new(luv_stream *s, int fd, int backed) {
  luv_std *d = calloc(1, sizeof *d);
  if (!d) return NULL;
  s->engine = backed ? &file_engine : &socket_engine;
  d->s = s;
  d->fd = fd;
  d->backed = backed;
  d->quick = backed && is_quick(s->o.S, fd);
  d->read_req.data = d->write_req.data = d;
  return d;
}

int luv__std_fd(luv_std *d) { return d->fd; }

int luv__std_writable(luv_std *d) { return (fcntl(d->fd, F_GETFL) & O_ACCMODE) != O_RDONLY; }

static void release(luv_std *d) {
  if (d->s || d->reading || d->writing || d->polling) return;
  close(d->fd);
  free(d->in);
  free(d->out);
  free(d);
}

/* ---- reading a file --------------------------------------------------------------------- */

static void read_more(luv_stream *s);

static void arrived(luv_stream *s, const char *p, int64_t n) {
  if (n > 0) luv__got(s, p, (size_t)n);
  else luv__read_end(s, n == 0 ? UV_EOF : (int)n);
}

static int wants(luv_stream *s) {
  if (s->error) return 0;
  return !queue_empty(&s->readers) || (s->o.flags & LUV_O_FLOWING && s->in.len < LUV_HIGH_WATER);
}

static void on_file_read(uv_fs_t *q) {
  luv_std *d = q->data;
  int64_t n = q->result;
  luv__pool_leave(1);
  uv_fs_req_cleanup(q);
  d->reading = 0;
  if (!d->s) {
    release(d);
    return;
  }
  d->reading = 1; /* it is not freed, and d->in not read into, while the reader's string is made */
  if (n != UV_EINTR) arrived(d->s, d->in, n); /* libuv does not make a read again */
  d->reading = 0;
  if (!d->s) release(d);
  else if (wants(d->s)) read_more(d->s);
}

static void read_in_pool(luv_stream *s, luv_std *d) {
  uv_buf_t buf;
  int err = UV_ENOMEM;
  if (!d->in) d->in = malloc(PIECE);
  if (d->in && !(err = luv__pool_possible())) {
    buf = uv_buf_init(d->in, PIECE);
    err = uv_fs_read(s->o.S->loop, &d->read_req, d->fd, &buf, 1, -1, on_file_read);
  }
  if (err) {
    luv__read_end(s, err);
    return;
  }
  luv__pool_enter(1);
  d->reading = 1;
}

static void read_more(luv_stream *s) {
  luv_std *d = s->std;
  struct iovec v = {luv__streams(s->o.S)->buf, LUV_READ_SIZE};
  ssize_t n;
  if (d->reading || s->error) return;
  if (s->o.S->looking == LUV_SERVING) { /* for a finaliser: the read buffer is in use */
    read_in_pool(s, d);
    return;
  }
  n = LUV_RETRY(preadv2(d->fd, &v, 1, -1, RWF_NOWAIT));
  if (n >= 0) arrived(s, v.iov_base, n);
  else if (errno == EAGAIN || errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL) read_in_pool(s, d);
  else luv__read_end(s, uv_translate_sys_error(errno));
  if (s->std == d && !d->reading && wants(s)) read_in_pool(s, d); /* others have their turn between */
}

/* ---- writing ------------------------------------------------------------------------------ */

static int result(ssize_t n) {
  if (n >= 0) return (int)n;
  return errno == EAGAIN || errno == EINTR ? UV_EAGAIN : uv_translate_sys_error(errno);
}

static int to_socket(luv_stream *s, const uv_buf_t *bufs, unsigned n) {
  struct msghdr m;
  uv_os_fd_t fd;
  int err = uv_fileno((uv_handle_t *)&s->h, &fd);
  if (err) return err;
  memset(&m, 0, sizeof m);
  m.msg_iov = (struct iovec *)bufs;
  m.msg_iovlen = n;
  return result(sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL));
}

static int to_file(luv_stream *s, const uv_buf_t *bufs, unsigned n) {
  size_t total = 0;
  luv_quiet q;
  unsigned i;
  int done;
  for (i = 0; i < n; i++) total += bufs[i].len;
  if (!s->std->quick || total > PIECE) return UV_EAGAIN;
  luv__quiet_begin(&q);
  done = result(writev(s->std->fd, (const struct iovec *)bufs, (int)n));
  luv__quiet_end(&q, done < 0 && done != UV_EAGAIN);
  return done;
}

static void finish(luv_std *d, int err) {
  luv_write *w = d->w;
  d->w = NULL;
  luv__write_finished(w, err);
}

static int next_piece(luv_std *d);

/* On a thread of the pool. */
static void write_piece(uv_work_t *w) {
  luv_std *d = w->data;
  luv_quiet q;
  luv__quiet_begin(&q);
  do d->written = write(d->fd, d->out + d->sent, d->piece - d->sent);
  while (d->written < 0 && errno == EINTR);
  if (d->written < 0) d->written = uv_translate_sys_error(errno);
  luv__quiet_end(&q, d->written < 0);
}

static void on_written(uv_work_t *w, int status) {
  luv_std *d = w->data;
  int64_t n = status ? status : d->written;
  luv__pool_leave(0);
  d->writing = 0;
  if (!d->s) {
    release(d);
    return;
  }
  if (n > 0) d->sent += (size_t)n;
  if (n <= 0) finish(d, n ? (int)n : UV_EIO);
  else if ((n = next_piece(d)) != UV_EAGAIN) finish(d, (int)n);
}

/* Copies what is to be written next: the pool's thread must not look at Lua's memory. */
static void fill(luv_std *d) {
  uv_buf_t bufs[64];
  unsigned i, n = luv__write_rest_of(d->w, (size_t)d->done, bufs, 64);
  d->piece = d->sent = 0;
  for (i = 0; i < n && d->piece < PIECE; i++) {
    size_t k = bufs[i].len < PIECE - d->piece ? bufs[i].len : PIECE - d->piece;
    memcpy(d->out + d->piece, bufs[i].base, k);
    d->piece += k;
  }
  d->done += d->piece;
}

/* UV_EAGAIN: the pool has it; 0: all is written. */
static int next_piece(luv_std *d) {
  int err;
  if (d->sent == d->piece) fill(d);
  if (d->piece == 0) return 0;
  if ((err = luv__pool_possible())) return err;
  err = uv_queue_work(d->s->o.S->loop, &d->write_req, write_piece, on_written);
  if (err) return err;
  luv__pool_enter(0);
  d->writing = 1;
  return UV_EAGAIN;
}

/* ---- a full socket -------------------------------------------------------------------------- */

static void on_poll_closed(uv_handle_t *h) {
  luv_std *d = (luv_std *)h;
  d->polling = 0;
  release(d);
}

static void on_writable(uv_poll_t *p, int status, int events) {
  luv_std *d = (luv_std *)p;
  uv_buf_t bufs[64];
  unsigned count;
  int n = status;
  (void)events;
  while (d->s && d->w && n >= 0) {
    count = luv__write_rest_of(d->w, (size_t)d->done, bufs, 64);
    if (count == 0) break;
    n = to_socket(d->s, bufs, count);
    if (n == UV_EAGAIN) return;
    if (n > 0) d->done += (uint64_t)n;
  }
  uv_poll_stop(p);
  if (d->w) finish(d, n < 0 ? n : 0);
}

/* uv_poll_init makes its descriptor non-blocking, which is not ours to do. */
static int wait_writable(luv_stream *s, luv_std *d) {
  int flags = fcntl(d->fd, F_GETFL), err;
  if (!d->polling) {
    err = uv_poll_init(s->o.S->loop, &d->poll, d->fd);
    if (err) return err;
    d->poll.data = NULL;
    d->polling = 1;
    if (flags >= 0) fcntl(d->fd, F_SETFL, flags);
  }
  return uv_poll_start(&d->poll, UV_WRITABLE, on_writable);
}

static int begin_write(luv_stream *s, luv_write *w, uint64_t done) {
  luv_std *d = s->std;
  int err;
  d->w = w;
  d->done = done;
  d->piece = d->sent = 0;
  if (!d->backed) err = wait_writable(s, d);
  else if (!d->out && !(d->out = malloc(PIECE))) err = UV_ENOMEM;
  else if ((err = next_piece(d)) == UV_EAGAIN) err = 0;
  if (err) d->w = NULL;
  return err;
}

/* Bytes of the write under way that are not written, as far as anybody knows. */
static uint64_t unwritten(luv_stream *s) {
  luv_std *d = s->std;
  return d->w ? d->w->total - d->done + (d->piece - d->sent) : 0;
}

/* The stream closes. What the pool has begun goes on; nobody will hear of it. */
static void closing(luv_stream *s) {
  luv_std *d = s->std;
  s->std = NULL;
  s->engine = NULL;
  d->s = NULL;
  if (d->w) {
    luv_write *w = d->w;
    d->w = NULL;
    luv__write_drop(w);
  }
  if (d->reading) uv_cancel((uv_req_t *)&d->read_req);
  if (d->polling) uv_close((uv_handle_t *)&d->poll, on_poll_closed);
  release(d);
}

static const luv_engine file_engine = {
  .read_more = read_more, .put = to_file, .write = begin_write, .unwritten = unwritten, .closing = closing,
};

/* It is read, and shut down, by libuv. */
static const luv_engine socket_engine = {
  .put = to_socket, .write = begin_write, .unwritten = unwritten, .closing = closing,
};
