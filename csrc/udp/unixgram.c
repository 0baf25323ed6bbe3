/* unixgram.c - datagrams between unix sockets: a luv_udp (udp.h), but for what differs here.
 *
 * Receiving. libuv keeps 28 bytes of a sender's name, and not how long it was. So the socket is
 * watched by a poll handle, and read here.
 *
 * Sending. A receiver whose queue is full makes its senders wait: nothing gets lost. A socket that is
 * connected is told when there is room, one that is not is told nothing. So a socket of our own is connected to
 * the receiver that the first waits for, and asked; that does not always work (it may not be allowed, or it is
 * our own buffer that is full), so all are tried again after a while, too. Nobody waits for the
 * sake of another receiver than his own. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "pipe.h"
#include "readiness.h"
#include "udp.h"

enum { FIRST = 1, LAST = 20 }; /* milliseconds from one try to the next */

struct luv_retry {
  uv_timer_t timer;
  uv_poll_t poll;   /* of fd; with -1 there is none */
  luv_udp *s;
  unsigned pause;
  int fd, progress;
  int handles;      /* that libuv has not closed yet */
};

static int failure(void) { return uv_translate_sys_error(errno); }

/* ---- life ---------------------------------------------------------------------------------- */

int luv__unixgram_init(luv_udp *s, uv_loop_t *loop) {
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), err;
  if (fd < 0) return failure();
  err = uv_poll_init(loop, &s->poll, fd);
  if (err) close(fd);
  return err;
}

static void on_closed(uv_handle_t *h) {
  struct luv_retry *r = h->data;
  if (--r->handles == 0) free(r);
}

static void end_retry(struct luv_retry *r) {
  if (!r) return;
  uv_close((uv_handle_t *)&r->timer, on_closed);
  if (r->fd < 0) return;
  uv_close((uv_handle_t *)&r->poll, on_closed);
  close(r->fd);
}

/* The descriptor is ours, not the poll handle's. */
void luv__unixgram_closing(luv_udp *s) {
  uv_os_fd_t fd;
  end_retry(s->retry);
  s->retry = NULL;
  uv_poll_stop(&s->poll);
  luv__unix_unbind(&s->bound);
  if (uv_fileno((uv_handle_t *)&s->poll, &fd) == 0) close(fd);
}

static int fd_of(luv_udp *s) {
  uv_os_fd_t fd;
  return uv_fileno((uv_handle_t *)&s->poll, &fd) ? -1 : fd;
}

/* Binds to a path, as a stream does, or with n 0 to a name that the kernel chooses. */
int luv__unixgram_bind(luv_object *o, const char *path, size_t n, int mode, int replace) {
  luv_udp *s = (luv_udp *)o;
  sa_family_t family = AF_UNIX;
  char own[sizeof(struct sockaddr_un)];
  int named = luv__unix_name(o, 0, own, sizeof own);
  if (named) return named < 0 ? named : UV_EINVAL;
  if (n) return luv__unix_bind(fd_of(s), path, n, mode, replace, &s->bound);
  return bind(fd_of(s), (struct sockaddr *)&family, sizeof family) ? failure() : 0;
}

/* Connects, or with n 0 lets go of the peer. */
int luv__unixgram_connect(luv_object *o, const char *path, size_t n) {
  luv_udp *s = (luv_udp *)o;
  struct sockaddr none = {.sa_family = AF_UNSPEC};
  int err = n ? luv__unix_dial(fd_of(s), path, n) : 0;
  if (!n && !s->connected) return UV_ENOTCONN;
  if (!n && connect(fd_of(s), &none, sizeof none)) err = failure();
  if (!err) s->connected = n != 0;
  return err;
}

static int is_other_than(int fd, int option, int value) {
  int is = 0;
  socklen_t size = sizeof is;
  if (getsockopt(fd, SOL_SOCKET, option, &is, &size)) return failure();
  return is == value ? 0 : UV_EINVAL;
}

/* Takes a descriptor over, in the place of the socket that it was made with: the number stays. */
int luv__unixgram_open(luv_object *o, int fd) {
  luv_udp *s = (luv_udp *)o;
  char name[sizeof(struct sockaddr_un)];
  int err = is_other_than(fd, SO_TYPE, SOCK_DGRAM);
  if (!err) err = is_other_than(fd, SO_DOMAIN, AF_UNIX);
  if (!err && luv__fd_taken(o->S, fd)) err = UV_EEXIST;
  if (err) return err;
  if (s->connected || s->room || o->flags & LUV_O_READING || luv__unix_name(o, 0, name, sizeof name) != 0) return UV_EBUSY;
  if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) || dup3(fd, fd_of(s), O_CLOEXEC) < 0) return failure();
  close(fd);
  s->connected = luv__unix_name(o, 1, name, sizeof name) >= 0;
  return 0;
}

/* ---- receiving -------------------------------------------------------------------------------- */

/* Who has sent it, if he is told; descriptors that have come along are nobody's. */
static void look_at_control(struct msghdr *m, luv_datagram *d) {
  struct cmsghdr *c;
  for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
    size_t n = c->cmsg_len - CMSG_LEN(0), i;
    int fd;
    if (c->cmsg_level != SOL_SOCKET) continue;
    if (c->cmsg_type == SCM_CREDENTIALS) {
      struct ucred who;
      memcpy(&who, CMSG_DATA(c), sizeof who);
      d->from.cred = (luv_cred){AF_UNIX, who.pid, who.uid, who.gid};
    }
    for (i = 0; c->cmsg_type == SCM_RIGHTS && i + sizeof fd <= n; i += sizeof fd) {
      memcpy(&fd, CMSG_DATA(c) + i, sizeof fd);
      close(fd);
    }
  }
}

/* Takes one datagram off the socket; 0: none is there, or an error was. */
static int receive(luv_udp *s) {
  char *room = luv__udp_space(luv__udp_of(s->o.S)), *data = room + sizeof(struct sockaddr_un);
  struct sockaddr_un from;
  struct iovec piece = {data, LUV_UDP_ROOM - sizeof from};
  _Alignas(struct cmsghdr) char control[256];
  struct msghdr m = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &piece, .msg_iovlen = 1,
                     .msg_control = control, .msg_controllen = sizeof control};
  luv_datagram d;
  ssize_t n;
  if (!room) return luv__udp_failed(s, UV_ENOMEM), 0;
  do n = recvmsg(fd_of(s), &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno != EAGAIN) luv__udp_failed(s, failure());
  if (n < 0) return 0;
  memset(&d, 0, sizeof d);
  d.from.sa.sa_family = AF_UNIX;
  d.len = (uint32_t)n;
  d.truncated = (m.msg_flags & MSG_TRUNC) != 0;
  d.named = 1;
  d.name = (uint16_t)luv__unix_text(&from, m.msg_namelen);
  look_at_control(&m, &d);
  memcpy(data - d.name, from.sun_path, d.name);
  luv__udp_arrived(s, &d, data - d.name);
  return 1;
}

/* The poll handle has stopped if there was an error, which receive() meets. */
static void on_readable(uv_poll_t *h, int status, int events) {
  luv_udp *s = h->data;
  int i;
  (void)events;
  if (status < 0) s->o.flags &= ~(uint32_t)LUV_O_READING;
  for (i = 0; i < LUV_UDP_BATCH && !luv__udp_full(s) && receive(s); i++) {}
  luv__udp_read_on(s);
}

int luv__unixgram_start(luv_udp *s) { return uv_poll_start(&s->poll, UV_READABLE, on_readable); }

void luv__unixgram_stop(luv_udp *s) { uv_poll_stop(&s->poll); }

static void set_number(lua_State *L, const char *name, double n) {
  lua_pushnumber(L, n);
  lua_setfield(L, -2, name);
}

/* Adds what is known of the sender to the table on top. */
void luv__unixgram_push_name(lua_State *L, const luv_datagram *d) {
  const luv_cred *who = &d->from.cred;
  lua_pushlstring(L, (const char *)(d + 1), d->name);
  lua_setfield(L, -2, "path");
  if (!who->pid) return;
  set_number(L, "pid", who->pid);
  set_number(L, "uid", who->uid);
  set_number(L, "gid", who->gid);
}

/* ---- sending without being connected ------------------------------------------------------------ */

/* Whether somebody waits for that receiver, up to `until`. */
static int awaited(luv_udp *s, const void *to, socklen_t len, const luv_queue *until) {
  luv_queue *q;
  socklen_t n;
  for (q = s->senders.next; q != until; q = q->next) {
    const void *other = luv__udp_address(luv_container(q, luv_fiber, wait.node), &n);
    if (n == len && (!n || memcmp(other, to, n) == 0)) return 1;
  }
  return 0;
}

int luv__unixgram_queued(luv_udp *s, const void *to, socklen_t len) { return awaited(s, to, len, &s->senders); }

static int serve_one(void *on, luv_fiber *f) {
  luv_udp *s = on;
  socklen_t len;
  const void *to = luv__udp_address(f, &len);
  if (awaited(s, to, len, &f->wait.node) || !luv__udp_serve_one(s, f)) return 0;
  if (s->retry) s->retry->progress = 1;
  return 1;
}

int luv__unixgram_serve(luv_udp *s) {
  luv__readiness_serve(&s->senders, s, serve_one);
  return !queue_empty(&s->senders);
}

static void on_room(uv_poll_t *h, int status, int events);

/* Asks for room at the receiver of the first. */
static void ask(struct luv_retry *r) {
  socklen_t len;
  const void *to = luv__udp_address(luv_container(r->s->senders.next, luv_fiber, wait.node), &len);
  if (r->fd < 0) return;
  uv_poll_stop(&r->poll);
  if (len && connect(r->fd, to, len) == 0) uv_poll_start(&r->poll, UV_WRITABLE, on_room);
}

/* Tries all; where nothing has gone it is left to time. */
static int try_all(struct luv_retry *r) {
  r->progress = 0;
  if (!luv__unixgram_serve(r->s)) {
    uv_timer_stop(&r->timer);
    if (r->fd >= 0) uv_poll_stop(&r->poll);
    return 0;
  }
  if (r->progress) ask(r);
  else if (r->fd >= 0) uv_poll_stop(&r->poll);
  return 1;
}

static void on_room(uv_poll_t *h, int status, int events) {
  (void)status, (void)events;
  try_all(h->data);
}

static void on_time(uv_timer_t *t) {
  struct luv_retry *r = t->data;
  if (!try_all(r)) return;
  r->pause = r->progress ? FIRST : r->pause * 2 < LAST ? r->pause * 2 : LAST;
  uv_timer_start(&r->timer, on_time, r->pause, 0);
}

static struct luv_retry *make_retry(luv_udp *s) {
  struct luv_retry *r = calloc(1, sizeof *r);
  if (!r) return NULL;
  uv_timer_init(s->poll.loop, &r->timer);
  r->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (r->fd >= 0 && uv_poll_init(s->poll.loop, &r->poll, r->fd)) {
    close(r->fd);
    r->fd = -1;
  }
  r->handles = 1 + (r->fd >= 0);
  r->timer.data = r->poll.data = r;
  r->s = s;
  return s->retry = r;
}

/* Those that wait are tried again when there is room, or soon. */
int luv__unixgram_retry(luv_udp *s) {
  struct luv_retry *r = s->retry ? s->retry : make_retry(s);
  if (!r) return UV_ENOMEM;
  if (uv_is_active((uv_handle_t *)&r->timer)) return 0;
  ask(r);
  r->pause = FIRST;
  return uv_timer_start(&r->timer, on_time, r->pause, 0);
}

/* ---- the face ------------------------------------------------------------------------------------ */

/* A table such as recv() returns stands for its path. */
static void spread(lua_State *L) {
  lua_settop(L, 4);
  lua_getfield(L, 3, "path");
  lua_replace(L, 3);
}

/* socket = socket:send(data[, path][, timeout]) */
int luv_unixgram_send(lua_State *L) {
  luv_state *S = luv_enter(L);
  struct sockaddr_un a;
  socklen_t len = 0;
  luv_udp *s;
  const char *path;
  size_t n;
  double timeout;
  int err;
  luv__self(S, L, luv__class_unixgram.id, "send");
  if (LUV_UNLIKELY(lua_type(L, 2) != LUA_TSTRING)) luv__udp_check_data(S, L);
  timeout = luv__opt_timeout(S, L, 4, 3, "send");
  if (lua_istable(L, 3)) spread(L);
  if (!lua_isnoneornil(L, 3) && lua_type(L, 3) != LUA_TSTRING) luv__type_error(S, L, 3, 2, "send", "string");
  s = luv__self(S, L, luv__class_unixgram.id, "send"); /* what came before may have closed it */
  luv__check_cancel(S, L);
  if (!s) return luv__fail(L, UV_EBADF);
  if (lua_isnoneornil(L, 3)) return luv__udp_send(S, L, s, NULL, 0, timeout);
  path = lua_tolstring(L, 3, &n);
  err = luv__unix_address(path, n, &a, &len);
  return err ? luv__fail(L, err) : luv__udp_send(S, L, s, &a, len, timeout);
}

/* The peer, or what it is bound to. */
void luv__unixgram_write(luv_object *o, FILE *out) {
  char path[256];
  int n = luv__unix_name(o, 1, path, sizeof path);
  if (n <= 0) n = luv__unix_name(o, 0, path, sizeof path);
  if (n > 0) fprintf(out, " (%.*s)", n, path);
}
