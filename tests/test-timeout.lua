-- luv.timeout, and the timeout that every waiting call takes: never early, nothing lost.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

local function forever() while true do luv.sleep(1) end end

tap.both("what fn returns comes through", function()
  tap.same(tap.pack(luv.timeout(1, function(...) return ... end, 1, nil, "x", nil)),
           {n = 4, 1, nil, "x", nil})
  tap.equal(select("#", luv.timeout(1, function() end)), 0)
  tap.equal(luv.timeout(1, function() luv.sleep(0.002); return "waited" end), "waited")
end)

tap.both("expires: fn is unwound at its wait", function()
  local unwound = true
  local t, a, b, c = tap.timed(luv.timeout, 0.02, function()
    forever()
    unwound = false
  end)
  tap.fails("ETIMEDOUT", a, b, c)
  tap.ok(unwound)
  tap.ok(t >= 0.02, "early: " .. t)
  tap.ok(t < 0.5, "late: " .. t)
end)

tap.both("expires through luv.pcall only as an error that luv.cancelled knows", function()
  local caught
  local a, b, c = luv.timeout(0.01, function()
    local ok, err = luv.pcall(luv.sleep, 5)
    caught = {ok, luv.cancelled(err)}
    error(err, 0)
  end)
  tap.fails("ETIMEDOUT", a, b, c)
  tap.same(caught, {false, true, "timeout"})
end)

tap.both("an error in fn passes through unchanged", function()
  local t = {}
  tap.equal(tap.raises("table", luv.timeout, 1, function() error(t) end), t)
  tap.equal(tap.raises("^x$", luv.timeout, 1, error, "x", 0), "x")
  tap.equal(tap.raises("nil", luv.timeout, 1, function() luv.sleep(0.001); error(nil) end), nil)
end)

tap.both("nested: the earliest wins, outer first", function()
  local inner_returned = false
  local t, a, b, c = tap.timed(luv.timeout, 0.02, function()
    luv.timeout(5, forever)
    inner_returned = true
  end)
  tap.fails("ETIMEDOUT", a, b, c)
  tap.equal(inner_returned, false)
  tap.ok(t >= 0.02 and t < 0.5, "took " .. t)
end)

tap.both("nested: the inner expires, the outer goes on", function()
  local r = tap.pack(luv.timeout(5, function()
    local _, _, code = luv.timeout(0.01, forever)
    luv.sleep(0.005)
    return code, "went on"
  end))
  tap.same(r, {n = 2, "ETIMEDOUT", "went on"})
end)

tap.both("20 nested ones: only the earliest ends", function()
  local depth_reached = 0
  local function nest(level)
    if level == 0 then return forever() end
    local limit = level == 10 and 0.02 or 3 + level
    local _, _, code = luv.timeout(limit, nest, level - 1)
    depth_reached = level
    return "ended at " .. level .. ": " .. tostring(code)
  end
  tap.equal(nest(20), "ended at 20: nil")
  tap.equal(depth_reached, 20)
end)

tap.both("after it has passed, waits work again", function()
  luv.timeout(0.005, forever)
  tap.equal(luv.sleep(0.002), true)
  local t = tap.timed(luv.sleep, 0.02)
  tap.ok(t >= 0.02, "the sleep after it was early: " .. t)
end)

tap.both("zero: only what need not wait", function()
  tap.equal(luv.timeout(0, function() return "quick" end), "quick")
  tap.fails("ETIMEDOUT", luv.timeout(0, luv.sleep, 1))
  tap.fails("ETIMEDOUT", luv.timeout(0, function() return luv.sleep(1) end))
end)

tap.both("nil and infinity: no limit", function()
  tap.equal(luv.timeout(nil, function() luv.sleep(0.003); return 1 end), 1)
  tap.equal(luv.timeout(math.huge, function() luv.sleep(0.003); return 2 end), 2)
  tap.equal(luv.timeout(1e300, function() luv.sleep(0.003); return 3 end), 3)
end)

tap.both("C functions as fn", function()
  tap.fails("ETIMEDOUT", luv.timeout(0.01, luv.sleep, 5))
  tap.equal(luv.timeout(1, luv.sleep, 0.001), true)
  tap.equal(luv.timeout(1, math.max, 3, 7), 7)
  tap.same(tap.pack(luv.timeout(1, luv.pcall, error, "x", 0)), {n = 2, false, "x"})
end)

tap.both("wrong arguments", function()
  tap.raises("bad argument #1 to 'timeout'", luv.timeout, "x", print)
  tap.raises("bad argument #1 to 'timeout'", luv.timeout, -1, print)
  tap.raises("bad argument #1 to 'timeout'", luv.timeout, 0 / 0, print)
  tap.raises("bad argument #2 to 'timeout'", luv.timeout, 1)
end)

tap.both("unwinds through a coroutine, too", function()
  local co
  local a, b, c = luv.timeout(0.01, function()
    co = luv.coroutine.create(forever)
    local ok, err = luv.coroutine.resume(co)
    error(err, 0)
  end)
  tap.fails("ETIMEDOUT", a, b, c)
  tap.equal(luv.coroutine.status(co), "dead")
end)

tap.test("a fiber spawned inside is not under the limit", function()
  local child
  tap.fails("ETIMEDOUT", luv.timeout(0.005, function()
    child = luv.spawn(function() luv.sleep(0.03); return "lives" end)
    return child:join()
  end))
  tap.equal(child:join(), "lives")
end)

tap.both("join with a limit, and again", function()
  local f = luv.spawn(function() luv.sleep(0.03); return "result", nil end)
  tap.fails("ETIMEDOUT", f:join(0.003))
  tap.fails("ETIMEDOUT", f:join(0))
  tap.same(tap.pack(f:join(2)), {n = 2, "result", nil})
  tap.same(tap.pack(f:join(0)), {n = 2, "result", nil})
end)

tap.both("timer:next with a limit loses no tick", function()
  local t = luv.timer.create():start(15, 15)
  tap.fails("ETIMEDOUT", t:next(0.001))
  tap.fails("ETIMEDOUT", t:next(0))
  luv.sleep(0.05)
  tap.ok(t:next(0) >= 3, "ticks")
  t:close()
end)

tap.both("read with a limit loses no byte", function()
  local a, b = luv.net.socketpair()
  tap.fails("ETIMEDOUT", a:read(nil, 0.002))
  tap.fails("ETIMEDOUT", a:read_exactly(10, 0.002))
  b:write("12345")
  tap.fails("ETIMEDOUT", a:read_exactly(10, 0.005))
  tap.fails("ETIMEDOUT", a:read_line(nil, 0.002))
  tap.fails("ETIMEDOUT", a:read_until("##", nil, 0.002))
  tap.fails("ETIMEDOUT", a:read_all(nil, 0.002))
  b:write("67890\nrest")
  tap.equal(a:read_exactly(10, 1), "1234567890")
  tap.equal(a:read_line(nil, 1), "")
  tap.equal(a:read_exactly(4), "rest")
  a:close(); b:close()
end)

tap.both("accept and connect with a limit", function()
  local server, port = tap.listen()
  local t, a, b, c = tap.timed(server.accept, server, nil, 0.01)
  tap.fails("ETIMEDOUT", a, b, c)
  tap.ok(t >= 0.01, "early: " .. t)
  tap.fails("ETIMEDOUT", server:accept(nil, 0))
  local client = assert(luv.net.tcp():connect("127.0.0.1", port, 2))
  local peer = assert(server:accept(nil, 2))
  tap.equal(peer:write("hi"), 2)
  tap.equal(select(2, client:read()), "hi")
  client:close(); peer:close(); server:close()
end)

tap.both("write with a limit: the writer that gave up before its turn sent nothing", function()
  local a, b = luv.net.socketpair()
  local big = ("x"):rep(4 * 1024 * 1024)
  tap.fails("ETIMEDOUT", a:write(big, 0.01))
  tap.fails("ETIMEDOUT", a:write("never", 0.005))
  local n, reader = 0, luv.spawn(function()
    local total = 0
    while true do
      local got, data = b:read()
      if not got then return total end
      tap.ok(not data:find("never"), "data is clean")
      total = total + got
    end
  end)
  luv.sleep(0.05)
  a:shutdown()
  tap.equal(reader:join(), #big)
  a:close(); b:close()
end)

tap.both("a deadline of its own, under a luv.timeout that is later", function()
  local r = tap.pack(luv.timeout(1, function()
    local f = luv.spawn(luv.sleep, 0.05)
    local _, _, code = f:join(0.002)
    f:join()
    return code
  end))
  tap.same(r, {n = 1, "ETIMEDOUT"})
end)

tap.test("1000 limits at once end in time, none early", function()
  local early, n = 0, 0
  local all = {}
  for i = 1, 1000 do
    local limit = (i % 50) / 1000
    all[i] = luv.spawn(function()
      local t, _, _, code = tap.timed(luv.timeout, limit, forever)
      if t < limit then early = early + 1 end
      if code == "ETIMEDOUT" then n = n + 1 end
    end)
  end
  for _, f in ipairs(all) do f:join() end
  tap.equal(early, 0)
  tap.equal(n, 1000)
end)

tap.test("two limits that pass in one look at the clock end each its own call", function()
  local ch, late = luv.chan(), luv.chan(1)
  local b = luv.spawn(function()
    late:get(0.005) -- ends before its time, which the heap of deadlines goes on to keep
    return select("#", luv.timeout(0.02, ch.get, ch))
  end)
  local a = luv.spawn(function() return select("#", luv.timeout(0.015, ch.get, ch)) end)
  luv.sleep(0)
  late:put("early")
  luv.sleep(0)
  local stop = luv.hrtime() + 4e7
  while luv.hrtime() < stop do end
  tap.equal(a:join(), 3)
  tap.equal(b:join(), 3)
end)

tap.done()
