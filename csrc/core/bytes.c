/* bytes.c - strings of bytes that others may take away.
 *
 * To make a string may collect, and a finaliser may close whatever the bytes belong to. So
 * few bytes are copied to the C stack first; of more, the block is held, and the call that makes
 * the string is protected, for the block to be let go of when there is no memory. */
#include "bytes.h"

#define FEW LUV_ARENA_PIECE

typedef struct { lua_State *to; int counted; const char *p; size_t n; int done; } job;
typedef struct { int (*fn)(lua_State *L, void *ud); void *ud; } call;

static int push(lua_State *W, int counted, const char *p, size_t n) {
  if (counted) lua_pushnumber(W, (lua_Number)n);
  lua_pushlstring(W, p, n);
  return 1 + counted;
}

static int make(lua_State *M) {
  job *j = lua_touserdata(M, 1);
  luv__check_crossing(M);
  if (j->done) return 0; /* what has failed was a finaliser, as the call ended */
  lua_xmove(M, j->to, push(M, j->counted, j->p, j->n));
  j->done = 1;
  return 0;
}

/* Prebuilt, since a closure would be an allocation before the protection. */
static int perform(lua_State *L) {
  call *c = lua_touserdata(L, 1);
  luv__check_crossing(L);
  lua_settop(L, 0);
  return c->fn(L, c->ud);
}

void luv__deliver_open(luv_state *S, lua_State *L) {
  lua_pushcfunction(L, perform);
  S->ref_deliver = luaL_ref(L, LUA_REGISTRYINDEX);
}

int luv__bytes_to(luv_state *S, lua_State *to, int counted, const char *p, size_t n) {
  job j = {to, counted, p, n, 0};
  int looking = S->looking, rc;
  S->looking = LUV_SERVING;
  rc = luv__protect_made(S, make, &j);
  S->looking = looking;
  return rc; /* done: it was a finaliser's error */
}

static int try_to_push(luv_state *S, lua_State *L, call *c, luv_maker m) {
  int rc;
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_deliver);
  lua_pushlightuserdata(L, c);
  rc = lua_pcall(L, 1, LUA_MULTRET, 0);
  if (rc && m.undo) m.undo(m.ud); /* before anything collects */
  return rc;
}

int luv__push_safely(luv_state *S, lua_State *L, luv_maker m) {
  call c = {m.fn, m.ud};
  int top = lua_gettop(L), rc = try_to_push(S, L, &c, m);
  if (rc && m.undo && luv__finalizer_failed_on(S, L)) {
    lua_settop(L, top);
    lua_gc(L, LUA_GCSTOP, 0);
    rc = try_to_push(S, L, &c, m);
    lua_gc(L, LUA_GCRESTART, 0);
  }
  if (m.release) m.release(m.ud);
  return rc ? lua_error(L) : lua_gettop(L) - top;
}

void luv__undo_nothing(void *ud) { (void)ud; }

static int make_string(lua_State *L, void *ud) {
  luv_bytes *h = ud;
  lua_pushlstring(L, h->p, h->n);
  return 1;
}

static void release(void *ud) {
  luv_bytes *h = ud;
  if (h->release) h->release(h->ud);
}

int luv__push_bytes(luv_state *S, lua_State *L, int counted, luv_bytes h) {
  luv_maker m = {make_string, release, &h, luv__undo_nothing};
  char few[FEW];
  if (h.n <= FEW) {
    memcpy(few, h.p, h.n);
    if (h.release) h.release(h.ud);
    return push(L, counted, few, h.n);
  }
  if (counted) lua_pushnumber(L, (lua_Number)h.n);
  return luv__push_safely(S, L, m) + counted;
}
