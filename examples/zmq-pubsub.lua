-- Publish and subscribe: a slow subscriber loses messages, and nobody else waits for it.
--
--   lua zmq-pubsub.lua [messages]
--
-- A PUB socket drops what a subscriber has no room for (SNDHWM and RCVHWM count messages),
-- so the numbers in the messages tell the slow one what it missed.

local luv = require("luv")
local zmq = luv.zmq

local N = tonumber(arg[1] or 2000)
local ctx = zmq.create()
local pub = ctx:socket(zmq.XPUB) -- an XPUB is told of subscriptions,
pub.xpub_verbose = 1 -- of every one, not only of the first for a topic
pub.sndhwm = 10
pub.sndbuf = 4096
assert(pub:bind("tcp://127.0.0.1:*"))
local endpoint = pub:last_endpoint()

local function subscriber(name, room, pause)
  local sub = ctx:socket(zmq.SUB)
  sub.rcvhwm = room
  sub.rcvbuf = 4096
  sub:subscribe("news")
  assert(sub:connect(endpoint))
  return luv.spawn(function()
    local got, last = 0, 0
    while true do
      local _, number, text = sub:recv()
      number = tonumber(number)
      if text == "end" then break end
      assert(number > last) -- some are missing, but none comes twice or late
      got, last = got + 1, number
      if pause then luv.sleep(pause) end
    end
    sub:close()
    print(name, got .. " messages")
    return got
  end)
end

local fast = subscriber("fast", 0)
local slow = subscriber("slow", 10, 0.002)
for _ = 1, 2 do assert(pub:recv():sub(1, 1) == "\1") end -- both have subscribed

local padding = ("."):rep(1000)
for i = 1, N do
  pub:send({"news", tostring(i), padding})
  if i % 5 == 0 then luv.sleep(0.0005) end
end

-- The last word is repeated until the slow one has had room for it.
local word = luv.spawn(function()
  while true do
    pub:send({"news", "0", "end"})
    luv.sleep(0.01)
  end
end)
local quick, late = fast:join(), slow:join()
word:cancel()
pub:close()
ctx:close()
assert(late < quick and quick <= N)
