-- luv.chan: order, nil, capacities, closing, timeouts, cancellation, fairness.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local chan = luv.chan

local function settle() for _ = 1, 3 do luv.fiber.yield() end end

for _, n in ipairs{0, 1, 3, 1000} do
  tap.both("capacity " .. n .. ": every value once, in order, nil among them", function()
    local ch = chan(n)
    tap.equal(ch:capacity(), n)
    local f = luv.spawn(function()
      for i = 1, 500 do
        local v = i
        if i % 7 == 0 then v = nil elseif i % 5 == 0 then v = {i} elseif i % 3 == 0 then v = tostring(i) end
        tap.equal(ch:put(v), ch)
      end
      ch:close()
    end)
    for i = 1, 500 do
      local r = tap.pack(ch:get())
      tap.equal(r.n, 1)
      if i % 7 == 0 then tap.equal(r[1], nil)
      elseif i % 5 == 0 then tap.equal(r[1][1], i)
      elseif i % 3 == 0 then tap.equal(r[1], tostring(i))
      else tap.equal(r[1], i) end
    end
    tap.fails("EOF", ch:get())
    f:join()
  end)
end

tap.both("without capacity put waits for the getter", function()
  local ch, done = chan(), false
  local f = luv.spawn(function() ch:put("x"); done = true end)
  settle()
  tap.equal(done, false)
  tap.equal(#ch, 0)
  tap.equal(f:waiting(), "chan put")
  tap.equal(ch:get(), "x")
  f:join()
end)

tap.both("getters and putters are served in order", function()
  local ch, got = chan(), {}
  local all = {}
  for i = 1, 5 do all[i] = luv.spawn(function() got[i] = ch:get() end) end
  settle()
  for i = 1, 5 do ch:put(i) end
  for i = 1, 5 do all[i]:join() end
  tap.same(got, {1, 2, 3, 4, 5})
  for i = 1, 5 do all[i] = luv.spawn(function() ch:put(i) end) end
  settle()
  for i = 1, 5 do tap.equal(ch:get(), i) end
end)

tap.both("close: get drains, then EOF; put fails; who waits gets EOF", function()
  local ch = chan(2)
  ch:put(1):put(2)
  local putter = luv.spawn(function() return ch:put(3) end)
  settle()
  tap.equal(ch:closed(), false)
  tap.equal(ch:close(), ch)
  tap.equal(ch:close():closed(), true)
  tap.fails("EOF", putter:join())
  tap.fails("EOF", ch:put(4))
  tap.fails("EOF", ch:try_put(4))
  tap.equal(#ch, 2)
  tap.equal(ch:get(), 1)
  tap.equal(ch:try_get(), 2)
  tap.fails("EOF", ch:get())
  tap.fails("EOF", ch:try_get())
  local empty = chan()
  local getter = luv.spawn(function() return empty:get() end)
  settle()
  empty:close()
  tap.fails("EOF", getter:join())
end)

tap.both("timeouts take and send nothing", function()
  local ch = chan(1)
  tap.fails("ETIMEDOUT", ch:get(0))
  tap.fails("ETIMEDOUT", ch:try_get())
  tap.fails("ETIMEDOUT", ch:get(0.01))
  tap.equal(ch:put("a", 0), ch)
  tap.fails("ETIMEDOUT", ch:put("b", 0))
  tap.fails("ETIMEDOUT", ch:try_put("b"))
  tap.fails("ETIMEDOUT", ch:put("b", 0.01))
  tap.equal(#ch, 1)
  tap.equal(ch:get(), "a")
  tap.fails("ETIMEDOUT", ch:get(0.01))
end)

tap.both("a cancelled putter's value is not sent, a cancelled getter gets none", function()
  local ch = chan()
  local p = luv.spawn(function() ch:put("no") end)
  local g
  settle()
  p:cancel()
  tap.raises("cancelled", p.join, p)
  g = luv.spawn(function() ch:get() end)
  settle()
  g:cancel()
  tap.raises("cancelled", g.join, g)
  tap.fails("ETIMEDOUT", ch:put("x", 0))
  tap.fails("ETIMEDOUT", ch:get(0))
end)

tap.test("iter ends with the channel, as a loop and as a function", function()
  local ch, sum = chan(3), 0
  luv.spawn(function() for i = 1, 10 do ch:put(i) end ch:close() end)
  for v in ch:iter() do sum = sum + v end
  tap.equal(sum, 55)
  tap.fiber(function()
    local c, n = chan(), 0
    luv.spawn(function() c:put(1); c:put(2); c:close() end)
    local next = c:iter()
    while next() do n = n + 1 end
    tap.equal(n, 2)
  end)
  if tap.jit then jit.flush() end -- compiled code holds on to the iterators
end)

-- A plain list does the same. Small channels, large ones, and a ring that has gone round.
for _, n in ipairs{1, 2, 64, 1000, 1001, 4097} do
  tap.both("capacity " .. n .. ": random puts and gets agree with a list", function()
    local ch, list, first, last = chan(n), {}, 1, 0
    for i = 1, 30000 do
      if last - first + 1 < n and (first > last or math.random(100) > (i % 9000 > 4500 and 60 or 40)) then
        last = last + 1
        list[last] = i % 3 > 0 and i or i % 2 > 0 and "text " .. i or nil
        ch:put(list[last])
      else
        if ch:get() ~= list[first] then error("value " .. first) end
        list[first], first = nil, first + 1
      end
      if i % 5000 == 0 then collectgarbage() end
    end
    tap.equal(#ch, last - first + 1)
    ch:close()
    for k = first, last do tap.equal(ch:get(), list[k]) end
    tap.fails("EOF", ch:get())
  end)
end

tap.test("a channel in a hot loop: closed, cancelled, collected, it is like any other", function()
  local f = luv.spawn(function()
    for round = 1, 300 do
      local ch = chan(8)
      for i = 1, 20 do
        ch:put(i)
        if ch:get() ~= i then error("lost") end
      end
      ch:put(ch)
      ch:close()
      if ch:get() ~= ch then error("lost") end
      tap.fails("EOF", ch:get())
      tap.fails("EOF", ch:put(1))
      if round % 100 == 0 then collectgarbage() end
    end
  end)
  f:join()
  local ch, puts = chan(100), 0
  local g
  g = luv.spawn(function()
    for _ = 1, 50 do ch:put(1) puts = puts + 1 end
    g:cancel()
    ch:put(1)
    puts = puts + 1
  end)
  tap.equal(pcall(g.join, g), false)
  tap.equal(puts, 50)
  tap.equal(#ch, 50)
end)

tap.test("mistakes", function()
  tap.raises("bad argument #1 to 'chan'", chan, -1)
  tap.raises("bad argument #1 to 'chan'", chan, 1.5)
  tap.raises("bad argument #1 to 'chan'", chan, math.huge)
  tap.raises("number expected, got string", chan, "x")
  local ch = chan(1)
  tap.raises("bad argument #2 to 'put'", ch.put, ch, 1, -1)
  tap.raises("bad argument #1 to 'get'", ch.get, ch, "x")
  tap.raises("luv.chan expected, got luv.mutex", ch.get, luv.mutex())
  tap.raises("bad self", ch.put)
end)

tap.test("a deadlock names what the fibers wait for", function()
  local _, err, rc = tap.run([[
    local luv = require("luv")
    local ch, m, s, g, e = luv.chan(), luv.mutex():lock(), luv.semaphore(0), luv.waitgroup():add(), luv.event()
    local c = luv.cond()
    local function go(name, fn) luv.spawn(fn):name(name) end
    go("getter", function() ch:get() end)
    go("locker", function() m:lock() end)
    go("acquirer", function() s:acquire() end)
    go("grouper", function() g:wait() end)
    go("eventer", function() e:wait() end)
    go("conder", function() c:wait() end)
    go("chooser", function() luv.select{{ch, "get"}, {e}} end)
    go("scoper", function() luv.scope(function(x) x:spawn(function() ch:get() end) end) end)
    luv.chan():put(1)]])
  tap.equal(rc, 1)
  tap.match(err, "deadlock")
  for name, what in pairs{getter = "chan get", locker = "mutex", acquirer = "semaphore", grouper = "waitgroup",
                          eventer = "event", conder = "cond", chooser = "select", scoper = "scope"} do
    tap.match(err, "'" .. name .. "': waits for " .. what .. " at ")
  end
  tap.match(err, "main chunk: waits for chan put")
end)

tap.test("100,000 fibers on one channel", function()
  local ch, sum, n = chan(), 0, 100000
  for _ = 1, n do luv.spawn(function() sum = sum + ch:get() end) end
  for i = 1, n do ch:put(i) end
  luv.run()
  tap.equal(sum, n * (n + 1) / 2)
end)

tap.test("a fiber that comes out of pcalls and coroutines that have waited waits as any other", function()
  local full, empty, log = luv.chan(1):put("first"), luv.chan(), {}
  local f = luv.spawn(function()
    luv.pcall(luv.sleep, 0.001)
    full:put("second")
    luv.pcall(luv.pcall, luv.sleep, 0.001)
    log[1] = empty:get()
    luv.coroutine.wrap(function() luv.sleep(0.001) end)()
    full:put("third")
    luv.pcall(function() luv.sleep(0.001) error("x") end)
    log[2] = empty:get()
  end)
  luv.sleep(0.02)
  tap.equal(full:get(), "first")
  luv.sleep(0.02)
  tap.equal(full:get(), "second")
  full:put("between")
  empty:put("a")
  luv.sleep(0.02)
  tap.equal(full:get(), "between")
  tap.equal(full:get(), "third")
  empty:put("b")
  f:join()
  tap.equal(table.concat(log), "ab")
end)

tap.done()
