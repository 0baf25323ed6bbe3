-- timers.lua - sleeps, timers, idle handles, datagrams: nothing ends early, no tick and no datagram comes
-- twice.

local luv = require("luv")

return function(world)
  local call = world.call
  local timers, idle = {}, luv.idle.create()
  for i = 1, 3 do timers[i] = luv.timer.create() end
  local a, b = luv.net.udp():bind("127.0.0.1", 0), luv.net.udp():bind("127.0.0.1", 0)
  local port, serial, got = b:getsockname().port, 0, {}

  local function sleep(r, nowait)
    local s = nowait and 0 or r(10) / 10000
    local t = luv.hrtime()
    call(luv.sleep, s)
    if luv.hrtime() - t < s * 1e9 then world.found("a sleep of " .. s .. " ended early") end
  end
  local function start(r)
    local t = timers[r(3)]
    call(t.start, t, r(3) - 1, r(3) - 1)
  end
  local function tick(r, nowait)
    local t = timers[r(3)]
    local n, _, code = call(t.next, t, world.limit(r, nowait))
    if n and n < 1 then world.found("a timer fired " .. n .. " times") end
    if not n and code ~= "ETIMEDOUT" and code ~= "EINVAL" and code ~= "ECANCELED" and code ~= "EBADF" then
      world.found("timer:next gave " .. tostring(code))
    end
  end
  local function stop(r)
    local i = r(3)
    if r(3) == 1 then
      call(timers[i].close, timers[i])
      timers[i] = luv.timer.create()
    else call(timers[i].stop, timers[i]) end
  end
  local function rest(r, nowait)
    if r(4) == 1 then return call(r(2) == 1 and idle.start or idle.stop, idle) end
    call(idle.wait, idle, world.limit(r, nowait))
  end

  local function send(r, nowait)
    serial = serial + 1
    call(a.send, a, serial .. ":" .. ("d"):rep(serial % 700), "127.0.0.1", port, world.limit(r, nowait))
  end
  local function taken(data, from, truncated)
    if not data then
      if truncated ~= "ETIMEDOUT" and truncated ~= "ECANCELED" and truncated ~= "EBADF" then
        world.found("udp recv gave " .. tostring(truncated))
      end
      return
    end
    local n, d = data:match("^(%d+):(d*)$")
    n = tonumber(n)
    if not n or #d ~= n % 700 or from.address ~= "127.0.0.1" then return world.found("a broken datagram") end
    if got[n] then world.found("datagram " .. n .. " came twice") end
    got[n] = true
  end
  local function recv(r, nowait) taken(call(b.recv, b, world.limit(r, nowait))) end

  return {
    acts = {sleep, start, tick, stop, rest, send, send, recv, recv},
    cases = {
      function(r) return {timers[r(3)], "next"}, tostring end,
      function() return {b, "recv"}, function(how, ...) if how == "won" then taken(...) end end end,
    },
    close = function()
      for i = 1, 3 do timers[i]:close() end
      idle:close()
    end,
    finish = function() a:close() b:close() end,
  }
end
