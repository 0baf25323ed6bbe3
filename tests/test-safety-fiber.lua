-- Fibers, select, calls into Go and what luv makes for a fiber, while finalisers act at every
-- allocation; and scripts that take Lua's own functions away.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local hot = dofile(tap.dir .. "lib/hot.lua")
local luv = require("luv")

tap.both("a call into Go answers its own question, whatever a finaliser asks meanwhile", function()
  local name = luv.os.uname().sysname
  hot.run(function()
    for _ = 1, 20 do
      tap.equal(luv.os.uname().sysname, name)
      tap.equal(luv.os.getenv("LUV_TEST_IS_NOT_SET"), nil)
      tap.same({luv.net.getaddrinfo("127.0.0.1", 7)}, {"127.0.0.1", 7})
    end
  end, function()
    luv.os.environ()
    luv.os.cpu_info()
    pcall(luv.os.getenv, {})
  end)
end)

tap.test("a fiber that is just ending is suspended, cancelled, joined by a finaliser", function()
  for n = 1, 6 do
    local f, seen
    f = luv.spawn(function()
      return hot.run(function() return {}, "end" end, function()
        if not f then return end
        f:suspend()
        f:cancel()
        seen = f:status()
      end, n)
    end)
    luv.sleep(0)
    luv.sleep(0)
    tap.equal(f:status(), "dead")
    tap.equal(select(2, f:join(1)), "end")
    tap.ok(not seen or seen == "dead" or seen == "running", tostring(seen))
  end
  tap.equal(luv.stats().external, 0)
end)

tap.test("the outcome of a wait is made while a finaliser suspends the fiber, and fails", function()
  local a, b = luv.net.socketpair()
  local f
  f = luv.spawn(function()
    local t = {}
    for i = 1, 30 do t[i] = a:read_exactly(400) end
    return t
  end)
  for i = 1, 30 do
    b:write(("%02d"):format(i):rep(200))
    hot.run(function() luv.fiber.yield() luv.fiber.yield() end, function() f:suspend() f:resume() error("not yours") end)
    luv.sleep(0)
  end
  local got = f:join(5)
  for i = 1, 30 do tap.equal(got[i], ("%02d"):format(i):rep(200)) end
  a:close() b:close()
end)

tap.test("a finaliser that tries to wait leaves the outcome of the fiber's own wait alone", function()
  local a, b = luv.net.socketpair()
  local from, to = luv.net.udp():bind("127.0.0.1", 0), luv.net.udp():bind("127.0.0.1", 0)
  local port = to:getsockname().port
  local function twice(fn) return function() return pcall(fn) end end
  local waits = {
    function() return a:read_line() end, function() return a:read_until("\n") end, function() return to:recv() end,
  }
  for i = 1, 3 do waits[i + 3] = twice(waits[i]) end
  for i, wait in ipairs(waits) do
    local f = luv.spawn(wait)
    luv.sleep(0)
    if i % 3 == 0 then from:send(("d"):rep(50), "127.0.0.1", port) else b:write(("w"):rep(50) .. "\n") end
    local got = hot.run(function()
      for _ = 1, 100 do
        luv.sleep(0.001)
        if f:status() == "dead" then return {f:join()} end
      end
    end, function() luv.sleep(0.001) end)
    if i > 3 then tap.equal(table.remove(got, 1), true) end
    if i % 3 == 0 then tap.same({#got[1], got[2].port, got[3]}, {50, from:getsockname().port, false})
    else tap.same(got, {("w"):rep(50), true}) end
  end
  for _, o in ipairs{a, b, from, to} do o:close() end
end)

-- LuaJIT 2.1 beta3 crashes, without luv too, when a finaliser raises below compiled code.
local function interpreted(fn)
  if tap.jit then jit.off() jit.flush() end
  local ok, err = pcall(fn)
  if tap.jit then jit.on() end
  if not ok then error(err, 0) end
end

tap.test("what a finaliser raises as an outcome is made is not the call's, which loses nothing by it", function()
  local a, b = luv.net.socketpair()
  local ctx = luv.zmq.create()
  local push, pull = ctx:socket("PUSH"), ctx:socket("PULL")
  pull:bind("inproc://raise")
  push:connect("inproc://raise")
  local from, to = luv.net.udp():bind("127.0.0.1", 0), luv.net.udp():bind("127.0.0.1", 0)
  local port = to:getsockname().port
  local waits = {
    {function() return (a:read_line()) end, function(s) b:write(s .. "\n") end},
    {function() return (select(2, pull:recv())) end, function(s) push:send({"frame", s}) end},
    {function() return pull:recv_multipart()[1] end, function(s) push:send(s) end},
    {function() return (to:recv()) end, function(s) from:send(s, "127.0.0.1", port) end},
  }
  interpreted(function()
    for i = 1, 60 do
      local w = waits[i % 4 + 1]
      local text = ("line %d "):format(i):rep(i % 5 * 20 + 3)
      local f = luv.spawn(pcall, w[1])
      luv.sleep(0)
      local function arm(fn) getmetatable(newproxy(true)).__gc = fn end
      local function gc()
        if f:status() == "dead" then return end
        if luv.fiber.current() == f then error("finaliser") end
        arm(gc)
      end
      arm(gc)
      w[2](text)
      collectgarbage("setpause", 0)
      collectgarbage("setstepmul", 1000000)
      collectgarbage()
      for _ = 1, 200 do
        pcall(luv.sleep, 0.0005)
        if f:status() == "dead" then break end
      end
      collectgarbage("setpause", 200)
      collectgarbage("setstepmul", 200)
      tap.same({f:join(1)}, {true, text})
    end
  end)
  for _, o in ipairs{a, b, push, pull, from, to} do o:close() end
  ctx:close()
end)

tap.test("an object whose userdata a finaliser keeps from being made is closed", function()
  local function arm(fn) getmetatable(newproxy(true)).__gc = fn end
  local makers = {luv.event, luv.mutex, luv.timer.create, luv.net.tcp, luv.net.udp, luv.net.socketpair, luv.chan, luv.thread.chan,
                  function() return luv.zmq.create():socket("PAIR") end, luv.pipe.pair, luv.fs.poll and function() return luv.fs.poll(".", 100) end}
  interpreted(function()
    local before, failed = luv.stats().handles.total, 0
    for i = 1, 20 * #makers do
      collectgarbage("setpause", 0)
      collectgarbage("setstepmul", 1000000)
      collectgarbage()
      arm(function() error("finaliser") end)
      local ok, o = pcall(makers[i % #makers + 1])
      collectgarbage("setpause", 200)
      collectgarbage("setstepmul", 200)
      if not ok then failed = failed + 1 tap.match(tostring(o), "finaliser") end
      o = nil
      pcall(luv.sleep, 0)
      pcall(collectgarbage)
    end
    tap.ok(failed > 20, failed .. " failed")
    for _ = 1, 100 do
      collectgarbage()
      luv.sleep(0.005)
      if luv.stats().handles.total <= before then break end
    end
    tap.equal(luv.stats().handles.total <= before, true)
  end)
end)

tap.test("with LuaJIT's compiler off from the start a finaliser cannot wait either", function()
  if not tap.jit then tap.skip("LuaJIT only") end
  local out, err, rc = tap.run([[
    jit.off()
    local luv = require("luv")
    luv.spawn(function()
      getmetatable(newproxy(true)).__gc = function() print(pcall(luv.sleep, 0)) end
      collectgarbage()
    end):join()]])
  tap.equal(rc, 0, err:sub(1, 400))
  tap.match(out, "^false\t.*cannot wait in a finalizer")
end)

tap.test("a fiber that was suspended before it ran, or in a yield, and is cancelled: the next wait raises", function()
  for _, begin in ipairs{function() end, coroutine.yield, luv.fiber.yield} do
    local got
    local f = luv.spawn(function(...)
      got = {n = select("#", ...), begin()}
      return pcall(luv.sleep, 60)
    end, 42)
    if begin ~= coroutine.yield and begin ~= luv.fiber.yield then f:suspend()
    else luv.fiber.yield() f:suspend() end
    f:cancel("stop")
    local ok, e = f:join(5)
    tap.same(got, {n = 1})
    tap.equal(ok, false)
    tap.same({luv.cancelled(e)}, {true, "stop"})
  end
end)

tap.both("select looks at the script's table once", function()
  for n = 1, 24 do
    local ch, t = luv.chan(), luv.timer.create():start(1)
    local cases = {{ch, "get"}, {t, "next"}, {ch, "get"}, {ch, "get"}}
    local other = {t, "next"}
    local i, v = hot.run(function() return luv.select(cases) end,
                         function() for k = 1, 4 do cases[k] = other end end, n)
    tap.ok(i and v == 1, tostring(i) .. " " .. tostring(v))
    t:close()
  end
end)

tap.both("select: what it waits for is closed while the cases are laid out", function()
  for n = 1, 24 do
    local t, e, a, b = luv.timer.create():start(100000), luv.event(), luv.net.socketpair()
    hot.run(function() return luv.timeout(0.005, luv.select, {{t}, {e}, {a, "read"}, timeout = 0.005}) end,
            function() t:close() e:close() a:close() end, n)
    for _, o in ipairs{t, e, a, b} do o:close() end
  end
  luv.sleep(0)
end)

tap.test("select with one channel of threads in several cases loses no value", function()
  local n, got = 3000, 0
  local ch = luv.thread.chan(0)
  local t = luv.thread.create(function(ch, n) for i = 1, n do ch:put(i) end end, ch, n)
  local cases = {timeout = 5}
  for i = 1, 16 do cases[i] = {ch, "get"} end
  while got < n do
    local i, v = luv.select(cases)
    if not i then break end
    got = got + 1
    tap.equal(v, got)
  end
  t:join()
  tap.equal(got, n)
end)

tap.test("a select of put and get on one channel never meets itself", function()
  local ch = luv.chan()
  tap.fails("ETIMEDOUT", luv.select{{ch, "put", 1}, {ch, "get"}, timeout = 0.002})
  tap.fails("ETIMEDOUT", luv.select{{ch, "get"}, {ch, "put", 1}, timeout = 0.002})
end)

local function sides(ch, v, timeout)
  local put, get = {ch, "put", v}, {ch, "get"}
  return luv.select(v % 2 == 0 and {put, get, timeout = timeout} or {get, put, timeout = timeout})
end

tap.test("nor does one on a channel of threads, which has others to meet all the same", function()
  local ch = luv.thread.chan()
  local polls = luv.stats().polls
  for i = 1, 10 do tap.fails("ETIMEDOUT", sides(ch, i, 0.01)) end
  tap.fails("ETIMEDOUT", sides(ch, 1, 0))
  tap.equal(#ch, 0)
  tap.ok(luv.stats().polls - polls < 200, "it waits asleep")
  local first = luv.spawn(sides, ch, 1, 20)
  luv.sleep(0)
  tap.equal(ch:put("over the head of the first", 20), ch)
  tap.equal(select(2, first:join(20)), "over the head of the first")
  first = luv.spawn(sides, ch, 2, 20)
  luv.sleep(0)
  tap.equal(ch:get(20), 2)
  first:join(20)
  local f, g = luv.spawn(sides, ch, 3, 20), luv.spawn(sides, ch, 4, 20)
  local _, a = f:join(20)
  local _, b = g:join(20)
  tap.ok((a == ch and b == 3) or (a == 4 and b == ch), "one has put what the other got")
  tap.equal(#ch, 0)
end)

tap.test("a select that gets is one getter, however many of its cases do: who puts for nobody waits", function()
  local ch, other = luv.thread.chan(), luv.thread.chan()
  local getter = luv.spawn(function() return luv.select{{ch, "get"}, {other, "get"}, {ch, "get"}} end)
  luv.sleep(0)
  local first, second = luv.spawn(ch.put, ch, 1), luv.spawn(ch.put, ch, 2)
  tap.same({select(2, getter:join())}, {1})
  tap.equal(first:join(), ch)
  tap.equal(second:status(), "waiting")
  tap.equal(#ch, 0)
  tap.equal(ch:get(), 2)
  second:join()
end)

tap.test("many such selects, in two threads: what is put is got once", function()
  local function many(luv, ch, base, n)
    local puts, got, left = 0, 0, n
    for i = 1, n do
      luv.spawn(function()
        local put, get = {ch, "put", base + i}, {ch, "get"}
        local _, v = luv.select(i % 2 == 0 and {put, get, timeout = 60} or {get, put, timeout = 60})
        if v == ch then puts = puts + base + i elseif v then got = got + v end
        left = left - 1
      end)
      if i % 7 == 0 then luv.sleep(0) end
    end
    while left > 0 do luv.sleep(0.001) end
    return puts, got
  end
  for round = 1, 5 do
    local ch = luv.thread.chan()
    local t = luv.thread.create(function(many, ch)
      return many(require("luv"), ch, 1000000, 200)
    end, many, ch)
    local puts, got = many(luv, ch, 0, 200)
    local there_puts, there_got = t:join(60)
    while #ch > 0 do got = got + ch:get() end
    tap.equal(got + there_got, puts + there_puts)
  end
end)

tap.test("a finaliser that comes while select asks its cases lets go of what it locks", function()
  local m, t = luv.mutex(), luv.timer.create():start(1)
  for n = 1, 12 do
    local failed
    hot.run(function() return luv.select{{t}, {luv.event(), "wait"}, timeout = 0.001} end, function()
      local ok, err = pcall(function() m:lock(0) m:unlock() m:with(tostring, 1) end)
      if not ok then failed = err end
    end, n)
    tap.equal(failed, nil)
    tap.equal(m:locked(), false)
  end
  t:close()
end)

tap.test("a finaliser that would wait as a fiber's outcome is made leaves that as it is", function()
  for n = 1, 8 do
    local a, b = luv.net.socketpair()
    local reader = luv.spawn(function()
      return hot.run(function()
        collectgarbage()
        return pcall(function() return b:read() end)
      end, function() luv.sleep(0.001) end, n < 8 and n or nil)
    end)
    luv.sleep(0)
    a:write(("x"):rep(1500))
    local ok, count, data = reader:join(5)
    tap.same({ok, count, data and #data}, {true, 1500, 1500})
    a:close()
    b:close()
  end
end)

tap.test("a select in a finaliser: its cases are what they are, and it stays a finaliser", function()
  local ch, stream, other = luv.thread.chan(), luv.net.socketpair()
  local tried, waited, error
  getmetatable(newproxy(true)).__gc = function()
    tried = {luv.select{{ch, "put", "v"}, {ch, "get"}, {stream, "read_until", "x"}, timeout = 0}}
    waited, error = pcall(luv.sleep, 0.001)
  end
  for i = 1, 20 do
    collectgarbage()
    if tried then break end
    luv.sleep(0)
  end
  tap.same({tried[1], tried[3]}, {nil, "ETIMEDOUT"})
  tap.equal(waited, false)
  tap.match(error, "cannot wait in a finalizer")
  for _, o in ipairs{ch, stream, other} do o:close() end
end)

tap.test("a state that ends while a finaliser is in a call of luv's", function()
  local out, err, rc = tap.run([[
    local luv = require("luv")
    local a, b = luv.net.socketpair()
    local cases = {{b, "read"}, timeout = 0}
    last = newproxy(true)
    getmetatable(last).__gc = function(self)
      a:write(("ten bytes!"):rep(100))
      collectgarbage("setstepmul", 1000000)
      collectgarbage("restart")
      local ok, i, n, data = pcall(luv.select, cases)
      io.write(ok and i and data or "refused")
    end]])
  tap.equal(err, "")
  tap.ok(out == ("ten bytes!"):rep(100) or out == "refused", out)
  tap.equal(rc, 0)
end)

tap.test("select of 5,000 cases", function()
  local ch = luv.chan()
  local cases = {}
  for i = 1, 5000 do cases[i] = {luv.chan(), "get"} end
  cases[4321] = {ch, "get"}
  luv.spawn(ch.put, ch, "found")
  tap.same({luv.select(cases)}, {4321, "found"})
  tap.equal(luv.select{default = true, unpack(cases, 1, 200)}, nil)
end)

tap.test("an error whose __tostring fails is told, and counts", function()
  local out, err, rc = tap.run([[
    local luv = require("luv")
    luv.spawn(function() error(setmetatable({}, {__tostring = function() error("broken") end})) end)
    luv.sleep(0.001)
    print("on")]])
  tap.equal(out, "on\n")
  tap.match(err, "fiber 1 died: %(error object is a table value, whose __tostring fails%)")
  tap.equal(rc, 1)
end)

tap.test("a script takes error, pcall, require, type and jit away: what luv has in Lua goes on", function()
  local out, err, rc = tap.run([[
    local luv = require("luv")
    local ch, print, tostring = luv.thread.chan(1000), print, tostring
    error, require, type, jit, unpack, select, setmetatable = nil
    local pcall_ = pcall
    pcall = nil
    for i = 1, 300 do ch:put(i) end
    local sum = 0
    for i = 1, 300 do sum = sum + ch:get() end
    local c = luv.chan(4)
    for i = 1, 300 do c:put(i) sum = sum + c:get() end
    local f = luv.spawn(function() return luv.sleep(60) end)
    luv.fiber.yield()
    f:cancel()
    print(sum, (pcall_(f.join, f)), luv.scope(function(s) s:spawn(luv.sleep, 0.001) return "scope" end),
      luv.mutex():with(function() return "with" end), luv.process.run("true").code)]])
  tap.equal(rc, 0, err:sub(1, 400))
  tap.equal(out, "90300\tfalse\tscope\twith\t0\n")
end)

tap.done()
