-- toolkit.lua - channels, mutex, select and scope, each beside what it is made of: a switch of
-- two fibers, and fibers spawned and joined by hand.
--
--   lua toolkit.lua      prints "key N ...": CPU nanoseconds for one value, one lock and unlock, one
--                        select, one group of ten
--
-- The one rule: all of it is measured in one process, so a ratio compares like with like.

local luv = require("luv")

local function report(key, n, fn)
  collectgarbage()
  local start = os.clock()
  fn(n)
  io.write(string.format("%s %.3f ", key, (os.clock() - start) * 1e9 / n))
end

local function both(a, b)
  local f, g = luv.spawn(a), luv.spawn(b)
  f:join()
  g:join()
end

local function channel(capacity)
  return function(n)
    local ch = luv.chan(capacity)
    local put, get = ch.put, ch.get -- as yield below: no look for a method in either
    both(function() for i = 1, n do put(ch, i) end end, function() for _ = 1, n do get(ch) end end)
  end
end

report("switch", 2000000, function(n)
  local yield = luv.fiber.yield
  local function spin() for _ = 1, n / 2 do yield() end end
  both(spin, spin)
end)
report("unbuffered", 500000, channel(0))
report("buffered", 500000, channel(64))
report("lock", 1000000, function(n)
  luv.spawn(function()
    local m = luv.mutex()
    for _ = 1, n do
      m:lock()
      m:unlock()
    end
  end):join()
end)

-- With the put that makes one of them ready.
local cases = {}
for i = 1, 4 do cases[i] = {luv.chan(1), "get"} end
report("select", 200000, function(n)
  local ch = cases[3][1]
  for i = 1, n do
    ch:put(i)
    luv.select(cases)
  end
end)

local function child() luv.sleep(0) end
report("scope", 3000, function(n)
  for _ = 1, n do
    luv.scope(function(s) for _ = 1, 10 do s:spawn(child) end end)
  end
end)
report("hand", 3000, function(n)
  for _ = 1, n do
    local list = {}
    for i = 1, 10 do list[i] = luv.spawn(child) end
    for i = 1, 10 do list[i]:join() end
  end
end)
io.write("\n")
io.stdout:flush()
os.exit(0)
