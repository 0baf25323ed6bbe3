/* suspend.c - the two small Lua functions that luv puts between a script and C.
 *
 * Lua 5.1 cannot resume a thread whose bottom function is written in C and has yielded.
 * A C function that is to run as a fiber, a coroutine or in a pcall gets a Lua function
 * under it: `body`.
 *
 * On LuaJIT nothing may run fibers from a finaliser or a debug hook: it takes each of
 * their yields for one of the hook's. The probe finds out: such a yield loses its value.
 *
 * The other is how LuaJIT raises an error in a call that waits.
 *
 * To end a wait by an error (cancel, luv.timeout, join of a fiber that failed), the
 * suspended call must raise. On Lua 5.1 a count hook on its thread does it at the first
 * instruction after the resume. LuaJIT removes a frame that makes a tail call, so
 * there the next instruction may lie outside the pcall around the call. Hence on LuaJIT
 * each face that can wait stands behind a small Lua function, which raises when the
 * first result is the mark. That costs as much as a message of ØMQ does, so send and recv
 * have a function of their own, without varargs: recv gets the frames of a longer message
 * as a table (LUV_ZMQ_PACKED). Where there is the FFI, they try first without waiting, in
 * a way that LuaJIT can compile (zmq_fast.c). */
#include "luv.h"

static const char source[] =
  "local mark, error, unpack, state, try_send, try_recv = ...\n"
  "local type = type\n"
  "local ffi = state and select(2, pcall(require, 'ffi'))\n"
  "local there = type(ffi) == 'table'\n"
  "local put = there and ffi.cast('int (*)(void *, const void *, const char *, size_t)', try_send)\n"
  "local take = there and ffi.cast('const char *(*)(void *, const void *, double *)', try_recv)\n"
  "local here = there and ffi.cast('void *', state)\n"
  "local text, length = there and ffi.string, there and ffi.new('double[1]')\n"
  "local function check(...)\n"
  "  if ... == mark then local _, e = ...; error(e, 0) end\n"
  "  return ...\n"
  "end\n"
  "local function send(fn)\n"
  "  return function(s, message, timeout)\n"
  "    if there and timeout == nil and type(message) == 'string' and type(s) == 'userdata' and\n"
  "       put(here, s, message, #message) ~= 0 then return s end\n"
  "    local a, b, c = fn(s, message, timeout)\n"
  "    if a == mark then error(b, 0) end\n"
  "    return a, b, c\n"
  "  end\n"
  "end\n"
  "local function recv(fn)\n"
  "  return function(s, timeout)\n"
  "    if there and timeout == nil and type(s) == 'userdata' then\n"
  "      local p = take(here, s, length)\n"
  "      if p ~= nil then return text(p, length[0]) end\n"
  "    end\n"
  "    local a, b, c = fn(s, timeout)\n"
  "    if b == nil then return a end\n"
  "    if a == mark then error(b, 0) end\n"
  "    if a then return unpack(b, 1, c) end\n"
  "    return a, b, c\n"
  "  end\n"
  "end\n"
  "return function(fn, kind)\n"
  "  if kind then return (kind == 1 and send or recv)(fn) end\n"
  "  return function(...) return check(fn(...)) end\n"
  "end";

static const char body[] = "return function(fn, ...) return fn(...) end";

static void ref_body(luv_state *S, lua_State *L) {
  if (luaL_loadbuffer(L, body, sizeof body - 1, "=luv")) lua_error(L);
  lua_call(L, 0, 1);
  S->ref_body = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pushliteral(L, "attempt to yield across metamethod/C-call boundary");
  S->ref_boundary = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* Pushes `body` if the function at idx needs it; returns how many values that was. Only
 * functions that can yield get it (`all`: any C function), since it shows: the level
 * above an error in the function is Lua then. */
int luv__push_body(luv_state *S, lua_State *L, int idx, int all) {
  lua_CFunction fn = S->jit ? NULL : lua_tocfunction(L, idx);
  if (LUV_LIKELY(!fn)) return 0;
  if (!all && fn != S->native_yield && !luv__can_wait(fn)) return 0;
  if (fn == S->native_error) return 0; /* its message would say where the body is */
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_body);
  return 1;
}

static int yield_one(lua_State *L) {
  lua_pushboolean(L, 1);
  return lua_yield(L, 1);
}

static const char probing[] = "local yield = ... while true do yield() end";

static void make_probe(luv_state *S, lua_State *L) {
  S->probe = lua_newthread(L);
  lua_rawseti(L, LUA_REGISTRYINDEX, S->ref_probe);
  if (luaL_loadbuffer(S->probe, probing, sizeof probing - 1, "=luv")) luaL_error(L, "luv: no probe");
  lua_pushcfunction(S->probe, yield_one);
  lua_resume(S->probe, 1);
}

/* Raises where L is in a finaliser or a hook, which cannot wait there. */
void luv__check_hook(luv_state *S, lua_State *L) {
  if (!S->jit) return;
  lua_settop(S->probe, 0);
  if (lua_resume(S->probe, 0) == LUA_YIELD && lua_gettop(S->probe) == 1) return;
  make_probe(S, L);
  luv__error(S, L, "cannot wait in a finalizer or a debug hook");
}

/* Makes all of them; called while the state is set up. */
void luv__wrapper_open(luv_state *S, lua_State *L) {
  ref_body(S, L);
  if (luaL_loadbuffer(L, source, sizeof source - 1, "=luv")) lua_error(L);
  lua_pushlightuserdata(L, (void *)&luv__suspended);
  lua_getglobal(L, "error");
  S->native_error = lua_tocfunction(L, -1);
  lua_getglobal(L, "unpack");
  if (S->jit) lua_pushlightuserdata(L, S);
  else lua_pushnil(L);
  lua_pushlightuserdata(L, (void *)luv_zmq_try_send);
  lua_pushlightuserdata(L, (void *)luv_zmq_try_recv);
  lua_call(L, 6, 1);
  S->ref_wrapper = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pushboolean(L, 0);
  S->ref_probe = luaL_ref(L, LUA_REGISTRYINDEX);
  if (S->jit) make_probe(S, L);
}

void luv__wrap_suspending(luv_state *S, lua_State *L) {
  lua_CFunction fn = lua_tocfunction(L, -1);
  if (!S->jit) return;
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_wrapper);
  lua_insert(L, -2);
  if (fn == luv_zmq_send) lua_pushinteger(L, 1);
  else if (fn == luv_zmq_recv) lua_pushinteger(L, 2);
  else lua_pushnil(L);
  lua_call(L, 2, 1);
}
