-- places.lua - where code of a script may stand with C between it and the fiber's base. Each
-- place calls fn(...) there and returns its first result; an error of fn's goes through it.

local luv = require("luv")
local jit = rawget(_G, "jit") ~= nil

local function rethrow(ok, v) if not ok then error(v, 0) end return v end
local function with(meta) return setmetatable({}, meta) end

local places = {}

function places.pcall(fn) return rethrow(pcall(fn)) end

function places.xpcall(fn) return rethrow(xpcall(fn, function(e) return e end)) end

-- an error in a handler is "error in error handling" for Lua: it is caught inside
function places.handler(fn)
  local _, r = xpcall(error, function() return {pcall(fn)} end)
  return rethrow(r[1], r[2])
end

function places.coroutine(fn) return rethrow(coroutine.resume(coroutine.create(fn))) end

-- wrap adds a position to a string
function places.wrap(fn)
  local r = {coroutine.wrap(function() return pcall(fn) end)()}
  return rethrow(r[1], r[2])
end

places["iterator"] = function(fn)
  for v in function(_, last) if last == nil then return (fn()) end end do return v end
end

places["for over wrap"] = function(fn)
  for ok, v in coroutine.wrap(function() coroutine.yield(true, places.pcall(fn)) end) do return v end
end

function places.__index(fn) return with({__index = function() return (fn()) end}).field end
function places.__newindex(fn)
  local v
  with({__newindex = function() v = fn() end}).field = 1
  return v
end
function places.__call(fn) return (with({__call = function() return (fn()) end})()) end
function places.__concat(fn) return with({__concat = function() return (fn()) end}) .. "x" end
function places.__add(fn) return with({__add = function() return (fn()) end}) + 1 end
function places.__unm(fn) return -with({__unm = function() return (fn()) end}) end

function places.__eq(fn)
  local v
  local meta = {__eq = function() v = fn() return true end}
  return with(meta) == with(meta) and v
end

function places.__lt(fn)
  local v
  local meta = {__lt = function() v = fn() return true end}
  return with(meta) < with(meta) and v
end

function places.tostring(fn)
  local v
  tostring(with({__tostring = function() v = fn() return "x" end}))
  return v
end

function places.sort(fn)
  local v
  table.sort({3, 1, 2}, function(a, b)
    if v == nil then v = fn() end
    return a < b
  end)
  return v
end

function places.gsub(fn)
  local v
  ("x"):gsub(".", function() v = fn() end)
  return v
end

function places.foreach(fn) return table.foreach({1}, fn) end

function places.loader(fn)
  local v, pieces = nil, {"return 1"}
  local chunk, e = load(function()
    if v == nil then v = fn() end
    return table.remove(pieces, 1)
  end)
  if not chunk then error(e, 0) end
  return v
end

luv_test_fn = {}
function places.dofile(fn)
  local name = os.tmpname()
  local f = io.open(name, "w")
  f:write(("return luv_test_fn[%q]()"):format(name))
  f:close()
  luv_test_fn[name] = fn
  local ok, v = pcall(dofile, name)
  luv_test_fn[name] = nil
  os.remove(name)
  return rethrow(ok, v)
end

local count = 0
function places.require(fn)
  count = count + 1
  local name = "luv_test_module_" .. count
  package.preload[name] = function() return {fn()} end
  local ok, v = pcall(require, name)
  package.preload[name], package.loaded[name] = nil, nil
  if not ok then error(v, 0) end
  return v[1]
end

function places.timeout(fn) return luv.timeout(60, fn) end

function places.with(fn)
  local m = luv.mutex()
  return m:with(fn)
end

function places.scope(fn) return luv.scope(function() return fn() end) end

if not jit then
  places.hook = function(fn)
    local v, done
    debug.sethook(function()
      debug.sethook()
      if not done then done = true v = {pcall(fn)} end
    end, "", 1)
    for _ = 1, 10 do end
    debug.sethook()
    if not v then return fn() end -- in a hook, where Lua calls no other
    return rethrow(v[1], v[2])
  end
end

local names = {}
for name in pairs(places) do names[#names + 1] = name end
table.sort(names)

return {at = places, names = names}
