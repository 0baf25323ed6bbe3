/* fs_send.c - sendfile: from a file to a file or a socket, without a copy in this process.
 *
 * A thread of the pool moves the bytes, since the file may have to be read from the disk.
 * It must not wait for a slow peer, so the socket stays non-blocking: when it is full the
 * loop waits until it can be written, on a descriptor of its own, and asks the pool again.
 * Meanwhile the stream is held: other writers wait for their turn. */
#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>
#include "stream.h"
#include "fs.h"

#define PIECE (1u << 20)

struct luv_sending {
  uv_poll_t poll;
  luv_fsreq *r;
  luv_hold *hold;
  int fd, polling;
};

static uint64_t rest(luv_fsreq *r) { return r->total - r->done < PIECE ? r->total - r->done : PIECE; }

/* What sendfile(2) cannot move, as most files of /proc: read, and written as far as it goes. */
static ssize_t by_hand(luv_fsreq *r, off_t from) {
  char buf[65536];
  size_t want = rest(r) < sizeof buf ? (size_t)rest(r) : sizeof buf;
  ssize_t n = LUV_RETRY(pread(r->d->fd, buf, want, from));
  return n > 0 ? LUV_RETRY(write(r->sending->fd, buf, (size_t)n)) : n;
}

/* To a socket: uv_fs_sendfile would wait in the thread until a full one can be written. */
static void to_socket(luv_fsreq *r) {
  off_t at = (off_t)r->n[2] + (off_t)r->done, from = at;
  ssize_t n = LUV_RETRY(sendfile(r->sending->fd, r->d->fd, &from, (size_t)rest(r)));
  if (n < 0 && (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)) n = by_hand(r, at);
  r->result = n < 0 ? uv_translate_sys_error(errno) : n;
}

/* To the end of a file that was opened to append, which sendfile(2) refuses. */
static void to_end(luv_fsreq *r) {
  char buf[65536];
  size_t want = rest(r) < sizeof buf ? (size_t)rest(r) : sizeof buf;
  ssize_t n = LUV_RETRY(pread(r->d2->fd, buf, want, (off_t)r->n[2] + (off_t)r->done));
  int err = n > 0 ? luv__write_fully(r->d->fd, buf, (size_t)n, NULL) : 0;
  r->result = n < 0 ? uv_translate_sys_error(errno) : err ? err : n;
}

int luv__send_prepare(luv_fsreq *r) {
  luv_desc *to = r->d;
  if (!r->d2) return 0;
  to->wrote = 1;
  if (!to->append && to->seekable) lseek(to->fd, to->pos, SEEK_SET);
  return 0;
}

void luv__send_some(luv_fsreq *r) {
  int64_t from = (int64_t)r->n[2] + (int64_t)r->done;
  if (!r->d2) to_socket(r);
  else if (r->d->append) to_end(r);
  else r->result = uv_fs_sendfile(NULL, &r->fs, r->d->fd, r->d2->fd, from, (size_t)rest(r), NULL);
}

static void on_close(uv_handle_t *h) {
  close(((struct luv_sending *)h)->fd);
  free(h);
}

/* Lets the stream go. */
void luv__send_end(luv_fsreq *r) {
  struct luv_sending *s = r->sending;
  r->sending = NULL;
  if (!s) return;
  s->r = NULL;
  if (s->hold) luv__write_release(s->hold);
  uv_close((uv_handle_t *)&s->poll, on_close);
}

static void on_writable(uv_poll_t *p, int status, int events) {
  struct luv_sending *s = (struct luv_sending *)p;
  luv_fsreq *r = s->r;
  (void)status;
  (void)events;
  uv_poll_stop(p);
  s->polling = 0;
  if (r && luv__fs_launch(r)) luv__fs_settle(r);
}

int luv__send_waits(const luv_fsreq *r) { return r->sending->polling; }

/* The stream is being closed, or nobody waits any more: ends what waits for it. */
void luv__send_stop(luv_fsreq *r) {
  struct luv_sending *s = r->sending;
  int polling = s && s->polling;
  if (!polling) return; /* the pool's thread is at it: `more` ends it */
  luv__send_end(r);
  r->result = UV_ECANCELED;
  luv__fs_settle(r);
}

static void held_is_closed(void *ud) {
  luv_fsreq *r = ud;
  r->sending->hold = NULL;
  r->stop = 1;
  luv__send_stop(r);
}

static void moved(luv_desc *to, int64_t by) {
  luv__desc_unread(to);
  to->pos = to->append ? lseek(to->fd, 0, SEEK_CUR) : to->pos + by;
}

int luv__send_more(luv_fsreq *r) {
  if (r->result > 0) {
    r->done += (uint64_t)r->result;
    if (r->d2) moved(r->d, r->result);
  }
  if (r->stop) r->result = UV_ECANCELED;
  else if (r->result == UV_EAGAIN && r->sending) {
    r->sending->polling = 1;
    if (uv_poll_start(&r->sending->poll, UV_WRITABLE, on_writable) == 0) return 1;
  } else if (r->result > 0 && r->done < r->total && luv__fs_launch(r) == 0) return 1;
  luv__send_end(r);
  return 0;
}

/* What is to be held while the fiber waits: made when its wait begins. */
int luv__send_hold(luv_state *S, luv_fsreq *r, luv_stream *to) {
  struct luv_sending *s = calloc(1, sizeof *s);
  uv_os_fd_t fd;
  int err;
  if (!s) return UV_ENOMEM;
  err = uv_fileno((uv_handle_t *)&to->h, &fd);
  s->fd = err ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (s->fd < 0) {
    err = err ? UV_ENOTCONN : uv_translate_sys_error(errno);
    free(s);
    return err;
  }
  err = luv__write_hold(to, held_is_closed, r, &s->hold);
  if (!err) err = uv_poll_init(S->loop, &s->poll, s->fd);
  if (err) {
    if (s->hold) luv__write_release(s->hold);
    close(s->fd);
    free(s);
    return err;
  }
  s->poll.data = NULL;
  s->r = r;
  r->sending = s;
  return 0;
}

/* n = luv.fs.sendfile(out, in[, offset = 0][, length][, timeout]) */
int luv_fs_sendfile(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_box *b = luv__anybox(L, 1);
  luv_fs_call c;
  luv_desc *in, *out;
  double timeout;
  int stream = b && (b->class_id == luv__class_tcp.id || b->class_id == luv__class_pipe.id);
  if (!luv__fs(S)) return luv__fail(L, UV_ENOMEM);
  memset(&c, 0, sizeof c);
  c.op = LUV_FS_OP(fs_sendfile);
  if (!stream && !luv__tobox(L, 1, luv__class_file.id))
    return luv__type_error(S, L, 1, 1, "sendfile", "luv.file or stream");
  c.to = stream ? luv__check_stream(S, L, "sendfile") : NULL;
  out = stream ? NULL : luv__check_file(S, L, 1, 1, "sendfile");
  in = luv__check_file(S, L, 2, 2, "sendfile");
  c.n[2] = (double)luv__fs_count(S, L, 3, 3, "sendfile", 0);
  c.total = luv__fs_count(S, L, 4, 4, "sendfile", (uint64_t)1 << 53);
  timeout = luv__opt_timeout(S, L, 5, 5, "sendfile");
  luv__check_cancel(S, L);
  if (!in || (!c.to && !out)) return luv__fail(L, UV_EBADF);
  c.d = stream ? in : out; /* whose turn it is to wait for */
  c.d2 = stream ? NULL : in;
  c.n[1] = stream ? 0 : -1;
  if (c.total == 0) {
    lua_pushnumber(L, 0);
    return 1;
  }
  return luv__fs_wait(S, L, &c, timeout);
}
