-- zmqpeer.lua - luv's end of tests/interop_test.go: the roles and messages of zmqpeer.c.
--
--   lua zmqpeer.lua ROLE ENDPOINT

local luv = require("luv")
local zmq = luv.zmq

local role, endpoint = arg[1], arg[2]
local types = {echo = "REP", ask = "REQ", pull = "PULL", push = "PUSH", pub = "XPUB", sub = "SUB"}
local binds = {echo = true, pull = true, pub = true}
local PATIENCE = 20

local bytes = {}
for i = 0, 250 do bytes[#bytes + 1] = string.char(i) end
local big = table.concat(bytes):rep(math.ceil(2 ^ 20 / 251)):sub(1, 2 ^ 20)
local messages = {{"plain"}, {""}, {"a", "", "b\0c"}, {"\0\0"}, {big, "after"}}

local ctx = zmq.create()
local sock = ctx:socket(zmq[types[role]])
if role == "sub" then sock:subscribe("t") end
if binds[role] then
  assert(sock:bind(endpoint))
  print(sock:last_endpoint())
  io.stdout:flush()
else
  assert(sock:connect(endpoint))
end

local function put(i)
  local frames = {unpack(messages[i])}
  if role == "pub" then table.insert(frames, 1, "t") end
  assert(sock:send(#frames == 1 and frames[1] or frames, PATIENCE))
end

local function expect(i)
  local want, got = {unpack(messages[i])}, assert(sock:recv_multipart(PATIENCE))
  if role == "sub" then table.insert(want, 1, "t") end
  assert(#got == #want, "another number of frames than expected")
  for f = 1, #want do assert(got[f] == want[f], "another frame than expected") end
end

if role == "pub" then assert(sock:recv(PATIENCE) == "\1t") end
for i = 1, #messages do
  if role == "ask" or role == "push" or role == "pub" then put(i) end
  if role ~= "push" and role ~= "pub" then expect(i) end
  if role == "echo" then put(i) end
end
sock:close()
ctx:close()
