/* fiber_env.c - what belongs to a fiber and is seldom needed: its userdata's environment
 * table, made when first asked for. It holds the thread while no anchor does (before
 * ready() and after death), the locals, the name, and why it was cancelled.
 *
 * LUV_F_ENV: the fiber has such a table. LUV_F_LOCALS: there is more in it than the
 * thread, so it stays the fiber's when that is anchored. */
#include "luv.h"

enum { ENV_THREAD = 1, ENV_LOCALS, ENV_REASON, ENV_NAME };

/* Pushes the fiber's own environment table, made when first asked for. f is at idx. */
static void push_env(luv_state *S, lua_State *L, int idx, luv_fiber *f) {
  (void)S;
  if (f->flags & LUV_F_ENV) {
    lua_getfenv(L, idx);
    return;
  }
  lua_createtable(L, 1, 0);
  lua_pushvalue(L, -1);
  lua_setfenv(L, idx);
  f->flags |= LUV_F_ENV;
}

/* A fiber has a table from create() to ready(), most often: one is enough for a script
 * that makes its fibers ready as it makes them. */
static void take_spare(luv_state *S, lua_State *L) {
  if (!S->spare) {
    lua_createtable(L, 1, 0);
    return;
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_spare);
  lua_pushboolean(L, 0);
  lua_rawseti(L, LUA_REGISTRYINDEX, S->ref_spare);
  S->spare = 0;
}

/* The table of the fiber at 1, which nothing else has been put into. */
static void give_spare(luv_state *S, lua_State *L) {
  if (!S->spare) {
    lua_getfenv(L, 1);
    lua_pushnil(L);
    lua_rawseti(L, -2, ENV_THREAD);
    lua_rawseti(L, LUA_REGISTRYINDEX, S->ref_spare);
    S->spare = 1;
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_env);
  lua_setfenv(L, 1);
}

/* Replaces the thread on top by its fiber, below it, which holds it from now on. */
void luv__env_hold_new(luv_state *S, lua_State *L, luv_fiber *f) {
  take_spare(S, L);
  lua_insert(L, -2);
  lua_rawseti(L, -2, ENV_THREAD);
  lua_setfenv(L, -2);
  f->flags |= LUV_F_ENV;
}

/* The fiber at 1 has been anchored. */
void luv__env_started(luv_state *S, lua_State *L, luv_fiber *f) {
  if (f->flags & LUV_F_LOCALS) return;
  give_spare(S, L);
  f->flags &= (uint8_t)~LUV_F_ENV;
}

/* Keeps the thread, with the results or the error on it, for as long as Lua holds the
 * fiber. A fiber that returned nothing needs no thread. */
void luv__env_hold_dead(luv_state *S, luv_fiber *f) {
  lua_State *M = S->M;
  luv__push_fiber(S, M, f);
  push_env(S, M, lua_gettop(M), f);
  luv__push_thread(f->base, M);
  lua_rawseti(M, -2, ENV_THREAD);
  lua_pop(M, 2);
}

/* Keeps the reason at 2 for which the fiber at 1 is cancelled. */
void luv__env_set_reason(luv_state *S, lua_State *L, luv_fiber *f) {
  push_env(S, L, 1, f);
  if (f->status == LUV_NEW) f->flags |= LUV_F_LOCALS;
  lua_pushvalue(L, 2);
  lua_rawseti(L, -2, ENV_REASON);
}

/* Pushes the error object of f's cancellation, for f to raise. */
void luv__push_cancelled(luv_state *S, lua_State *L, luv_fiber *f) {
  f->flags &= (uint8_t)~LUV_F_CANCEL;
  lua_createtable(L, 0, 1);
  if (!f->is_main) {
    luv__push_fiber(S, L, f);
    push_env(S, L, lua_gettop(L), f);
    lua_rawgeti(L, -1, ENV_REASON);
    lua_setfield(L, -4, "reason");
    lua_pop(L, 2);
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_cancelled);
  lua_setmetatable(L, -2);
}

/* t = fiber.locals: a table of its own, made when first asked for */
int luv__fiber_locals(luv_state *S, lua_State *L, luv_fiber *f) {
  push_env(S, L, 1, f);
  f->flags |= LUV_F_LOCALS;
  lua_rawgeti(L, -1, ENV_LOCALS);
  if (!lua_isnil(L, -1)) return 1;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_rawseti(L, -3, ENV_LOCALS);
  return 1;
}

/* Names the fiber at 1 by the string at 2. */
void luv__fiber_set_name(luv_state *S, lua_State *L, luv_fiber *f) {
  push_env(S, L, 1, f);
  lua_pushvalue(L, 2);
  lua_rawseti(L, -2, ENV_NAME);
  f->name = lua_tostring(L, 2);
  f->flags |= LUV_F_LOCALS;
  lua_settop(L, 1);
}

/* Pushes the name of the fiber at idx, if it has one; NULL: it has none. */
const char *luv__fiber_push_name(luv_state *S, lua_State *L, int idx, luv_fiber *f) {
  if (!f->name) return NULL;
  push_env(S, L, idx, f);
  lua_rawgeti(L, -1, ENV_NAME);
  lua_remove(L, -2);
  return lua_tostring(L, -1);
}
