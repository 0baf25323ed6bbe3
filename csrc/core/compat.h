/* compat.h - the Lua headers, and every difference between hosts.
 *
 * The one luv.so is compiled against Lua 5.1's headers and runs in lua5.1 and
 * in LuaJIT: their C interfaces are binary compatible. What differs in
 * behaviour is asked at run time (luv_state.jit).
 *
 * All Lua functions are weak here, whichever of them are used: the host process defines
 * them. A Go program that uses only package uv then links without any Lua. */
#ifndef LUV_COMPAT_H
#define LUV_COMPAT_H

#include <luaconf.h>
#undef LUA_API
#define LUA_API extern __attribute__((weak))

#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>

/* Only LuaJIT defines it: its presence tells which host this is. */
extern int luaJIT_setmode(lua_State *L, int idx, int mode) __attribute__((weak));
extern int lua_isyieldable(lua_State *L) __attribute__((weak));
extern void *lua_upvalueid(lua_State *L, int idx, int n) __attribute__((weak));
extern void lua_upvaluejoin(lua_State *L, int f, int i, int g, int j) __attribute__((weak));

extern int backtrace(void **to, int most) __attribute__((weak)); /* glibc's: other C libraries have none */

int luaopen_luv(lua_State *L);
int luaopen_luv_socket(lua_State *L);
int luaopen_luv_socket_unix(lua_State *L);
int luaopen_luv_ssl(lua_State *L);
int luaopen_luv_compat(lua_State *L);

/* The longest string that the host makes: LJ_MAX_STR - 1 of lj_def.h, or what a double counts. */
#define LUV_MAX_STRING (luaJIT_setmode ? (uint64_t)0x7ffffeff : (uint64_t)1 << 53)

#endif
