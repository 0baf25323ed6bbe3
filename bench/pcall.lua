-- pcall.lua - what a call costs that is protected, or limited in time, and does not wait.
--
--   lua pcall.lua         prints "luv N native N timeout N": nanoseconds per luv.pcall,
--                         native pcall and luv.timeout of an empty function, in a fiber
--
-- The one rule: all three stand in the same loop, in the same fiber, in turn, and the
-- best of several passes counts, because whatever disturbs a pass only makes it longer.

local luv = require("luv")

local CALLS, PASSES = 400000, 5

local function empty() end

local function pass_pcall(pcall)
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
  local ours, native, timeout = math.huge, math.huge, math.huge
  for _ = 1, PASSES do
    ours = math.min(ours, pass_pcall(luv.pcall))
    native = math.min(native, pass_pcall(pcall))
    timeout = math.min(timeout, pass_timeout())
  end
  print(string.format("luv %.2f native %.2f timeout %.2f", ours, native, timeout))
end

luv.fiber.create(measure):join()
os.exit(0)
