-- ØMQ while finalisers act at every allocation: messages stay whole and with their sockets.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local hot = dofile(tap.dir .. "lib/hot.lua")
local luv = require("luv")
local zmq = luv.zmq

local function pair(ctx, name)
  local to, from = ctx:socket(zmq.PAIR), ctx:socket(zmq.PAIR)
  to:bind("inproc://" .. name)
  from:connect("inproc://" .. name)
  return to, from
end

tap.test("messages of two sockets, received in the midst of each other", function()
  local ctx = zmq.create()
  local a, from_a = pair(ctx, "a")
  local b, from_b = pair(ctx, "b")
  for _, size in ipairs{20, 3000, 50000} do
    local mine, other = ("a"):rep(size), ("b"):rep(size)
    for _ = 1, 20 do
      from_a:send({mine, "second", mine})
      from_a:send(mine)
      for _ = 1, 40 do from_b:send(other) end
      local frames = hot.run(function() return a:recv_multipart() end, function() tap.equal(b:recv(0) or other, other) end)
      tap.same({#frames, frames[1] == mine, frames[2], frames[3] == mine}, {3, true, "second", true})
      tap.equal(hot.run(function() return a:recv() end, function() b:recv(0) end) == mine, true)
      while b:recv(0) do end
    end
  end
  ctx:close()
end)

tap.test("the same where a fiber waits, and where the call is compiled", function()
  local ctx = zmq.create()
  local a, from_a = pair(ctx, "a")
  local b, from_b = pair(ctx, "b")
  for _, size in ipairs{20, 3000, 50000} do
    local mine = ("a"):rep(size)
    local f = luv.spawn(function()
      for _ = 1, 200 do
        local s = a:recv()
        if s ~= mine then return "another's: " .. tostring(s):sub(1, 10) end
      end
      return "mine"
    end)
    for i = 1, 200 do
      from_b:send(("b"):rep(size))
      if i % 20 == 0 then
        hot.run(function() from_a:send(mine) luv.fiber.yield() end, function() b:recv(0) end)
      else
        from_a:send(mine)
        b:recv(0)
      end
    end
    tap.equal(f:join(5), "mine")
    while b:recv(0) do end
  end
  ctx:close()
end)

for name, call in pairs{
  ["send of numbers"] = function(s) return s:send({1.5, 2.5}, 0.001) end,
  ["send of a number"] = function(s) return s:send(1.5, 0.001) end,
  ["recv"] = function(s) return s:recv(0.001) end,
  ["recv_multipart"] = function(s) return s:recv_multipart(0.001) end,
} do
  tap.test("a socket that is closed in the midst of " .. name, function()
    local ctx = zmq.create()
    for n = 1, 10 do
      local s = ctx:socket(zmq.DEALER)
      luv.pcall(hot.run, function() return call(s) end, function() s:close() end, n)
      luv.sleep(0) -- the object is freed
      luv.pcall(s.send, s, "x", 0)
      luv.pcall(s.recv, s, 0)
      s:close()
    end
    ctx:close()
  end)
end

tap.test("a proxy whose socket is closed as it begins", function()
  local ctx = zmq.create()
  for n = 1, 8 do
    local front, back = ctx:socket(zmq.ROUTER), ctx:socket(zmq.DEALER)
    local f = luv.spawn(function()
      return hot.run(function() return luv.timeout(0.01, function() return zmq.proxy(front, back) end) end,
                     function() (n % 2 == 0 and front or back):close() end, n)
    end)
    luv.pcall(f.join, f, 5)
    front:close() back:close()
  end
  ctx:close()
end)

tap.done()
