-- udp-demux.lua - one UDP socket, a fiber for each peer.
--
--   lua udp-demux.lua [clients [numbers]]
--
-- A server that adds up: each client sends numbers and is told its sum so far. One fiber
-- receives everything and deals it out, by the address it came from, into a channel for each
-- peer; the fiber behind the channel then talks to its peer as if there were no other, until that
-- says bye, or has been silent for long. Datagrams get lost (here the network is made to
-- lose every seventh), so a question is numbered, and asked again until its answer comes.

local luv = require("luv")
local clients, numbers = tonumber(arg[1]) or 5, tonumber(arg[2]) or 10

local IDLE = 10 -- seconds of silence after which a peer is forgotten

local served = 0

-- Talks to one peer. A question that comes twice has the same answer, and counts once.
local function serve(socket, from, inbox)
  local sum, last = 0, 0
  while true do
    local question = inbox:get(IDLE)
    if not question or question == "bye" then break end
    local id, n = question:match("^(%d+) (%-?%d+)$")
    id, n = tonumber(id), tonumber(n)
    if id == last + 1 then sum, last = sum + n, id end
    if id == last then socket:send(id .. " " .. sum, from.address, from.port) end
  end
  if last > 0 then served = served + 1 end -- a bye that comes again is a peer by itself
  socket:send("bye", from.address, from.port)
end

-- Deals out what arrives until the socket is closed. A peer that is too fast loses datagrams, as
-- it would on the way, and holds nobody up.
local function demux(socket)
  local inboxes, lost = {}, 0
  while true do
    local data, from = socket:recv()
    if not data then break end
    lost = lost + 1
    if lost % 7 ~= 0 then
      local key = from.address .. " " .. from.port
      local inbox = inboxes[key]
      if not inbox then
        inbox = luv.chan(16)
        inboxes[key] = inbox
        luv.spawn(function()
          serve(socket, from, inbox)
          inboxes[key] = nil
        end)
      end
      inbox:try_put(data)
    end
  end
end

local repeated = 0

-- Asks until there is an answer that matches; returns what the pattern has captured.
local function ask(socket, question, pattern)
  while true do
    assert(socket:send(question))
    local answer = socket:recv(0.05)
    local found = answer and answer:match(pattern)
    if found then return found end
    repeated = repeated + 1
  end
end

local function client(port, number)
  local socket, sum = assert(luv.net.udp():connect("127.0.0.1", port)), nil
  for id = 1, numbers do sum = ask(socket, id .. " " .. number * id, "^" .. id .. " (%-?%d+)$") end
  ask(socket, "bye", "^bye$")
  socket:close()
  return sum
end

local socket = assert(luv.net.udp():bind("127.0.0.1", 0))
local port = socket:getsockname().port
local server, all = luv.spawn(demux, socket), {}
for i = 1, clients do all[i] = luv.spawn(client, port, i) end
for i = 1, clients do print("client " .. i, (all[i]:join())) end
socket:close()
server:join()
print("peers served by one socket", served)
print("questions asked again", repeated > 0 and "some" or "none")
