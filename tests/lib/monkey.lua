-- monkey.lua - calls everything in luv with anything:  lua monkey.lua SEED SECONDS
--
-- Eight fibers call random functions and methods with random arguments, on objects that
-- the others use at the same time, in plain calls, in pcall, coroutines and timeouts,
-- while fibers are cancelled and garbage is collected. What comes back does not matter;
-- the process must neither crash nor hang. Prints "calls N" at the end.

local luv = require("luv")

math.randomseed(tonumber(arg[1]))
local random = math.random
local stop = luv.hrtime() + tonumber(arg[2]) * 1e9

local function going() return luv.hrtime() < stop end

luv.on_error(function() end)

-- Whatever files it makes or removes are here.
local home = assert(luv.fs.mkdtemp(luv.fs.tmpdir() .. "/luv-monkey-XXXXXX"))
assert(luv.fs.chdir(home))
local rmrf = luv.fs.rmrf

-- ---- what can be called -----------------------------------------------------------------

-- These would change the rules of the game, or end it.
local left_out = {rmrf = true, chdir = true, watchdog = true, install = true, on_error = true,
                  loop = true, run = true, raise = true, kill = true}

local functions = {}
local function collect(t)
  for name, v in pairs(t) do
    if type(v) == "function" and not left_out[name] then functions[#functions + 1] = v end
    if type(v) == "table" then collect(v) end
  end
end
collect(luv)

local of_fiber = {"ready", "join", "cancel", "suspend", "resume", "status", "name", "id", "traceback", "waiting"}

local method_names = {}
local function methods(o)
  local mt = debug.getmetatable(o)
  local list = method_names[mt]
  if list then return list end
  list = type(mt.__index) == "table" and {} or of_fiber
  if list ~= of_fiber then for name in pairs(mt.__index) do list[#list + 1] = name end end
  method_names[mt] = list
  return list
end

-- ---- what it is called on, and with --------------------------------------------------------

local server = luv.net.tcp():bind("127.0.0.1", 0):listen()
local port = server:getsockname().port

local makers = {
  function() return luv.timer.create():start(random(0, 5), random(0, 5)) end,
  function() return (luv.net.tcp()) end,
  function() return (luv.net.socketpair()) end,
  function() return select(2, luv.net.socketpair()) end,
  function() return luv.idle.create() end,
  function() return luv.fiber.cond() end,
  function() return luv.chan(random(0, 2)) end,
  function() return luv.mutex() end,
  function() return luv.semaphore(random(0, 2)) end,
  function() return luv.event() end,
  function() return luv.waitgroup():add() end,
  function() return luv.fiber.create(function(...) luv.sleep(random() / 300); return ... end, 1, 2) end,
  function() local c = luv.net.tcp(); c:connect("127.0.0.1", port, 0.01); return c end,
  function()
    return luv.spawn(function()
      luv.fiber.yield()
      if random(3) == 1 then error({}) end
      luv.sleep(random() / 100)
    end)
  end,
  function() return server end,
  function() return luv.net.udp():bind("127.0.0.1", 0) end,
  function() return luv.net.udp():connect("127.0.0.1", port) end,
  function() return luv.poll.create(random(0, 40)) or luv.fiber.cond() end,
  function() return luv.poll.create(server) or luv.fiber.cond() end,
  function() return (luv.fs.open("file", "a+")) or luv.fiber.cond() end,
  function() return luv.fs.opendir(".") or luv.fiber.cond() end,
  function() return luv.fs.watch(".") or luv.fiber.cond() end,
  function() return luv.fs.poll("file", 1) or luv.fiber.cond() end,
}

local objects = {}
local function any_object() return objects[random(#objects)] end
local function new_object() return makers[random(#makers)]() end

local values = {
  function() return nil end,
  function() return true end,
  function() return random(0, 100) end,
  function() return random() / 100 end,
  function() return -1 end,
  function() return 0 / 0 end,
  function() return math.huge end,
  function() return "\n" end,
  function() return "127.0.0.1" end,
  function() return port end,
  function() return ("x"):rep(random(0, 3000)) end,
  function() return {} end,
  function() return "r" end,
  function() return {address = "127.0.0.1", port = port} end,
  function() return {"a", "b", ("z"):rep(random(5000))} end,
  function() return function(...) if random(2) == 1 then luv.sleep(0.001) end; return ... end end,
  function() return coroutine.create(function() end) end,
  any_object,
  function() return {{any_object()}, {any_object(), "get"}, timeout = random() / 100} end,
}

-- ---- the calls --------------------------------------------------------------------------------

local native_pcall = pcall

local ways = {
  function(...) luv.timeout(random() / 100, luv.pcall, ...) end,
  function(fn, ...) luv.pcall(luv.coroutine.wrap(fn), ...) end,
  function(...) native_pcall(...) end,
  function(...) luv.timeout(0.02, luv.pcall, ...) end,
}

local function call()
  local args, n = {}, random(0, 4)
  for i = 1, n do args[i] = values[random(#values)]() end
  local fn = functions[random(#functions)]
  if fn == luv.sleep then args[1], n = random() / 200, 1 end
  if fn == luv.net.getaddrinfo or fn == luv.net.resolve then args[1], n = "localhost", 1 end
  if fn == luv.net.getnameinfo then args[1], n = "127.0.0.1", 1 end
  if random(3) > 1 then
    local o = any_object()
    local names = methods(o)
    local name = names[random(#names)]
    if o == server and name:find("close") then return end
    fn, n = o[name], n + 1
    table.insert(args, 1, o)
  end
  ways[random(#ways)](fn, unpack(args, 1, n))
end

local calls = 0

local function monkey()
  while going() do
    luv.pcall(call)
    calls = calls + 1
    if random(5) == 1 then objects[random(#objects)] = new_object() end
    if random(50) == 1 then collectgarbage() end
    if random(4) == 1 then luv.pcall(luv.fiber.yield) end
  end
end

for i = 1, 30 do objects[i] = new_object() end
local monkeys = {}
for i = 1, 8 do monkeys[i] = luv.spawn(monkey) end
luv.spawn(function()
  while going() do
    luv.pcall(luv.sleep, 0.005)
    if random(5) == 1 then native_pcall(monkeys[random(8)].cancel, monkeys[random(8)]) end
  end
end)
while going() do native_pcall(luv.sleep, 0.02) end
for _ = 1, 50 do
  local ok, cleaned = native_pcall(rmrf, home, 1)
  if ok and cleaned then break end
end
print("calls " .. calls)
