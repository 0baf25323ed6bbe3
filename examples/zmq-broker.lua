-- A broker: clients ask a ROUTER, workers stand behind a DEALER, and a proxy between them
-- gives each request to the next worker. Neither side knows the other's addresses.
--
--   lua zmq-broker.lua [clients] [workers]

local luv = require("luv")
local zmq = luv.zmq

local CLIENTS, WORKERS, QUESTIONS = tonumber(arg[1] or 4), tonumber(arg[2] or 3), 5
local ctx = zmq.create()

local front, back = ctx:socket(zmq.ROUTER), ctx:socket(zmq.DEALER)
assert(front:bind("tcp://127.0.0.1:*"))
assert(back:bind("inproc://workers"))
local broker = luv.spawn(zmq.proxy, front, back)

local served = {}
for i = 1, WORKERS do
  served[i] = 0
  luv.spawn(function()
    local worker = assert(ctx:socket(zmq.REP):connect("inproc://workers"))
    worker.linger = 0
    while true do
      local n = worker:recv()
      if not n then break end -- the context is closed
      luv.sleep(0.002) -- hard work
      served[i] = served[i] + 1
      worker:send(tostring(n * n))
    end
    worker:close()
  end)
end

local clients = {}
for i = 1, CLIENTS do
  clients[i] = luv.spawn(function()
    local client = assert(ctx:socket(zmq.REQ):connect(front:last_endpoint()))
    local sum = 0
    for n = 1, QUESTIONS do
      client:send(tostring(n))
      sum = sum + client:recv()
    end
    client:close()
    return sum
  end)
end

for i, client in ipairs(clients) do print("client " .. i, client:join()) end
local all = 0
for _, n in ipairs(served) do all = all + n end
print("requests", all)

front:close() -- ends the proxy
back:close()
broker:join()
ctx:close()
