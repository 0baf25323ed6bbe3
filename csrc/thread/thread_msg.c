/* thread_msg.c - one value on its way between threads. Scalars and short strings stand in
 * the message itself; all else is a blob of the codec's. */
#include <math.h>
#include "thread.h"

static int pack_short(luv_msg *m, const char *p, size_t n) {
  m->kind = LUV_MSG_SHORT;
  m->n = (uint8_t)n;
  memcpy(m->u.s, p, n);
  return 0;
}

/* The value at idx; -1: what cannot be passed is on L. */
int luv__msg_pack(luv_state *S, lua_State *L, int idx, luv_msg *m) {
  size_t n;
  const char *p;
  switch (lua_type(L, idx)) {
    case LUA_TNONE:
    case LUA_TNIL: m->kind = LUV_MSG_NIL; return 0;
    case LUA_TBOOLEAN: m->kind = lua_toboolean(L, idx) ? LUV_MSG_TRUE : LUV_MSG_FALSE; return 0;
    case LUA_TNUMBER:
      m->kind = LUV_MSG_NUMBER;
      m->u.number = lua_tonumber(L, idx);
      return 0;
    case LUA_TSTRING:
      p = lua_tolstring(L, idx, &n);
      if (n <= sizeof m->u.s) return pack_short(m, p, n);
      break;
    default: break;
  }
  m->kind = LUV_MSG_NIL;
  luaL_checkstack(L, 10, "luv");
  if (luv__encode(S, L, idx, 1, LUV_CODEC_TRUSTED | LUV_CODEC_STAYS, &m->u.blob)) return -1;
  m->kind = LUV_MSG_BLOB;
  return 0;
}

static int push_blob(luv_state *S, lua_State *W, luv_msg *m) {
  int n = luv__decode(S, W, m->u.blob.p, m->u.blob.n, LUV_CODEC_TRUSTED);
  luv__msg_free(m);
  return n < 0 ? LUV_RAISE : n;
}

/* Pushes it and frees it. May raise, for memory, with nothing left to free. */
int luv__msg_push(luv_state *S, lua_State *W, luv_msg *m) {
  if (LUV_LIKELY(m->kind == LUV_MSG_SHORT)) {
    lua_pushlstring(W, m->u.s, m->n);
    return 1;
  }
  if (!lua_checkstack(W, 10)) {
    luv__msg_free(m);
    luaL_error(W, "stack overflow");
  }
  switch (m->kind) {
    case LUV_MSG_BLOB: return push_blob(S, W, m);
    case LUV_MSG_NUMBER: lua_pushnumber(W, m->u.number); break;
    case LUV_MSG_TASK: lua_pushlightuserdata(W, m->u.task); break;
    case LUV_MSG_NIL: lua_pushnil(W); break;
    default: lua_pushboolean(W, m->kind == LUV_MSG_TRUE);
  }
  return 1;
}

/* A task that no thread has taken will not be run. */
void luv__task_refuse(luv_task *t, const char *why) {
  t->problem = why;
  luv__task_end(t, LUV_TASK_FAILED);
  luv__core_drop(&t->core);
}

void luv__msg_free(luv_msg *m) {
  if (m->kind == LUV_MSG_BLOB) luv__blob_free(&m->u.blob);
  if (m->kind == LUV_MSG_TASK) luv__task_refuse(m->u.task, "the pool is closed");
  m->kind = LUV_MSG_NIL;
}

/* What a fiber has been given while it waited. */
int luv__msg_deliver(luv_state *S, luv_fiber *f, lua_State *L, lua_State *W) {
  luv_msg m = *(luv_msg *)f->wait.on;
  (void)L;
  free(f->wait.on);
  f->wait.on = NULL;
  return luv__msg_push(S, W, &m);
}
