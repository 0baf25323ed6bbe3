-- zmq.lua - luv's sockets, in the shapes of bench/limit/zmq.c, and two that are luv's own.
--
--   lua zmq.lua inproc N SIZE           fiber to fiber: "rate N callbacks N"
--   lua zmq.lua push ENDPOINT N SIZE    lua zmq.lua pull N SIZE
--   lua zmq.lua proxy ENDPOINT
--   lua zmq.lua rep ENDPOINT            lua zmq.lua req ENDPOINT N
--   lua zmq.lua idle KIND N             ten pairs busy, and N fibers that wait, each for a
--                                       socket of its own or, KIND being "fibers", for
--                                       nothing: "ns N" a message, the least of several rounds
--
-- callbacks are the calls into Go while the messages went.

local luv = require("luv")
local zmq = luv.zmq
local ctx = zmq.create()

local function bound(kind, endpoint)
  local s = assert(ctx:socket(kind):bind(endpoint))
  print((s:last_endpoint()))
  io.stdout:flush()
  return s
end

local function say(format, ...)
  print(format:format(...))
  io.stdout:flush()
end

local function inproc(n, size)
  local pull = ctx:socket(zmq.PULL):bind("inproc://bench")
  local push = ctx:socket(zmq.PUSH):connect("inproc://bench")
  local message = ("x"):rep(size)
  local calls, start = luv.stats().go_callbacks, luv.hrtime()
  local sender = luv.spawn(function()
    for _ = 1, n do push:send(message) end
  end)
  local receiver = luv.spawn(function()
    for _ = 1, n do pull:recv() end
  end)
  sender:join()
  receiver:join()
  say("rate %.0f callbacks %d", n / (luv.hrtime() - start) * 1e9, luv.stats().go_callbacks - calls)
end

local function push(endpoint, n, size)
  zmq.exit_linger = 60 -- all of it has to arrive
  local s = ctx:socket(zmq.PUSH):connect(endpoint)
  local message = ("x"):rep(size)
  for _ = 0, n do s:send(message) end
  s:close()
end

local function pull(n)
  local s = bound(zmq.PULL, "tcp://127.0.0.1:*")
  s:recv()
  local start = luv.hrtime()
  for _ = 1, n do s:recv() end
  say("rate %.0f", n / (luv.hrtime() - start) * 1e9)
  os.exit(0)
end

local function proxy(endpoint)
  local back = ctx:socket(zmq.PUSH):connect(endpoint)
  zmq.proxy(bound(zmq.PULL, "tcp://127.0.0.1:*"), back)
end

local function rep(endpoint)
  local s = bound(zmq.REP, endpoint)
  repeat
    local question = s:recv()
    s:send(question)
  until question == "end"
  s:close()
end

local function req(endpoint, n)
  local s = ctx:socket(zmq.REQ):connect(endpoint)
  local function ask(question)
    s:send(question)
    s:recv()
  end
  for _ = 1, 100 do ask("hello") end
  local start = luv.hrtime()
  for _ = 1, n do ask("hello") end
  say("us %.3f", (luv.hrtime() - start) / n / 1e3)
  ask("end")
end

-- Ten senders and ten receivers, which wait for each other all the time.
local function busy(pairs_of, n)
  local fibers, start = {}, luv.hrtime()
  for _, pair in ipairs(pairs_of) do
    fibers[#fibers + 1] = luv.spawn(function()
      for _ = 1, n do
        pair.push:send("x")
        luv.fiber.yield()
      end
    end)
    fibers[#fibers + 1] = luv.spawn(function()
      for _ = 1, n do pair.pull:recv() end
    end)
  end
  for _, fiber in ipairs(fibers) do fiber:join() end
  return (luv.hrtime() - start) / n / #pairs_of
end

-- The fibers are there in both cases, since the collector has to look at each.
local function idle(kind, count)
  ctx:set("MAX_SOCKETS", count + 100)
  local nothing = luv.fiber.cond()
  for i = 1, count do
    local s = kind == "sockets" and assert(ctx:socket(zmq.PULL):bind("inproc://idle" .. i))
    luv.spawn(function()
      if s then s:recv() else nothing:wait() end
    end)
  end
  local pairs_of = {}
  for i = 1, 10 do
    local pull_end = ctx:socket(zmq.PULL):bind("inproc://busy" .. i)
    pairs_of[i] = {pull = pull_end, push = ctx:socket(zmq.PUSH):connect("inproc://busy" .. i)}
  end
  local least = math.huge
  for _ = 1, 5 do least = math.min(least, busy(pairs_of, 10000)) end
  say("ns %.1f", least)
  os.exit(0)
end

local modes = {
  inproc = inproc, push = push, pull = pull, proxy = proxy, rep = rep, req = req, idle = idle,
}
local arguments = {}
for i = 2, #arg do arguments[i - 1] = tonumber(arg[i]) or arg[i] end
local function work() modes[arg[1]](unpack(arguments)) end
luv.spawn(work):join()
ctx:close()
