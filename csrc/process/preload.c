/* preload.c - luv for a state that Go has made: there require("luv") looks for no file, it
 * takes the luv of this program. */
#include "luvprocess.h"


static int preload(lua_State *L) {
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "preload");
  lua_pushcfunction(L, luaopen_luv);
  lua_setfield(L, -2, "luv");
  luv__preload_embedded(L);
  return 0;
}

/* 0 for success; else the error is on L. Called from Go. */
int luv__preload(lua_State *L) { return lua_cpcall(L, preload, NULL); }
