-- luv.semaphore: permits, order, timeouts, cancellation, misuse.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

local function settle() for _ = 1, 3 do luv.fiber.yield() end end

tap.both("as many at a time as there are permits", function()
  local s, inside, most, all = luv.semaphore(3), 0, 0, {}
  for i = 1, 12 do
    all[i] = luv.spawn(function()
      tap.equal(s:acquire(), s)
      inside = inside + 1
      most = math.max(most, inside)
      luv.sleep(0)
      inside = inside - 1
      tap.equal(s:release(), s)
    end)
  end
  for i = 1, 12 do all[i]:join() end
  tap.equal(most, 3)
  tap.equal(s:value(), 3)
  s:close()
  tap.fails("EBADF", s:acquire())
end)

tap.both("who wants many is not overtaken", function()
  local s = luv.semaphore(1)
  local many = luv.spawn(function() s:acquire(3); return "many" end)
  local one = luv.spawn(function() s:acquire(); return "one" end)
  settle()
  tap.fails("ETIMEDOUT", s:try_acquire())
  s:release()
  settle()
  tap.equal(many:status(), "waiting")
  s:release(1)
  tap.equal(many:join(), "many")
  tap.equal(one:status(), "waiting")
  s:release()
  tap.equal(one:join(), "one")
end)

tap.both("when the first gives up, the next may have its turn", function()
  for _, how in ipairs{"cancel", "timeout"} do
    local s = luv.semaphore(1)
    local many = luv.spawn(function() return s:acquire(3, how == "timeout" and 0.005 or nil) end)
    local one = luv.spawn(function() s:acquire(); return "one" end)
    settle()
    if how == "cancel" then many:cancel() end
    tap.equal(one:join(5), "one")
    tap.equal(s:value(), 0)
    luv.pcall(many.join, many)
  end
end)

tap.both("timeouts and mistakes", function()
  local s = luv.semaphore()
  tap.equal(s:value(), 1)
  tap.equal(s:try_acquire(), s)
  tap.fails("ETIMEDOUT", s:acquire(nil, 0))
  tap.fails("ETIMEDOUT", s:acquire(1, 0.005))
  tap.raises("bad argument #1 to 'acquire'", s.acquire, s, 0)
  tap.raises("bad argument #1 to 'release'", s.release, s, -1)
  tap.raises("bad argument #1 to 'semaphore'", luv.semaphore, -1)
  local f = luv.spawn(function() return s:acquire() end)
  settle()
  s:close()
  tap.fails("ECANCELED", f:join())
end)

tap.done()
