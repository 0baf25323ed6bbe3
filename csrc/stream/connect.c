/* connect.c - the common case of tcp:connect: an address in numbers, whose attempt libuv begins at once.
 *
 * Everything else is left to Go: names, an attempt that may not wait, what is wrong. So nothing here has
 * words for a failure: the same attempt, made by Go, fails again, and says so. */
#include "stream.h"

/* A port: 0 to 65535, or -1 for what Go is to judge. */
static int port_of(lua_State *L, int idx) {
  lua_Number n = lua_type(L, idx) == LUA_TNUMBER ? lua_tonumber(L, idx) : -1;
  const char *p;
  if (lua_type(L, idx) == LUA_TSTRING) {
    for (n = 0, p = lua_tostring(L, idx); *p >= '0' && *p <= '9' && n < 65536; p++) n = n * 10 + (*p - '0');
    if (*p || p == lua_tostring(L, idx)) return -1;
  }
  return n >= 0 && n <= 65535 && n == (int)n ? (int)n : -1;
}

static int address_of(lua_State *L, struct sockaddr_storage *to) {
  int port = port_of(L, 3);
  const char *host = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  if (port < 0 || strlen(host) != lua_objlen(L, 2)) return 0;
  if (uv_ip4_addr(host, port, (struct sockaddr_in *)to) == 0) return 1;
  return !strchr(host, '%') && uv_ip6_addr(host, port, (struct sockaddr_in6 *)to) == 0;
}

/* Nothing of TCP is at the object yet, so that libuv says whether it can be connected. */
static luv_stream *fresh(lua_State *L) {
  luv_box *b = luv__anybox(L, 1);
  luv_stream *s = b && b->class_id == luv__class_tcp.id ? (luv_stream *)b->o : NULL;
  if (!s || s->o.flags & (LUV_O_CLOSING | LUV_O_LISTENING | LUV_O_CONNECTING)) return NULL;
  return uv_is_readable(&s->h.s) || uv_is_writable(&s->h.s) ? NULL : s;
}

/* tcp = tcp:connect(host, port[, timeout]) */
int luv_tcp_connect(lua_State *L) {
  luv_state *S = luv_enter(L);
  struct sockaddr_storage a;
  double timeout = lua_type(L, 4) == LUA_TNUMBER ? lua_tonumber(L, 4) : 0;
  luv_stream *s;
  if (lua_gettop(L) > 4 || (!lua_isnoneornil(L, 4) && !(timeout > 0))) return luv_trampoline(L);
  timeout = luv__opt_timeout(S, L, 4, 3, "connect");
  s = fresh(L);
  if (!s || !address_of(L, &a) || luv__tcp_connect(s, (struct sockaddr *)&a)) return luv_trampoline(L);
  return luv__suspend(S, L, &luv__op_connect, s, 0, timeout);
}
