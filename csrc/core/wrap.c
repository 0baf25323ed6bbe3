/* wrap.c - how LuaJIT raises an error in a call that has yielded.
 *
 * To end a wait by an error (cancel, luv.timeout, join of a fiber that failed), the
 * suspended call must raise. On Lua 5.1 there is no pcall around a call that yields: the fiber
 * ends. On LuaJIT there may be one, and only code on the fiber's own thread can raise. So there
 * each face that can wait stands behind a small Lua function, which raises when the first
 * result is the mark.
 *
 * That costs as much as a message of ØMQ does, so those that are called most have a function of
 * their own, without varargs (luv_wrapper). Where there is the FFI some try first without waiting,
 * in a way that LuaJIT can compile. They are made when their class is. One argument too many is
 * passed on, for C to refuse. */
#include "luv.h"

const char luv__raised = 0;

static const char any[] =
  "local mark, error = ...\n"
  "local function check(...)\n"
  "  if ... == mark then local _, e = ...; error(e, 0) end\n"
  "  return ...\n"
  "end\n"
  "return function(fn) return function(...) return check(fn(...)) end end";

static const char some[] =
  "local mark, error = ...\n"
  "return function(fn)\n"
  "  return function(s, a, b, more)\n"
  "    local x, y, z\n"
  "    if more ~= nil then x, y, z = fn(s, a, b, more)\n"
  "    elseif b ~= nil then x, y, z = fn(s, a, b)\n"
  "    elseif a ~= nil then x, y, z = fn(s, a)\n"
  "    else x, y, z = fn(s) end\n"
  "    if x == mark then error(y, 0) end\n"
  "    if z == nil then return x end\n"
  "    return x, y, z\n"
  "  end\n"
  "end";

const luv_wrapper luv__wrap_any = {any, sizeof any - 1, NULL}, luv__wrap_some = {some, sizeof some - 1, NULL};

/* Pushes the table of the functions that the wrapper's chunk returns. */
static void make(luv_state *S, lua_State *L, const luv_wrapper *w) {
  int i, top = lua_gettop(L);
  luv__load(S, L, w->source, w->size);
  lua_pushlightuserdata(L, (void *)&luv__raised);
  luv__push_native(S, L, "error");
  lua_pushlightuserdata(L, S);
  if (w->push) w->push(S, L);
  lua_call(L, lua_gettop(L) - top - 1, LUA_MULTRET);
  lua_createtable(L, lua_gettop(L) - top, 0);
  lua_insert(L, top + 1);
  for (i = lua_gettop(L) - top - 1; i > 0; i--) lua_rawseti(L, top + 1, i);
}

/* The same, made once for each state. */
static void push_makers(luv_state *S, lua_State *L, const luv_wrapper *w) {
  lua_pushlightuserdata(L, (void *)w);
  lua_rawget(L, LUA_REGISTRYINDEX);
  if (!lua_isnil(L, -1)) return;
  lua_pop(L, 1);
  make(S, L, w);
  lua_pushlightuserdata(L, (void *)w);
  lua_pushvalue(L, -2);
  lua_rawset(L, LUA_REGISTRYINDEX);
}

static void wrap(luv_state *S, lua_State *L, const luv_face *face) {
  luaL_checkstack(L, 16, "luv");
  push_makers(S, L, face->wrapper ? face->wrapper : &luv__wrap_any);
  lua_rawgeti(L, -1, face->maker + 1);
  lua_replace(L, -2);
  lua_insert(L, -2);
  lua_call(L, 1, 1);
}

void luv__dress(luv_state *S, lua_State *L, const luv_face *face) {
  if (S->jit && face->waits) wrap(S, L, face);
  if (face->glue) face->glue(S, L);
}

void luv__push_face(luv_state *S, lua_State *L, const luv_face *face, int class_id) {
  lua_pushlightuserdata(L, S);
  lua_pushinteger(L, class_id);
  lua_pushcclosure(L, face->fn, 2);
  luv__dress(S, L, face);
}

void luv__push_iterator(luv_state *S, lua_State *W, const luv_face *face) {
  lua_pushlightuserdata(W, S);
  lua_insert(W, -2);
  lua_pushcclosure(W, face->fn, 2);
  luv__dress(S, W, face);
}

void luv__index_by(luv_state *S, lua_State *L, lua_CFunction fn) {
  lua_pushlightuserdata(L, S);
  lua_insert(L, -2);
  lua_pushcclosure(L, fn, 2);
}
