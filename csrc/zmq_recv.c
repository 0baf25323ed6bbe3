/* zmq_recv.c - receiving: from libzmq's message straight to Lua strings.
 *
 * Every message arrives in the state's one scratch message, so that a memory error in
 * the middle of making a string leaks nothing. For a fiber that waits, the message is
 * taken off the socket when it is the fiber's turn: short ones into the loop's arena,
 * others into a parcel; the strings are made when the fiber is resumed. */
#include "luvzmq.h"

void luv__parcel_free(luv_parcel *p) {
  if (!p) return;
  while (p->n > 0) zmq_msg_close(&p->m[--p->n]);
  free(p);
}

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

/* Takes one frame without waiting: 0, or libzmq's error, negative. */
int luv__zmq_take(luv_zmq *z, zmq_msg_t *m) {
  if (LUV_UNLIKELY(z->has_first)) return take_kept(z, m);
  while (LUV_UNLIKELY(zmq_msg_recv(m, z->socket, ZMQ_DONTWAIT) < 0))
    if (errno != EINTR) return luv__zmq_error(errno);
  return 0;
}

static void push_frame(lua_State *L, zmq_msg_t *m) {
  size_t n = zmq_msg_size(m);
  lua_pushlstring(L, zmq_msg_data(m), n);
  if (n < LUV_ZMQ_RELEASE) return;
  zmq_msg_close(m);
  zmq_msg_init(m);
}

/* ---- without waiting ------------------------------------------------------------------ */

static int push_all(luv_state *S, lua_State *L, luv_zmq *z, int mode);

static void drop_rest(luv_zmq *z, zmq_msg_t *m) {
  while (zmq_msg_more(m) && luv__zmq_take(z, m) == 0) {}
}

static const char too_many[] = "a message of too many frames: receive it with recv_multipart";

/* Keeps the table of frames on top of W for the next recv_multipart. */
static void keep(luv_zmq *z, lua_State *W) {
  if (z->kept) luaL_unref(W, LUA_REGISTRYINDEX, z->kept);
  z->kept = luaL_ref(W, LUA_REGISTRYINDEX);
}

static int push_kept(luv_state *S, lua_State *L, luv_zmq *z, int mode) {
  if (!(mode & LUV_ZMQ_TABLE)) return luv__error(S, L, too_many);
  lua_rawgeti(L, LUA_REGISTRYINDEX, z->kept);
  luaL_unref(L, LUA_REGISTRYINDEX, z->kept);
  z->kept = 0;
  return 1;
}

/* Takes and pushes the next frame; returns whether more follow. */
static int push_next(lua_State *L, luv_zmq *z, zmq_msg_t *m) {
  int more = luv__zmq_take(z, m) == 0 && zmq_msg_more(m); /* pushing may let go of m */
  push_frame(L, m);
  return more;
}

/* The frames after the n-th, into the table on top of L. */
static int fill_rest(lua_State *L, luv_zmq *z, zmq_msg_t *m, int n) {
  int more = 1;
  while (more) {
    more = push_next(L, z, m);
    lua_rawseti(L, -2, ++n);
  }
  return 1;
}

/* The n frames on top of L, and those that follow, are too many. */
static int keep_all(luv_state *S, lua_State *L, luv_zmq *z, zmq_msg_t *m, int n) {
  int i, first = lua_gettop(L) - n + 1;
  lua_createtable(L, 2 * n, 0);
  for (i = 0; i < n; i++) {
    lua_pushvalue(L, first + i);
    lua_rawseti(L, -2, i + 1);
  }
  fill_rest(L, z, m, n);
  keep(z, L);
  return luv__error(S, L, too_many);
}

/* The frames after the first, as results. Their number is not known before. */
static int push_rest(luv_state *S, lua_State *L, luv_zmq *z, zmq_msg_t *m) {
  int n = 1, more = 1;
  while (more) {
    if (n == LUV_ZMQ_RESULTS || !lua_checkstack(L, 8)) return keep_all(S, L, z, m, n);
    more = push_next(L, z, m);
    n++;
  }
  return n;
}

/* On LuaJIT recv's own wrapper makes results of true, frames, their number (wrap.c). */
static int push_packed(luv_state *S, lua_State *L, luv_zmq *z) {
  lua_pushboolean(L, 1);
  push_all(S, L, z, LUV_ZMQ_TABLE);
  if (lua_objlen(L, -1) > LUV_ZMQ_RESULTS) {
    keep(z, L);
    return luv__error(S, L, too_many);
  }
  lua_pushinteger(L, (lua_Integer)lua_objlen(L, -1));
  return 3;
}

static int push_all(luv_state *S, lua_State *L, luv_zmq *z, int mode) {
  zmq_msg_t *m = &S->zmq->scratch;
  int more = zmq_msg_more(m), table = mode & LUV_ZMQ_TABLE;
  if (LUV_UNLIKELY(more && mode & LUV_ZMQ_PACKED)) return push_packed(S, L, z);
  if (table) lua_createtable(L, 1 + more, 0);
  push_frame(L, m);
  if (table) lua_rawseti(L, -2, 1);
  if (!more) return 1;
  return table ? fill_rest(L, z, m, 1) : push_rest(S, L, z, m);
}

/* ---- the events of a monitor --------------------------------------------------------- */

static const char *event_name(unsigned event) {
  switch (event) {
#define NAME(name) case ZMQ_EVENT_##name: return #name;
    NAME(CONNECTED) NAME(CONNECT_DELAYED) NAME(CONNECT_RETRIED) NAME(LISTENING)
    NAME(BIND_FAILED) NAME(ACCEPTED) NAME(ACCEPT_FAILED) NAME(CLOSED) NAME(CLOSE_FAILED)
    NAME(DISCONNECTED) NAME(MONITOR_STOPPED) NAME(HANDSHAKE_FAILED_NO_DETAIL)
    NAME(HANDSHAKE_SUCCEEDED) NAME(HANDSHAKE_FAILED_PROTOCOL) NAME(HANDSHAKE_FAILED_AUTH)
    default: return "UNKNOWN";
  }
}

/* The first frame of an event: its number and value, in the byte order of this machine. */
unsigned luv__zmq_event_number(zmq_msg_t *m, uint32_t *value) {
  uint16_t number = 0;
  *value = 0;
  if (zmq_msg_size(m) < sizeof number + sizeof *value) return 0;
  memcpy(&number, zmq_msg_data(m), sizeof number);
  memcpy(value, (char *)zmq_msg_data(m) + sizeof number, sizeof *value);
  return number;
}

static void note_end(luv_zmq *z, zmq_msg_t *m) {
  uint32_t value;
  if (z->o.class_id == LUV_CLASS_ZMQ_MONITOR && luv__zmq_event_number(m, &value) == ZMQ_EVENT_MONITOR_STOPPED)
    z->stopped = 1;
}

static int push_event_name(lua_State *L, zmq_msg_t *m, uint32_t *value) {
  lua_pushstring(L, event_name(luv__zmq_event_number(m, value)));
  return 1;
}

static int push_event(luv_state *S, lua_State *L, luv_zmq *z) {
  zmq_msg_t *m = &S->zmq->scratch;
  uint32_t value;
  note_end(z, m);
  push_event_name(L, m, &value);
  if (zmq_msg_more(m) && luv__zmq_take(z, m) == 0) push_frame(L, m);
  else lua_pushliteral(L, "");
  lua_pushnumber(L, value);
  return 3;
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
    return luv__suspend(S, L, LUV_OP_ZMQ_RECV, z, arg | LUV_ZMQ_AGAIN, timeout);
  if (LUV_UNLIKELY(mode == LUV_ZMQ_EVENT && z->leaving)) luv__zmq_left(z); /* which may end that */
  err = LUV_UNLIKELY(z->leaving && !z->has_first) ? UV_EAGAIN : luv__zmq_take(z, &S->zmq->scratch);
  luv__zmq_touch(z);
  if (LUV_LIKELY(err == 0)) return mode == LUV_ZMQ_EVENT ? push_event(S, L, z) : push_all(S, L, z, mode);
  if (err != UV_EAGAIN) return luv__fail(L, err);
  return luv__suspend(S, L, LUV_OP_ZMQ_RECV, z, arg, timeout);
}

/* One short frame that is there. LuaJIT has tried this itself (wrap.c). */
static inline int received_plainly(lua_State *L) {
  luv_state *S = luv_enter(L);
  double n;
  const char *p;
  if (luaJIT_setmode || lua_gettop(L) != 1) return 0;
  p = luv_zmq_try_recv(S, lua_touserdata(L, 1), &n);
  if (LUV_LIKELY(p != NULL)) lua_pushlstring(L, p, (size_t)n);
  return p != NULL;
}

/* frame, ... = sock:recv([timeout]) */
int luv_zmq_recv(lua_State *L) {
  if (LUV_LIKELY(received_plainly(L))) return 1;
  return receive(L, LUV_CLASS_ZMQ, "recv", luaJIT_setmode ? LUV_ZMQ_PACKED : 0);
}

/* {frame, ...} = sock:recv_multipart([timeout]) */
int luv_zmq_recv_multipart(lua_State *L) {
  return receive(L, LUV_CLASS_ZMQ, "recv_multipart", LUV_ZMQ_TABLE);
}

/* event, address, value = monitor:next([timeout]) */
int luv_zmq_monitor_next(lua_State *L) {
  return receive(L, LUV_CLASS_ZMQ_MONITOR, "next", LUV_ZMQ_EVENT);
}

/* ---- for a fiber that waits ------------------------------------------------------------- */

static luv_parcel *grow(luv_parcel *p) {
  int cap = p ? p->cap * 2 : 2;
  luv_parcel *q = malloc(sizeof *q + (size_t)cap * sizeof q->m[0]);
  int i;
  if (!q) return NULL;
  q->cap = cap;
  q->n = p ? p->n : 0;
  for (i = 0; i < q->n; i++) {
    zmq_msg_init(&q->m[i]);
    zmq_msg_move(&q->m[i], &p->m[i]);
  }
  luv__parcel_free(p);
  return q;
}

/* The message whose first frame is in the scratch, all of it; NULL: no memory. */
static luv_parcel *wrap(luv_zmq *z, zmq_msg_t *m) {
  luv_parcel *p = NULL;
  int more;
  do {
    if (!p || p->n == p->cap) {
      luv_parcel *q = grow(p);
      if (!q) {
        luv__parcel_free(p);
        drop_rest(z, m);
        return NULL;
      }
      p = q;
    }
    more = zmq_msg_more(m);
    zmq_msg_init(&p->m[p->n]);
    zmq_msg_move(&p->m[p->n++], m);
  } while (more && luv__zmq_take(z, m) == 0);
  return p;
}

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
  zmq_msg_t *m = &S->zmq->scratch;
  int err = luv__zmq_take(z, m);
  S->zmq->moved |= z->inproc && err == 0;
  if (err == UV_EAGAIN) return 0;
  if (err) luv__wake_error(S, f, err);
  else if (in_arena(S, f, m)) luv__wake(S, f, LUV_OUT_DATA);
  else {
    luv_parcel *p;
    note_end(z, m);
    p = wrap(z, m);
    f->wait.on = p;
    if (p) luv__wake(S, f, LUV_OUT_PARCEL);
    else luv__wake_error(S, f, UV_ENOMEM);
  }
  return 1;
}

static int push_table(lua_State *W, luv_parcel *p) {
  int i;
  lua_createtable(W, p->n, 0);
  for (i = 0; i < p->n; i++) {
    push_frame(W, &p->m[i]);
    lua_rawseti(W, -2, i + 1);
  }
  return 1;
}

/* The message waits for a recv_multipart; the fiber that has it gets an error. */
static int refuse(lua_State *L, lua_State *W, luv_parcel *p) {
  luv_box *b = luv__tobox(L, 1, LUV_CLASS_ZMQ);
  push_table(W, p);
  if (b && b->o) keep((luv_zmq *)b->o, W);
  else lua_pop(W, 1);
  luv__where(L, W);
  lua_pushstring(W, too_many);
  lua_concat(W, 2);
  return LUV_RAISE;
}

static int push_packed_parcel(lua_State *W, luv_parcel *p) {
  lua_pushboolean(W, 1);
  push_table(W, p);
  lua_pushinteger(W, p->n);
  return 3;
}

static int push_results(lua_State *W, luv_parcel *p) {
  int i;
  luaL_checkstack(W, p->n + 4, too_many);
  for (i = 0; i < p->n; i++) push_frame(W, &p->m[i]);
  return p->n;
}

static int push_parcel_event(lua_State *W, luv_parcel *p) {
  uint32_t value;
  push_event_name(W, &p->m[0], &value);
  if (p->n > 1) push_frame(W, &p->m[1]);
  else lua_pushliteral(W, "");
  lua_pushnumber(W, value);
  return 3;
}

/* Pushes what the fiber has received on W. May raise: memory. */
int luv__zmq_deliver(luv_state *S, luv_fiber *f, lua_State *L, lua_State *W) {
  luv_parcel *p = f->wait.on;
  int n;
  luv__parcel_free(S->zmq->delivering);
  S->zmq->delivering = p;
  if (p->n > LUV_ZMQ_RESULTS && !(f->wait.arg & LUV_ZMQ_TABLE)) n = refuse(L, W, p);
  else if (f->wait.arg & LUV_ZMQ_EVENT) n = push_parcel_event(W, p);
  else if (f->wait.arg & LUV_ZMQ_PACKED && p->n > 1 && f->is_main != LUV_IS_CASE) /* nobody unpacks a case's */
    n = push_packed_parcel(W, p);
  else n = f->wait.arg & LUV_ZMQ_TABLE ? push_table(W, p) : push_results(W, p);
  S->zmq->delivering = NULL;
  luv__parcel_free(p);
  return n;
}
