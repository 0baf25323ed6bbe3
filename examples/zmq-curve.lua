-- CURVE: the server knows its clients by their keys, and what goes over the wire is secret.
--
--   lua zmq-curve.lua
--
-- A client with a key that the server does not know gets nothing through; its monitor
-- says why.

local luv = require("luv")
local zmq = luv.zmq
if not zmq.has("curve") then
  print("this libzmq has no CURVE")
  os.exit(0)
end

local server_public, server_secret = zmq.curve_keypair()
local friend_public, friend_secret = zmq.curve_keypair()

local ctx = zmq.create()
ctx:auth{curve = {friend_public}}
local server = ctx:socket(zmq.REP)
server:curve_server{secret = server_secret}
assert(server:bind("tcp://127.0.0.1:*"))
luv.spawn(function()
  while true do
    local question = server:recv()
    if not question then break end
    server:send("a secret for " .. question)
  end
end)

local function ask(name, public, secret)
  local client = ctx:socket(zmq.REQ)
  client.linger = 0
  client:curve_client{server = server_public, public = public, secret = secret}
  local watch = client:monitor()
  assert(client:connect(server:last_endpoint()))
  local event, _, status
  repeat event, _, status = watch:next(10) until not event or event:match("^HANDSHAKE")
  if event == "HANDSHAKE_SUCCEEDED" then
    client:send(name)
    print(name, client:recv(10))
  else
    print(name, event, status)
  end
  client:close()
  watch:close()
end

ask("a friend", friend_public, friend_secret)
ask("a stranger", zmq.curve_keypair())
server:close()
ctx:close()
