-- luv.zmq: no wake-up is lost. Random interleavings of send, recv, timeouts, options,
-- connect and disconnect, over inproc, ipc and tcp, on several sockets in several fibers.
--
--   lua5.1 tests/test-zmq-random.lua [operations [seed]]
--
-- Every message carries a number; what a receiver gets must be the next one. High-water
-- marks are small, so that both sides wait all the time. A wake-up that is lost shows as a
-- wait that does not end: each has a limit far above what any takes.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local zmq = luv.zmq

local operations = tonumber(arg[1]) or 60000
local seed = tonumber(arg[2]) or os.time()
local STALL = 15

math.randomseed(seed)
local random = math.random
local done = 0

-- What else is done with a socket in between: each of these looks at its commands.
local extra = "inproc://luv.random.nobody."
local function disturb(s, number)
  local what = random(8)
  if what == 1 then s:getsockopt("EVENTS")
  elseif what == 2 then s:getsockopt("FD")
  elseif what == 3 then s.linger = 0
  elseif what == 4 and s:connect(extra .. number) then s:disconnect(extra .. number)
  elseif what == 5 then s:last_endpoint()
  elseif what == 6 then luv.fiber.yield()
  elseif what == 7 then luv.sleep(0)
  else luv.sleep(random() / 2000) end
  done = done + 1
end

-- A call of send or recv that is tried again until it has not timed out.
local function insist(call, s, ...)
  local limit = tap.clock() + STALL
  while true do
    local way = random(4)
    local timeout = way == 1 and 0 or way == 2 and random() / 500 or STALL
    local args = tap.pack(...)
    args.n = args.n + 1
    args[args.n] = timeout
    local r, second, third = call(s, unpack(args, 1, args.n))
    done = done + 1
    if r then return r, second, third end
    if third ~= "ETIMEDOUT" then error(tostring(second), 0) end
    if timeout == STALL or tap.clock() > limit then error("a stall: seed " .. seed, 0) end
    if timeout == 0 then luv.fiber.yield() end
  end
end

local function sender(s, number, count, noisy)
  for i = 1, count do
    if random(3) == 1 then insist(s.send, s, {i, "more"}) else insist(s.send, s, i) end
    if noisy and random(4) == 1 then disturb(s, number) end
  end
end

local function receiver(s, number, count, noisy)
  for i = 1, count do
    local got = insist(s.recv, s)
    if tonumber(got) ~= i then error("got " .. got .. ", want " .. i .. ": seed " .. seed, 0) end
    if noisy and random(4) == 1 then disturb(s, number) end
  end
end

local function endpoint(transport)
  if transport == "tcp" then return "tcp://127.0.0.1:*" end
  if transport == "inproc" then return "inproc://luv.random" .. random(1e9) end
  local path = os.tmpname()
  os.remove(path)
  return "ipc://" .. path
end

local function small(s)
  s.sndhwm, s.rcvhwm, s.linger = random(4), random(4), 0
  return s
end

-- One-way pairs, and two-way ones where both directions go at once on each socket.
local function traffic(ctx, transport, pairs_of_sockets, count)
  local fibers, sockets = {}, {}
  local function go(fn, ...) fibers[#fibers + 1] = luv.spawn(fn, ...) end
  for n = 1, pairs_of_sockets do
    local two_way = n % 2 == 0
    local a = small(ctx:socket(two_way and zmq.PAIR or zmq.PUSH))
    local b = small(ctx:socket(two_way and zmq.PAIR or zmq.PULL))
    assert(a:bind(endpoint(transport)))
    assert(b:connect(a:last_endpoint()))
    go(sender, a, n, count, not two_way)
    go(receiver, b, n + 1000, count, not two_way)
    if two_way then
      go(sender, b, n, count)
      go(receiver, a, n, count)
    end
    sockets[#sockets + 1], sockets[#sockets + 2] = a, b
  end
  for _, f in ipairs(fibers) do f:join() end
  for _, s in ipairs(sockets) do s:close() end
end

for _, transport in ipairs{"inproc", "ipc", "tcp"} do
  tap.test("random interleavings over " .. transport, function()
    local ctx, target = zmq.create(), done + operations / 4
    while done < target do traffic(ctx, transport, 1 + random(6), 20 + random(200)) end
    ctx:close()
  end)
end

tap.test("all transports at once", function()
  local ctx, target = zmq.create(), done + operations / 4
  while done < target do
    local all = {}
    for i, transport in ipairs{"inproc", "ipc", "tcp"} do
      all[i] = luv.spawn(traffic, ctx, transport, 1 + random(4), 20 + random(100))
    end
    for _, f in ipairs(all) do f:join() end
  end
  ctx:close()
  print("# " .. done .. " operations, seed " .. seed)
end)

tap.done()
