-- luv's own functions: spawn, sleep, time, run, spin, stats, versions.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

tap.test("require gives the same table, no global appears", function()
  tap.equal(require("luv"), luv)
  tap.equal(package.loaded.luv, luv)
  tap.equal(rawget(_G, "luv"), nil)
end)

tap.test("versions", function()
  tap.match(luv.version, "^%d+%.%d+%.%d+")
  tap.equal(luv.versions.luv, luv.version)
  tap.match(luv.versions.libuv, "^1%.%d+")
  tap.match(luv.versions.zmq, "^4%.%d+")
  tap.match(luv.versions.go, "^go1%.%d+")
  tap.match(luv.versions.lua, tap.jit and "LuaJIT" or "5%.1", "versions.lua")
end)

tap.both("spawn: a fiber, ready at once, with arguments", function()
  local f = luv.spawn(function(...) return ... end, 1, nil, 3)
  tap.match(tostring(f), "^userdata<luv%.fiber>")
  tap.equal(f:status(), "ready")
  tap.same(tap.pack(f:join()), {n = 3, 1, nil, 3})
end)

tap.both("sleep returns true, never early", function()
  for _, s in ipairs{0, 1e-9, 0.0004, 0.001, 0.0123, 0.03} do
    local t, r = tap.timed(luv.sleep, s)
    tap.equal(r, true)
    tap.ok(t >= s, "a sleep of " .. s .. " took " .. t)
    tap.ok(t < s + 0.5, "late: " .. t)
  end
end)

tap.test("1000 sleeps at once, none early", function()
  local early, all = 0, {}
  for i = 1, 1000 do
    all[i] = luv.spawn(function()
      local s = (i * 7919 % 300) / 10000
      if tap.timed(luv.sleep, s) < s then early = early + 1 end
    end)
  end
  for _, f in ipairs(all) do f:join() end
  tap.equal(early, 0)
end)

tap.both("a sleep after long computing is not early", function()
  for _ = 1, 3 do
    local busy = tap.clock()
    while tap.clock() - busy < 0.02 do end
    tap.ok(tap.timed(luv.sleep, 0.01) >= 0.01)
  end
end)

tap.test("a wait in a debug hook: works on Lua 5.1, is refused on LuaJIT, harms nothing", function()
  local ok, e
  local f = luv.spawn(function() for _ = 1, 5 do luv.sleep(0.001) end return "whole" end)
  debug.sethook(function() debug.sethook(); ok, e = pcall(luv.sleep, 0.003) end, "", 1)
  local _ = 1
  debug.sethook()
  if _G.jit then tap.match(e, "cannot wait in a finalizer or a debug hook") else tap.equal(ok, true) end
  tap.equal(f:join(), "whole")
end)

tap.both("a sleep for ever waits", function()
  for _, s in ipairs{1e9, 1e300, math.huge} do
    tap.fails("ETIMEDOUT", luv.timeout(0.002, luv.sleep, s))
  end
end)

tap.both("hrtime grows; now is the loop's, in ms", function()
  local a = luv.hrtime()
  local b = luv.hrtime()
  tap.ok(b >= a and a > 0)
  tap.equal(a, math.floor(a))
  local n = luv.now()
  luv.sleep(0.02)
  local passed = luv.now() - n
  tap.ok(passed >= 15 and passed < 1000, "now went on by " .. passed)
end)

tap.test("run: until nothing is left", function()
  local n = 0
  luv.spawn(function() luv.sleep(0.005); n = n + 1; luv.spawn(function() luv.sleep(0.005); n = n + 1 end) end)
  tap.equal(luv.run(), false)
  tap.equal(n, 2)
  tap.equal(luv.run("default"), false)
end)

tap.test("run('once') and run('nowait')", function()
  local n = 0
  local f = luv.spawn(function() for _ = 1, 3 do luv.sleep(0.005); n = n + 1 end end)
  local t, more = tap.timed(luv.run, "nowait")
  tap.equal(more, true)
  tap.ok(t < 0.2, "nowait took " .. t)
  tap.equal(n, 0)
  local turns = 0
  while luv.run("once") do turns = turns + 1 end
  tap.equal(n, 3)
  tap.ok(turns >= 2 and turns < 100, "turns " .. turns)
  f:join()
  tap.equal(luv.run("nowait"), false)
  tap.raises("bad argument #1 to 'run'", luv.run, "never")
  tap.raises("bad argument #1 to 'run'", luv.run, {})
end)

tap.test("run inside a fiber is refused: the loop is running", function()
  tap.raises("the loop is already running", tap.fiber, luv.run)
  tap.raises("the loop is already running", tap.fiber, luv.fiber.loop)
end)

tap.test("fibers spawned before any wait run when the main chunk first waits", function()
  local order = {}
  for i = 1, 3 do luv.spawn(function() order[#order + 1] = i end) end
  tap.same(order, {})
  luv.sleep(0)
  tap.same(order, {1, 2, 3})
end)

tap.test("spin: read, set, off", function()
  local old = luv.spin()
  tap.equal(type(old), "number")
  tap.equal(luv.spin(50), old)
  tap.equal(luv.spin(0), 50)
  tap.equal(luv.spin(), 0)
  tap.ok(tap.timed(luv.sleep, 0.005) >= 0.005)
  luv.spin(old)
  for _, bad in ipairs{-1, 2e6, 0 / 0, "x", {}} do tap.raises("bad argument #1 to 'spin'", luv.spin, bad) end
end)

tap.test("an idle process uses no CPU", function()
  local cpu = os.clock()
  luv.sleep(0.4)
  cpu = os.clock() - cpu
  tap.ok(cpu < 0.1, "a sleep of 0.4 s used " .. cpu .. " s")
end)

tap.test("stats: switches, polls, fibers, handles", function()
  local f = luv.spawn(luv.sleep, 0.005)
  luv.fiber.yield()
  local t, s = luv.timer.create(), luv.stats()
  for _, key in ipairs{"switches", "polls", "go_callbacks", "external", "timers", "operations"} do
    tap.equal(type(s[key]), "number", key)
  end
  tap.equal(s.fibers.total, 1)
  tap.equal(s.fibers.waiting, 1)
  tap.equal(s.fibers.ready, 0)
  tap.equal(s.handles["luv.timer"], 1)
  tap.equal(s.external, 1)
  f:join()
  t:close()
  local after = luv.stats()
  tap.equal(after.fibers.total, 0)
  tap.ok(after.switches > s.switches)
end)

tap.test("a fiber is told of nothing but its own", function()
  local f = luv.spawn(function() return luv.stats().fibers.running end)
  tap.equal(f:join(), 1)
end)

tap.done()
