-- Streams, datagrams and watched descriptors while finalisers act at every allocation: nobody
-- gets another's bytes, nothing that is closed is touched.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local hot = dofile(tap.dir .. "lib/hot.lua")
local luv = require("luv")

-- A fiber waits for what make() returns, and a finaliser closes that in the n-th collection.
local function closed_at(n, make, wait)
  local o, others = make()
  local f = luv.spawn(function()
    return hot.run(function() return luv.timeout(0.02, function() return wait(o) end) end, function() o:close() end, n)
  end)
  luv.pcall(f.join, f, 5)
  o:close()
  for _, other in ipairs(others or {}) do other:close() end
  luv.sleep(0)
end

local long = ("x"):rep(4e6)
local function pair()
  local a, b = luv.net.socketpair()
  return a, {b}
end
local function udp()
  local u = luv.net.udp()
  u:bind("127.0.0.1", 0)
  return u
end
local function server()
  local s = luv.net.tcp()
  s:bind("127.0.0.1", 0)
  s:listen(1)
  return s
end
local function ipc()
  local a, b = luv.pipe.pair(true)
  return a, {b}
end

local kinds = {
  {"a read", pair, function(o) return o:read() end},
  {"a line", pair, function(o) return o:read_line() end},
  {"a long write", pair, function(o) return o:write(long) end},
  {"a write of a table", pair, function(o) return o:write({1.5, long, 2.5}) end},
  {"a write of a number", pair, function(o) return o:write(12345.678) end},
  {"a write with a handle", ipc, function(o) return o:write(long, {handle = o}) end},
  {"shutdown", pair, function(o) return o:shutdown() end},
  {"accept", server, function(o) return o:accept() end},
  {"a handle", ipc, function(o) return o:accept() end},
  {"recv", udp, function(o) return o:recv() end},
  {"a datagram to an address", udp, function(o) return o:send({1.5, 2.5}, "127.0.0.1", 9) end},
  {"a datagram to a table", udp, function(o) return o:send(1.5, {address = "127.0.0.1", port = 9}) end},
  {"a datagram to a name", udp, function(o) return o:send("x", "localhost.", 9) end},
  {"a descriptor", function() local a, b = luv.net.socketpair() return luv.poll.create(a:fileno()), {a, b} end,
   function(o) return o:wait("r") end},
  {"a signal", function() return luv.signal.create("USR1") end, function(o) return o:next() end},
  {"a timer", function() return luv.timer.create():start(100000) end, function(o) return o:next() end},
}
for _, kind in ipairs(kinds) do
  tap.test("closed between a call and its wait: " .. kind[1], function()
    for n = 1, 12 do closed_at(n, kind[2], kind[3]) end
  end)
end

tap.test("a reader gets its own connection's bytes, whoever looks meanwhile", function()
  local mine, other = ("a"):rep(30000), ("Z"):rep(30000)
  for i = 1, 60 do
    local a, b = luv.net.socketpair()
    local c, d = luv.net.socketpair()
    local reader = luv.spawn(function() return select(2, b:read()) end)
    luv.sleep(0)
    a:write(mine)
    c:write(other)
    hot.run(function() luv.sleep(0.001) end, function() d:read(nil, 0) end, i % 4 + 1)
    tap.equal(reader:join(1) == mine, true)
    a:close() b:close() c:close() d:close()
  end
end)

tap.test("what a finaliser reads of the same stream, nobody gets twice", function()
  for _, size in ipairs{100, 5000} do
    local a, b = luv.net.socketpair()
    local want = {}
    for i = 1, 40 do want[i] = ("%06d\n"):format(i):rep(size / 7) end
    want = table.concat(want)
    local got = {}
    b:start()
    luv.spawn(function() a:write(want) a:close() end)
    luv.sleep(0.01)
    while true do
      local stolen
      local n, s = hot.run(function() return b:read(size) end, function()
        local m, bytes = b:read(7, 0)
        if m then stolen = bytes end
      end, 1)
      if stolen then got[#got + 1] = stolen end
      if not n then break end
      got[#got + 1] = s
    end
    tap.equal(#table.concat(got), #want)
    tap.equal(table.concat(got) == want, true)
    b:close()
  end
end)

tap.test("what is put back while a reader is served is read next", function()
  for n = 1, 4 do
    local a, b = luv.net.socketpair()
    local reader = luv.spawn(function() return select(2, b:read()) end)
    luv.sleep(0)
    a:write(("x"):rep(9000))
    local back = 0
    hot.run(function() luv.sleep(0.002) end, function() b:unread("abc") back = 3 end, n)
    local s = reader:join(1)
    a:write("!")
    local rest = b:read_exactly(9001 + back - #s, 1)
    tap.equal(#s + #rest, 9001 + back)
    tap.match(s .. rest, back > 0 and "^x*abcx*!$" or "^x+!$")
    a:close() b:close()
  end
end)

tap.test("a stream that is closed as its reader is served is read no further", function()
  for n = 1, 6 do
    local a, b = luv.net.socketpair()
    local reader = luv.spawn(function() return b:read() end)
    local writer = luv.spawn(function() return a:write(("x"):rep(3e6)) end)
    luv.sleep(0)
    hot.run(function() luv.sleep(0.003) end, function() b:close() end, n)
    luv.pcall(reader.join, reader, 1)
    a:close()
    luv.pcall(writer.join, writer, 1)
    b:close()
  end
end)

tap.test("connections that are accepted in a finaliser are others", function()
  local s = server()
  local port = s:getsockname().port
  local clients, taken = {}, {}
  for i = 1, 20 do clients[i] = luv.net.tcp() clients[i]:connect("127.0.0.1", port) end
  luv.sleep(0.01)
  local function take() local c = s:accept(nil, 0) if c then taken[#taken + 1] = c end return c end
  while hot.run(take, take, 1) do end
  tap.equal(#taken, 20)
  local ports = {}
  for _, c in ipairs(taken) do ports[c:getpeername().port] = true c:close() end
  for _, c in ipairs(clients) do tap.ok(ports[c:getsockname().port], "port") c:close() end
  s:close()
end)

tap.test("datagrams and their addresses belong together", function()
  local to, a, b = udp(), udp(), udp()
  local port = to:getsockname().port
  for _, size in ipairs{10, 3000} do
    for i = 1, 10 do
      a:send(("a"):rep(size), "127.0.0.1", port)
      b:send(("b"):rep(size), "127.0.0.1", port)
    end
    luv.sleep(0.005)
    local got = 0
    local function recv()
      local data, from = to:recv(0)
      if not data then return end
      got = got + 1
      tap.equal(data, (from.port == a:getsockname().port and "a" or "b"):rep(size))
      return true
    end
    while hot.run(recv, recv, 2) do end
    tap.equal(got, 20)
  end
  to:close() a:close() b:close()
end)

tap.done()
