/* udp_send.c - sending: at once, or when the socket's buffer has room again.
 *
 * What tells that is a poll handle on a duplicate of the descriptor, since libuv has only one
 * watcher for each; it is made when a send first has to wait. A datagram that waits is on the
 * suspended stack: the data at 2, the address at 3 (as C's, in a string). Who gives up,
 * by timeout or cancel, has sent nothing. Unix sockets differ where they are not connected: unixgram.c. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "udp.h"

struct luv_udp_room { uv_poll_t poll; luv_udp *s; int fd; };

/* ---- one datagram --------------------------------------------------------------------------- */

/* The system call itself: sendmsg, by way of libuv and of glibc with its cancellation, costs an
 * echo server 5 % more. */
static int system_send(int fd, const char *p, size_t n, const void *to, socklen_t len) {
  long r;
  do r = syscall(SYS_sendto, fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL, to, len);
  while (r < 0 && errno == EINTR);
  if (r >= 0) return 0;
  return errno == ENOBUFS ? UV_EAGAIN : uv_translate_sys_error(errno);
}

/* Sends the string at 2. UV_EAGAIN: there is no room. A socket that has no descriptor yet gets
 * one from libuv. */
static int send_now(luv_udp *s, lua_State *L, const void *to, socklen_t len) {
  size_t n;
  uv_os_fd_t fd;
  int err;
  const char *p = lua_tolstring(L, 2, &n);
  if (to && s->connected) return UV_EISCONN;
  if (!to && !s->connected) return UV_EDESTADDRREQ;
  if (LUV_LIKELY(uv_fileno((uv_handle_t *)&s->h, &fd) == 0)) err = system_send(fd, p, n, to, len);
  else {
    uv_buf_t buf = {(char *)p, n};
    err = uv_udp_try_send(&s->h, &buf, 1, to);
  }
  if (err >= 0) s->o.S->bytes_written += n;
  return err < 0 ? err : 0;
}

static socklen_t length_of(const luv_addr *a) {
  return a->sa.sa_family == AF_INET ? sizeof a->v4 : sizeof a->v6;
}

/* The address that f waits with: wait.arg's, if a name was resolved to it; NULL: connected. */
const void *luv__udp_address(luv_fiber *f, socklen_t *len) {
  size_t n;
  const char *p;
  if (f->wait.arg) {
    *len = length_of((const luv_addr *)(uintptr_t)f->wait.arg);
    return (const void *)(uintptr_t)f->wait.arg;
  }
  *len = 0;
  if (lua_type(f->in, 3) != LUA_TSTRING) return NULL;
  p = lua_tolstring(f->in, 3, &n);
  *len = (socklen_t)n;
  return p;
}

static void forget_address(luv_fiber *f) {
  free((void *)(uintptr_t)f->wait.arg);
  f->wait.arg = 0;
}

/* ---- those who wait ---------------------------------------------------------------------------- */

static luv_fiber *first(luv_udp *s) { return luv_container(s->senders.next, luv_fiber, wait.node); }

/* Sends what f waits to send, if there is room: whether it need not wait any more. */
int luv__udp_serve_one(luv_udp *s, luv_fiber *f) {
  socklen_t len;
  const void *to = luv__udp_address(f, &len);
  int err = send_now(s, f->in, to, len);
  if (err == UV_EAGAIN) return 0;
  forget_address(f);
  if (err) luv__wake_error(s->o.S, f, err);
  else luv__wake(s->o.S, f, LUV_OUT_SELF);
  return 1;
}

static int by_itself(luv_udp *s) { return luv__is_unixgram(s) && !s->connected; }

/* Sends what there is room for; returns whether anybody still waits. */
static int serve(luv_udp *s) {
  if (by_itself(s)) return luv__unixgram_serve(s);
  while (!queue_empty(&s->senders))
    if (!luv__udp_serve_one(s, first(s))) return 1;
  return 0;
}

static void watch(luv_udp *s);

/* libuv stops watching when the socket has an error; the send has met that. */
static void on_room(uv_poll_t *h, int status, int events) {
  luv_udp *s = ((luv_udp_room *)h->data)->s;
  (void)status, (void)events;
  if (serve(s)) watch(s);
  else uv_poll_stop(h);
}

static luv_udp_room *make_room(luv_udp *s, int *err) {
  luv_udp_room *r = calloc(1, sizeof *r);
  uv_os_fd_t fd;
  *err = r ? uv_fileno((uv_handle_t *)&s->h, &fd) : UV_ENOMEM;
  if (*err == 0 && (r->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3)) < 0) *err = uv_translate_sys_error(errno);
  else if (*err == 0 && (*err = uv_poll_init(s->h.loop, &r->poll, r->fd))) close(r->fd);
  if (*err == 0) {
    r->poll.data = r;
    r->s = s;
    return r;
  }
  free(r);
  return NULL;
}

/* All that wait end with err. */
void luv__udp_give_up(luv_udp *s, int err) {
  while (!queue_empty(&s->senders)) {
    forget_address(first(s));
    luv__wake_error(s->o.S, first(s), err);
  }
}

static void watch(luv_udp *s) {
  int err = by_itself(s) ? luv__unixgram_retry(s) : 0;
  if (!by_itself(s)) {
    if (!s->room) s->room = make_room(s, &err);
    if (s->room && !uv_is_active((uv_handle_t *)&s->room->poll))
      err = uv_poll_start(&s->room->poll, UV_WRITABLE, on_room);
  }
  if (err) luv__udp_give_up(s, err);
}

static int begin_send(luv_state *S, luv_fiber *f) {
  luv_udp *s = f->wait.on;
  (void)S;
  queue_push(&s->senders, &f->wait.node);
  if ((first(s) == f || by_itself(s)) && serve(s)) watch(s);
  return 0;
}

static void abandon_send(luv_state *S, luv_fiber *f) {
  (void)S;
  forget_address(f);
}

static const luv_op send_op = {.name = "udp send", .flags = LUV_OP_EXTERNAL, .begin = begin_send, .abandon = abandon_send};
static const luv_op unixgram_send_op = {.name = "unixgram send", .flags = LUV_OP_EXTERNAL, .begin = begin_send, .abandon = abandon_send};

static void on_closed(uv_handle_t *h) { free(h->data); }

/* The socket closes. */
void luv__udp_leave(luv_udp *s) {
  luv__udp_give_up(s, UV_ECANCELED);
  if (!s->room) return;
  uv_close((uv_handle_t *)&s->room->poll, on_closed);
  close(s->room->fd);
  s->room = NULL;
}

/* A name was resolved, for a fiber that has waited for it: now it waits for room, if it must. */
void luv__udp_resolved(luv_state *S, luv_fiber *f, const char *addr, size_t n) {
  luv_box *b = luv__tobox(f->in, 1, luv__class_udp.id);
  luv_addr *a = b && b->o && !(b->o->flags & LUV_O_CLOSING) ? calloc(1, sizeof *a) : NULL;
  if (!a) {
    luv__wake_error(S, f, b && b->o ? UV_ENOMEM : UV_ECANCELED);
    return;
  }
  memcpy(a, addr, n < sizeof *a ? n : sizeof *a);
  queue_remove(&f->wait.node);
  f->wait.op = &send_op;
  f->wait.on = b->o;
  f->wait.arg = (uint64_t)(uintptr_t)a;
  begin_send(S, f);
}

/* ---- the face ---------------------------------------------------------------------------------- */

enum { CONNECTED, NUMERIC, NAME };

/* A number, or a string of its digits. */
static int port_of(luv_state *S, lua_State *L) {
  const char *digits = lua_type(L, 4) == LUA_TSTRING ? lua_tostring(L, 4) : NULL;
  double n;
  if (lua_type(L, 4) != LUA_TNUMBER && !digits) luv__type_error(S, L, 4, 3, "send", "number");
  if (digits && (!*digits || digits[strspn(digits, "0123456789")])) digits = NULL, n = -1;
  else n = lua_tonumber(L, 4);
  if (!(n >= 0 && n <= 65535 && n == (int)n))
    luv__arg_error(S, L, 3, "send", "whole number from 0 to 65535 expected");
  return (int)n;
}

static int parse_v4(luv_udp *s, const char *host, size_t n, struct in_addr *to) {
  if (n == 0 || n > sizeof s->host) return 0;
  if (n != s->host_len || memcmp(host, s->host, n) != 0) {
    if (strlen(host) != n || inet_pton(AF_INET, host, to) != 1) return 0;
    memcpy(s->host, host, n);
    s->host_len = n;
    s->ip = *to;
  }
  *to = s->ip;
  return 1;
}

/* Reads the host at 3, if that is a number. */
static int parse(luv_udp *s, lua_State *L, int port, luv_addr *a) {
  size_t n;
  const char *host = lua_tolstring(L, 3, &n);
  memset(a, 0, sizeof *a);
  if (LUV_LIKELY(parse_v4(s, host, n, &a->v4.sin_addr))) {
    a->v4.sin_family = AF_INET;
    a->v4.sin_port = htons((uint16_t)port);
    return NUMERIC;
  }
  if (strlen(host) != n) return NAME; /* which Go will not find */
  if (strcmp(host, "localhost") == 0) host = luv__udp_family(&s->o) == AF_INET6 ? "::1" : "127.0.0.1";
  return uv_ip6_addr(host, port, &a->v6) == 0 || uv_ip4_addr(host, port, &a->v4) == 0 ? NUMERIC : NAME;
}

/* The form of 2012: host, port, data. */
static void reorder(lua_State *L) {
  lua_pushvalue(L, 4);
  lua_insert(L, 2);
  lua_remove(L, 5);
}

/* A table such as recv() returns stands for its address and port. */
static void spread(luv_state *S, lua_State *L) {
  if (!lua_isnoneornil(L, 4)) luv__arg_error(S, L, 3, "send", "the table has the port");
  lua_settop(L, 5);
  lua_getfield(L, 3, "port");
  lua_replace(L, 4);
  lua_getfield(L, 3, "address");
  lua_replace(L, 3);
}

static int address(luv_state *S, lua_State *L, luv_udp *s, luv_addr *a) {
  int port;
  if (lua_isnoneornil(L, 3) && lua_isnoneornil(L, 4)) return CONNECTED;
  if (lua_type(L, 3) != LUA_TSTRING) luv__type_error(S, L, 3, 2, "send", "string");
  port = port_of(S, L);
  return s ? parse(s, L, port, a) : NUMERIC;
}

/* The data at 2 becomes one string. */
void luv__udp_check_data(luv_state *S, lua_State *L) {
  luaL_Buffer b;
  int i, n;
  luv__check_data(S, L, 2, 1, "send");
  if (!lua_istable(L, 2)) return;
  n = (int)lua_objlen(L, 2);
  luaL_buffinit(L, &b);
  for (i = 1; i <= n; i++) {
    lua_rawgeti(L, 2, i);
    luaL_addvalue(&b);
  }
  luaL_pushresult(&b);
  lua_replace(L, 2);
}

/* The address lies on the stack while the wait lasts. To put it there may close the socket. */
static int wait_for_room(luv_state *S, lua_State *L, const void *to, socklen_t len, double timeout) {
  luv_udp *s;
  lua_settop(L, 2);
  if (to) lua_pushlstring(L, to, len);
  else lua_pushnil(L);
  s = luv__check_datagrams(S, L, "send");
  if (!s) return luv__fail(L, UV_ECANCELED);
  return luv__suspend(S, L, luv__is_unixgram(s) ? &unixgram_send_op : &send_op, s, 0, timeout);
}

/* Sends the string at 2, NULL: to the peer. */
int luv__udp_send(luv_state *S, lua_State *L, luv_udp *s, const void *to, socklen_t len, double timeout) {
  int err = s->error, queued;
  if (LUV_UNLIKELY(err)) {
    s->error = 0;
    return luv__fail(L, err);
  }
  queued = !queue_empty(&s->senders) && (!by_itself(s) || luv__unixgram_queued(s, to, len));
  if (queued || (timeout != 0 && luv__udp_overdue(S, L))) return wait_for_room(S, L, to, len, timeout);
  err = send_now(s, L, to, len);
  if (err == UV_EAGAIN) return wait_for_room(S, L, to, len, timeout);
  if (err) return luv__fail(L, err);
  lua_settop(L, 1);
  return 1;
}

/* udp = udp:send(data[, host, port][, timeout]). A name is Go's affair: upvalue 2. */
int luv_udp_send(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_udp *s;
  luv_addr a;
  double timeout;
  int kind;
  luv__check_udp(S, L, "send");
  if (LUV_UNLIKELY(lua_type(L, 4) == LUA_TSTRING && lua_type(L, 3) == LUA_TNUMBER)) reorder(L);
  if (LUV_UNLIKELY(lua_type(L, 2) != LUA_TSTRING)) luv__udp_check_data(S, L);
  if (lua_istable(L, 3)) spread(S, L);
  s = luv__check_udp(S, L, "send"); /* what came before may have closed it */
  kind = address(S, L, s, &a);
  timeout = luv__opt_timeout(S, L, 5, 4, "send");
  luv__check_cancel(S, L);
  if (!s) return luv__fail(L, UV_EBADF);
  if (kind == NAME) return luv_trampoline(L);
  if (kind == CONNECTED) return luv__udp_send(S, L, s, NULL, 0, timeout);
  return luv__udp_send(S, L, s, &a, length_of(&a), timeout);
}

/* n = udp:send_queue_size(): bytes that wait for room */
int luv_udp_send_queue_size(lua_State *L) {
  luv_udp *s = luv__check_datagrams(luv_enter(L), L, "send_queue_size");
  luv_queue *q;
  size_t n = 0;
  if (!s) return luv__fail(L, UV_EBADF);
  for (q = s->senders.next; q != &s->senders; q = q->next)
    n += lua_objlen(luv_container(q, luv_fiber, wait.node)->in, 2);
  lua_pushnumber(L, (lua_Number)n);
  return 1;
}

/* n = udp:send_queue_count(): how many datagrams these are */
int luv_udp_send_queue_count(lua_State *L) {
  luv_udp *s = luv__check_datagrams(luv_enter(L), L, "send_queue_count");
  luv_queue *q;
  int n = 0;
  if (!s) return luv__fail(L, UV_EBADF);
  for (q = s->senders.next; q != &s->senders; q = q->next) n++;
  lua_pushinteger(L, n);
  return 1;
}
