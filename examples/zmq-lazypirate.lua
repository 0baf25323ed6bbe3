-- Request and reply with retries: the client gives up on a server that does not answer,
-- and asks again on a new socket, since a REQ socket that waits cannot ask anew.
--
--   lua zmq-lazypirate.lua
--
-- The server here loses every third request, and once is gone for a while.

local luv = require("luv")
local zmq = luv.zmq

local ctx = zmq.create()
local TRIES, PATIENCE = 5, 0.2 -- seconds
local endpoint

local function serve()
  local server = ctx:socket(zmq.REP)
  server.linger = 0
  assert(server:bind(endpoint or "tcp://127.0.0.1:*"))
  endpoint = server:last_endpoint()
  local asked = 0
  while true do
    local question = server:recv()
    asked = asked + 1
    if asked % 3 == 0 then break end -- this one stays without an answer
    server:send(question:upper())
  end
  server:close()
end

luv.spawn(function()
  while true do
    serve()
    luv.sleep(PATIENCE / 2)
  end
end)

local client

local function connect()
  client = ctx:socket(zmq.REQ)
  client.linger = 0
  assert(client:connect(endpoint))
end

local function request(question)
  for try = 1, TRIES do
    client:send(question)
    local answer = client:recv(PATIENCE)
    if answer then return answer, try end
    client:close()
    connect()
  end
  error("the server seems to be gone")
end

luv.fiber.yield() -- the server binds
connect()
for i = 1, 6 do
  local answer, tries = request("question " .. i)
  print(answer, tries == 1 and "at once" or "after " .. tries .. " tries")
end
client:close()
ctx:close()
os.exit(0)
