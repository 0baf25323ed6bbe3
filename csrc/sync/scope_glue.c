/* scope_glue.c - the part of luv.scope that is written in Lua, since it calls what can wait. */
#include "sync.h"

static const char scope[] =
  "local create, failed, wait, leave, call, cancelled, traceback = ...\n"
  "local type, error, unpack, select, pcall = type, error, unpack, select, pcall\n"
  "local function handler(e) return {e, traceback and traceback('', 2)} end\n"
  "local function finish(s, ok, ...)\n"
  "  if not ok then\n"
  "    local e = ...\n"
  "    if type(e) == 'table' then failed(s, e[1], e[2]) else failed(s, e) end\n"
  "  end\n"
  "  local done, e = pcall(wait, s)\n"
  "  if not done then\n"      /* a deadlock, Ctrl-C: the children go first */
  "    failed(s, e)\n"
  "    wait(s)\n"
  "  end\n"
  "  leave(s)\n"
  "  return ...\n"
  "end\n"
  "local function pack(...) return {n = select('#', ...), ...} end\n"
  "local function lives(o)\n"
  "  if o.status then return o:status() ~= 'dead' end\n"
  "  local ok, _, _, code = pcall(o.wait, o, 0)\n"
  "  return not ok or code == 'ETIMEDOUT'\n"
  "end\n"
  "local function watch(o)\n"
  "  local wait = o.join or o.wait\n"
  "  local r = pack(pcall(wait, o))\n"
  "  if r[1] then return unpack(r, 2, r.n) end\n"
  "  local stop = cancelled(r[2]) and (o.cancel or o.kill)\n"
  "  if stop then stop(o) end\n"
  "  while stop and lives(o) do pcall(wait, o) end\n" /* a second cancel leaves nothing behind */
  "  error(r[2], 0)\n"
  "end\n"
  "return function(fn, ...)\n"
  "  local s = create(fn)\n"
  "  return finish(s, call(handler, fn, s, ...))\n"
  "end, watch";

/* ok, ... = call(handler, fn, ...): xpcall with arguments, which Lua 5.1's does not take */
static int call(lua_State *L) {
  lua_pushboolean(L, lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 1) == 0);
  lua_replace(L, 1);
  return lua_gettop(L);
}

static const luv_face create = {.fn = luv__scope_create}, failed = {.fn = luv__scope_failed},
                      wait = {.fn = luv__scope_wait, .waits = 1}, leave = {.fn = luv__scope_leave},
                      cancelled = {.fn = luv_cancelled};

/* The face on top is not called: it gives its name to the function in Lua. */
void luv__scope_glue(luv_state *S, lua_State *L) {
  lua_pop(L, 1);
  luv__load(S, L, scope, sizeof scope - 1);
  luv__push_face(S, L, &create, luv__class_scope.id);
  luv__push_face(S, L, &failed, luv__class_scope.id);
  luv__push_face(S, L, &wait, luv__class_scope.id);
  luv__push_face(S, L, &leave, luv__class_scope.id);
  lua_pushcfunction(L, call);
  luv__push_face(S, L, &cancelled, 0);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_traceback);
  lua_call(L, 7, 2);
  luv__sync(S)->ref_watch = luaL_ref(L, LUA_REGISTRYINDEX);
}
