-- switch.lua - the cost of a fiber switch, beside limit/switch.c.
--
--   lua switch.lua FIBERS luv|native      prints "ns N": CPU nanoseconds per switch
--
-- "luv" yields with luv.fiber.yield, "native" with coroutine.yield. The fiber that holds
-- the clock is one of the FIBERS. The one rule: what is measured is a queue in steady
-- state, so every fiber has run once before the clock starts, and none ends before it stops.

local luv = require("luv")

local SWITCHES = 12000000

local count = tonumber(arg[1])
local yield = arg[2] == "native" and coroutine.yield or luv.fiber.yield
local turns = math.floor(SWITCHES / count / (count > 1000 and 3 or 1))

local function spin()
  while true do yield() end
end

local function measure()
  for _ = 1, 2 do yield() end
  local start = os.clock()
  for _ = 1, turns do yield() end
  return (os.clock() - start) * 1e9 / turns / count
end

local fibers = { luv.fiber.create(measure):ready() }
for i = 2, count do
  fibers[i] = luv.fiber.create(spin):ready()
end

print(string.format("ns %.3f", fibers[1]:join()))
os.exit(0)
