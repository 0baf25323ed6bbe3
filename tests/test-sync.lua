-- What all primitives of the toolkit have in common, for each wait of each: cancel, timeout,
-- luv.timeout, close, an error meanwhile, and the report of a deadlock with names. After each
-- of them the primitive works as if that waiter had never been.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

local function settle() for _ = 1, 3 do luv.fiber.yield() end end

-- Each: make() → object; wait(o) waits; wake(o) ends one such wait; undo(o) if wake left
-- something (each: also for one that another's wake let through); report: what a deadlock calls
-- it; no_timeout: wait takes none.
local kinds = {
  {name = "chan get, unbuffered", report = "chan get", make = luv.chan,
   wait = function(o, t) return o:get(t) end, wake = function(o) o:put(1) end},
  {name = "chan get, buffered", report = "chan get", make = function() return luv.chan(2) end,
   wait = function(o, t) return o:get(t) end, wake = function(o) o:put(1) end},
  {name = "chan put, unbuffered", report = "chan put", make = luv.chan,
   wait = function(o, t) return o:put("v", t) end, wake = function(o) tap.equal(o:get(), "v") end},
  {name = "chan put, buffered", report = "chan put", make = function() return luv.chan(1):put(0) end,
   wait = function(o, t) return o:put("v", t) end,
   wake = function(o) tap.equal(o:get(), 0) end, undo = function(o) tap.equal(o:get(), "v"); o:try_put(0) end, each = true},
  {name = "mutex lock", report = "mutex", make = function() return luv.mutex():lock() end,
   wait = function(o, t) return o:lock(t) end, wake = function(o) o:unlock() end,
   undo = function(o) o:lock() end, owned = true},
  {name = "mutex with", report = "mutex", make = function() return luv.mutex():lock() end,
   wait = function(o) return o:with(function() return true end) end, wake = function(o) o:unlock() end,
   undo = function(o) o:lock() end, owned = true, no_timeout = true},
  {name = "cond wait", report = "cond", make = luv.cond,
   wait = function(o, t) return o:wait(nil, t) end, wake = function(o) o:signal() end},
  {name = "semaphore acquire", report = "semaphore", make = function() return luv.semaphore(1) end,
   wait = function(o, t) return o:acquire(2, t) end, wake = function(o) o:release() end,
   undo = function(o) tap.equal(o:value(), 0); o:release() end},
  {name = "waitgroup wait", report = "waitgroup", make = function() return luv.waitgroup():add() end,
   wait = function(o, t) return o:wait(t) end, wake = function(o) o:done() end, undo = function(o) o:add() end},
  {name = "event wait", report = "event", make = luv.event,
   wait = function(o, t) return o:wait(t) end, wake = function(o) o:set() end, undo = function(o) o:clear() end},
  {name = "select", report = "select", make = function() return luv.chan() end,
   wait = function(o, t)
     local e = luv.event()
     local r = tap.pack(luv.select{{e}, {o, "get"}, timeout = t})
     e:close()
     return unpack(r, 1, r.n)
   end,
   wake = function(o) o:put(1) end},
}

-- It works: one waits, and is woken. The mutex is locked by whom wakes.
local function works(k, o)
  local f = luv.spawn(function() return (k.wait(o)) end)
  settle()
  tap.equal(f:status(), "waiting", k.name)
  k.wake(o)
  tap.ok(f:join(), k.name)
  if k.undo then k.undo(o) end
end

local function finish(o)
  o:close()
  luv.sleep(0)
end

for _, k in ipairs(kinds) do
  tap.both(k.name .. ": cancelled, with others before and behind", function()
    local o = k.make()
    local list, log = {}, {}
    for i = 1, 5 do
      list[i] = luv.spawn(function()
        local ok, err = luv.pcall(k.wait, o)
        log[#log + 1] = i
        return ok, err
      end)
      settle()
    end
    for _, i in ipairs{3, 1, 5} do
      list[i]:cancel("why " .. i)
      local ok, err = list[i]:join()
      tap.equal(ok, false)
      tap.same({luv.cancelled(err)}, {true, "why " .. i})
    end
    for _, i in ipairs{2, 4} do
      local waits = list[i]:status() == "waiting"
      if waits then k.wake(o) end
      tap.equal(list[i]:join(5), true, k.name .. ", waiter " .. i)
      if k.undo and (waits or k.each) then k.undo(o) end
    end
    works(k, o)
    finish(o)
  end)

  tap.both(k.name .. ": its own timeout, and luv.timeout", function()
    local o = k.make()
    local f = luv.spawn(function()
      if not k.no_timeout then tap.fails("ETIMEDOUT", k.wait(o, 0.002)) end
      tap.fails("ETIMEDOUT", luv.timeout(0.002, k.wait, o))
      tap.fails("ETIMEDOUT", luv.timeout(60, luv.timeout, 0.002, k.wait, o))
      local r = tap.pack(luv.timeout(0.002, luv.timeout, 60, k.wait, o))
      tap.fails("ETIMEDOUT", unpack(r, 1, r.n))
      return true
    end)
    tap.equal(f:join(), true)
    works(k, o)
    finish(o)
  end)

  tap.both(k.name .. ": a wake and a cancel in the same turn: the wake counts, once", function()
    local o = k.make()
    local f = luv.spawn(function()
      local ok, first = luv.pcall(k.wait, o)
      local again, err = luv.pcall(luv.sleep, 60)
      return ok, first, again, luv.cancelled(err)
    end)
    settle()
    k.wake(o)
    f:cancel()
    local ok, first, again, is = f:join()
    tap.same({ok, first and true, again, is}, {true, true, false, true})
    if k.undo then k.undo(o) end
    works(k, o)
    finish(o)
  end)

  tap.both(k.name .. ": closed while several wait", function()
    local o = k.make()
    local list = {}
    for i = 1, 3 do list[i] = luv.spawn(function() return k.wait(o) end) end
    settle()
    o:close()
    for i = 1, 3 do
      local r = tap.pack(list[i]:join(5))
      local code = r[r.n]
      tap.ok(code == "ECANCELED" or code == "EOF" or (k.owned and i == 1), k.name .. ": " .. tostring(code))
    end
    luv.sleep(0)
  end)

  tap.test(k.name .. ": a deadlock names who waits, for what, where", function()
    local o = k.make()
    local f = luv.spawn(function() k.wait(o) end):name("stuck")
    local err = tap.raises("deadlock: all fibers are asleep", k.owned and f.join or k.wait, k.owned and f or o)
    tap.match(err, "main chunk: waits for " .. (k.owned and "join" or k.report))
    tap.match(err, "'stuck': waits for " .. k.report .. " at [^\n]*test%-sync.lua:%d+")
    f:cancel()
    luv.pcall(f.join, f)
    finish(o)
  end)

  tap.test(k.name .. ": collected while it is waited for by nobody, and by fibers that nobody holds", function()
    for _ = 1, 20 do
      local o = k.make()
      local f = luv.spawn(function() luv.pcall(k.wait, o) end)
      settle()
      f:cancel()
      o, f = nil, nil
    end
    collectgarbage()
    luv.sleep(0)
    collectgarbage()
  end)
end

tap.both("cond with a mutex: cancelled, timed out, closed: it has the mutex back", function()
  local m, c = luv.mutex(), luv.cond()
  local function owner() return luv.pcall(m.unlock, m) end
  local f = luv.spawn(function()
    m:lock()
    local ok, err = luv.pcall(c.wait, c, m)
    return ok, luv.cancelled(err), (owner())
  end)
  settle()
  tap.equal(m:locked(), false)
  m:lock()
  f:cancel()
  settle()
  tap.equal(f:status(), "waiting", "for the mutex")
  f:cancel()
  settle()
  tap.equal(f:status(), "waiting", "a second cancel does not break it")
  m:unlock()
  tap.same({f:join()}, {false, true, true})
  f = luv.spawn(function()
    m:lock()
    tap.fails("ETIMEDOUT", c:wait(m, 0.002))
    tap.equal(owner(), true)
    m:lock()
    tap.fails("ETIMEDOUT", luv.timeout(0.002, c.wait, c, m))
    return (owner())
  end)
  tap.equal(f:join(), true)
  f = luv.spawn(function()
    m:lock()
    local r = tap.pack(c:wait(m))
    return r[3], (owner())
  end)
  settle()
  c:close()
  tap.same({f:join()}, {"ECANCELED", true})
  tap.raises("cannot be selected", luv.select, {{luv.cond(), "wait", m:lock()}})
  m:unlock()
  m:close()
end)

tap.both("mutex:with: an error, a cancel, a timeout, a yield inside; an error of an error", function()
  local m = luv.mutex()
  local e = {}
  for _, fn in ipairs{function() error(e) end, function() luv.sleep(0); error(e) end} do
    local ok, err = luv.pcall(m.with, m, fn)
    tap.equal(ok, false)
    tap.equal(err, e)
    tap.equal(m:locked(), false)
  end
  local f = luv.spawn(function() m:with(function() luv.sleep(60) end) end)
  settle()
  tap.equal(m:locked(), true)
  f:cancel()
  tap.raises("cancelled", f.join, f)
  tap.equal(m:locked(), false)
  tap.fails("ETIMEDOUT", luv.timeout(0.002, m.with, m, luv.sleep, 60))
  tap.equal(m:locked(), false)
  f = luv.spawn(function()
    m:with(function()
      local ok, err = luv.pcall(luv.sleep, 60)
      luv.sleep(0.005) -- cleanup that waits, the mutex still held
      error(err, 0)
    end)
  end)
  settle()
  f:cancel()
  settle()
  tap.equal(m:locked(), true)
  tap.fails("ETIMEDOUT", m:lock(0.001))
  tap.raises("cancelled", f.join, f)
  tap.equal(m:locked(), false)
  tap.same({m:with(function(...) return luv.fiber.yield() or select("#", ...) end, nil, nil)}, {2})
  m:close()
end)

tap.test("a fiber that dies with mutexes hands each to the next", function()
  local a, b = luv.mutex(), luv.mutex()
  local got = {}
  local f = luv.spawn(function() a:lock(); b:lock(); luv.sleep(60) end)
  settle()
  for i, m in ipairs{a, b} do luv.spawn(function() m:lock(); got[i] = true; m:unlock() end) end
  settle()
  f:cancel()
  luv.sleep(0.002)
  tap.same(got, {true, true})
  a:close()
  b:close()
end)

tap.done()
