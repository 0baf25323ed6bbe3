-- A fiber whose calls never have to wait must not keep the others from their turn: what a call
-- promises, to suspend its fiber, holds now and then even when all of it is there at once.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

-- Calls hog over and over in a fiber, while a timer is to come on time.
local function starves(name, make)
  tap.test("no starvation by " .. name, function()
    local hog, close = make()
    local on, late = true, {}
    local fiber = luv.spawn(function() while on do hog() end end)
    for i = 1, 20 do late[i] = tap.timed(luv.sleep, 0.002) - 0.002 end
    on = false
    fiber:join()
    if close then close() end
    table.sort(late) -- a busy machine may hold one or another up
    tap.ok(late[10] < 0.25, late[10])
  end)
end

local function file(data)
  local path = tap.tempfile(data)
  local f = assert(luv.fs.open(path, "r+"))
  return f, path, function() f:close(); os.remove(path) end
end

starves("reading a file", function()
  local f, _, close = file(("x"):rep(100000))
  return function() f:read(4096, 0) end, close
end)

starves("writing a file", function()
  local f, _, close = file("")
  return function() f:write("x", 0) end, close
end)

starves("the lines of a file", function()
  local f, _, close = file(("line\n"):rep(2000000))
  local line = f:lines()
  return function()
    if not line() then
      f:seek("set", 0)
      line = f:lines()
    end
  end, close
end)

starves("stat", function()
  local _, path, close = file("")
  return function() luv.fs.stat(path) end, close
end)

starves("writing to a pipe whose reader is faster", function()
  local p = assert(luv.process.spawn("cat", {stdin = "pipe", stdout = "null"}))
  return function() p.stdin:write("x") end, function()
    p.stdin:close()
    p:wait()
  end
end)

starves("writing to a socket with room", function()
  local a, b = luv.net.socketpair()
  local reader = luv.spawn(function() while b:read() do end end)
  return function() a:write("x") end, function()
    a:close()
    reader:join()
    b:close()
  end
end)

starves("sending datagrams", function()
  local u = luv.net.udp()
  assert(u:bind("127.0.0.1", 0))
  local port = u:getsockname().port
  return function() u:send("x", "127.0.0.1", port) end, function() u:close() end
end)

starves("publishing with no subscriber", function()
  local ctx = luv.zmq.create(1)
  local pub = ctx:socket(luv.zmq.PUB)
  assert(pub:bind("tcp://127.0.0.1:*"))
  return function() pub:send("x") end, function()
    pub:close()
    ctx:close()
  end
end)

starves("a message sent and received", function()
  local ctx = luv.zmq.create(1)
  local push, pull = ctx:socket(luv.zmq.PUSH), ctx:socket(luv.zmq.PULL)
  assert(pull:bind("inproc://starvation"))
  assert(push:connect("inproc://starvation"))
  return function()
    push:send("x")
    pull:recv()
  end, function()
    push:close()
    pull:close()
    ctx:close()
  end
end)

starves("a channel between threads", function()
  local ch = luv.thread.chan(8)
  return function()
    ch:put("x")
    ch:get()
  end, function() ch:close() end
end)

-- Calls that need not wait, for some milliseconds, where Lua refuses a yield: they go on as they
-- would without luv. `calls` has so many made.
local function calls(call, n) for _ = 1, n do assert(call()) end end

local places = {
  ["gsub"] = function(call) (("x"):rep(100)):gsub("x", function() calls(call, 100) end) end,
  ["sort"] = function(call)
    local list = {}
    for i = 1, 200 do list[i] = (i * 37) % 101 end
    table.sort(list, function(a, b) calls(call, 20) return a < b end)
  end,
  ["a metamethod"] = function(call)
    local t = setmetatable({}, {__index = function() calls(call, 100) return 1 end})
    for i = 1, 100 do assert(t[i] == 1) end
  end,
  ["the iterator of a for loop"] = function(call)
    local n = 0
    for _ in function() calls(call, 100) n = n + 1 return n < 100 or nil end do end
  end,
  ["a plain pcall"] = function(call)
    local ok, e = pcall(calls, call, 10000)
    assert(ok, e)
  end,
  ["a tail call, and a recursion"] = function(call)
    local function deep(n)
      if n == 0 then return calls(call, 10000) end
      deep(n - 1)
      return n
    end
    deep(50)
    deep(300)
    return calls(call, 10000)
  end,
  ["a finalizer"] = function(call)
    local ok, e
    local function finish() ok, e = pcall(calls, call, 10000) end
    if rawget(_G, "newproxy") then
      getmetatable(newproxy(true)).__gc = finish
      collectgarbage()
      collectgarbage()
      assert(ok, e)
    end
  end,
}

local names = {}
for name in pairs(places) do names[#names + 1] = name end
table.sort(names)

-- Calls that are answered at once: of files, if the kernel has told that theirs are of this machine.
local at_once = {
  ["stat"] = function()
    local _, path, close = file("")
    local here
    for _ = 1, 3 do
      here = luv.fs.stats().in_place
      luv.fs.stat(path)
    end
    if luv.fs.stats().in_place == here then
      close()
      tap.skip("nothing is answered in place here")
    end
    return function() return luv.fs.stat(path) end, close
  end,
  ["a channel"] = function()
    local ch = luv.thread.chan(8)
    return function() return ch:put("x") and ch:get() end, function() ch:close() end
  end,
}

for _, name in ipairs(names) do
  for what, make in pairs(at_once) do
    tap.both("nothing begins to fail in " .. name .. ": " .. what, function()
      local call, close = make()
      local other = luv.spawn(function() for _ = 1, 20 do luv.sleep(0.001) end end)
      places[name](call)
      other:join()
      close()
    end)
  end
end

tap.done()
