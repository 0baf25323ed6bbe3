-- luv.fiber.cond: wait, signal, broadcast. (close and cancel while one waits stand in
-- test-close.lua and test-cancel.lua.)

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local cond = luv.fiber.cond

-- n fibers that wait for c, and the list of those that have been woken.
local function waiters(c, n)
  local woken, all = {}, {}
  for i = 1, n do
    all[i] = luv.spawn(function()
      local r = tap.pack(c:wait())
      woken[#woken + 1] = i
      return unpack(r, 1, r.n)
    end)
  end
  luv.fiber.yield()
  luv.fiber.yield()
  return woken, all
end

tap.both("signal wakes the one that has waited longest; wait returns true", function()
  local c = cond()
  local woken, all = waiters(c, 3)
  for i = 1, 3 do
    tap.equal(c:signal(), c)
    tap.equal(#woken, i - 1, "it runs when the caller waits")
    tap.same(tap.pack(all[i]:join(1)), {n = 1, true})
    tap.equal(#woken, i)
  end
  tap.same(woken, {1, 2, 3})
  c:close()
end)

tap.both("two signals in one turn wake two", function()
  local c = cond()
  local woken, all = waiters(c, 3)
  c:signal():signal()
  all[2]:join(1)
  tap.same(woken, {1, 2})
  c:broadcast()
  all[3]:join(1)
  c:close()
end)

tap.both("broadcast wakes all, in order; later waiters wait", function()
  local c = cond()
  local woken, all = waiters(c, 100)
  tap.equal(c:broadcast(), c)
  local late = luv.spawn(function() return c:wait(nil, 0.01) end)
  for i = 1, 100 do tap.equal(all[i]:join(1), true) end
  for i = 1, 100 do tap.equal(woken[i], i) end
  tap.fails("ETIMEDOUT", late:join(1))
  c:close()
end)

tap.both("a signal while nobody waits is lost", function()
  local c = cond()
  c:signal()
  c:broadcast()
  tap.fails("ETIMEDOUT", c:wait(nil, 0.001))
  c:close()
end)

tap.both("the first argument is ignored, the second is a limit", function()
  local c = cond()
  for _, first in ipairs{luv.self(), "x", 5} do tap.fails("ETIMEDOUT", c:wait(first, 0.001)) end
  tap.fails("ETIMEDOUT", c:wait(nil, 0))
  tap.raises("bad argument #2 to 'wait'", c.wait, c, nil, -1)
  tap.raises("bad argument #2 to 'wait'", c.wait, c, nil, "x")
  tap.raises("bad self %(luv%.cond expected, got luv%.timer%)", c.wait, luv.timer.create())
  tap.raises("bad self", c.signal)
  tap.raises("bad self", c.broadcast, {})
  c:close()
end)

tap.both("one that has timed out is not in the queue any more", function()
  local c = cond()
  local first = luv.spawn(function() return c:wait(nil, 0.001) end)
  local second = luv.spawn(function() return c:wait() end)
  tap.fails("ETIMEDOUT", first:join(1))
  c:signal()
  tap.equal(second:join(1), true)
  c:close()
end)

tap.test("as a queue between fibers", function()
  local c, queue, sum = cond(), {}, 0
  local consumer = luv.spawn(function()
    for _ = 1, 1000 do
      while #queue == 0 do c:wait() end
      sum = sum + table.remove(queue)
    end
  end)
  luv.spawn(function()
    for i = 1, 1000 do
      queue[#queue + 1] = i
      c:signal()
      if i % 7 == 0 then luv.fiber.yield() end
    end
  end)
  consumer:join(5)
  tap.equal(sum, 500500)
  c:close()
end)

tap.done()
