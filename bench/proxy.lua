-- proxy.lua - luv.proxy between threads, beside the same by hand over ØMQ inproc.
--
--   proxy.lua call COUNT      call, zmq: µs of a call of a method; of a REQ/REP round trip
--   proxy.lua many COUNT      calls, zmq: a second, of 64 fibers; of DEALER/ROUTER with 64 under way
--   proxy.lua batch COUNT     each: µs of a call in a batch of 100
--   proxy.lua asleep COUNT    call, chan: µs, median, of a call of an owner that sleeps; of a thread channel's round trip
--   proxy.lua held COUNT      bytes: of both sides, for a proxy that is held
--   proxy.lua create COUNT    more: µs of a thread with a proxied upvalue beyond one with a number
--   proxy.lua server          serves, prints where, until it is killed
--   proxy.lua tcp WHERE COUNT rate: calls a second, of 64 fibers

package.cpath = "./?.so;" .. package.cpath
local luv = require("luv")
local kind, count = arg[1], tonumber(arg[2])

local function object()
  local o = luv.share({n = 0})
  function o:add(x) self.n = self.n + x; return self.n end
  return o
end

-- What fn(proxy, count) returns in a thread of its own, called by a fiber.
local function from_thread(fn, o)
  return luv.thread.create(function(p, n)
    return luv.spawn(fn, p, n):join()
  end, o or object(), count):join()
end

-- The same for an end of ØMQ: fn(ctx, count); here is served until it says so.
local function over_zmq(serve, fn)
  local ctx = luv.zmq.create(1)
  local s = serve(ctx)
  local t = luv.thread.create(function(n) return luv.spawn(fn, ctx, n):join() end, count)
  local result = t:join()
  s:close()
  ctx:close()
  return result
end

local run = {}

function run.call()
  local call = from_thread(function(p, n)
    for _ = 1, 1000 do p:add(1) end
    local start = luv.hrtime()
    for _ = 1, n do p:add(1) end
    return (luv.hrtime() - start) / 1e3 / n
  end)
  local zmq = over_zmq(function(ctx)
    local rep = ctx:socket(luv.zmq.REP):bind("inproc://bench")
    luv.spawn(function()
      local m = rep:recv()
      while m do
        rep:send(m)
        m = rep:recv()
      end
    end)
    return rep
  end, function(ctx, n)
    local req = ctx:socket(luv.zmq.REQ):connect("inproc://bench")
    local function ask() req:send("hello") req:recv() end
    for _ = 1, 1000 do ask() end
    local start = luv.hrtime()
    for _ = 1, n do ask() end
    start = (luv.hrtime() - start) / 1e3 / n
    req:close()
    return start
  end)
  return string.format("call %.3f zmq %.3f", call, zmq)
end

function run.many()
  local calls = from_thread(function(p, n)
    local fibers, start = {}, luv.hrtime()
    for i = 1, 64 do fibers[i] = luv.spawn(function() for _ = 1, n / 64 do p:add(1) end end) end
    for i = 1, 64 do fibers[i]:join() end
    return n / ((luv.hrtime() - start) / 1e9)
  end)
  local zmq = over_zmq(function(ctx)
    local router = ctx:socket(luv.zmq.ROUTER):bind("inproc://bench")
    luv.spawn(function()
      local id, m = router:recv()
      while m do
        router:send({id, m})
        id, m = router:recv()
      end
    end)
    return router
  end, function(ctx, n)
    local dealer = ctx:socket(luv.zmq.DEALER):connect("inproc://bench")
    local start = luv.hrtime()
    for _ = 1, 64 do dealer:send("hello") end
    for _ = 1, n - 64 do dealer:recv() dealer:send("hello") end
    for _ = 1, 64 do dealer:recv() end
    start = n / ((luv.hrtime() - start) / 1e9)
    dealer:close()
    return start
  end)
  return string.format("calls %.0f zmq %.0f", calls, zmq)
end

function run.batch()
  return string.format("each %.4f", from_thread(function(p, n)
    local function hundred() for i = 1, 100 do p:add(i) end end
    for _ = 1, 10 do luv.proxy.batch(hundred) end
    local start = luv.hrtime()
    for _ = 1, n / 100 do luv.proxy.batch(hundred) end
    return (luv.hrtime() - start) / 1e3 / n
  end))
end

-- The median of what fn() takes, in µs, the other side having slept each time.
local function median(fn, n)
  local list = {}
  for i = 1, n do
    luv.sleep(0.003)
    local start = luv.hrtime()
    fn()
    list[i] = (luv.hrtime() - start) / 1e3
  end
  table.sort(list)
  return list[math.ceil(n / 2)]
end

function run.asleep()
  local call = from_thread(function(p, n) return median(function() p:add(1) end, n) end)
  local there, back = luv.thread.chan(1), luv.thread.chan(1)
  local t = luv.thread.create(function() for v in there:iter() do back:put(v) end end)
  local chan = luv.spawn(function() return median(function() there:put(1) back:get() end, count) end):join()
  there:close()
  t:join()
  return string.format("call %.2f chan %.2f", call, chan)
end

local function resident()
  collectgarbage()
  collectgarbage()
  for line in io.lines("/proc/self/status") do
    local kb = line:match("^VmRSS:%s+(%d+)")
    if kb then return tonumber(kb) * 1024 end
  end
end

function run.held()
  local o, all = luv.share({}), {}
  for i = 1, count do all[i] = luv.share({}) end
  function o:get(i) return unpack(all, i, i + 99) end -- what calls leave behind is not what is measured
  o.resident = luv.share(resident)
  local t = luv.thread.create(function(p, n)
    local mine = {}
    for i = 1, n do mine[i] = false end
    p:get(1)
    local before = p.resident()
    luv.spawn(function()
      for i = 1, n, 100 do
        local some = {p:get(i)}
        for k = 1, 100 do mine[i + k - 1] = some[k] end
      end
    end):join()
    collectgarbage()
    collectgarbage()
    return (p.resident() - before) / n
  end, o, count)
  return string.format("bytes %.0f", t:join())
end

function run.create()
  local o, number = object(), 5
  local function with_proxy() return o ~= nil end
  local function with_number() return number ~= nil end
  local function each(fn, n)
    local start = luv.hrtime()
    for _ = 1, n do luv.thread.create(fn):join() end
    return (luv.hrtime() - start) / 1e3 / n
  end
  local list = {}
  each(with_proxy, 20)
  for i = 1, count / 20 do list[i] = -each(with_number, 20) + each(with_proxy, 20) end
  table.sort(list)
  return string.format("more %.2f", list[math.ceil(#list / 2)])
end

function run.server()
  local server = assert(luv.proxy.serve("tcp://127.0.0.1:*", {o = object()}))
  io.write(server:endpoint(), "\n")
  io.flush()
  while #server:peers() == 0 do luv.sleep(0.01) end
  while #server:peers() > 0 do luv.sleep(0.01) end
  server:close()
end

function run.tcp()
  local root, n = assert(luv.proxy.connect(arg[2], nil, 10)), tonumber(arg[3])
  root.o:add(1)
  local fibers, start = {}, luv.hrtime()
  for i = 1, 64 do fibers[i] = luv.spawn(function() for _ = 1, n / 64 do root.o:add(1) end end) end
  for i = 1, 64 do fibers[i]:join() end
  start = n / ((luv.hrtime() - start) / 1e9)
  root:close()
  return string.format("rate %.0f", start)
end

print(run[kind]())
