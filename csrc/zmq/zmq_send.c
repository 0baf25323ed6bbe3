/* zmq_send.c - sending: from Lua's bytes straight into libzmq, which copies them once.
 *
 * What has to wait is read again from the suspended fiber's stack when libzmq takes it.
 * A message of several frames goes whole or not at all: libzmq counts its high-water mark
 * in messages, so only the first frame can be refused. When a peer vanishes between two
 * frames libzmq takes back what it has, and the message begins anew. */
#include "luvzmq.h"

/* One frame: 0, or libzmq's error, negative. */
static inline int put(luv_zmq *z, const char *p, size_t n, int flags) {
  while (LUV_UNLIKELY(zmq_send(z->socket, p, n, flags | ZMQ_DONTWAIT) < 0))
    if (errno != EINTR) return luv__zmq_error(errno);
  return 0;
}

static int put_table(luv_zmq *z, lua_State *L) {
  int i, err = 0, count = (int)lua_objlen(L, 2);
  for (i = 1; i <= count && err == 0; i++) {
    size_t n;
    const char *p;
    lua_rawgeti(L, 2, i);
    p = lua_tolstring(L, -1, &n);
    err = put(z, p, n, i < count ? ZMQ_SNDMORE : 0);
    lua_pop(L, 1);
  }
  return err;
}

/* The message at index 2 of L, which check_frames has looked at. Raises nothing. */
static int put_all(luv_zmq *z, lua_State *L) {
  size_t n;
  const char *p = lua_tolstring(L, 2, &n); /* NULL for a table */
  return LUV_LIKELY(p != NULL) ? put(z, p, n, 0) : put_table(z, L);
}

/* libzmq looks at its commands only now and then when it sends; ZMQ_EVENTS makes it look,
 * so that "no room" is the last word. */
static int look_again(luv_zmq *z, lua_State *L) {
  int events = luv__zmq_events(z);
  if (events < 0) return events;
  return events & ZMQ_POLLOUT ? put_all(z, L) : UV_EAGAIN;
}

/* A table is copied, its numbers made strings: all of it stays as it is while it waits. */
static void check_table(luv_state *S, lua_State *L) {
  int i, count = (int)lua_objlen(L, 2);
  if (count == 0) luv__arg_error(S, L, 1, "send", "a message has at least one frame");
  lua_createtable(L, count, 0);
  for (i = 1; i <= count; i++) {
    lua_rawgeti(L, 2, i);
    if (!lua_isstring(L, -1)) {
      const char *msg = lua_pushfstring(L, "string expected at index %d of the table, got %s",
                                        i, luaL_typename(L, -1));
      luv__arg_error(S, L, 1, "send", msg);
    }
    lua_tostring(L, -1);
    lua_rawseti(L, -2, i);
  }
  lua_replace(L, 2);
}

/* Whether anything had to be made of them, for which a finaliser may have run. */
static int check_frames(luv_state *S, lua_State *L) {
  int type = lua_type(L, 2);
  if (LUV_LIKELY(type == LUA_TSTRING)) return 0;
  if (type == LUA_TNUMBER) lua_tostring(L, 2);
  else if (type == LUA_TTABLE) check_table(S, L);
  else luv__type_error(S, L, 2, 1, "send", "string or table");
  return 1;
}

/* A string, no timeout, nobody in the way. LuaJIT has tried this itself (wrap.c). */
static inline int sent_plainly(luv_state *S, lua_State *L) {
  size_t n;
  const char *p;
  if (luaJIT_setmode || lua_gettop(L) != 2) return 0;
  p = lua_tolstring(L, 2, &n); /* makes a number one, too */
  return p && luv_zmq_try_send(S, lua_touserdata(L, 1), p, n);
}

static int send_any(luv_state *S, lua_State *L) {
  luv_zmq *z = luv__check_zmq(S, L, 1, luv__class_zmq.id, "send");
  double timeout = LUV_NO_TIMEOUT;
  int err;
  if (lua_gettop(L) > 2) timeout = luv__opt_timeout(S, L, 3, 2, "send");
  if (LUV_UNLIKELY(check_frames(S, L))) z = luv__check_zmq(S, L, 1, luv__class_zmq.id, "send");
  luv__check_cancel(S, L);
  if (!z) return luv__fail(L, UV_EBADF);
  if (z->proxy) return luv__fail(L, UV_EBUSY);
  luv__zmq_know(z);
  if (timeout < 0) timeout = z->sndtimeo;
  if (LUV_UNLIKELY(!queue_empty(&z->senders) || (timeout != 0 && luv__zmq_overdue(S, L))))
    return luv__suspend(S, L, &luv__op_zmq_send, z, LUV_ZMQ_AGAIN, timeout);
  err = put_all(z, L);
  if (LUV_UNLIKELY(err == UV_EAGAIN)) err = look_again(z, L);
  luv__zmq_touch(z);
  if (LUV_UNLIKELY(err == UV_EAGAIN)) return luv__suspend(S, L, &luv__op_zmq_send, z, 0, timeout);
  if (LUV_UNLIKELY(err)) return luv__fail(L, err);
  lua_settop(L, 1);
  return 1;
}

/* sock = sock:send(string or {frame, ...}[, timeout]) */
int luv_zmq_send(lua_State *L) {
  luv_state *S = luv_enter(L);
  if (LUV_UNLIKELY(!sent_plainly(S, L))) return send_any(S, L);
  lua_settop(L, 1);
  return 1;
}

/* Sends the message that f waits with; returns 0 when there is no room for it. */
int luv__zmq_serve_sender(luv_zmq *z, luv_fiber *f) {
  int err = put_all(z, f->in);
  luv__zmq_of(z->o.S)->moved |= z->inproc && err == 0;
  if (err == UV_EAGAIN) return 0;
  if (err) luv__wake_error(z->o.S, f, err);
  else luv__wake(z->o.S, f, LUV_OUT_SELF);
  return 1;
}
