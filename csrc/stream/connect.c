/* connect.c - connecting a TCP socket. To an address in numbers it is done here; a name, and whatever has
 * to be refused, is Go's affair. */
#include <stdio.h>
#include <sys/socket.h>
#include "sockopt.h"

static void on_connect(uv_connect_t *req, int status) {
  luv_stream *s = req->data;
  s->o.flags &= ~(uint32_t)LUV_O_CONNECTING;
  if (s->o.flags & LUV_O_CLOSING) return;
  if (!status && s->o.class_id == luv__class_tcp.id) s->o.flags |= LUV_O_SOCKET;
  luv__ready_look(s);
  if (status) luv__wake_all_error(s->o.S, &s->o.waiters, status);
  else luv__wake_all(s->o.S, &s->o.waiters, LUV_OUT_SELF, 0);
}

/* Begins to connect; the wait for it is &luv__op_connect. Called by Go. */
int luv__tcp_connect(luv_stream *s, const struct sockaddr *addr) {
  int err;
  if (s->o.flags & LUV_O_CONNECTING) return UV_EALREADY;
  if (s->o.flags & LUV_O_LISTENING) return UV_EISCONN;
  s->connect.data = s;
  if ((err = luv__tcp_prepare(s, addr->sa_family))) return err;
  err = uv_tcp_connect(&s->connect, &s->h.tcp, addr, on_connect);
  if (err == UV_ECONNABORTED) /* Linux says so of the attempt before, whose end libuv has told already */
    err = uv_tcp_connect(&s->connect, &s->h.tcp, addr, on_connect);
  if (err == 0) s->o.flags |= LUV_O_CONNECTING;
  return err;
}

/* The address that host and port, at 2 and 3, are in numbers; 0: that is for Go to say. */
static int literal(lua_State *L, struct sockaddr_storage *to) {
  size_t n;
  double port = lua_tonumber(L, 3);
  const char *host = lua_tolstring(L, 2, &n);
  if (!(port >= 0 && port <= 65535 && port == (int)port) || strlen(host) != n || strchr(host, '%')) return 0;
  return uv_ip4_addr(host, (int)port, (struct sockaddr_in *)to) == 0 || uv_ip6_addr(host, (int)port, (struct sockaddr_in6 *)to) == 0;
}

/* A socket that has a descriptor may be connected. */
static luv_stream *fresh(lua_State *L) {
  luv_box *b = luv__tobox(L, 1, luv__class_tcp.id);
  luv_stream *s = b ? (luv_stream *)b->o : NULL;
  uv_os_fd_t fd;
  if (!s || s->o.flags & (LUV_O_CLOSING | LUV_O_CONNECTING | LUV_O_LISTENING)) return NULL;
  return uv_fileno((uv_handle_t *)&s->h, &fd) == 0 ? NULL : s;
}

static int failed(lua_State *L, int err) {
  char about[128];
  const char *host = lua_tostring(L, 2);
  snprintf(about, sizeof about, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, (int)lua_tonumber(L, 3));
  return luv__fail_about(L, err, about, NULL);
}

/* tcp = tcp:connect(host, port[, timeout]) */
int luv_tcp_connect(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_stream *s = fresh(L);
  struct sockaddr_storage a;
  double timeout;
  int err;
  if (!s || lua_type(L, 2) != LUA_TSTRING || lua_type(L, 3) != LUA_TNUMBER || !literal(L, &a)) return luv_trampoline(L);
  timeout = luv__opt_timeout(S, L, 4, 3, "connect");
  if (timeout == 0) return luv_trampoline(L); /* which looks whether the kernel has an answer */
  luv__check_cancel(S, L);
  if ((err = luv__tcp_connect(s, (struct sockaddr *)&a))) return failed(L, err);
  return luv__suspend(S, L, &luv__op_connect, s, 0, timeout);
}
