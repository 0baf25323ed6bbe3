-- codec.lua - values through luv.codec, and messages that were damaged: those give values or an
-- error, and change nothing.

local luv = require("luv")
local codec = luv.codec

local scalars = {
  function() return nil end,
  function(r) return r(2) == 1 end,
  function(r) return r(1000) - 500 end,
  function(r) return r(1000000) / 7 end,
  function(r) return ("s"):rep(r(60)) .. r(9) end,
  function() return 1 / 0 end,
  function() return string.format end,
}

local function value(r, depth)
  if depth == 0 or r(2) == 1 then return scalars[r(#scalars)](r) end
  local t = {}
  for i = 1, r(4) do t[i] = value(r, depth - 1) end
  for _ = 1, r(3) do t["k" .. r(20)] = value(r, depth - 1) end
  if r(4) == 1 then t.self = t end
  if r(8) == 1 then local up = r(100) t.fn = function() return up, t end end
  if r(8) == 1 then setmetatable(t, {__codec = function() return "luv_fuzz_hook", {r(9)} end}) end
  return t
end

local function same(a, b, seen)
  if type(a) ~= type(b) then return false end
  if type(a) == "function" then return debug.getinfo(a).what == debug.getinfo(b).what end
  if type(a) ~= "table" then return a == b end
  if getmetatable(a) or seen[a] then return true end
  seen[a] = true
  for k, v in pairs(a) do if not same(v, b[k], seen) then return false end end
  for k in pairs(b) do if a[k] == nil then return false end end
  return true
end

-- LuaJIT 2.1 beta3 goes round for ever in a compiled loop of pairs when a finaliser leaves it by an exit
-- that has no code of its own: none is made in a finaliser, and lj_trace_exit stays where it is.
if rawget(_G, "jit") then require("jit").off(same) end

local of_luv = getmetatable(luv)
local function hook(v) return v end

-- A message with a few bytes changed, left out, doubled or joined to another's.
local function mutate(s, r, other)
  for _ = 1, r(3) do
    local i, how = r(#s + 1), r(6)
    if how == 1 then s = s:sub(1, i - 1) .. string.char(r(256) - 1) .. s:sub(i + 1)
    elseif how == 2 then s = s:sub(1, i - 1) .. s:sub(i + r(5))
    elseif how == 3 then s = s:sub(1, i) .. s:sub(math.max(1, i - r(8)))
    elseif how == 4 then s = s:sub(1, i) .. other:sub(r(#other + 1))
    elseif how == 5 then s = s:sub(1, i - 1) .. string.char(r(20), 255 - r(3), r(256) - 1) .. s:sub(i + 3)
    else s = s:sub(1, i) end
  end
  return s
end

return function(world)
  local call, last = world.call, codec.encode(1, "two", {3})
  local alone = #world.options.only_kinds == 1
  local counts = world.options.counts

  -- nil: a finaliser has failed in a __codec, whose error is a text then.
  local function encoded(...)
    local ok, s = pcall(call, codec.encode, ...)
    world.inside = false
    if ok then return s end
    if not world.raises then error(s, 0) end
  end

  local function round_trip(r)
    local v = value(r, 3)
    local s = encoded(v, nil, v)
    if not s then return end
    last = s
    local options = {functions = true, hooks = {luv_fuzz_hook = hook}}
    local a, b, c = call(codec.decode, s, options)
    if a == nil and c and world.raises then return end -- a finaliser has failed within it
    if not same(v, a, {}) or b ~= nil or a ~= c and a == a then world.found("the codec gave another value") end
  end
  -- Code is refused in what is not sealed: damaged bytecode may crash any Lua.
  local options = {functions = false, hooks = {luv_fuzz_hook = hook}}
  local function damaged(r, nowait)
    local base = encoded(value(r, 3))
    if not base then return end
    for i = 1, nowait and 3 or alone and 400 or 20 do
      local s = mutate(base, r, last)
      call(codec.decode, s, i % 2 == 0 and options or nil)
      counts.decodes = counts.decodes + 1
    end
    if getmetatable(_G) or getmetatable(string) or getmetatable(luv) ~= of_luv then world.found("decode has set a metatable") end
  end

  return {acts = alone and {damaged, damaged, damaged, round_trip} or {round_trip, damaged}}
end
