-- constructs.lua - what acts are nested in, and what is done to fibers.

local here = ...
local luv = require("luv")
local random = assert(loadfile(here .. "random.lua"))(here)
local finaliser = assert(loadfile(here .. "finaliser.lua"))(here)

local constructs = {}
local block

-- A caught cancellation is passed on half the time, as programs do.
local function caught(world, r, ok, err)
  if world.check(ok, err) or r(2) == 1 then return end
  if err == world.boom or luv.cancelled(err) then error(err, 0) end
end

local function nest(world, r, depth)
  world.inside = false
  return block(world, r, depth)
end

-- A fiber's function: it tells its maker what it was given, and ends with a value only it has.
local function body(world, seed, depth, token, hole)
  world.inside = false
  if hole ~= nil then world.found("spawn passed another value") end
  nest(world, random(seed), depth)
  return token, nil, seed
end

local function spawn(world, r, depth)
  local token, seed = {}, r(1000000000)
  local f = world.enter(world.call(luv.spawn, body, world, seed, depth, token, nil))
  return f, token, seed
end

local function joined(world, token, seed, a, b, c)
  if a == nil and c == "ETIMEDOUT" then return end
  if a ~= token or b ~= nil or c ~= seed then world.found("join gave " .. tostring(a) .. ", " .. tostring(b) .. ", " .. tostring(c)) end
end

function constructs.cancel(world, r)
  local f = world.fibers[r(#world.fibers)]
  if f and f:status() ~= "dead" then f:cancel("act") end
end

-- Ways in which a function of the program's is called back; each gives it one to call.
local ways = {
  function(fn) fn() end,
  function(fn) coroutine.wrap(fn)() end,
  function(fn) return setmetatable({}, {__index = fn}).x end,
  function(fn) setmetatable({}, {__newindex = fn}).x = 1 end,
  function(fn) return setmetatable({}, {__add = fn}) + 1 end,
  function(fn) return setmetatable({}, {__concat = fn}) .. "x" end,
  function(fn) local mt = {__lt = fn}; return setmetatable({}, mt) < setmetatable({}, mt) end,
  function(fn) local mt = {__eq = fn}; return setmetatable({}, mt) == setmetatable({}, mt) end,
  function(fn) return setmetatable({}, {__call = fn})() end,
  function(fn) return tostring(setmetatable({}, {__tostring = function() fn() return "x" end})) end,
  function(fn) return (("a"):gsub(".", function() fn() return nil end)) end,
  function(fn) table.sort({2, 1}, function(a, b) fn() return a < b end) end,
  function(fn) for _ in function(_, n) if not n then fn() return 1 end end do end end,
  function(fn)
    package.preload.luv_fuzz, package.loaded.luv_fuzz = function() fn() return 1 end, nil
    local ok, err = pcall(require, "luv_fuzz")
    -- require marks what it is loading: two fibers that do it at once are told so by Lua
    if not ok and not (type(err) == "string" and err:find("loop or previous error", 1, true)) then error(err, 0) end
  end,
  function(fn) return pcall(loadstring("local fn = ... return fn()"), fn) end,
  function(fn) local ok, err = xpcall(fn, function(e) return e end) if not ok then error(err, 0) end end,
}

local kinds = {
  function(world, r, depth) caught(world, r, pcall(nest, world, r, depth)) end,
  function(world, r, depth) caught(world, r, pcall(ways[r(#ways)], function() nest(world, r, depth) end)) end,
  function(world, r, depth) ways[r(#ways)](function() nest(world, r, depth) end) end,
  function(world, r, depth) ways[r(#ways)](function() nest(world, r, depth) end) end,

  -- A handler that acts where the error was: in a finaliser, perhaps.
  function(world, r, depth)
    caught(world, r, xpcall(function() nest(world, r, depth) error(world.boom) end, function(err)
      local ok, why = pcall(world.act, r)
      if not tostring(why):find("cannot wait in a finalizer", 1, true) then world.check(ok, why) end
      return err
    end))
  end,

  function(world, r, depth)
    local token = {}
    local a, b, c = world.call(luv.timeout, r(20) / 10000, function()
      nest(world, r, depth)
      return token, nil, r
    end)
    if not (a == token and b == nil and c == r) and not (a == nil and c == "ETIMEDOUT") then
      world.found("luv.timeout returned " .. tostring(a) .. ", " .. tostring(b) .. ", " .. tostring(c))
    end
  end,

  function(world, r, depth)
    local token = {}
    local got = world.call(luv.scope, function(s)
      world.inside = false
      for _ = 1, r(3) do world.enter(s:spawn(body, world, r(1000000000), depth + 1, {}, nil)) end
      nest(world, r, depth)
      if r(6) == 1 then s:cancel() end
      return token
    end)
    if got ~= token then world.found("luv.scope returned " .. tostring(got)) end
  end,

  function(world, r, depth)
    local f, token, seed = spawn(world, r, depth)
    if r(2) == 1 then return end
    joined(world, token, seed, world.call(f.join, f, world.limit(r)))
  end,

  -- A coroutine that yields values of its own between its waits, and that any fiber goes on with.
  function(world, r, depth)
    local list = world.coroutines
    local i = r(3)
    local co = list[i]
    if not co or coroutine.status(co) == "dead" then
      local mine = random(r(1000000000))
      co = coroutine.create(function()
        for n = 1, 4 do nest(world, mine, depth) coroutine.yield(co, n) end
        return co, 5
      end)
      list[i] = co
    end
    local ok, a, b = coroutine.resume(co)
    world.inside = false
    if ok and (a ~= co or type(b) ~= "number") then world.found("resume gave " .. tostring(a) .. ", " .. tostring(b)) end
    if not ok then caught(world, r, false, a) end
  end,

  function(world) error(world.boom) end,
  function(world, r) constructs.cancel(world, r) end,
  function(world, r) constructs.cancel(world, r) end,
  function(world, r)
    local f = world.fibers[r(#world.fibers)]
    if f and f ~= luv.self() and f:status() == "waiting" and r(3) == 1 then f:suspend() f:resume() end
  end,
  function(_, r) collectgarbage("step", r(20)) end,
  function(_, r) if r(10) == 1 then collectgarbage() end end,
  function(world, r) finaliser.arm(world, r) end,

  -- Every allocation of a few acts is a whole cycle.
  function(world, r, depth)
    if r(3) > 1 then return end
    collectgarbage("setpause", 0)
    collectgarbage("setstepmul", 1000000)
    finaliser.arm(world, r)
    local ok, err = pcall(nest, world, r, depth + 2)
    collectgarbage("setpause", 100)
    collectgarbage("setstepmul", 400)
    if not ok then error(err, 0) end
  end,

  function(world, r)
    local f = world.fibers[r(#world.fibers)]
    if type(world.call(luv.dump)) ~= "string" then world.found("luv.dump gave no text") end
    if f then
      world.call(f.traceback, f)
      world.call(f.waiting, f)
    end
  end,

  function(world, r)
    if #world.cases == 0 then return end
    local cases, takers = {timeout = r(20) / 10000}, {}
    for i = 1, r(4) do cases[i], takers[i] = world.cases[r(#world.cases)](r) end
    if r(4) == 1 then cases.timeout, cases.default = nil, true end
    constructs.selected(world, takers, pcall(world.call, luv.select, cases))
  end,
}

-- Each case is told whether it won, with what, or that nobody knows, and why.
local function tell(takers, won, ...)
  for i, take in ipairs(takers) do
    if i == won then take("won", ...) else take("lost") end
  end
end
function constructs.selected(world, takers, ok, i, ...)
  world.inside = false
  if ok then return tell(takers, i, ...) end
  for _, take in ipairs(takers) do take("unknown", i) end
  error(i, 0)
end

function block(world, r, depth)
  for _ = 1, r(6) do
    if world.over then return end
    if depth < 6 and r(3) == 1 then kinds[r(#kinds)](world, r, depth + 1)
    else world.act(r) end
    if r(8) == 1 then world.call(luv.sleep, 0) end
  end
end
constructs.block = block

return constructs
