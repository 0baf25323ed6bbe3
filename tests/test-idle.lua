-- luv.idle: a turn of the loop at a time, when there is nothing else to do.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

tap.both("start, wait, stop, close", function()
  local i = luv.idle.create()
  tap.match(tostring(i), "^userdata<luv%.idle>: 0x%x+$")
  tap.equal(i:start(), i)
  for _ = 1, 10 do tap.ok(i:wait() >= 1) end
  tap.equal(i:stop(), i)
  tap.fails("EINVAL", i:wait())
  i:start()
  tap.ok(i:wait() >= 1)
  tap.equal(i:close(), i)
  tap.fails("EBADF", i:wait())
end)

tap.both("wait on one that was never started gives EINVAL", function()
  local i = luv.idle.create()
  tap.fails("EINVAL", i:wait())
  i:close()
end)

tap.both("with a limit", function()
  local i = luv.idle.create()
  i:start()
  tap.ok((i:wait(1)) >= 1)
  local n, _, code = i:wait(0)
  tap.ok(n or code == "ETIMEDOUT")
  i:close()
end)

tap.both("stop by another fiber ends the wait", function()
  local i = luv.idle.create()
  i:start()
  local f = luv.spawn(function()
    while true do
      local n, msg, code = i:wait()
      if not n then return n, msg, code end
    end
  end)
  luv.sleep(0.002)
  i:stop()
  local n, _, code = f:join(1)
  tap.equal(n, nil)
  tap.ok(code == "ECANCELED" or code == "EINVAL", tostring(code))
  i:close()
end)

tap.both("turns let timers and sockets through", function()
  local i, turns = luv.idle.create(), 0
  i:start()
  local a, b = luv.net.socketpair()
  local f = luv.spawn(function() return select(2, a:read()) end)
  luv.spawn(function() luv.sleep(0.005); b:write("through") end)
  local busy = luv.spawn(function() while not i:closed() do i:wait(); turns = turns + 1 end end)
  tap.equal(f:join(1), "through")
  i:close()
  busy:join()
  tap.ok(turns > 1, "turns " .. turns)
  a:close(); b:close()
end)

tap.both("several waiters", function()
  local i, n, all = luv.idle.create(), 0, {}
  i:start()
  for k = 1, 3 do all[k] = luv.spawn(function() if i:wait() then n = n + 1 end end) end
  for _, f in ipairs(all) do f:join(1) end
  tap.equal(n, 3)
  i:close()
end)

tap.done()
