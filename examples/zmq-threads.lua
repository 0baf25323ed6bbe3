local luv = require('luv')

local zmq = luv.zmq.create(0)
local chan = zmq:socket(luv.zmq.PUSH)
chan:bind('inproc://127.0.0.1:5556')

local function work()
   local chan = zmq:socket(luv.zmq.PULL)
   chan:connect('inproc://127.0.0.1:5556')
   for i=1, 10 do
      print(chan:recv())
   end 
   chan:close()
end
local t1 = luv.thread.create(work)
for i=1, 10 do
   chan:send("do: "..i)
end
chan:close()
t1:join()
