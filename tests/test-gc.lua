-- Garbage collection at every step: what is waited on stays, what is forgotten goes.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

local function collect() collectgarbage(); collectgarbage() end

-- Runs fn while another fiber collects at each of its turns, fully or in steps.
local function under_gc(fn)
  local on = true
  local full = luv.spawn(function() while on do collectgarbage(); luv.fiber.yield() end end)
  local steps = luv.spawn(function() while on do collectgarbage("step", 1); luv.sleep(0) end end)
  local r = tap.pack(luv.pcall(fn))
  on = false
  full:join(); steps:join()
  if not r[1] then error(r[2], 0) end
  return unpack(r, 2, r.n)
end

local function weak() return setmetatable({}, {__mode = "v"}) end

tap.both("forgotten objects are closed: sockets, timers, idles, conds", function()
  local before = luv.stats().handles.total
  for _ = 1, 50 do
    luv.net.tcp(); luv.timer.create():start(100000); luv.idle.create(); luv.fiber.cond()
    luv.net.socketpair()
    tap.listen()
  end
  collect()
  luv.sleep(0.002)
  collect()
  luv.sleep(0.002)
  tap.ok(luv.stats().handles.total <= before + 5, "handles: " .. luv.stats().handles.total)
end)

tap.test("a forgotten socket's peer sees the end", function()
  local a, b = luv.net.socketpair()
  a = nil
  collect()
  tap.fails("EOF", b:read(nil, 1))
  b:close()
end)

tap.test("a started but forgotten idle does not keep the loop busy", function()
  luv.idle.create():start()
  collect()
  luv.run("nowait")
  luv.run("nowait")
  tap.equal(luv.stats().handles.total, 0)
end)

tap.test("a socket with a pending connect, dropped at every step", function()
  local port, stop = tap.silent_server()
  for i = 1, 20 do
    local f = luv.spawn(function()
      return luv.net.tcp():connect("127.0.0.1", port, 0.002 * (i % 4))
    end)
    f = i % 2 == 0 and f or nil
    collect()
    luv.fiber.yield()
    collect()
  end
  luv.sleep(0.02)
  collect()
  local c = luv.net.tcp()
  tap.fails("ETIMEDOUT", c:connect("127.0.0.1", port, 0.001))
  c = nil
  collect() -- the request is still pending
  luv.sleep(0.002)
  collect()
  stop()
end)

tap.test("a pending connect to a name, dropped", function()
  for _ = 1, 10 do
    luv.net.tcp():connect("localhost", 1, 0)
    luv.spawn(function() luv.net.tcp():connect("localhost", 1, 0.0005) end)
    luv.fiber.yield()
    collect()
  end
  luv.sleep(0.01)
end)

tap.test("a waiting fiber that nothing else holds stays", function()
  local woke = 0
  for _ = 1, 20 do luv.spawn(function() luv.sleep(0.005); woke = woke + 1 end) end
  for _ = 1, 10 do collect(); luv.sleep(0.001) end
  luv.sleep(0.02)
  tap.equal(woke, 20)
end)

tap.test("what a waiting fiber waits on stays", function()
  local got
  do
    local a, b = luv.net.socketpair()
    luv.spawn(function() got = select(2, a:read()) end)
    luv.spawn(function() luv.sleep(0.01); b:write("alive") end)
  end
  for _ = 1, 5 do collect(); luv.sleep(0.004) end
  tap.equal(got, "alive")
end)

tap.test("the data of a waiting write stays", function()
  local a, b = luv.net.socketpair()
  local w = luv.spawn(function()
    local parts = {}
    for i = 1, 200 do parts[i] = ("%d;"):rep(5000):format(unpack((function()
      local t = {}
      for k = 1, 5000 do t[k] = i end
      return t
    end)())) end
    return a:write(parts)
  end)
  luv.sleep(0.001)
  collect()
  local sum, n = 0, 0
  local all = under_gc(function()
    luv.spawn(function() w:join(); a:shutdown() end)
    return b:read_all()
  end)
  for d in all:gmatch("(%d+);") do sum = sum + d; n = n + 1 end
  tap.equal(n, 1000000)
  tap.equal(sum, 5000 * 200 * 201 / 2)
  tap.equal(w:join(), #all)
  a:close(); b:close()
end)

tap.test("new fibers, and cycles through them, are garbage", function()
  local w = weak()
  for i = 1, 10 do
    local f
    f = luv.fiber.create(function() return f end)
    f.locals.me = f
    w[i] = f
  end
  collect()
  tap.equal(next(w), nil)
end)

tap.test("dead fibers, their results and cycles through them are garbage", function()
  local w = weak()
  for i = 1, 10 do
    local f
    f = luv.spawn(function() return f, {} end)
    f.locals.me = f
    w[i] = f
  end
  luv.sleep(0)
  collect()
  tap.equal(next(w), nil)
end)

tap.test("a dead fiber keeps its results while it is held", function()
  local f = luv.spawn(function() return {"value"}, "text" end)
  f:join()
  collect()
  local t, s = f:join()
  tap.equal(t[1], "value")
  tap.equal(s, "text")
end)

tap.both("collecting in each callback of a workload: echo over TCP", function()
  under_gc(function()
    local server, port = tap.listen()
    local echo = luv.spawn(function()
      for _ = 1, 5 do
        local peer = server:accept()
        luv.spawn(function()
          while true do
            local n, data = peer:read()
            if not n then break end
            peer:write({"<", data, ">"})
          end
        end)
      end
    end)
    local clients = {}
    for i = 1, 5 do
      clients[i] = luv.spawn(function()
        local c = assert(luv.net.tcp():connect(i % 2 == 0 and "127.0.0.1" or "localhost", port))
        for k = 1, 20 do
          local m = "message " .. i .. "." .. k
          c:write(m)
          tap.equal(c:read_exactly(#m + 2), "<" .. m .. ">")
        end
      end)
    end
    for _, f in ipairs(clients) do f:join() end
    echo:join()
    server:close()
  end)
end)

tap.both("collecting at each wait inside pcalls and coroutines", function()
  under_gc(function()
    for i = 1, 20 do
      local step = luv.coroutine.wrap(function()
        for k = 1, 3 do
          local ok, v = luv.pcall(function()
            luv.sleep(0)
            if k == 2 then error({i}) end
            return {i + k}
          end)
          luv.coroutine.yield(ok, v[1])
        end
      end)
      tap.same({step()}, {true, i + 1})
      tap.same({step()}, {false, i})
      tap.same({step()}, {true, i + 3})
    end
  end)
end)

tap.both("collecting while lines are read and timers tick", function()
  under_gc(function()
    local a, b = luv.net.socketpair()
    local timer = luv.timer.create():start(0, 1)
    luv.spawn(function()
      for i = 1, 20 do
        timer:next()
        b:write("line " .. i .. (i % 2 == 0 and "\r\n" or "\n"))
      end
      b:close()
      timer:close()
    end)
    local next_line = a:lines()
    for n = 1, 20 do tap.equal(next_line(), "line " .. n) end
    tap.fails("EOF", next_line())
    a:close()
  end)
end)

tap.test("a __gc of the script that spawns", function()
  for _ = 1, 5 do
    local p = newproxy(true)
    getmetatable(p).__gc = function() luv.spawn(function() end) end
  end
  collect()
  luv.sleep(0.002)
  tap.equal(luv.stats().fibers.total, 0)
end)

tap.test("a __gc that closes, cancels and wakes", function()
  local a, b = luv.net.socketpair()
  local c = luv.fiber.cond()
  local f = luv.spawn(function() return a:read() end)
  local g = luv.spawn(function() return c:wait() end)
  luv.sleep(0.001)
  local p = newproxy(true)
  getmetatable(p).__gc = function() a:close(); c:signal() end
  p = nil
  luv.spawn(function() collect() end)
  tap.fails("ECANCELED", f:join(1))
  tap.equal(g:join(1), true)
  b:close(); c:close()
end)

tap.test("with the collector at its most eager the whole still works", function()
  local out, err, rc = tap.run([[
    collectgarbage("setpause", 0)
    collectgarbage("setstepmul", 1000000)
    local luv = require("luv")
    local sum = 0
    for i = 1, 30 do
      luv.spawn(function()
        local a, b = luv.net.socketpair()
        luv.spawn(function() luv.pcall(function() luv.sleep(0); b:write("x" .. i .. "\n") end) end)
        local line = luv.timeout(5, function() return a:read_line() end)
        sum = sum + #line
      end)
    end
    luv.run()
    print(sum)]])
  tap.equal(rc, 0, err)
  tap.equal(out, (9 * 2 + 21 * 3) .. "\n")
end)

tap.done()
