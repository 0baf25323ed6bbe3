/* embed.c - luv driven by another loop: it polls luv.backend_fd() for at most
 * luv.backend_timeout(), then calls luv.run("nowait"). */
#include "luv.h"

/* fd = luv.backend_fd() */
int luv_backend_fd(lua_State *L) {
  lua_pushinteger(L, uv_backend_fd(luv_enter(L)->loop));
  return 1;
}

/* ms = luv.backend_timeout(): -1: no limit. What was added to the loop since it was last polled
 * is known to the descriptor only after a look. */
int luv_backend_timeout(lua_State *L) {
  luv_state *S = luv_enter(L);
  uint64_t first, now;
  int awake;
  if (S->depth == 0) luv__glance(S);
  awake = !luv__blocks(S); /* from here on other threads wake it through the descriptor */
  first = luv__due_first(S);
  now = uv_hrtime();
  if (awake || !luv_ready_empty(S) || first <= now || luv__outside_pending(S)) lua_pushnumber(L, 0);
  else if (first == LUV_FOREVER) lua_pushnumber(L, uv_backend_timeout(S->loop));
  else lua_pushnumber(L, (lua_Number)((first - now + 999999) / 1000000));
  return 1;
}
