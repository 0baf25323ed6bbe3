/* outcome.c - what a wait came to, as the values that its call returns.
 *
 * libuv's callbacks record an outcome and wake; the values are made here, when the fiber has
 * its turn (DESIGN rule 5): by deliver.c, or by the call itself. */
#include "bytes.h"

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

typedef struct { luv_state *S; luv_values *v; } answer;

static int push_answer(lua_State *W, void *ud) {
  answer *a = ud;
  return luv__values_push(a->S, W, a->v);
}

static void free_answer(void *ud) { luv__values_free(((answer *)ud)->v); }

/* The results of an operation of Go's; SELF stands for the object of the call. */
static int values(luv_state *S, luv_fiber *f, lua_State *L, lua_State *W) {
  answer a = {S, f->wait.on};
  luv_maker m = {push_answer, free_answer, &a, NULL};
  f->wait.on = NULL;
  if (a.v->lost || a.v->n != 1 || a.v->v[0].type != LUV_V_SELF) return luv__push_safely(S, W, m);
  free_answer(&a);
  return self(L, W);
}

int luv__outcome(luv_state *S, luv_fiber *f, lua_State *L, lua_State *W) {
  luv_wait *w = &f->wait;
  int out = f->out;
  luv_assert(f->status != LUV_WAITING && queue_empty(&w->node) && !w->external);
  f->out = LUV_OUT_STACK;
  if (luv__can_be_repeated(f, out)) luv__check_crossing(W); /* the others have allocated nothing here */
  switch (out) {
    case LUV_OUT_STACK: return f->nargs;
    case LUV_OUT_DATA: lua_pushlstring(W, w->on, (size_t)w->arg); return 1;
    case LUV_OUT_TRUE: lua_pushboolean(W, 1); return 1;
    case LUV_OUT_SELF: return self(L, W);
    case LUV_OUT_COUNT: lua_pushnumber(W, (lua_Number)w->arg); return 1;
    case LUV_OUT_ERROR: return luv__fail_of(W, L, (int)(int64_t)w->arg);
    case LUV_OUT_TIMEOUT: return luv__fail(W, UV_ETIMEDOUT);
    case LUV_OUT_JOINED: return luv__push_joined(S, w->on, W);
    case LUV_OUT_VALUES: return values(S, f, L, W);
    case LUV_OUT_OWN: return w->op->deliver(S, f, L, W);
    case LUV_OUT_CANCEL:
      luv__push_cancelled(S, W, f);
      return LUV_RAISE;
    case LUV_OUT_EXPIRED: luv__push_expired(S, W); return LUV_RAISE;
    case LUV_OUT_DEADLOCK: luv__deadlock_report(S, W); return LUV_RAISE;
    default: return raise_text(L, W, w->on);
  }
}
