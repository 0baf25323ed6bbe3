-- luv.waitgroup: add, done, wait, count.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

tap.both("wait ends when all are done", function()
  local g, n = luv.waitgroup(), 0
  tap.equal(g:wait(), g)
  tap.equal(g:add(5):count(), 5)
  for _ = 1, 5 do luv.spawn(function() luv.sleep(0.001); n = n + 1; g:done() end) end
  local other = luv.spawn(function() return g:wait() end)
  tap.equal(g:wait(5), g)
  tap.equal(n, 5)
  tap.equal(other:join(), g)
  tap.equal(g:count(), 0)
end)

tap.both("timeouts, cancellation, close, mistakes", function()
  local g = luv.waitgroup():add()
  tap.fails("ETIMEDOUT", g:wait(0))
  tap.fails("ETIMEDOUT", g:wait(0.005))
  local f = luv.spawn(function() g:wait() end)
  luv.sleep(0)
  f:cancel()
  tap.raises("cancelled", f.join, f)
  g:done()
  tap.raises("more are done", g.done, g)
  tap.raises("more are done", g.add, g, -1)
  tap.raises("whole number", g.add, g, 0.5)
  g:add()
  f = luv.spawn(function() return g:wait() end)
  luv.sleep(0)
  g:close()
  tap.fails("ECANCELED", f:join())
  tap.fails("EBADF", g:add())
end)

tap.done()
