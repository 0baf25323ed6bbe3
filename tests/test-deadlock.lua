-- Deadlock detection: when nothing can ever wake the main chunk, its wait raises, with a
-- line for each fiber.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

local DEADLOCK = "deadlock: all fibers are asleep"

local function let_go(...)
  for _, f in ipairs{...} do
    f:cancel()
    luv.pcall(f.join, f)
  end
end

tap.test("join of a fiber that waits for a cond nobody signals: the report", function()
  local cond = luv.fiber.cond()
  local f = luv.spawn(function() cond:wait() end):name("sleeper")
  local g = luv.spawn(function() luv.self():suspend() end):name("suspended")
  local err = tap.raises(DEADLOCK, f.join, f)
  tap.match(err, "^.-test%-deadlock%.lua")
  tap.match(err, "main chunk: waits for join")
  tap.match(err, "sleeper.-waits for cond at .-test%-deadlock%.lua:%d+")
  tap.match(err, "suspended.-waits for suspend at .-test%-deadlock%.lua:%d+")
  let_go(f, g)
  cond:close()
end)

tap.test("the fibers live on, and can be woken after it", function()
  local cond = luv.fiber.cond()
  local f = luv.spawn(function() cond:wait(); return "woken" end)
  tap.raises(DEADLOCK, f.join, f)
  tap.raises(DEADLOCK, f.join, f)
  cond:signal()
  tap.equal(f:join(), "woken")
  cond:close()
end)

tap.test("two that join each other, and the main chunk joins one", function()
  local a, b
  a = luv.spawn(function() b:join() end)
  b = luv.spawn(function() a:join() end)
  tap.raises(DEADLOCK, a.join, a)
  a:cancel()
  luv.pcall(b.join, b)
  luv.pcall(a.join, a)
end)

tap.test("a ring of 50 joins", function()
  local ring = {}
  for i = 1, 50 do ring[i] = luv.spawn(function() ring[i % 50 + 1]:join() end) end
  local err = tap.raises(DEADLOCK, ring[1].join, ring[1])
  local lines = 0
  for _ in err:gmatch("\n\tfiber") do lines = lines + 1 end
  tap.equal(lines, 50)
  ring[1]:cancel()
  for _, f in ipairs(ring) do luv.pcall(f.join, f) end
end)

tap.test("500 sleepers: the report is cut short, and says so", function()
  local cond, all = luv.fiber.cond(), {}
  for i = 1, 500 do all[i] = luv.spawn(function() cond:wait() end) end
  local err = tap.raises(DEADLOCK, cond.wait, cond)
  tap.match(err, "and %d+ more")
  tap.ok(#err < 30000, "length " .. #err)
  cond:broadcast()
  for _, f in ipairs(all) do f:join() end
  cond:close()
end)

tap.test("main waits on a cond alone", function()
  local cond = luv.fiber.cond()
  tap.raises(DEADLOCK, cond.wait, cond)
  cond:close()
end)

tap.test("a fiber that joins itself: a clear error at once", function()
  tap.raises("a fiber cannot join itself", tap.fiber, function() luv.self():join() end)
end)

tap.test("a fiber that waits on the main chunk's join is no deadlock while a timer runs", function()
  local cond = luv.fiber.cond()
  local f = luv.spawn(function() cond:wait(); return 1 end)
  luv.spawn(function() luv.sleep(0.01); cond:signal() end)
  tap.equal(f:join(), 1)
  cond:close()
end)

tap.test("a timeout counts as something that can wake", function()
  local cond = luv.fiber.cond()
  tap.fails("ETIMEDOUT", cond:wait(nil, 0.01))
  local f = luv.spawn(function() cond:wait() end)
  tap.fails("ETIMEDOUT", f:join(0.01))
  tap.fails("ETIMEDOUT", luv.timeout(0.01, function() return f:join() end))
  let_go(f)
  cond:close()
end)

tap.test("a listening socket that a fiber accepts on can wake", function()
  local server = tap.listen()
  local f = luv.spawn(function() return server:accept() end)
  tap.fails("ETIMEDOUT", f:join(0.02))
  server:close()
  tap.fails("ECANCELED", f:join())
end)

tap.test("luv.run does not raise: it returns", function()
  local cond = luv.fiber.cond()
  local f = luv.spawn(function() cond:wait() end)
  tap.equal(luv.run(), false)
  tap.equal(f:status(), "waiting")
  let_go(f)
  cond:close()
end)

tap.test("uncaught, it ends the script with exit code 1", function()
  local _, err, rc = tap.run([[
    local luv = require("luv")
    local cond = luv.fiber.cond()
    luv.spawn(function() cond:wait() end):name("lonely"):join()]])
  tap.equal(rc, 1)
  tap.match(err, DEADLOCK)
  tap.match(err, "lonely")
end)

tap.both("a thread channel that nobody else has, once no thread runs that might tell of an error", function()
  local ch, full = luv.thread.chan(), luv.thread.chan(1):put(1)
  local f = luv.spawn(function() full:put(2) end)
  local g = luv.spawn(function() return ch:get() end)
  if luv.self() == luv.thread.self() then
    tap.match(tap.raises(DEADLOCK, g.join, g), "waits for thread get")
    tap.equal(luv.thread.create(function() luv.sleep(0.01) ch:put("sent") end):join(), nil)
    tap.equal(g:join(), "sent")
    g = luv.spawn(function() return ch:get() end)
  end
  tap.fails("ETIMEDOUT", ch:get(0.001))
  tap.fails("ETIMEDOUT", luv.timeout(0.001, ch.get, ch))
  local other = luv.spawn(function() luv.sleep(0.01) ch:put("by a timer") end)
  tap.equal(g:join(), "by a timer")
  other:join()
  let_go(f)
end)

tap.test("the script's end does not wait for one, but for threads that have it", function()
  local out, err, rc = tap.run([[
    local luv = require("luv")
    local ch, lone = luv.thread.chan(), luv.thread.chan()
    luv.spawn(function() lone:get() end)
    luv.spawn(function() print(ch:get()) end)
    luv.thread.create(function() luv.sleep(0.05) ch:put("from a thread") end)
    luv.run()
    print("over")]])
  tap.equal(out, "from a thread\nover\n", err)
  tap.equal(rc, 0)
end)

tap.done()
