/* timeout.c - luv.timeout: one limit on all that a function does.
 *
 * It is a plain pcall with a record, on the C stack of the call, that hangs on the fiber while
 * fn runs; each wait of the fiber ends by the earliest of them. The error that unwinds fn is one
 * value per state: a luv.timeout that meets it returns if its own time has passed, so which of
 * several it was is not kept anywhere. */
#include "luv.h"

uint64_t luv__limit(const luv_fiber *f) {
  const luv_limit *l;
  uint64_t due = LUV_FOREVER;
  for (l = f->limits; l; l = l->outer)
    if (l->due < due) due = l->due;
  return due;
}

/* The error that unwinds a luv.timeout: one value per state. */
void luv__push_expired(luv_state *S, lua_State *L) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_expired);
}

static int has_expired(luv_state *S, lua_State *L, uint64_t due) {
  int is;
  luv__push_expired(S, L);
  is = lua_rawequal(L, -1, -2);
  lua_pop(L, 1);
  return is && due <= uv_hrtime();
}

/* ... = luv.timeout(seconds, fn, ...) */
int luv_timeout(lua_State *L) {
  luv_state *S = luv_enter(L);
  double seconds = luv__opt_timeout(S, L, 1, 1, "timeout");
  luv_fiber *me = luv__me(S);
  luv_limit limit = {me->limits, LUV_FOREVER};
  int status, n = lua_gettop(L);
  if (n < 2) return luv__arg_error(S, L, 2, "timeout", "value expected");
  if (seconds >= 0) limit.due = luv__due_in(S, seconds);
  lua_remove(L, 1);
  me->limits = &limit;
  status = lua_pcall(L, n - 2, LUA_MULTRET, 0);
  me->limits = limit.outer;
  if (status == 0) return lua_gettop(L);
  if (has_expired(S, L, limit.due)) return luv__fail(L, UV_ETIMEDOUT);
  return lua_error(L);
}
