/* zmq_wrap.c - send and recv for LuaJIT: they try first without waiting, in a way that it can
 * compile (zmq_fast.c). recv gets the frames of a longer message as a table (LUV_ZMQ_PACKED). */
#include "luvzmq.h"

static const char zmq[] =
  LUV_WRAP_TRIES
  "local put = there and ffi.cast('int (*)(void *, const void *, const char *, size_t)', a)\n"
  "local take = there and ffi.cast('int (*)(void *, const void *, char *)', b)\n"
  "local room = there and ffi.new('char[" LUV_STRING(LUV_ZMQ_FRAME) "]')\n"
  "local function send(fn)\n"
  "  return function(s, message, timeout, more)\n"
  "    if there and timeout == nil and more == nil and type(message) == 'string' and type(s) == 'userdata' and\n"
  "       put(here, s, message, #message) ~= 0 then return s end\n"
  "    local a, b, c = fn(s, message, timeout, more)\n"
  "    if a == mark then error(b, 0) end\n"
  "    return a, b, c\n"
  "  end\n"
  "end\n"
  "local function recv(fn)\n"
  "  return function(s, timeout, more)\n"
  "    if there and timeout == nil and more == nil and type(s) == 'userdata' then\n"
  "      local n = take(here, s, room)\n" /* nothing collects before there is a string */
  "      if n >= 0 then return text(room, n) end\n"
  "    end\n"
  "    local a, b, c = fn(s, timeout, more)\n"
  "    if b == nil then return a end\n"
  "    if a == mark then error(b, 0) end\n"
  "    if a then return unpack(b, 1, c) end\n"
  "    return a, b, c\n"
  "  end\n"
  "end\n"
  "return send, recv";

static void push(luv_state *S, lua_State *L) {
  (void)S;
  lua_pushlightuserdata(L, (void *)luv_zmq_try_send);
  lua_pushlightuserdata(L, (void *)luv_zmq_try_recv);
}

const luv_wrapper luv__zmq_wrap = {zmq, sizeof zmq - 1, push};
