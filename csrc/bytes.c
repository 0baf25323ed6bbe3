/* bytes.c - strings of bytes that others may take away.
 *
 * To make a string may collect, and a finaliser may close whatever the bytes belong to. So
 * few bytes are copied to the C stack first; of more, the block is held, and the call that makes
 * the string is protected, for the block to be let go of when there is no memory. */
#include "bytes.h"

#define FEW LUV_ARENA_PIECE

typedef struct { lua_State *to; int counted; const char *p; size_t n; int done; } job; /* to NULL: returned */

static int push(lua_State *W, int counted, const char *p, size_t n) {
  if (counted) lua_pushnumber(W, (lua_Number)n);
  lua_pushlstring(W, p, n);
  return 1 + counted;
}

/* Prebuilt, since a closure would be an allocation before the protection. */
static int make(lua_State *W) {
  job *j = lua_touserdata(W, 1);
  int n;
  luv__check_crossing(W);
  n = push(W, j->counted, j->p, j->n);
  if (!j->to) return n;
  lua_xmove(W, j->to, n);
  j->done = 1;
  return 0;
}

void luv__deliver_open(luv_state *S, lua_State *L) {
  lua_pushcfunction(L, make);
  S->ref_deliver = luaL_ref(L, LUA_REGISTRYINDEX);
}

int luv__bytes_to(luv_state *S, lua_State *to, int counted, const char *p, size_t n) {
  job j = {to, counted, p, n, 0};
  if (luv__protect_still(S, make, &j) == 0) return 0;
  lua_pop(S->M, 1);
  return !j.done; /* done: it was a finaliser's error */
}

int luv__push_bytes(luv_state *S, lua_State *L, int counted, luv_bytes h) {
  char few[FEW];
  job j = {NULL, counted, h.p, h.n, 0};
  int rc;
  if (h.n <= FEW) {
    memcpy(few, h.p, h.n);
    if (h.release) h.release(h.ud);
    return push(L, counted, few, h.n);
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_deliver);
  lua_pushlightuserdata(L, &j);
  rc = lua_pcall(L, 1, 1 + counted, 0);
  if (h.release) h.release(h.ud);
  return rc ? lua_error(L) : 1 + counted;
}
