/* chan_wrap.c - put and get for LuaJIT: of a channel with room for values they keep a value in its
 * ring themselves, at the place that chan_fast.c names. */
#include "sync.h"

static const char chan[] =
  LUV_WRAP_TRIES
  "local place = 'int (*)(void *, const void *)'\n"
  "local fast_put, fast_get = there and ffi.cast(place, a), there and ffi.cast(place, b)\n"
  "local ring, slots, land_put, land_get = c, d, e, f\n"
  "local waits = " LUV_STRING(LUV_CHAN_WAITS) "\n"
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

/* A face of a channel without its wrapper. */
static void push_bare(luv_state *S, lua_State *L, lua_CFunction fn) {
  lua_pushlightuserdata(L, S);
  lua_pushinteger(L, luv__class_chan.id);
  lua_pushcclosure(L, fn, 2);
}

static void push(luv_state *S, lua_State *L) {
  lua_pushlightuserdata(L, (void *)luv_chan_fast_put);
  lua_pushlightuserdata(L, (void *)luv_chan_fast_get);
  lua_pushcfunction(L, luv__chan_ring);
  lua_createtable(L, LUV_CHAN_SLOTS, 0);
  push_bare(S, L, luv__chan_land_put);
  push_bare(S, L, luv__chan_land_get);
}

const luv_wrapper luv__chan_wrap = {chan, sizeof chan - 1, push};
