/* zmq_parcel.c - a message that has left its socket, and the values that a script gets of it.
 *
 * To make a string may run code of the script, which may receive on this socket or another, or
 * close it. So all frames of a message are taken first, into a parcel. */
#include "bytes.h"
#include "luvzmq.h"

void luv__parcel_free(luv_parcel *p) {
  if (!p) return;
  while (p->n > 0) zmq_msg_close(&p->m[--p->n]);
  if (!p->lent) free(p);
}

static luv_parcel *grow(luv_parcel *p) {
  int cap = p ? p->cap * 2 : 2;
  luv_parcel *q = malloc(sizeof *q + (size_t)cap * sizeof q->m[0]);
  int i;
  if (!q) return NULL;
  q->lent = 0;
  q->cap = cap;
  q->n = p ? p->n : 0;
  for (i = 0; i < q->n; i++) {
    zmq_msg_init(&q->m[i]);
    zmq_msg_move(&q->m[i], &p->m[i]);
  }
  luv__parcel_free(p);
  return q;
}

static void drop_rest(luv_zmq *z, zmq_msg_t *m) {
  while (zmq_msg_more(m) && luv__zmq_take(z, m) == 0) {}
}

luv_parcel *luv__parcel_fill(luv_zmq *z, zmq_msg_t *m, luv_parcel *p) {
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

/* ---- the events of a monitor ------------------------------------------------------------- */

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

void luv__zmq_note_end(luv_zmq *z, zmq_msg_t *m) {
  uint32_t value;
  if (z->o.class_id == luv__class_zmq_monitor.id && luv__zmq_event_number(m, &value) == ZMQ_EVENT_MONITOR_STOPPED)
    z->stopped = 1;
}

/* ---- values -------------------------------------------------------------------------------- */

/* The frame stays: should a finaliser fail meanwhile all is made again. */
static void push_frame(lua_State *W, zmq_msg_t *m) {
  lua_pushlstring(W, zmq_msg_data(m), zmq_msg_size(m));
}

static int push_event(lua_State *W, luv_parcel *p) {
  uint32_t value;
  lua_pushstring(W, event_name(luv__zmq_event_number(&p->m[0], &value)));
  if (p->n > 1) push_frame(W, &p->m[1]);
  else lua_pushliteral(W, "");
  lua_pushnumber(W, value);
  return 3;
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

/* On LuaJIT recv's own wrapper makes results of true, frames, their number (wrap.c). */
static int push_packed(lua_State *W, luv_parcel *p) {
  lua_pushboolean(W, 1);
  push_table(W, p);
  lua_pushinteger(W, p->n);
  return 3;
}

static int push_results(lua_State *W, luv_parcel *p) {
  int i;
  luaL_checkstack(W, p->n + 4, luv__zmq_too_many);
  for (i = 0; i < p->n; i++) push_frame(W, &p->m[i]);
  return p->n;
}

static int push(lua_State *W, luv_parcel *p, int mode) {
  if (mode & LUV_ZMQ_EVENT) return push_event(W, p);
  if (mode & LUV_ZMQ_PACKED && p->n > 1) return push_packed(W, p);
  return mode & LUV_ZMQ_TABLE ? push_table(W, p) : push_results(W, p);
}

/* ---- for the call that runs ----------------------------------------------------------------- */

typedef struct { luv_parcel *p; int mode; } job;

static int make(lua_State *L, void *ud) { return push(L, ((job *)ud)->p, ((job *)ud)->mode); }
static void release(void *ud) { luv__parcel_free(((job *)ud)->p); }

int luv__parcel_push(luv_state *S, lua_State *L, luv_parcel *p, int mode) {
  job j = {p, mode};
  luv_maker m = {make, release, &j, 1};
  return luv__push_safely(S, L, m);
}

/* ---- for a fiber that has waited --------------------------------------------------------------- */

const char luv__zmq_too_many[] = "a message of too many frames: receive it with recv_multipart";

/* Keeps the table of frames on top of W, whose socket is at 1 of L, for the next recv_multipart. */
void luv__zmq_keep_table(lua_State *L, lua_State *W) {
  luv_box *b = luv__tobox(L, 1, luv__class_zmq.id);
  luv_zmq *z = b && b->o && !(b->o->flags & LUV_O_CLOSING) ? (luv_zmq *)b->o : NULL;
  if (!z) {
    lua_pop(W, 1);
    return;
  }
  if (z->kept) luaL_unref(W, LUA_REGISTRYINDEX, z->kept);
  z->kept = 0;
  z->kept = luaL_ref(W, LUA_REGISTRYINDEX);
}

/* The message waits for a recv_multipart; the fiber that has it gets an error. */
static int refuse(lua_State *L, lua_State *W, luv_parcel *p) {
  push_table(W, p);
  luv__zmq_keep_table(L, W);
  luv__where(L, W);
  lua_pushstring(W, luv__zmq_too_many);
  lua_concat(W, 2);
  return LUV_RAISE;
}

/* Pushes what the fiber has received on W. May raise: memory. */
int luv__zmq_deliver(luv_state *S, luv_fiber *f, lua_State *L, lua_State *W) {
  luv_parcel *p = f->wait.on;
  int mode = (int)f->wait.arg, n;
  if (f->is_main == LUV_IS_CASE) mode &= ~LUV_ZMQ_PACKED; /* nobody unpacks a case's */
  if (luv__zmq_of(S)->delivering != p) luv__parcel_free(luv__zmq_of(S)->delivering); /* else it is made again */
  luv__zmq_of(S)->delivering = p;
  if (p->n > LUV_ZMQ_RESULTS && !(mode & LUV_ZMQ_TABLE)) n = refuse(L, W, p);
  else n = push(W, p, mode);
  luv__zmq_of(S)->delivering = NULL;
  luv__parcel_free(p);
  return n;
}
