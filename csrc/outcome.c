/* outcome.c - what a wait came to, as the values that its call returns.
 *
 * libuv's callbacks record an outcome and wake; the values are made here, when the fiber has
 * its turn (DESIGN rule 5): by deliver.c, or by the call itself. */
#include "stream.h"

static int raise_text(lua_State *L, lua_State *W, const char *msg) {
  luv__where(L, W);
  lua_pushstring(W, msg);
  lua_concat(W, 2);
  return LUV_RAISE;
}

static int self(lua_State *L, lua_State *W) {
  lua_pushvalue(L, 1);
  if (W != L) lua_xmove(L, W, 1);
  return 1;
}

/* The results of an operation of Go's; SELF stands for the object of the call. */
static int values(luv_state *S, luv_fiber *f, lua_State *L, lua_State *W) {
  luv_values *v = f->wait.on;
  int is_self = v->n == 1 && v->v[0].type == LUV_V_SELF;
  int n = is_self ? self(L, W) : luv__values_push(S, W, v);
  f->wait.on = NULL;
  luv__values_free(v);
  return n;
}

/* What a reader gets. */
static int data(luv_wait *w, lua_State *W) {
  if (w->op == LUV_OP_READ) lua_pushnumber(W, (lua_Number)w->arg);
  lua_pushlstring(W, w->on, (size_t)w->arg);
  if (w->op == LUV_OP_READ_LINE || w->op == LUV_OP_READ_UNTIL) lua_pushboolean(W, w->done != 0); /* read.c */
  else if (w->op != LUV_OP_READ) return 1;
  return 2;
}

int luv__outcome(luv_state *S, luv_fiber *f, lua_State *L, lua_State *W) {
  luv_wait *w = &f->wait;
  int out = f->out;
  luv_assert(f->status != LUV_WAITING && queue_empty(&w->node) && !w->external);
  f->out = LUV_OUT_STACK;
  luv__check_crossing(W);
  switch (out) {
    case LUV_OUT_STACK: return f->nargs;
    case LUV_OUT_DATA: return data(w, W);
    case LUV_OUT_TRUE: lua_pushboolean(W, 1); return 1;
    case LUV_OUT_SELF: return self(L, W);
    case LUV_OUT_COUNT: lua_pushnumber(W, (lua_Number)w->arg); return 1;
    case LUV_OUT_ERROR: return luv__fail(W, (int)(int64_t)w->arg);
    case LUV_OUT_TIMEOUT:
      return w->op == LUV_OP_WRITE ? luv__write_timed_out(W, w->done) : luv__fail(W, UV_ETIMEDOUT);
    case LUV_OUT_OBJECT: return luv__push_accepted(S, L, W, w->on);
    case LUV_OUT_JOINED: return luv__push_joined(S, w->on, W);
    case LUV_OUT_VALUES: return values(S, f, L, W);
    case LUV_OUT_CASE: return luv__case_outcome(S, f, W);
    case LUV_OUT_PARCEL: return luv__zmq_deliver(S, f, L, W);
    case LUV_OUT_MSG: return luv__msg_deliver(S, f, W);
    case LUV_OUT_TASK: return luv__thread_joined(S, f, W);
    case LUV_OUT_CANCEL:
      luv__push_cancelled(S, W, f);
      return LUV_RAISE;
    case LUV_OUT_FS: return luv__fs_deliver(S, f, L, W);
    case LUV_OUT_CHANGE: return luv__push_change(S, L, W);
    case LUV_OUT_EXIT: return luv__push_exit(W, w->arg);
    case LUV_OUT_DATAGRAM: return luv__udp_deliver(S, f, W);
    case LUV_OUT_READY: return luv__push_ready(f, W);
    case LUV_OUT_EXPIRED: luv__push_expired(S, W); return LUV_RAISE;
    case LUV_OUT_DEADLOCK: luv__deadlock_report(S, W); return LUV_RAISE;
    default: return raise_text(L, W, w->on);
  }
}
