-- pcall.lua - what a call costs that is protected, or limited in time, and does not wait.
--
--   lua pcall.lua         prints "pcall N timeout N": nanoseconds per pcall and luv.timeout of an
--                         empty function, in a fiber
--
-- The one rule: both stand in the same fiber, in turn, and the best of several passes counts,
-- because whatever disturbs a pass only makes it longer.

local luv = require("luv")

local CALLS, PASSES = 400000, 5

local function empty() end

local function pass_pcall()
  local start = os.clock()
  for _ = 1, CALLS do pcall(empty) end
  return (os.clock() - start) * 1e9 / CALLS
end

local function pass_timeout()
  local timeout = luv.timeout
  local start = os.clock()
  for _ = 1, CALLS do timeout(10, empty) end
  return (os.clock() - start) * 1e9 / CALLS
end

local function measure()
  local protected, timeout = math.huge, math.huge
  for _ = 1, PASSES do
    protected = math.min(protected, pass_pcall())
    timeout = math.min(timeout, pass_timeout())
  end
  print(string.format("pcall %.2f timeout %.2f", protected, timeout))
end

luv.fiber.create(measure):join()
os.exit(0)
