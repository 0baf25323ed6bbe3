/* embedded.c - the modules of luv that are written in Lua: text in luv.so, which nobody compiles who
 * does not ask for it.
 *
 * require("luv.socket") finds luv.so by Lua's own loader of all-in-one libraries, and luaopen_luv_socket
 * in it. A module's chunk is called with luv and a function that gives it the other ones, by name:
 * each is run once for each state, and kept in its registry. */
#include "luv.h"

static const char kept[] = "luv.embedded";

/* Pushes the compiled chunk. */
static void compile(lua_State *L, const char *name) {
  char title[80];
  size_t n;
  char *text = luv__go_source(name, &n);
  int failed;
  if (!text) luaL_error(L, "luv has no module '%s'", name);
  snprintf(title, sizeof title, "=luv.%s", name);
  failed = luaL_loadbuffer(L, text, n, title);
  free(text);
  if (failed) lua_error(L);
}

static void push_kept(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, kept);
  if (!lua_isnil(L, -1)) return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_setfield(L, LUA_REGISTRYINDEX, kept);
}

/* module = load(name) */
static int load(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  lua_settop(L, 1);
  push_kept(L);
  lua_getfield(L, 2, name);
  if (!lua_isnil(L, 3)) return 1;
  luaopen_luv(L); /* may refuse */
  compile(L, name);
  lua_insert(L, -2);
  lua_pushcfunction(L, load);
  lua_call(L, 2, 1);
  lua_pushvalue(L, -1);
  lua_setfield(L, 2, name);
  return 1;
}

/* Pushes the module of that name. May raise. */
int luv__push_embedded(lua_State *L, const char *name) {
  luaL_checkstack(L, 4, "luv");
  lua_pushcfunction(L, load);
  lua_pushstring(L, name);
  lua_call(L, 1, 1);
  return 1;
}

#define SHOWN __attribute__((visibility("default")))
SHOWN int luaopen_luv_socket(lua_State *L) { return luv__push_embedded(L, "socket"); }
SHOWN int luaopen_luv_socket_unix(lua_State *L) { return luv__push_embedded(L, "socket.unix"); }
SHOWN int luaopen_luv_ssl(lua_State *L) { return luv__push_embedded(L, "ssl"); }
SHOWN int luaopen_luv_compat(lua_State *L) { return luv__push_embedded(L, "install.compat"); }

/* Adds them to package.preload, on top, for a state that looks for no file. */
void luv__preload_embedded(lua_State *L) {
  lua_pushcfunction(L, luaopen_luv_socket);
  lua_setfield(L, -2, "luv.socket");
  lua_pushcfunction(L, luaopen_luv_socket_unix);
  lua_setfield(L, -2, "luv.socket.unix");
  lua_pushcfunction(L, luaopen_luv_ssl);
  lua_setfield(L, -2, "luv.ssl");
  lua_pushcfunction(L, luaopen_luv_compat);
  lua_setfield(L, -2, "luv.compat");
}
