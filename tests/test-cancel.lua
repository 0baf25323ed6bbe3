-- fiber:cancel: the current or next wait raises, what it waited on is free again.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

-- Each way to wait, as a function that sets something up and returns the waiting call.
local waits = {
  sleep = function() return function() return luv.sleep(5) end end,
  join = function(keep)
    local f = luv.spawn(function() luv.sleep(5) end)
    keep(function() f:cancel() end)
    return function() return f:join() end
  end,
  timer = function(keep)
    local t = luv.timer.create():start(5000)
    keep(function() t:close() end)
    return function() return t:next() end
  end,
  idle_close = function(keep)
    local c = luv.fiber.cond()
    keep(function() c:close() end)
    return function() return c:wait(nil, 5) end
  end,
  suspend = function() return function() return luv.self():suspend() end end,
  read = function(keep)
    local a, b = luv.net.socketpair()
    keep(function() a:close(); b:close() end)
    return function() return a:read() end
  end,
  write = function(keep)
    local a, b = luv.net.socketpair()
    keep(function() a:close(); b:close() end)
    return function() return a:write(("x"):rep(8000000)) end
  end,
  accept = function(keep)
    local s = tap.listen()
    keep(function() s:close() end)
    return function() return s:accept() end
  end,
  in_a_pcall = function()
    return function()
      local ok, err = luv.pcall(function() luv.sleep(5) end)
      tap.equal(ok, false)
      error(err, 0)
    end
  end,
  in_a_coroutine = function()
    return function() luv.coroutine.wrap(function() luv.sleep(5) end)() end
  end,
  in_a_timeout = function() return function() luv.timeout(5, function() luv.sleep(5) end) end end,
}

local names = {}
for name in pairs(waits) do names[#names + 1] = name end
table.sort(names)

for _, name in ipairs(names) do
  tap.both("ends the wait: " .. name, function()
    local clean_ups = {}
    local call = waits[name](function(fn) clean_ups[#clean_ups + 1] = fn end)
    local went_on = false
    local f = luv.spawn(function() call(); went_on = true end)
    luv.sleep(0.003)
    tap.equal(f:status(), "waiting")
    tap.equal(f:cancel("because"), f)
    local err = tap.raises("cancelled: because", f.join, f)
    tap.same(tap.pack(luv.cancelled(err)), {n = 2, true, "because"})
    tap.equal(went_on, false)
    tap.equal(f:status(), "dead")
    for _, fn in ipairs(clean_ups) do fn() end
  end)
end

tap.both("reasons: none, a table", function()
  local reason = {}
  for _, r in ipairs{false, reason} do
    local f = luv.spawn(luv.sleep, 5)
    luv.sleep(0)
    f:cancel(r or nil)
    local err = tap.raises("^cancelled$", f.join, f)
    tap.same(tap.pack(luv.cancelled(err)), {n = 2, true, r or nil})
  end
end)

tap.both("luv.cancelled of anything else is false", function()
  for _, v in ipairs{"cancelled", 1, true, {}, print, luv.timer} do
    tap.same(tap.pack(luv.cancelled(v)), {n = 1, false})
  end
  tap.equal((luv.cancelled(nil)), false)
  tap.equal((luv.cancelled()), false)
end)

tap.both("of a fiber that is ready: at its next wait", function()
  local steps = {}
  local f = luv.spawn(function()
    steps[1] = "ran"
    luv.fiber.yield()
    steps[2] = "yield is no wait"
    luv.sleep(0)
    steps[3] = "not reached"
  end)
  f:cancel()
  tap.raises("cancelled", f.join, f)
  tap.same(steps, {"ran", "yield is no wait"})
end)

tap.both("of a new fiber: at its first wait", function()
  local ran = false
  local f = luv.fiber.create(function() ran = true; luv.sleep(0); ran = "too far" end)
  f:cancel("early")
  tap.raises("cancelled: early", f.join, f)
  tap.equal(ran, true)
end)

tap.both("of itself: at its next wait", function()
  local f = luv.spawn(function()
    luv.self():cancel("me")
    luv.sleep(0)
  end)
  tap.raises("cancelled: me", f.join, f)
end)

tap.both("of a dead fiber does nothing", function()
  local f = luv.spawn(function() return 5 end)
  tap.equal(f:join(), 5)
  tap.equal(f:cancel(), f)
  tap.equal(f:join(), 5)
end)

tap.both("may be caught: the fiber goes on, and its next waits work", function()
  local f = luv.spawn(function()
    local ok, err = luv.pcall(luv.sleep, 5)
    tap.ok(not ok and luv.cancelled(err))
    luv.sleep(0.002)
    return "went on"
  end)
  luv.sleep(0.002)
  f:cancel()
  tap.equal(f:join(), "went on")
end)

tap.both("twice: each cancel ends one wait", function()
  local caught = 0
  local f = luv.spawn(function()
    for _ = 1, 2 do
      if not luv.pcall(function() luv.sleep(5) end) then caught = caught + 1 end
    end
    return "end"
  end)
  luv.sleep(0.001); f:cancel()
  luv.sleep(0.001); f:cancel()
  tap.equal(f:join(), "end")
  tap.equal(caught, 2)
end)

tap.both("twice before it runs counts once", function()
  local caught = 0
  local f = luv.spawn(function()
    if not luv.pcall(function() luv.sleep(5) end) then caught = caught + 1 end
    luv.sleep(0.001)
    return "end"
  end)
  luv.sleep(0.001)
  f:cancel(); f:cancel()
  local ok, r = luv.pcall(f.join, f)
  tap.equal(caught, 1)
  tap.ok(ok and r == "end" or luv.cancelled(r), "ended by nothing but a cancellation")
end)

tap.both("a cancelled read takes no bytes", function()
  local a, b = luv.net.socketpair()
  local f = luv.spawn(function() return a:read() end)
  luv.sleep(0.002)
  f:cancel()
  b:write("kept")
  tap.raises("cancelled", f.join, f)
  tap.equal(select(2, a:read()), "kept")
  a:close(); b:close()
end)

tap.both("a cancelled reader in the middle of the queue", function()
  local a, b = luv.net.socketpair()
  local got, fibers = {}, {}
  for i = 1, 3 do
    fibers[i] = luv.spawn(function() got[i] = a:read_exactly(1) end)
  end
  luv.sleep(0.002)
  fibers[2]:cancel()
  luv.sleep(0.001)
  b:write("xy")
  fibers[1]:join(); fibers[3]:join()
  tap.raises("cancelled", fibers[2].join, fibers[2])
  tap.same(got, {[1] = "x", [3] = "y"})
  a:close(); b:close()
end)

tap.both("a wake and a cancel in the same turn: one of them ends the wait", function()
  local c = luv.fiber.cond()
  local f = luv.spawn(function() return c:wait() end)
  local g = luv.spawn(function() return c:wait() end)
  luv.sleep(0.001)
  c:signal()
  f:cancel()
  luv.sleep(0.001)
  c:signal()
  tap.equal(g:join(0.5), true)
  luv.pcall(f.join, f)
  tap.equal(f:status(), "dead")
  c:close()
end)

tap.test("a fiber that ends by its own cancellation is silent", function()
  local reports = 0
  local old = luv.on_error(function() reports = reports + 1 end)
  local f = luv.spawn(luv.sleep, 5)
  local g = luv.spawn(function() luv.sleep(5) end)
  luv.sleep(0.001)
  f:cancel(); g:cancel()
  luv.sleep(0.002)
  luv.on_error(old)
  tap.equal(reports, 0)
  tap.equal(f:status(), "dead")
end)

tap.test("cancel, timeout and wake at random: no wait is lost, no wake goes astray", function()
  math.randomseed(7)
  local c, woken, cancelled, timed_out = luv.fiber.cond(), 0, 0, 0
  local waiters = {}
  for i = 1, 300 do
    waiters[i] = luv.spawn(function()
      local ok, v, _, code = luv.pcall(c.wait, c, nil, math.random() * 0.02)
      if not ok then tap.ok(luv.cancelled(v)); cancelled = cancelled + 1
      elseif v == true then woken = woken + 1
      else tap.equal(code, "ETIMEDOUT"); timed_out = timed_out + 1 end
    end)
  end
  for i = 1, 300 do
    if i % 3 == 0 then waiters[math.random(300)]:cancel() end
    if i % 3 == 1 then c:signal() end
    luv.sleep(math.random() * 0.0002)
  end
  for _, f in ipairs(waiters) do luv.pcall(f.join, f) end
  tap.equal(woken + cancelled + timed_out, 300)
  tap.ok(woken > 0 and cancelled > 0 and timed_out > 0, "all three happened")
  c:close()
end)

tap.done()
