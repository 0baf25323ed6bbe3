-- anywhere.lua - what a wait costs below C, beside the same wait in the open.
--
--   lua anywhere.lua            prints "open N pcall N gsub N sort N": CPU nanoseconds per wait, and
--                               the turn of the fiber that ends it
--   lua anywhere.lua memory     prints "bytes N": how much the process grows by a fiber that waits
--                               in luv.timeout, a pcall in C, with 10,000 of them
--   lua anywhere.lua idle       the same of a fiber that reads from an idle TCP connection, which
--                               counts with it; the other end is in another process
--
-- The one rule: the four stand in the same fiber, in turn, and the best of several passes counts.

local luv = require("luv")
local resident = dofile((arg[0]:match("^.*/") or "./") .. "lib/resident.lua")

local WAITS, PASSES, FIBERS = 100000, 5, 10000

local measured

local function waits()
  local me = luv.self()
  local suspend = me.suspend
  for _ = 1, WAITS do suspend(me) end
end

-- Ends each wait at its next turn.
local function waker()
  local resume, yield = measured.resume, luv.fiber.yield
  while measured do
    resume(measured)
    yield()
  end
end

-- Its cost is shared by all the waits that are made in it.
local places = {
  open = function() waits() end,
  pcall = function() pcall(waits) end,
  gsub = function() ("x"):gsub(".", function() waits() end) end,
  sort = function()
    local done
    table.sort({2, 1}, function(a, b)
      if not done then done = true waits() end
      return a < b
    end)
  end,
}

local function pass(place)
  local start = os.clock()
  place()
  return (os.clock() - start) * 1e9 / WAITS
end

local function time()
  local best = {}
  measured = luv.self()
  luv.spawn(waker)
  for _ = 1, PASSES do
    for name, place in pairs(places) do best[name] = math.min(best[name] or math.huge, pass(place)) end
  end
  print(string.format("open %.2f pcall %.2f gsub %.2f sort %.2f", best.open, best.pcall, best.gsub, best.sort))
end

local function grown(make)
  collectgarbage()
  collectgarbage()
  local before, all = resident(), {}
  for i = 1, FIBERS do all[i] = make(i) end
  luv.sleep(0.01)
  collectgarbage()
  print(string.format("bytes %.0f", (resident() - before) / FIBERS))
end

local function memory()
  local never = luv.event()
  local function waiting() never:wait() end
  local function wait() local s = luv.timeout(nil, waiting) return s end
  grown(function() return luv.spawn(wait) end)
end

-- Half of the descriptors are the child's, whose number is limited as ours is.
local peers = [[
local luv = require("luv")
local all = {}
for i = 1, tonumber(arg[2]) do
  all[i] = luv.net.tcp()
  assert(all[i]:connect("127.0.0.1", tonumber(arg[1])))
end
luv.sleep(1000)
]]

local function idle()
  local script = os.tmpname()
  local f = assert(io.open(script, "w"))
  f:write(peers)
  f:close()
  local server = assert(luv.net.tcp():bind("127.0.0.1", 0))
  assert(server:listen(1024))
  local port = server:getsockname().port
  local child = assert(luv.process.spawn(arg[-1] or "lua", {script, tostring(port), tostring(FIBERS + 100)}))
  local function read(client) client:read() end
  for i = 1, 100 do luv.spawn(read, assert(server:accept())) end
  grown(function() return luv.spawn(read, assert(server:accept())) end)
  child:kill("KILL")
  os.remove(script)
end

local modes = {memory = memory, idle = idle}
luv.spawn(modes[arg[1]] or time):join()
os.exit(0)
