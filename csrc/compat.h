/* compat.h - the Lua headers, and every difference between hosts.
 *
 * The one luv.so is compiled against Lua 5.1's headers and runs in lua5.1 and
 * in LuaJIT: their C interfaces are binary compatible. What differs in
 * behaviour is asked at run time (luv_state.jit).
 *
 * All Lua functions are weak here: the host process defines them. A Go program
 * that uses only package uv then links without any Lua. */
#ifndef LUV_COMPAT_H
#define LUV_COMPAT_H

#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>

#pragma weak lua_newthread
#pragma weak lua_gettop
#pragma weak lua_settop
#pragma weak lua_pushvalue
#pragma weak lua_remove
#pragma weak lua_insert
#pragma weak lua_replace
#pragma weak lua_checkstack
#pragma weak lua_xmove
#pragma weak lua_isnumber
#pragma weak lua_isstring
#pragma weak lua_iscfunction
#pragma weak lua_type
#pragma weak lua_typename
#pragma weak lua_rawequal
#pragma weak lua_tonumber
#pragma weak lua_tointeger
#pragma weak lua_toboolean
#pragma weak lua_tolstring
#pragma weak lua_objlen
#pragma weak lua_tocfunction
#pragma weak lua_touserdata
#pragma weak lua_tothread
#pragma weak lua_topointer
#pragma weak lua_pushnil
#pragma weak lua_pushnumber
#pragma weak lua_pushinteger
#pragma weak lua_pushlstring
#pragma weak lua_pushstring
#pragma weak lua_pushvfstring
#pragma weak lua_pushfstring
#pragma weak lua_pushcclosure
#pragma weak lua_pushboolean
#pragma weak lua_pushlightuserdata
#pragma weak lua_pushthread
#pragma weak lua_getfield
#pragma weak lua_rawget
#pragma weak lua_rawgeti
#pragma weak lua_createtable
#pragma weak lua_newuserdata
#pragma weak lua_getmetatable
#pragma weak lua_getfenv
#pragma weak lua_setfield
#pragma weak lua_settable
#pragma weak lua_rawset
#pragma weak lua_rawseti
#pragma weak lua_setmetatable
#pragma weak lua_setfenv
#pragma weak lua_call
#pragma weak lua_pcall
#pragma weak lua_cpcall
#pragma weak lua_yield
#pragma weak lua_resume
#pragma weak lua_status
#pragma weak lua_gc
#pragma weak lua_error
#pragma weak lua_next
#pragma weak lua_concat
#pragma weak lua_getstack
#pragma weak lua_getinfo
#pragma weak lua_sethook
#pragma weak lua_gethook
#pragma weak lua_gethookmask
#pragma weak lua_gethookcount
#pragma weak luaL_ref
#pragma weak luaL_unref
#pragma weak luaL_loadbuffer
#pragma weak luaL_where
#pragma weak luaL_error
#pragma weak luaL_checkstack
#pragma weak luaL_checktype
#pragma weak luaL_checkany
#pragma weak luaL_typerror
#pragma weak luaL_callmeta
#pragma weak luaL_argerror

/* Only LuaJIT defines it: its presence tells which host this is. */
extern int luaJIT_setmode(lua_State *L, int idx, int mode) __attribute__((weak));

#endif
