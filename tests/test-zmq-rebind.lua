-- luv.zmq: an endpoint that close or unbind has left is free when they return.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local zmq = luv.zmq

local function path()
  local p = os.tmpname()
  os.remove(p)
  return "ipc://" .. p
end

-- An endpoint of each kind that nobody is bound to.
local function endpoints(ctx)
  local s = ctx:socket("REP")
  local list = {"inproc://again", path(), "ipc://@luv-rebind-" .. luv.os.getpid()}
  for _, any in ipairs{"tcp://127.0.0.1:*", "tcp://*:*"} do
    assert(s:bind(any))
    list[#list + 1] = s:last_endpoint()
  end
  s:close()
  return list
end

local function answers(ctx, rep, endpoint)
  local req = ctx:socket("REQ")
  assert(req:connect(endpoint))
  assert(req:send("?"))
  tap.equal(rep:recv(2), "?")
  assert(rep:send("!"))
  tap.equal(req:recv(2), "!")
  req:close()
end

tap.both("bind right after close", function()
  local ctx = zmq.create()
  for _, endpoint in ipairs(endpoints(ctx)) do
    for i = 1, 40 do
      local s = ctx:socket("REP")
      tap.ok(s:bind(endpoint), "bind " .. i .. " to " .. endpoint)
      if i % 10 == 0 then answers(ctx, s, endpoint) end
      tap.equal(s:close(), s)
    end
  end
  ctx:close()
end)

tap.both("bind right after unbind", function()
  local ctx = zmq.create()
  for _, endpoint in ipairs(endpoints(ctx)) do
    local s = ctx:socket("REP")
    for i = 1, 40 do
      tap.ok(s:bind(endpoint), "bind " .. i .. " to " .. endpoint)
      if i % 10 == 0 then answers(ctx, s, endpoint) end
      tap.equal(s:unbind(endpoint), s)
    end
    tap.fails("ENOENT", s:unbind(endpoint))
    s:close()
  end
  ctx:close()
end)

tap.test("a socket with several endpoints leaves all of them", function()
  local ctx = zmq.create()
  for _ = 1, 10 do
    local s, list = ctx:socket("PULL"), {}
    for i = 1, 5 do
      assert(s:bind("tcp://127.0.0.1:*"))
      list[i] = s:last_endpoint()
    end
    s:unbind(list[3])
    s:close()
    local t = ctx:socket("PULL")
    for _, endpoint in ipairs(list) do assert(t:bind(endpoint)) end
    t:close()
  end
  ctx:close()
end)

tap.test("many fibers close and unbind at once", function()
  local ctx = zmq.create(2)
  local wg, one = luv.waitgroup(), ctx:socket("PULL")
  for i = 1, 60 do
    local s = i % 2 == 0 and one or ctx:socket("PULL")
    assert(s:bind("tcp://127.0.0.1:*"))
    local endpoint = s:last_endpoint()
    wg:add()
    luv.spawn(function()
      if s == one then assert(s:unbind(endpoint)) else s:close() end
      local t = ctx:socket("PULL")
      assert(t:bind(endpoint))
      t:close()
      wg:done()
    end)
  end
  assert(wg:wait(10))
  one:close()
  ctx:close()
end)

tap.test("the script's own monitor goes on, and misses nothing", function()
  local ctx = zmq.create()
  local s = ctx:socket("REP")
  local m = assert(s:monitor())
  local seen = {}
  local f = luv.spawn(function()
    repeat
      local event, address = m:next()
      seen[#seen + 1] = event .. " " .. address
    until event == "MONITOR_STOPPED"
  end)
  s:bind("tcp://127.0.0.1:*")
  local endpoint = s:last_endpoint()
  for _ = 1, 3 do
    assert(s:unbind(endpoint))
    assert(s:bind(endpoint))
  end
  s:close()
  f:join()
  m:close()
  local want = {}
  for _ = 1, 3 do
    want[#want + 1] = "LISTENING " .. endpoint
    want[#want + 1] = "CLOSED " .. endpoint
  end
  want[#want + 1] = "LISTENING " .. endpoint
  want[#want + 1] = "MONITOR_STOPPED "
  tap.same(seen, want)
  ctx:close()
end)

tap.test("a monitor that nobody asked meanwhile has kept its events", function()
  local ctx = zmq.create()
  local s = ctx:socket("REP")
  local m = assert(s:monitor())
  s:bind("tcp://127.0.0.1:*")
  local endpoint = s:last_endpoint()
  assert(s:unbind(endpoint))
  for _, want in ipairs{"LISTENING", "CLOSED"} do
    local event, address = m:next(1)
    tap.equal(event, want)
    tap.equal(address, endpoint)
  end
  tap.fails("ETIMEDOUT", m:next(0))
  s:close()
  tap.equal(m:next(1), "MONITOR_STOPPED")
  tap.fails("EOF", m:next(1))
  m:close()
  ctx:close()
end)

tap.test("a monitor begun while unbind waits", function()
  local ctx = zmq.create()
  for _ = 1, 20 do
    local s = ctx:socket("REP")
    s:bind("tcp://127.0.0.1:*")
    local f = luv.spawn(s.unbind, s, s:last_endpoint())
    luv.fiber.yield()
    local m = assert(s:monitor())
    f:join()
    m:close()
    s:close()
  end
  ctx:close()
end)

tap.test("what was sent before close arrives", function()
  local ctx = zmq.create()
  local push, pull = ctx:socket("PUSH"), ctx:socket("PULL")
  push.sndhwm = 0
  push:bind("tcp://127.0.0.1:*")
  local endpoint = push:last_endpoint()
  pull:connect(endpoint)
  for i = 1, 5000 do push:send("message " .. i) end
  push:close()
  local other = ctx:socket("PULL")
  tap.ok(other:bind(endpoint))
  for i = 1, 5000 do tap.equal(pull:recv(2), "message " .. i) end
  pull:close() other:close() ctx:close()
end)

tap.test("a peer that does not read holds nothing up", function()
  local ctx = zmq.create()
  for _ = 1, 20 do
    local push, pull = ctx:socket("PUSH"), ctx:socket("PULL")
    push.sndhwm, pull.rcvhwm = 0, 1
    push:bind("tcp://127.0.0.1:*")
    local endpoint = push:last_endpoint()
    pull:connect(endpoint)
    assert(push:connect("tcp://127.0.0.1:1")) -- which libzmq tries again and again
    for _ = 1, 50 do push:send(("x"):rep(50000), 1) end
    tap.ok(tap.timed(push.close, push) < 1)
    local other = ctx:socket("PULL")
    tap.ok(other:bind(endpoint))
    push:close()
    pull:close() other:close()
  end
  ctx:close()
  luv.sleep(0.01)
end)

tap.test("an end that comes with sockets unsent: in time", function()
  local _, err, rc
  local t = tap.timed(function()
    _, err, rc = tap.run([[
      local luv = require("luv")
      local ctx = luv.zmq.create()
      local s = ctx:socket("PUSH")
      s:bind("tcp://127.0.0.1:*")
      s:connect("tcp://127.0.0.1:1")
      s:send("never")
      s:close()
      local t = ctx:socket("PULL")
      t:bind("tcp://127.0.0.1:*")
      luv.spawn(t.close, t)
      luv.fiber.yield()]])
  end)
  tap.equal(rc, 0, err)
  tap.ok(t < 1.9, "took " .. t)
end)

tap.test("timeouts, cancellation, another's close: the socket is closed", function()
  local ctx = zmq.create()
  local function bound()
    local s = ctx:socket("PULL")
    s:bind("tcp://127.0.0.1:*")
    return s, s:last_endpoint()
  end
  local s, endpoint = bound()
  tap.fails("ETIMEDOUT", s:unbind(endpoint, 0))
  assert(s:bind("tcp://127.0.0.1:*"))
  tap.fails("ETIMEDOUT", s:close(0))
  tap.equal(s:closed(), true)
  tap.equal(s:close(), s)
  s = bound()
  local f = luv.spawn(s.close, s)
  luv.fiber.yield()
  f:cancel()
  tap.raises("cancelled", f.join, f)
  tap.equal(s:closed(), true)
  s = bound()
  f = luv.fiber.create(function() s:close() end)
  f:cancel()
  f:ready()
  pcall(f.join, f)
  s:close()
  s, endpoint = bound()
  f = luv.spawn(s.unbind, s, endpoint)
  luv.fiber.yield()
  s:close()
  local a, _, code = f:join()
  tap.ok(a == s or code == "ECANCELED", code)
  tap.raises("number expected", s.close, s, "now")
  tap.raises("luv.zmq.socket expected", s.close, ctx)
  ctx:close()
end)

tap.test("in a finaliser close does not wait", function()
  local ctx = zmq.create()
  local s = ctx:socket("PULL")
  s:bind("tcp://127.0.0.1:*")
  local ok, err
  local p = newproxy(true)
  getmetatable(p).__gc = function() ok, err = pcall(s.close, s) end
  p = nil
  collectgarbage() collectgarbage()
  tap.ok(ok, err)
  tap.equal(s:closed(), true)
  ctx:close()
end)

tap.test("without room for a monitor it does not wait", function()
  local ctx = zmq.create()
  ctx:set("MAX_SOCKETS", 1)
  local s = ctx:socket("PULL")
  s:bind("tcp://127.0.0.1:*")
  tap.equal(s:unbind(s:last_endpoint()), s)
  s:bind("tcp://127.0.0.1:*")
  tap.equal(s:close(), s)
  ctx:close()
end)

tap.test("nothing piles up", function()
  local ctx = zmq.create()
  local function descriptors() return #assert(luv.fs.scandir("/proc/self/fd")) end
  local function round()
    local s = ctx:socket("PULL")
    s:bind("tcp://127.0.0.1:*")
    s:unbind(s:last_endpoint())
    s:bind("tcp://127.0.0.1:*")
    s:close()
  end
  for _ = 1, 20 do round() end
  local before = descriptors()
  for _ = 1, 200 do round() end
  tap.ok(descriptors() < before + 20, descriptors() .. " descriptors, before " .. before)
  ctx:close()
end)

tap.done()
