/* zmq_recv.c - receiving: from libzmq's message to Lua strings.
 *
 * Every message arrives in the state's one scratch message. For a fiber that waits, it is
 * taken off the socket when it is the fiber's turn: short ones into the loop's arena, others into
 * a parcel; the strings are made when the fiber is resumed. For the call that runs it leaves the
 * scratch before a string is made: a finaliser may receive, too. */
#include "bytes.h"
#include "luvzmq.h"

static int take_kept(luv_zmq *z, zmq_msg_t *m) {
  luv_zmq_frame *next = z->ahead;
  zmq_msg_move(m, &z->first);
  z->has_first = next != NULL;
  if (!next) return 0;
  zmq_msg_init(&z->first);
  zmq_msg_move(&z->first, &next->m);
  z->ahead = next->next;
  free(next);
  return 0;
}

static __attribute__((noinline)) void note_peer(luv_zmq *z, zmq_msg_t *m) {
  const char *address = zmq_msg_gets(m, "Peer-Address"), *user = zmq_msg_gets(m, "User-Id");
  snprintf(z->address, sizeof z->address, "%s", address ? address : "");
  snprintf(z->user, sizeof z->user, "%s", user ? user : "");
}

/* address, user = sock:peer(): of the message received last; the first call begins to note them */
int luv_zmq_peer(lua_State *L) {
  luv_state *S = luv_enter(L);
  luv_zmq *z = luv__check_zmq(S, L, 1, luv__class_zmq.id, "peer");
  if (!z) return luv__fail(L, UV_EBADF);
  z->tells = 1;
  lua_pushstring(L, z->address);
  lua_pushstring(L, z->user);
  return 2;
}

/* Takes one frame without waiting: 0, or libzmq's error, negative. */
int luv__zmq_take(luv_zmq *z, zmq_msg_t *m) {
  if (LUV_UNLIKELY(z->has_first)) return take_kept(z, m);
  while (LUV_UNLIKELY(zmq_msg_recv(m, z->socket, ZMQ_DONTWAIT) < 0))
    if (errno != EINTR) return luv__zmq_error(errno);
  if (LUV_UNLIKELY(z->tells)) note_peer(z, m);
  return 0;
}

/* ---- without waiting ------------------------------------------------------------------ */

static int push_kept(luv_state *S, lua_State *L, luv_zmq *z, int mode) {
  if (!(mode & LUV_ZMQ_TABLE)) return luv__error(S, L, luv__zmq_too_many);
  lua_rawgeti(L, LUA_REGISTRYINDEX, z->kept);
  luaL_unref(L, LUA_REGISTRYINDEX, z->kept);
  z->kept = 0;
  return 1;
}

static void close_message(void *m) { zmq_msg_close(m); }

/* One frame. */
static int push_single(luv_state *S, lua_State *L, zmq_msg_t *m) {
  zmq_msg_t own;
  luv_bytes h = {NULL, 0, close_message, &own};
  zmq_msg_init(&own);
  zmq_msg_move(&own, m);
  h.p = zmq_msg_data(&own);
  h.n = zmq_msg_size(&own);
  return luv__push_bytes(S, L, 0, h);
}

/* The message whose first frame is in the scratch. */
static int push_message(luv_state *S, lua_State *L, luv_zmq *z, int mode) {
  struct { luv_parcel p; zmq_msg_t more[LUV_PARCEL_FEW - 1]; } few;
  zmq_msg_t *m = &luv__zmq_of(S)->scratch;
  luv_parcel *p;
  if (LUV_LIKELY(!zmq_msg_more(m) && !(mode & (LUV_ZMQ_TABLE | LUV_ZMQ_EVENT)))) return push_single(S, L, m);
  luv__zmq_note_end(z, m);
  few.p.n = 0;
  few.p.cap = LUV_PARCEL_FEW;
  few.p.lent = 1;
  p = luv__parcel_fill(z, m, &few.p);
  if (!p) return luv__fail(L, UV_ENOMEM);
  if (p->n <= LUV_ZMQ_RESULTS || mode & LUV_ZMQ_TABLE) return luv__parcel_push(S, L, p, mode);
  luv__parcel_push(S, L, p, LUV_ZMQ_TABLE);
  luv__zmq_keep_table(L, L);
  return luv__error(S, L, luv__zmq_too_many);
}

/* ---- the faces ----------------------------------------------------------------------- */

static inline int receive(lua_State *L, int class_id, const char *fname, int mode) {
  luv_state *S = luv_enter(L);
  luv_zmq *z = luv__check_zmq(S, L, 1, class_id, fname);
  double timeout = lua_gettop(L) > 1 ? luv__opt_timeout(S, L, 2, 1, fname) : LUV_NO_TIMEOUT;
  uint64_t arg = (uint64_t)mode;
  int err;
  luv__check_cancel(S, L);
  if (!z) return luv__fail(L, UV_EBADF);
  if (z->proxy) return luv__fail(L, UV_EBUSY);
  if (z->stopped) return luv__fail(L, UV_EOF);
  if (LUV_UNLIKELY(z->kept)) return push_kept(S, L, z, mode);
  luv__zmq_know(z);
  if (timeout < 0) timeout = z->rcvtimeo;
  if (LUV_UNLIKELY(!queue_empty(&z->receivers) || (timeout != 0 && luv__zmq_overdue(S, L))))
    return luv__suspend(S, L, &luv__op_zmq_recv, z, arg | LUV_ZMQ_AGAIN, timeout);
  if (LUV_UNLIKELY(mode == LUV_ZMQ_EVENT && z->leaving)) luv__zmq_left(z); /* which may end that */
  err = LUV_UNLIKELY(z->leaving && !z->has_first) ? UV_EAGAIN : luv__zmq_take(z, &luv__zmq_of(S)->scratch);
  luv__zmq_touch(z);
  if (LUV_LIKELY(err == 0)) return push_message(S, L, z, mode);
  if (err != UV_EAGAIN) return luv__fail(L, err);
  return luv__suspend(S, L, &luv__op_zmq_recv, z, arg, timeout);
}

/* One short frame that is there. LuaJIT has tried this itself (wrap.c). */
static inline int received_plainly(lua_State *L) {
  luv_state *S = luv_enter(L);
  char few[LUV_ZMQ_RELEASE];
  int n;
  if (luaJIT_setmode || lua_gettop(L) != 1) return 0;
  n = luv_zmq_try_recv(S, lua_touserdata(L, 1), few);
  if (LUV_LIKELY(n >= 0)) lua_pushlstring(L, few, (size_t)n);
  return n >= 0;
}

/* frame, ... = sock:recv([timeout]) */
int luv_zmq_recv(lua_State *L) {
  if (LUV_LIKELY(received_plainly(L))) return 1;
  return receive(L, luv__class_zmq.id, "recv", luaJIT_setmode ? LUV_ZMQ_PACKED : 0);
}

/* {frame, ...} = sock:recv_multipart([timeout]) */
int luv_zmq_recv_multipart(lua_State *L) {
  return receive(L, luv__class_zmq.id, "recv_multipart", LUV_ZMQ_TABLE);
}

/* event, address, value = monitor:next([timeout]) */
int luv_zmq_monitor_next(lua_State *L) {
  return receive(L, luv__class_zmq_monitor.id, "next", LUV_ZMQ_EVENT);
}

/* ---- for a fiber that waits ------------------------------------------------------------- */

static int in_arena(luv_state *S, luv_fiber *f, zmq_msg_t *m) {
  size_t n = zmq_msg_size(m);
  char *to = S->arena + S->arena_used;
  if (n > LUV_ARENA_PIECE || S->arena_used + n > LUV_ARENA || f->wait.arg & (LUV_ZMQ_TABLE | LUV_ZMQ_EVENT) ||
      zmq_msg_more(m))
    return 0;
  memcpy(to, zmq_msg_data(m), n);
  S->arena_used += (uint32_t)n;
  f->wait.on = to;
  f->wait.arg = n;
  return 1;
}

/* Gives the next message to f; returns 0 when there is none. */
int luv__zmq_serve_receiver(luv_zmq *z, luv_fiber *f) {
  luv_state *S = z->o.S;
  zmq_msg_t *m = &luv__zmq_of(S)->scratch;
  int err = luv__zmq_take(z, m);
  luv__zmq_of(S)->moved |= z->inproc && err == 0;
  if (err == UV_EAGAIN) return 0;
  if (err) luv__wake_error(S, f, err);
  else if (in_arena(S, f, m)) luv__wake(S, f, LUV_OUT_DATA);
  else {
    luv_parcel *p;
    luv__zmq_note_end(z, m);
    p = luv__parcel_fill(z, m, NULL);
    f->wait.on = p;
    if (p) luv__wake(S, f, LUV_OUT_OWN);
    else luv__wake_error(S, f, UV_ENOMEM);
  }
  return 1;
}
