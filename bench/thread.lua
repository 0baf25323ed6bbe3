-- thread.lua - luv.thread in the shape of bench/limit/thread.c, and what that has not.
--
--   thread.lua spawn COUNT TOGETHER   each: µs; left: bytes of RSS that stay behind, each
--   thread.lua idle COUNT             memory: KB for each thread that sleeps
--   thread.lua compute THREADS        rate: rounds per second of all of them
--   thread.lua chan COUNT             chan, zmq: values per second from thread to thread

package.cpath = "./?.so;" .. package.cpath
local luv = require("luv")
local kind, count, together = arg[1], tonumber(arg[2]), tonumber(arg[3])

local function now() return luv.hrtime() / 1e9 end

local function resident()
  for line in io.lines("/proc/self/status") do
    local kb = line:match("^VmRSS:%s+(%d+)")
    if kb then return tonumber(kb) end
  end
end

local function empty() end

local function spawn()
  local made = {}
  for _ = 1, count / together do
    for k = 1, together do made[k] = luv.thread.create(empty) end
    for k = 1, together do made[k]:join() end
  end
end

local run = {}

function run.spawn()
  spawn() -- what is made once
  collectgarbage()
  local before, start = resident(), now()
  spawn()
  local took = now() - start
  collectgarbage()
  return string.format("each %.3f left %.0f", took * 1e6 / count, math.max(0, resident() - before) * 1024 / count)
end

function run.idle()
  local ready, stop, made = luv.thread.chan(count), luv.thread.chan(count), {}
  local before = resident()
  for i = 1, count do
    made[i] = luv.thread.create(function()
      ready:put(1)
      stop:get()
    end)
  end
  for _ = 1, count do ready:get() end
  local memory = (resident() - before) / count
  for _ = 1, count do stop:put(1) end
  for i = 1, count do made[i]:join() end
  return string.format("memory %.1f", memory)
end

local function compute(rounds)
  local x = 0
  for i = 1, rounds do x = (x + i * i) % 1000003 end
  return x
end

function run.compute()
  local rounds, start, made = jit and 100000000 or 10000000, now(), {}
  for i = 1, count do made[i] = luv.thread.create(compute, rounds / count) end
  for i = 1, count do made[i]:join() end
  return string.format("rate %.0f", rounds / (now() - start))
end

local function through_chan()
  local ch = luv.thread.chan(1000)
  local from = luv.thread.create(function(n)
    for _ = 1, n do ch:put("hello world") end
  end, count)
  local start = now()
  for _ = 1, count do ch:get() end
  local took = now() - start
  from:join()
  return count / took
end

local function through_zmq()
  local ctx = luv.zmq.create(1)
  local pull = ctx:socket(luv.zmq.PULL):bind("inproc://bench")
  local from = luv.thread.create(function(n)
    local push = ctx:socket(luv.zmq.PUSH):connect("inproc://bench")
    for _ = 1, n do push:send("hello world") end
    push:close()
  end, count)
  local start = now()
  for _ = 1, count do pull:recv() end
  local took = now() - start
  from:join()
  pull:close()
  ctx:close()
  return count / took
end

function run.chan() return string.format("chan %.0f zmq %.0f", through_chan(), through_zmq()) end

print(run[kind]())
