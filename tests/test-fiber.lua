-- luv.fiber: life, order, names, status; joins; the seed-era names.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local fiber = luv.fiber

tap.both("create does not start; ready does, and returns the fiber", function()
  local ran = 0
  local f = fiber.create(function() ran = ran + 1 end)
  luv.fiber.yield()
  tap.equal(ran, 0)
  tap.equal(f:status(), "new")
  tap.equal(f:ready(), f)
  tap.equal(f:status(), "ready")
  f:ready()
  f:join()
  tap.equal(ran, 1)
  tap.equal(f:status(), "dead")
  f:ready()
  f:join()
  tap.equal(ran, 1, "runs once")
end)

tap.both("arguments and results, nils included", function()
  local function count(...) return select("#", ...), ... end
  tap.same(tap.pack(fiber.create(count, 1, nil, "x", nil):join()), {n = 5, 4, 1, nil, "x", nil})
  tap.same(tap.pack(luv.spawn(count):join()), {n = 1, 0})
  tap.equal(select("#", luv.spawn(function() end):join()), 0)
  local t = {}
  for i = 1, 500 do t[i] = i end
  tap.equal((luv.spawn(count, unpack(t)):join()), 500)
  tap.equal(select("#", luv.spawn(function() return unpack(t) end):join()), 500)
end)

tap.both("join makes a new fiber ready, and may be repeated", function()
  local f = fiber.create(function(a) return a, nil, 3 end, "arg")
  for _ = 1, 3 do tap.same(tap.pack(f:join()), {n = 3, "arg", nil, 3}) end
end)

tap.both("a fiber made of a coroutine that has not started", function()
  local co = coroutine.create(function(a, b) return a + b end)
  tap.equal(fiber.create(co, 3, 4):join(), 7)
end)

tap.both("C functions as fn", function()
  tap.same(tap.pack(luv.spawn(math.max, 3, 9, 4):join()), {n = 1, 9})
  tap.equal(luv.spawn(luv.sleep, 0.001):join(), true)
  tap.equal(fiber.create(luv.sleep, 0.001):join(), true)
  tap.raises("^text$", function() luv.spawn(error, "text", 0):join() end)
end)

tap.both("error as fn: its message says no place, as under coroutine.wrap", function()
  local ok, e = luv.pcall(function() return luv.spawn(error, "oops"):join() end)
  tap.equal(ok, false)
  tap.match(e, "^oops$")
end)

tap.test("yield: round robin, first ready first", function()
  local order = {}
  local all = {}
  for i = 1, 3 do
    all[i] = luv.spawn(function()
      for k = 1, 3 do order[#order + 1] = i .. k; fiber.yield() end
    end)
  end
  for _, f in ipairs(all) do f:join() end
  tap.equal(table.concat(order, " "), "11 21 31 12 22 32 13 23 33")
end)

tap.test("coroutine.yield is yield, whatever its arguments", function()
  local n = 0
  local f = luv.spawn(function()
    for _ = 1, 3 do coroutine.yield(1, 2, 3); n = n + 1 end
    return select("#", coroutine.yield("x"))
  end)
  tap.equal(f:join(), 0, "a yield returns nothing")
  tap.equal(n, 3)
end)

tap.test("yield in the main chunk runs the others once", function()
  local n = 0
  local f = luv.spawn(function() while n < 100 do n = n + 1; fiber.yield() end end)
  fiber.yield()
  tap.equal(n, 1)
  fiber.yield()
  tap.equal(n, 2)
  f:join()
  tap.equal(n, 100)
end)

tap.test("current and luv.self", function()
  local f
  f = luv.spawn(function()
    tap.equal(fiber.current(), f)
    tap.equal(luv.self(), f)
    luv.sleep(0)
    luv.pcall(function() tap.equal(luv.self(), f) end)
    luv.coroutine.wrap(function() tap.equal(luv.self(), f) end)()
    return "checked"
  end)
  tap.equal(f:join(), "checked")
  tap.match(tostring(luv.self()), "^userdata<luv%.thread>: 0x%x+$")
  tap.equal(fiber.current(), luv.self())
end)

tap.test("status as another sees it", function()
  local f, g
  f = luv.spawn(function() luv.sleep(0.002); g = luv.self():status() end)
  tap.equal(f:status(), "ready")
  fiber.yield()
  tap.equal(f:status(), "waiting")
  f:join()
  tap.equal(g, "running")
  tap.equal(f:status(), "dead")
end)

tap.both("name and id", function()
  local f, g = fiber.create(print), fiber.create(print)
  tap.equal(type(f:id()), "number")
  tap.ok(f:id() ~= g:id(), "ids differ")
  tap.equal(f:id(), f:id())
  tap.equal(f:name(), "fiber " .. f:id())
  tap.equal(f:name("worker"), f)
  tap.equal(f:name(), "worker")
  f:name("")
  tap.equal(f:name(), "")
  f:name(("long"):rep(1000))
  tap.equal(f:name(), ("long"):rep(1000))
end)

tap.both("waiting: what for, and for how long", function()
  local f = luv.spawn(luv.sleep, 0.05)
  tap.equal(f:waiting(), nil)
  luv.sleep(0.01)
  local what, seconds = f:waiting()
  tap.equal(what, "sleep")
  tap.ok(seconds > 0.005 and seconds < 1, "for " .. tostring(seconds))
  f:join()
  tap.equal(f:waiting(), nil)
end)

tap.both("traceback of a fiber that waits", function()
  local function innermost() luv.sleep(5) end
  local f = luv.spawn(function() luv.pcall(function() innermost(); return 1 end); return 1 end)
  luv.sleep(0.002)
  local text = f:traceback("its state")
  tap.match(text, "^its state\nstack traceback:")
  tap.match(text, "in function 'innermost'")
  tap.match(f:traceback(), "stack traceback:")
  f:cancel()
  f:join()
  tap.equal(type(f:traceback()), "string")
  tap.equal(type(fiber.create(print):traceback()), "string")
end)

tap.both("locals: a table of its own, kept", function()
  local f, g = fiber.create(function() return luv.self().locals.x end), fiber.create(print)
  f.locals.x = "value"
  tap.equal(f.locals, f.locals)
  tap.ok(f.locals ~= g.locals)
  tap.equal(f:join(), "value")
  tap.equal(f.locals.x, "value")
end)

tap.test("list: the living", function()
  tap.equal(#fiber.list(), 0)
  local f, g = luv.spawn(luv.sleep, 0.005), luv.spawn(function() return #fiber.list() end)
  fiber.create(print)
  local set = {}
  for _, x in ipairs(fiber.list()) do set[x] = true end
  tap.equal(set[f], true); tap.equal(set[g], true)
  tap.equal(#fiber.list(), 2)
  tap.equal(g:join(), 2)
  f:join()
  tap.equal(#fiber.list(), 0)
end)

tap.test("tostring", function()
  tap.match(tostring(fiber.create(print)), "^userdata<luv%.fiber>: 0x%x+$")
end)

tap.test("10,000 joiners of one fiber, all get its results", function()
  local f = fiber.create(function() luv.sleep(0.005); return "a", 2 end)
  local sum, all = 0, {}
  for i = 1, 10000 do
    all[i] = luv.spawn(function() local _, n = f:join(); sum = sum + n end)
  end
  for i = 1, 10000 do all[i]:join() end
  tap.equal(sum, 20000)
end)

tap.test("100,000 fibers, each switches twice", function()
  local n = 0
  for _ = 1, 100000 do luv.spawn(function() fiber.yield(); n = n + 1 end) end
  luv.run()
  tap.equal(n, 100000)
end)

tap.test("a chain of 5000 joins, the last ends them all", function()
  local first = luv.spawn(function() luv.sleep(0.003); return 1 end)
  local last = first
  for _ = 1, 5000 do
    local before = last
    last = luv.spawn(function() return before:join() + 1 end)
  end
  tap.equal(last:join(), 5001)
end)

-- ---- the seed's era ----------------------------------------------------------------

tap.test("loop: until nothing is left", function()
  local n = 0
  for i = 1, 5 do luv.spawn(function() luv.sleep(i / 1000); n = n + 1 end) end
  fiber.loop()
  tap.equal(n, 5)
end)

tap.both("suspend of oneself, resume by another", function()
  local steps = {}
  local f = luv.spawn(function()
    steps[1] = "before"
    luv.self():suspend()
    steps[2] = "after"
  end)
  luv.sleep(0.002)
  tap.equal(f:status(), "waiting")
  tap.equal(f:waiting(), "suspend")
  tap.same(steps, {"before"})
  tap.equal(f:resume(), f)
  f:join()
  tap.same(steps, {"before", "after"})
end)

tap.both("suspend of one that is ready, and ready again", function()
  local n = 0
  local f = luv.spawn(function(x) n = x end, 7)
  tap.equal(f:suspend(), f)
  luv.sleep(0.002)
  tap.equal(n, 0)
  f:ready()
  f:join()
  tap.equal(n, 7, "its arguments are kept")
end)

tap.both("cond: signal wakes one, broadcast all, in order", function()
  local c, woken = fiber.cond(), {}
  for i = 1, 4 do luv.spawn(function() c:wait(luv.self()); woken[#woken + 1] = i end) end
  luv.sleep(0.001)
  tap.equal(c:signal(), c)
  luv.sleep(0.001)
  tap.same(woken, {1})
  tap.equal(c:broadcast(), c)
  luv.sleep(0.001)
  tap.same(woken, {1, 2, 3, 4})
  c:signal() -- nobody waits: no effect later
  tap.fails("ETIMEDOUT", c:wait(nil, 0.001))
  tap.match(tostring(c), "^userdata<luv%.cond>")
  c:close()
end)

tap.done()
