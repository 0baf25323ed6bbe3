/* cboundary.c - what a C module may do between a fiber and a call that waits: call back, from a
 * deep stack; run another Lua state; and never come to an end of its stack. */
#include <alloca.h>
#include <string.h>
#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>

/* ... = call(fn, ...) */
static int call(lua_State *L) {
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

/* ... = deep(bytes, fn, ...): calls fn with so much of the C stack in use, which stays as it was */
static int deep(lua_State *L) {
  size_t n = (size_t)lua_tonumber(L, 1), i;
  unsigned char *room = alloca(n);
  for (i = 0; i < n; i++) room[i] = (unsigned char)(i * 31);
  lua_remove(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  for (i = 0; i < n; i++)
    if (room[i] != (unsigned char)(i * 31)) return luaL_error(L, "the stack has changed at %d", (int)i);
  return lua_gettop(L);
}

/* ... = state(code, string): what the code returns in a Lua state of its own, as strings */
static int state(lua_State *L) {
  const char *code = luaL_checkstring(L, 1), *s;
  lua_State *T = luaL_newstate();
  int i, n;
  luaL_openlibs(T);
  if (luaL_loadstring(T, code) == 0) {
    lua_pushstring(T, lua_tostring(L, 2));
    lua_pcall(T, 1, LUA_MULTRET, 0);
  }
  n = lua_gettop(T);
  luaL_checkstack(L, n, "results");
  for (i = 1; i <= n; i++) lua_pushstring(L, (s = lua_tostring(T, i)) ? s : luaL_typename(T, i));
  lua_close(T);
  return n;
}

static int endless(volatile char *p) {
  volatile char room[1000];
  room[0] = *p;
  return endless(room) + room[999];
}

static int overflow(lua_State *L) {
  char c = 1;
  lua_pushinteger(L, endless(&c));
  return 1;
}

int luaopen_cboundary(lua_State *L) {
  static const luaL_Reg fns[] = {
    {"call", call}, {"deep", deep}, {"state", state}, {"overflow", overflow}, {NULL, NULL}};
  lua_newtable(L);
  luaL_register(L, NULL, fns);
  return 1;
}
