-- program.lua - one random program: fibers that do random acts in random nests of constructs.
--
-- A kind (channels.lua, streams.lua ...) is a function of the world that returns
--   acts    functions of r and nowait (in a finaliser, where nothing can wait: limit 0)
--   cases   functions of r that return a case of luv.select, and what to do with its outcome
--   close   closes what it has: nobody may go on waiting
--   finish  when all fibers have ended: checks the books
-- Whatever waits or allocates in luv is called by world.call: a finaliser raises only below it.

local here = ...
local luv = require("luv")
local random = assert(loadfile(here .. "random.lua"))(here)
local constructs = assert(loadfile(here .. "constructs.lua"))(here)
local finaliser = assert(loadfile(here .. "finaliser.lua"))(here)

local program = {}

-- LuaJIT 2.1 beta3 crashes, without luv too, when a finaliser raises below code that it has compiled:
-- there the programs whose finalisers raise, every other one, are interpreted.
local jit = rawget(_G, "jit") and require("jit")
local function raises(seed, options)
  local yes = options.raise ~= 0 and seed % 2 == 0
  if jit and options.raise ~= 0 then jit.flush() jit[yes and "off" or "on"]() end
  return yes
end

local function make(seed, options)
  local world = {luv = luv, r = random(seed), seed = seed, over = false, acts = 0, budget = options.acts,
                 findings = {}, fibers = {}, kinds = {}, cases = {}, coroutines = {}, finalising = 0,
                 inside = false, raises = raises(seed, options), home = options.home, context = options.context, options = options,
                 boom = setmetatable({}, {__tostring = function() return "boom" end})}

  function world.found(text)
    if #world.findings < 5 then
      world.findings[#world.findings + 1] = debug.traceback(tostring(text), 2)
    end
  end

  local function after(...)
    world.inside = false
    return ...
  end
  function world.call(fn, ...)
    world.inside = true
    return after(fn(...))
  end

  -- How long an act may wait: nil, for ever, ends with the program at the latest.
  function world.limit(r, nowait)
    if nowait or r(6) == 1 then return 0 end
    if r(3) == 1 then return nil end
    return r(20) / 10000
  end

  -- What an error may be: a cancellation, an error of the program's own, or one of those named.
  function world.expected(err)
    if err == world.boom or luv.cancelled(err) then return true end
    if type(err) ~= "string" then return false end
    if world.finalising > 0 and err:find("cannot wait in a finalizer", 1, true) then return true end
    return err:find("cannot resume", 1, true) or err:find("C stack overflow", 1, true) or
      err:find("error in error handling", 1, true)
  end
  function world.check(ok, err)
    world.inside = false -- an error has left world.call by another door
    if not ok and not world.expected(err) then
      world.found("unexpected error: " .. tostring(err))
    end
    return ok
  end

  function world.act(r, nowait)
    local n = world.acts + 1
    world.acts = n
    if n >= world.budget then world.over = true end
    local acts = world.kinds[r(#world.kinds)].acts
    return acts[r(#acts)](r, nowait)
  end

  function world.enter(f)
    world.fibers[#world.fibers + 1] = f
    return f
  end
  return world
end

local function choose(world, all)
  local r, list = world.r, {}
  for i = 1, #all do list[i] = all[i] end
  local n = math.min(r(4), #list)
  for i = 1, n do
    local j = i + r(#list - i + 1) - 1
    list[i], list[j] = list[j], list[i]
  end
  for i = #list, n + 1, -1 do list[i] = nil end
  for i, name in ipairs(list) do
    local kind = program.kinds[name](world)
    kind.name = name
    world.kinds[i] = kind
    for _, case in ipairs(kind.cases or {}) do world.cases[#world.cases + 1] = case end
  end
end

-- A fiber of the first level: it goes on until the program is over.
local function root(world, seed)
  local r = random(seed)
  world.inside = false
  while not world.over do
    world.check(pcall(constructs.block, world, r, 0))
    world.call(luv.fiber.yield)
  end
end

-- Cancels who is left, again and again, as who is cancelled may wait once more while it unwinds.
local function unwind(world)
  local stop = luv.hrtime() + world.options.patience * 1e9
  repeat
    local living, alive = {}, 0
    for _, f in ipairs(luv.fiber.list()) do
      alive = alive + 1
      if f:status() ~= "new" then f:cancel("over") end
      if alive <= 5 then living[alive] = tostring(f:waiting()) end
    end
    if alive == 0 then return end
    luv.sleep(0.0005)
    if luv.hrtime() > stop then
      world.found(alive .. " fibers do not end; they wait for " .. table.concat(living, ", ") .. "\n" .. luv.dump())
      return
    end
  until false
end

-- Ends the program in time, and whoever then goes on waiting: the main chunk may wait for them.
local function reaper(world, stop)
  world.inside = false
  local r = random(world.r(1000000000))
  while not world.over and luv.hrtime() < stop do
    world.check(pcall(luv.sleep, 0.001))
    constructs.cancel(world, r)
  end
  world.over = true
  while not world.ended do
    for _, f in ipairs(luv.fiber.list()) do
      if f ~= luv.self() and f:status() ~= "new" then f:cancel("over") end
    end
    luv.sleep(0.001)
  end
end

local function main(world)
  world.reaper = luv.spawn(reaper, world, luv.hrtime() + 0.1e9)
  for _ = 1, 4 + world.r(16) do world.enter(luv.spawn(root, world, world.r(1000000000))) end
  for _ = 1, world.r(4) do finaliser.arm(world, random(world.r(1000000000))) end
  local r = random(world.r(1000000000))
  while not world.over do
    world.check(pcall(luv.timeout, 0.01, constructs.block, world, r, 0))
    if world.r(8) == 1 then constructs.cancel(world, world.r) end
    world.check(pcall(luv.sleep, 0))
  end
end

local function each(world, what)
  for _, kind in ipairs(world.kinds) do
    local ok, err = xpcall(function() if kind[what] then kind[what]() end end, debug.traceback)
    if not ok then world.found(kind.name .. " " .. what .. ": " .. tostring(err)) end
  end
end

-- Runs the program of that number. Returns the acts it has done and a list of what was wrong.
function program.run(seed, options)
  local world = make(seed, options)
  luv.on_error(function(err) world.check(false, err) end)
  choose(world, program.names)
  local ok, err = xpcall(function() main(world) end, debug.traceback)
  world.over = true
  collectgarbage("setpause", 200)
  collectgarbage("setstepmul", 200)
  if not ok then world.found("main chunk: " .. tostring(err)) end
  each(world, "close")
  world.ended = true
  world.reaper:join()
  unwind(world)
  each(world, "finish")
  package.preload.luv_fuzz, package.loaded.luv_fuzz = nil, nil
  luv.on_error(nil)
  return world.acts, world.findings
end

return program
