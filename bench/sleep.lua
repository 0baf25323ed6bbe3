-- sleep.lua - 100,000 fibers that sleep twice each, beside limit/sleep.c.
--
--   lua sleep.lua         prints "us N made N": CPU microseconds per sleep, all in all, and
--                         how much of that went into making the fibers
--
-- The one rule: the delays are those of limit/sleep.c, spread over half a second, so that
-- many timers are pending at once and several end in the same turn of the loop.

local luv = require("luv")

local SLEEPERS, SLEEPS = 100000, 2

local function sleeper(seconds)
  for _ = 1, SLEEPS do
    luv.sleep(seconds)
  end
end

local start = os.clock()
local fibers = {}
for i = 1, SLEEPERS do
  fibers[i] = luv.spawn(sleeper, (1 + i * 7919 % 500) / 1000)
end
local made = os.clock()
for i = 1, SLEEPERS do
  fibers[i]:join()
end
local stop = os.clock()

local each = 1e6 / SLEEPERS / SLEEPS
print(string.format("us %.4f made %.4f", (stop - start) * each, (made - start) * each))
os.exit(0)
