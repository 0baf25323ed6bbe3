-- luv.timer: never early, no drift, no tick lost.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local create = luv.timer.create

local function ms() return luv.hrtime() / 1e6 end

tap.both("start returns the timer, next how often it fired", function()
  local t = create()
  tap.equal(t:start(5), t)
  tap.equal(t:next(), 1)
  tap.fails("EINVAL", t:next()) -- it does not run any more
  t:start()
  tap.equal(t:wait(), 1, "no delay")
  t:close()
end)

tap.both("a delay is never early", function()
  local t = create()
  for _, delay in ipairs{0, 0.3, 1, 1.7, 5, 12.5} do
    local before = ms()
    t:start(delay)
    t:next()
    tap.ok(ms() - before >= delay, "a delay of " .. delay .. " took " .. ms() - before)
  end
  t:close()
end)

tap.both("a delay is never early though the loop's clock is stale", function()
  local t = create()
  for _ = 1, 5 do
    local busy = ms()
    while ms() - busy < 8 do end
    local before = ms()
    t:start(10)
    t:next()
    tap.ok(ms() - before >= 10, "took " .. ms() - before)
  end
  t:close()
end)

tap.both("repeat: the n-th tick is due at start + delay + n * repeat", function()
  local t, start = create(), ms()
  t:start(10, 5)
  local n = 0
  while n < 20 do
    n = n + t:next()
    tap.ok(ms() - start >= 10 + (n - 1) * 5, "tick " .. n .. " early")
  end
  tap.ok(ms() - start < 10 + 19 * 5 + 300, "late by " .. ms() - start - 105)
  t:close()
end)

tap.both("no drift: 100 ticks of 2 ms with work in between", function()
  local t, start, n = create(), ms(), 0
  t:start(2, 2)
  while n < 100 do
    n = n + t:next()
    local busy = ms()
    while ms() - busy < 0.7 do end
  end
  local off = ms() - start - n * 2
  tap.ok(off >= 0 and off < 50, "off by " .. off .. " ms")
  t:close()
end)

tap.both("no tick is lost while nobody waits", function()
  local t = create():start(5, 5)
  luv.sleep(0.052)
  local n = t:next()
  tap.ok(n >= 10 and n <= 60, "ticks " .. n)
  t:close()
end)

tap.both("several waiters are all woken by a tick", function()
  local t, woken = create(), 0
  local all = {}
  for i = 1, 3 do
    t:start(10)
    all[i] = luv.spawn(function()
      local n = t:next()
      woken = woken + n
    end)
  end
  for _, f in ipairs(all) do f:join() end
  tap.equal(woken, 3)
  t:close()
end)

tap.both("stop ends a wait, and next on it gives EINVAL", function()
  local t = create():start(5000, 10)
  local f = luv.spawn(function() return t:next() end)
  luv.sleep(0.002)
  tap.equal(t:stop(), t)
  tap.fails("ECANCELED", f:join(1))
  tap.fails("EINVAL", t:next())
  tap.equal(t:due_in(), 0)
  tap.fails("EINVAL", create():next())
  t:close()
end)

tap.both("again, set_repeat, get_repeat, due_in", function()
  local t = create()
  tap.fails("EINVAL", t:again())
  tap.equal(t:get_repeat(), 0)
  tap.equal(t:set_repeat(20), t)
  tap.equal(t:get_repeat(), 20)
  local before = ms()
  tap.equal(t:again(), t)
  tap.ok(t:due_in() > 10 and t:due_in() <= 20, "due in " .. t:due_in())
  t:next()
  tap.ok(ms() - before >= 20)
  t:set_repeat(5)
  t:again()
  before = ms()
  t:next(); t:next()
  tap.ok(ms() - before >= 8, "two ticks of 5 ms")
  t:set_repeat(0.5)
  tap.equal(t:get_repeat(), 0.5)
  t:close()
end)

tap.both("start while it runs starts anew, what was counted is gone", function()
  local t = create():start(0, 1)
  luv.sleep(0.01)
  local before = ms()
  t:start(30)
  tap.equal(t:next(), 1)
  tap.ok(ms() - before >= 30)
  t:close()
end)

tap.both("huge delays wait", function()
  local t = create()
  for _, delay in ipairs{1e9, 1e15, 1e300, math.huge, 2 ^ 53, 2 ^ 63} do
    t:start(delay, delay)
    tap.fails("ETIMEDOUT", t:next(0.001))
    tap.ok(t:due_in() > 1e8, "due in " .. t:due_in())
  end
  t:close()
end)

tap.both("a timer fires while a fiber spins in yield", function()
  local spinning = true
  local spin = luv.spawn(function() while spinning do luv.fiber.yield() end end)
  local t, worst, n = create():start(10, 10), 0, 0
  local start = ms()
  while n < 10 do
    n = n + t:next()
    worst = math.max(worst, ms() - start - n * 10)
  end
  spinning = false
  spin:join()
  t:close()
  tap.ok(worst < 100, "worst lateness " .. worst .. " ms")
end)

tap.both("1000 timers of different delays fire in the order of their times", function()
  local order, all = {}, {} -- order: when each was due
  local base = ms()
  for i = 1, 1000 do
    local delay = (i * 37 % 100) / 4
    all[i] = luv.spawn(function()
      local begun = ms() - base
      local t = create():start(delay)
      t:next()
      t:close()
      order[#order + 1] = ms() - base >= begun + delay and begun + delay or -1
    end)
  end
  for _, f in ipairs(all) do f:join() end
  for i = 1, 1000 do tap.ok(order[i] >= 0, "a timer was early") end
  local before = 0
  for i = 2, 1000 do if order[i] < order[i - 1] - 2 then before = before + 1 end end
  tap.ok(before < 50, before .. " out of order")
end)

tap.both("tostring", function()
  local t = create()
  tap.match(tostring(t), "^userdata<luv%.timer>: 0x%x+$")
  t:close()
  tap.match(tostring(t), "^userdata<luv%.timer>: 0x%x+$")
end)

tap.done()
