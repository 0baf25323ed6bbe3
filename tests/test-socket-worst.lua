-- luv.socket at its worst.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local socket = require("luv.socket")
local cfd = tap.c_module("cfd")

local function connect_to(server, with)
  local host, port = server:getsockname()
  return assert((with or socket).connect(host, port))
end

local function pair()
  local s = assert(socket.bind("127.0.0.1", 0))
  local c = connect_to(s)
  return c, assert(s:accept()), s
end

local function close(...) for _, sock in ipairs{...} do sock:close() end end

-- ---- timeouts ---------------------------------------------------------------------------------

tap.both("loops that poll with a timeout of 0 do not keep the peer from running", function()
  local c, d, s = pair()
  d:settimeout(0)
  s:settimeout(0)
  local writer = luv.spawn(function()
    for i = 1, 20 do
      c:send(i .. "\n")
      luv.sleep(0.001)
    end
  end)
  local n, deadline = 0, tap.clock() + 40
  while n < 20 and tap.clock() < deadline do
    local line, problem, part = d:receive()
    if line then n = n + 1 else tap.same({problem, part}, {"timeout", ""}) end
  end
  tap.equal(n, 20)
  writer:join()
  tap.lets_others(function() tap.same({d:receive(5)}, {nil, "timeout", ""}) end)
  tap.lets_others(function() tap.same({s:accept()}, {nil, "timeout"}) end)
  tap.lets_others(function() tap.equal(select(3, socket.select({d, s}, nil, 0)), "timeout") end)
  close(c, d, s)
end)

tap.both("partial results add up: a prefix again and again", function()
  local c, d, s = pair()
  local text = ("0123456789"):rep(20000)
  luv.spawn(function()
    for i = 1, #text, 7919 do
      c:send(text, i, math.min(i + 7918, #text))
      luv.sleep(0)
    end
    c:send("\n")
  end)
  d:settimeout(0)
  local line, problem, part
  part = ""
  repeat line, problem, part = d:receive("*l", part) until problem ~= "timeout"
  tap.equal(line, text)
  close(c, d, s)
end)

tap.both("partial sends into a full socket are resumed by index", function()
  local c, d, s = pair()
  local text = {}
  for i = 1, 400000 do text[i] = ("%07d,"):format(i) end
  text = table.concat(text)
  c:setoption("send-buffer-size", 30000)
  d:setoption("recv-buffer-size", 30000)
  c:settimeout(0)
  local at, waits, reader = 0, 0, nil
  repeat
    local last, problem, partial = c:send(text, at + 1)
    at = last or partial
    if problem then
      tap.equal(problem, "timeout")
      waits = waits + 1
      reader = reader or luv.spawn(function() return d:receive(#text) end)
      socket.select(nil, {c})
    end
  until at == #text
  tap.ok(waits > 0, "it was full")
  tap.ok(reader:join() == text, "what came")
  tap.equal(select(2, c:getstats()), #text)
  close(c, d, s)
end)

tap.both("receive of a number after one of a line that timed out", function()
  local c, d, s = pair()
  d:settimeout(0.02)
  c:send("half a li")
  tap.same({d:receive()}, {nil, "timeout", "half a li"})
  c:send("ne\nand 12345")
  tap.equal(d:receive(3), "ne\n")
  tap.equal(d:receive(4, "xx"), "xxan")
  tap.same({d:receive(100)}, {nil, "timeout", "d 12345"})
  c:send("tail")
  tap.same({d:receive("*a")}, {nil, "timeout", "tail"})
  close(c, d, s)
end)

-- ---- ends -------------------------------------------------------------------------------------

tap.both("close in another fiber ends every call that waits", function()
  local c, d, s = pair()
  local u = assert(socket.udp4())
  u:setsockname("127.0.0.1", 0)
  local function waiting(fn) return luv.spawn(fn) end
  local all = {
    waiting(function() return select(2, d:receive()) end), waiting(function() return select(2, s:accept()) end),
    waiting(function() return select(2, u:receive()) end),
    waiting(function() return select(2, c:send(("x"):rep(2e7))) end),
  }
  luv.sleep(0.01)
  close(c, d, s, u)
  for i, f in ipairs(all) do tap.equal(f:join(20), "closed", "fiber " .. i) end
  tap.same({d:receive()}, {nil, "closed", ""})
  tap.same({c:send("x")}, {nil, "closed", 0})
  tap.equal(d:close(), 1)
end)

tap.both("a fiber that is cancelled in a receive leaves the bytes for the next", function()
  local c, d, s = pair()
  local f = luv.spawn(function() return d:receive(10) end)
  c:send("12345")
  luv.sleep(0.01)
  f:cancel()
  luv.sleep(0)
  c:send("67890")
  tap.equal(d:receive(10), "1234567890")
  local g = luv.spawn(function() return socket.select({d, s}) end)
  luv.sleep(0.01)
  g:cancel()
  close(c, d, s)
end)

-- ---- protect ----------------------------------------------------------------------------------

tap.both("errors inside protect, finalizers that wait, a table as error", function()
  local c, d, s = pair()
  local order = {}
  local try = socket.newtry(function()
    luv.sleep(0.002)
    c:close()
    order[#order + 1] = "finalizer"
  end)
  local f = socket.protect(function(what)
    luv.sleep(0.001)
    if what == "try" then try(nil, "went wrong", "more")
    elseif what == "table" then try(nil, {1, 2})
    elseif what == "error" then error("my own", 0)
    elseif what == "value" then error({code = 7}, 0) end
    return try("fine", what)
  end)
  tap.same({f("nothing")}, {"fine", "nothing"})
  tap.same({f("try")}, {nil, "went wrong"})
  tap.same(order, {"finalizer"})
  tap.same({f("table")}, {nil, {1, 2}})
  tap.raises("^my own$", f, "error")
  local ok, problem = pcall(f, "value")
  tap.same({ok, problem.code}, {false, 7})
  tap.same({socket.protect(function() return f("try") end)()}, {nil, "went wrong"})
  tap.equal(pcall(socket.try, nil, "outside of it"), false)
  close(c, d, s)
end)

-- ---- many -------------------------------------------------------------------------------------

tap.test("ten thousand sockets opened and forgotten", function()
  local function one(i)
    local sock = i % 2 == 0 and socket.tcp4() or socket.udp4()
    if sock then return sock end
    collectgarbage()
    collectgarbage()
    luv.run("nowait")
    return assert(i % 2 == 0 and socket.tcp4() or socket.udp4())
  end
  for i = 1, 10000 do
    local sock = one(i)
    if i % 3 == 0 then sock:settimeout(1) end
    if i % 500 == 0 then luv.run("nowait") end
  end
end)

tap.test("select over hundreds: the one that is ready, again and again, while they come and go", function()
  local s = assert(socket.bind("127.0.0.1", 0, 256))
  local clients, ends = {}, {}
  for i = 1, 200 do
    clients[i] = connect_to(s)
    ends[i] = assert(s:accept())
  end
  for round = 1, 60 do
    local i = round * 7 % #ends + 1
    luv.spawn(function() clients[i]:send(round .. "\n") end)
    local r = socket.select(ends, nil, 20)
    tap.same({#r, r[1] == ends[i], r[ends[i]]}, {1, true, 1})
    tap.equal(r[1]:receive(), tostring(round))
    if round % 3 == 0 then
      clients[i]:close()
      tap.equal(socket.select(ends, nil, 20)[1], ends[i])
      tap.same({ends[i]:receive()}, {nil, "closed", ""})
      ends[i]:close()
      table.remove(ends, i)
      table.remove(clients, i)
    end
  end
  close(s, unpack(clients))
  close(unpack(ends))
end)

tap.both("two fibers select over the same sockets", function()
  local c, d, s = pair()
  local function watch() return luv.spawn(function() return #socket.select({d, s}, nil, 20) end) end
  local one, two = watch(), watch()
  luv.sleep(0.01)
  c:send("x")
  tap.same({one:join(), two:join()}, {1, 1})
  local three = luv.spawn(function() return #(select(2, socket.select({c}, {c, d}, 20))) end)
  tap.equal(three:join(), 2)
  close(c, d, s)
end)

tap.both("a socket that another fiber closes is ready for who selects", function()
  local c, d, s = pair()
  local u = assert(socket.udp4())
  u:setsockname("127.0.0.1", 0)
  for _, sock in ipairs{d, s, u} do
    local f = luv.spawn(function()
      local r = socket.select({c, sock}, nil, 30)
      return #r, r[1] == sock
    end)
    luv.sleep(0.005)
    sock:close()
    if sock == d then
      local n, first = f:join() -- its peer has come to its end as well
      tap.ok(n == 2 or first, n)
      c:close()
      c = socket.udp4()
    else tap.same({f:join()}, {1, true}) end
  end
  c:close()
end)

-- ---- descriptors, the other LuaSocket ------------------------------------------------------------

tap.test("getfd is given to a C library, and back", function()
  if not cfd then tap.skip("no C compiler") end
  local c, d, s = pair()
  local fd = c:getfd()
  cfd.write(fd, "by a library\nrest")
  tap.equal(d:receive(), "by a library")
  tap.equal(c:setfd(-1), nil)
  tap.same({c:getfd(), cfd.is_open(fd)}, {-1, true})
  cfd.write(fd, "\n")
  tap.equal(d:receive(), "rest")
  tap.same({c:send("x")}, {nil, "closed", 0})
  c:setfd(fd)
  tap.equal(c:getfd(), fd)
  tap.equal(c:send("again\n"), 6)
  tap.equal(d:receive(), "again")
  local e = socket.tcp()
  e:setfd(fd) -- both have it
  c:close()
  tap.equal(cfd.is_open(fd), true)
  e:close()
  tap.equal(cfd.is_open(fd), false)
  close(d, s)
end)

tap.test("LuaSocket and luv.socket in one process", function()
  local has, real = pcall(require, "socket")
  if not has or real == socket then tap.skip("no LuaSocket here") end
  local s = assert(socket.bind("127.0.0.1", 0))
  local c = connect_to(s, real)
  local d = assert(s:accept())
  tap.same({#socket.select({c, d}, nil, 0.01), #real.select({c, d}, nil, 0.01)}, {0, 0})
  c:send("to luv\n")
  tap.equal(socket.select({c, d}, nil, 20)[1], d)
  tap.equal(real.select({c, d}, nil, 20)[1], d)
  tap.equal(d:receive(), "to luv")
  d:send("back\n")
  tap.equal(socket.select({c, d}, nil, 20)[1], c)
  tap.equal(c:receive(), "back")
  tap.equal((pcall(real.protect(function() socket.try(nil, "ours") end))), false) -- each catches its own
  tap.same({socket.protect(function() socket.try(nil, "ours") end)()}, {nil, "ours"})
  tap.raises("bad self", getmetatable(d).__index.send, c, "x")
  close(c, d, s)
end)

-- ---- addresses -----------------------------------------------------------------------------------

tap.both("names, IPv6, ports as strings", function()
  local six = socket.bind("::1", "0")
  if not six then tap.skip("no IPv6 here") end
  local host, port, family = six:getsockname()
  tap.same({host, type(port), family}, {"::1", "string", "inet6"})
  local c = assert(socket.tcp())
  tap.equal(c:connect("::1", port), 1)
  tap.same({c:getfamily(), select(2, c:getpeername()), select(3, c:getpeername())}, {"inet6", tonumber(port), "inet6"})
  tap.equal(select(2, socket.tcp4():connect("::1", port)), "Address family for hostname not supported")
  close(c, six)
  tap.equal(socket.connect("127.0.0.1", "no-such-service"), nil)
  tap.equal(socket.connect("127.0.0.1", 99999), nil)
end)

tap.done()
