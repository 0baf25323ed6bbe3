-- luv.event: set, clear, is_set, wait.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

tap.both("set wakes all, and stays", function()
  local e, n, all = luv.event(), 0, {}
  tap.equal(e:is_set(), false)
  for i = 1, 5 do all[i] = luv.spawn(function() tap.equal(e:wait(), e); n = n + 1 end) end
  luv.sleep(0)
  tap.equal(n, 0)
  tap.equal(e:set(), e)
  tap.equal(e:clear(), e)
  for i = 1, 5 do all[i]:join() end
  tap.equal(n, 5, "cleared before they ran")
  e:set()
  tap.equal(e:is_set(), true)
  tap.equal(e:wait(), e)
end)

tap.both("timeouts, cancellation, close", function()
  local e = luv.event()
  tap.fails("ETIMEDOUT", e:wait(0))
  tap.fails("ETIMEDOUT", e:wait(0.005))
  local f = luv.spawn(function() e:wait() end)
  luv.sleep(0)
  f:cancel()
  tap.raises("cancelled", f.join, f)
  f = luv.spawn(function() return e:wait() end)
  luv.sleep(0)
  e:close()
  tap.fails("ECANCELED", f:join())
  tap.fails("EBADF", e:set())
  tap.raises("bad self", e.wait, 1)
end)

tap.done()
