/* thread_chan_wrap.c - put and get for LuaJIT: what is a short string or a number goes in a way that
 * it can compile (thread_chan_fast.c). */
#include "thread.h"

/* Most threads use a channel now and then, and the FFI takes memory: it waits until it pays. */
static const char thread_chan[] =
  "local mark, error, state, a, b, c = ...\n"
  "local type, pcall, require = type, pcall, require\n"
  "local there, put_text, put_number, get_plain, how, room, here, text\n"
  "local calls = 0\n"
  "local function count()\n"
  "  calls = calls + 1\n"
  "  if calls ~= 100 then return end\n"
  "  local ok, ffi = pcall(require, 'ffi')\n"
  "  if not ok or not jit.status() then return end\n"
  "  put_text = ffi.cast('int (*)(void *, const void *, const char *, size_t)', a)\n"
  "  put_number = ffi.cast('int (*)(void *, const void *, double)', b)\n"
  "  get_plain = ffi.cast('int (*)(void *, const void *, double *, char *)', c)\n"
  "  here, how, text = ffi.cast('void *', state), ffi.new('double[1]'), ffi.string\n"
  "  room = ffi.new('char[64]')\n"
  "  there = true\n"
  "end\n"
  "local function thread_put(fn)\n"
  "  return function(s, v, timeout, more)\n"
  "    if there and timeout == nil and more == nil and type(s) == 'userdata' then\n"
  "      local t = type(v)\n"
  "      if t == 'string' then\n"
  "        if put_text(here, s, v, #v) ~= 0 then return s end\n"
  "      elseif t == 'number' then\n"
  "        if put_number(here, s, v) ~= 0 then return s end\n"
  "      end\n"
  "    end\n"
  "    if not there then count() end\n"
  "    local x, y, z = fn(s, v, timeout, more)\n"
  "    if x == mark then error(y, 0) end\n"
  "    if z == nil then return x end\n"
  "    return x, y, z\n"
  "  end\n"
  "end\n"
  "local function thread_get(fn)\n"
  "  return function(s, timeout, more)\n"
  "    if there and timeout == nil and more == nil and type(s) == 'userdata' then\n"
  "      local n = get_plain(here, s, how, room)\n"
  "      if n >= 0 then return text(room, n) end\n"
  "      if n == -1 then return how[0] end\n"
  "    end\n"
  "    if not there then count() end\n"
  "    local x, y, z = fn(s, timeout, more)\n"
  "    if x == mark then error(y, 0) end\n"
  "    if z == nil then return x end\n"
  "    return x, y, z\n"
  "  end\n"
  "end\n"
  "return thread_put, thread_get";

static void push(luv_state *S, lua_State *L) {
  (void)S;
  lua_pushlightuserdata(L, (void *)luv_thread_chan_put_text);
  lua_pushlightuserdata(L, (void *)luv_thread_chan_put_number);
  lua_pushlightuserdata(L, (void *)luv_thread_chan_take);
}

const luv_wrapper luv__thread_chan_wrap = {thread_chan, sizeof thread_chan - 1, push};
