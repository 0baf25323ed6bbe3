/* wrap.c - how LuaJIT raises an error in a call that has yielded.
 *
 * To end a wait by an error (cancel, luv.timeout, join of a fiber that failed), the
 * suspended call must raise. On Lua 5.1 there is no pcall around a call that yields: the fiber
 * ends. On LuaJIT there may be one, and only code on the fiber's own thread can raise. So there
 * each face that can wait stands behind a small Lua function, which raises when the first
 * result is the mark.
 *
 * That costs as much as a message of ØMQ does, so those that are called most have a function of
 * their own, without varargs. Where there is the FFI they try first without waiting, in a way
 * that LuaJIT can compile: send and recv of ØMQ (zmq_fast.c), which gets the frames of a longer
 * message as a table (LUV_ZMQ_PACKED); put and get of a channel with room for values
 * (chan_fast.c), which keep a value in the channel's ring themselves; and of one between
 * threads what is a short string or a number (thread_chan_fast.c). They come in pairs, and a
 * pair is made when its class is. One argument too many is passed on, for C to refuse. */
#include "luv.h"

const char luv__raised = 0;

#define STRING(x) STRING_OF(x)
#define STRING_OF(x) #x

/* Interpreted, an FFI call is slow. */
#define HEAD \
  "local mark, error, state, a, b, c, d, e, f = ...\n" \
  "local type, unpack = type, unpack\n" \
  "local ffi = select(2, pcall(require, 'ffi'))\n" \
  "local there = type(ffi) == 'table' and jit.status()\n" \
  "local here = there and ffi.cast('void *', state)\n" \
  "local text = there and ffi.string\n"

/* Any. */
static const char any[] =
  "local mark, error = ...\n"
  "local function check(...)\n"
  "  if ... == mark then local _, e = ...; error(e, 0) end\n"
  "  return ...\n"
  "end\n"
  "return function(fn) return function(...) return check(fn(...)) end end";

/* Of three arguments at most, that returns one value, or nil, message and code. */
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

static const char zmq[] =
  HEAD
  "local put = there and ffi.cast('int (*)(void *, const void *, const char *, size_t)', a)\n"
  "local take = there and ffi.cast('int (*)(void *, const void *, char *)', b)\n"
  "local room = there and ffi.new('char[" STRING(LUV_ZMQ_FRAME) "]')\n"
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

static const char chan[] =
  HEAD
  "local place = 'int (*)(void *, const void *)'\n"
  "local fast_put, fast_get = there and ffi.cast(place, a), there and ffi.cast(place, b)\n"
  "local ring, slots, land_put, land_get = c, d, e, f\n"
  "local waits = " STRING(LUV_CHAN_WAITS) "\n"
  "local rings = setmetatable({}, {__mode = 'kv'})\n" /* false: it has none */
  "local function chan_put(fn)\n"
  "  return function(s, v, timeout, more)\n"
  "    local x, y, z\n"
  "    if more ~= nil then x, y, z = fn(s, v, timeout, more)\n"
  "    elseif there and timeout == nil and type(s) == 'userdata' then\n"
  "      local at = fast_put(here, s)\n"
  "      if at < 0 then\n"
  "        slots[-at] = v\n"
  "        return s\n"
  "      elseif at >= waits then\n"
  "        at = at - waits\n"
  "        slots[at] = v\n"
  "        x, y, z = land_put(s, v)\n"
  "        slots[at] = nil\n"
  "        if z == nil and x ~= mark then return s end\n"
  "      elseif at > 0 then\n"
  "        rings[s][at] = v\n"
  "        return s\n"
  "      else\n"
  "        x, y, z = fn(s, v)\n"
  "        if x == s and rings[s] == nil then rings[s] = ring(s) or false end\n"
  "      end\n"
  "    elseif timeout == nil then x, y, z = fn(s, v)\n"
  "    else x, y, z = fn(s, v, timeout) end\n"
  "    if x == mark then error(y, 0) end\n"
  "    if z == nil then return x end\n"
  "    return x, y, z\n"
  "  end\n"
  "end\n"
  "local function chan_get(fn)\n"
  "  return function(s, timeout, more)\n"
  "    local x, y, z\n"
  "    if more ~= nil then x, y, z = fn(s, timeout, more)\n"
  "    elseif there and timeout == nil and type(s) == 'userdata' then\n"
  "      local at = fast_get(here, s)\n"
  "      if at < 0 then return slots[-at]\n"
  "      elseif at >= waits then\n"
  "        at = at - waits\n"
  "        slots[at] = mark\n"
  "        x, y, z = land_get(s)\n"
  "        local v = slots[at]\n"
  "        slots[at] = nil\n"
  "        if v ~= mark then return v end\n"
  "      elseif at > 0 then\n"
  "        local t = rings[s]\n"
  "        local v = t[at]\n"
  "        t[at] = nil\n"
  "        return v\n"
  "      else x, y, z = fn(s) end\n"
  "    elseif timeout == nil then x, y, z = fn(s)\n"
  "    else x, y, z = fn(s, timeout) end\n"
  "    if x == mark then error(y, 0) end\n"
  "    if z == nil then return x end\n"
  "    return x, y, z\n"
  "  end\n"
  "end\n"
  "return chan_put, chan_get";

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

enum { ANY, SOME, ZMQ, CHAN, THREAD_CHAN };

static const struct { lua_CFunction fn; int pair, second; } rows[] = {
  {luv__chan_next, SOME, 0}, {luv_mutex_lock, SOME, 0}, {luv_semaphore_acquire, SOME, 0},
  {luv_zmq_send, ZMQ, 0}, {luv_zmq_recv, ZMQ, 1},
  {luv_chan_put, CHAN, 0}, {luv_chan_get, CHAN, 1},
  {luv_thread_chan_put, THREAD_CHAN, 0}, {luv_thread_chan_get, THREAD_CHAN, 1},
};

static void load(luv_state *S, lua_State *L, const char *source, size_t n) {
  luv__load(S, L, source, n);
  lua_pushlightuserdata(L, (void *)&luv__raised);
  luv__push_native(S, L, "error");
  lua_pushlightuserdata(L, S);
}

/* A face of a channel without its wrapper. */
static void push_bare(luv_state *S, lua_State *L, lua_CFunction fn) {
  lua_pushlightuserdata(L, S);
  lua_pushinteger(L, luv__class_chan.id);
  lua_pushcclosure(L, fn, 2);
}

static void push_tries(lua_State *L, void *a, void *b) {
  lua_pushlightuserdata(L, a);
  lua_pushlightuserdata(L, b);
}

/* Pushes the two functions that make the functions of a pair. */
static void push_makers(luv_state *S, lua_State *L, int pair) {
  int top = lua_gettop(L);
  switch (pair) {
    case ZMQ:
      load(S, L, zmq, sizeof zmq - 1);
      push_tries(L, (void *)luv_zmq_try_send, (void *)luv_zmq_try_recv);
      lua_pushnil(L);
      break;
    case CHAN:
      load(S, L, chan, sizeof chan - 1);
      push_tries(L, (void *)luv_chan_fast_put, (void *)luv_chan_fast_get);
      lua_pushcfunction(L, luv__chan_ring);
      lua_createtable(L, LUV_CHAN_SLOTS, 0);
      push_bare(S, L, luv__chan_land_put);
      push_bare(S, L, luv__chan_land_get);
      break;
    case THREAD_CHAN:
      load(S, L, thread_chan, sizeof thread_chan - 1);
      push_tries(L, (void *)luv_thread_chan_put_text, (void *)luv_thread_chan_put_number);
      lua_pushlightuserdata(L, (void *)luv_thread_chan_take);
      break;
    default:
      load(S, L, pair == ANY ? any : some, (pair == ANY ? sizeof any : sizeof some) - 1);
      lua_call(L, 3, 1);
      lua_pushvalue(L, -1);
      return;
  }
  lua_call(L, lua_gettop(L) - top - 1, 2);
}

static void ref_makers(luv_state *S, lua_State *L, int pair) {
  push_makers(S, L, pair);
  S->ref_wrap[2 * pair + 1] = luaL_ref(L, LUA_REGISTRYINDEX);
  S->ref_wrap[2 * pair] = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* Puts a function around the face fn, on top. */
void luv__wrap(luv_state *S, lua_State *L, lua_CFunction fn) {
  int pair = ANY, second = 0;
  size_t i;
  for (i = 0; i < sizeof rows / sizeof *rows; i++)
    if (rows[i].fn == fn) pair = rows[i].pair, second = rows[i].second;
  luaL_checkstack(L, 14, "luv");
  if (!S->ref_wrap[2 * pair]) ref_makers(S, L, pair);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->ref_wrap[2 * pair + second]);
  lua_insert(L, -2);
  lua_call(L, 1, 1);
}
