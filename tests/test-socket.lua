-- luv.socket: what it does that LuaSocket does not: others run meanwhile. That its results are LuaSocket's
-- is test-socket-same.lua's affair; the worst cases are in test-socket-worst.lua.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local socket, unix = require("luv.socket"), require("luv.socket.unix")

-- A client, its other end, and the server.
local function pair()
  local s = assert(socket.bind("127.0.0.1", 0))
  local host, port = s:getsockname()
  local c = assert(socket.connect(host, port))
  return c, assert(s:accept()), s
end

local function close(...) for _, sock in ipairs{...} do sock:close() end end

tap.test("nothing of it is loaded by who does not ask for it", function()
  local out = tap.run([[
    local luv = require("luv")
    print(package.loaded["luv.socket"], debug.getregistry()["luv.embedded"], luv.socket)
    print(require("luv.socket") == require("luv.socket"), require("luv.socket")._VERSION)
    print(luv.thread.create(function() return type(require("luv.socket").tcp) end):join())]])
  tap.equal(out, "nil\tnil\tnil\ntrue\tLuaSocket 3.0.0\nfunction\n")
end)

tap.both("an echo server and a hundred clients, in fibers that know nothing of luv", function()
  local server = assert(socket.bind("*", 0, 128))
  local _, port = server:getsockname()
  tap.equal(type(port), "string")
  local all = {luv.spawn(function()
    for _ = 1, 100 do
      local client = assert(server:accept())
      luv.spawn(function()
        while true do
          local line = client:receive()
          if not line then break end
          client:send(line .. "\n")
        end
        client:close()
      end)
    end
  end)}
  local sum = 0
  for i = 1, 100 do
    all[#all + 1] = luv.spawn(function()
      local c = socket.tcp()
      c:settimeout(20)
      assert(c:connect("localhost", port))
      for k = 1, 10 do
        tap.equal(c:send(("%d %d\r\n"):format(i, k)), #("%d %d\r\n"):format(i, k))
        tap.equal(c:receive("*l"), ("%d %d"):format(i, k))
        sum = sum + 1
      end
      c:close()
    end)
  end
  for _, f in ipairs(all) do f:join() end
  tap.equal(sum, 1000)
  server:close()
end)

tap.both("whatever waits lets others run: accept, connect, receive, sleep, select, receivefrom", function()
  local c, d, s = pair()
  local u = assert(socket.udp4())
  u:setsockname("127.0.0.1", 0)
  for _, wait in ipairs{
    function() s:settimeout(0.03) return s:accept() end,
    function() d:settimeout(0.03) return d:receive() end,
    function() d:settimeout(0.03, "t") return d:receive("*a") end,
    function() u:settimeout(0.03) return u:receivefrom() end,
    function() return select(3, socket.select({c, d, s, u}, nil, 0.03)) end,
    function() return socket.sleep(0.03) end,
  } do
    local ticks = 0
    local f = luv.spawn(function() while true do luv.sleep(0.002) ticks = ticks + 1 end end)
    wait()
    f:cancel()
    tap.ok(ticks > 0, ticks .. " ticks")
  end
  tap.same({d:gettimeout()}, {0.03, 0.03})
  close(c, d, s, u)
end)

tap.both("two fibers use one socket: one receives, the other sends", function()
  local c, d, s = pair()
  local echo = luv.spawn(function()
    for _ = 1, 200 do d:send(assert(d:receive(1000))) end
  end)
  local reader = luv.spawn(function()
    local n = 0
    for _ = 1, 200 do n = n + #assert(c:receive("1000")) end
    return n
  end)
  for _ = 1, 200 do tap.equal(c:send(("x"):rep(1000)), 1000) end
  tap.equal(reader:join(), 200000)
  echo:join()
  local received, sent, age = c:getstats()
  tap.same({received, sent, age > 0}, {200000, 200000, true})
  tap.equal(c:setstats(1, 2, 3), 1)
  close(c, d, s)
end)

tap.test("connect goes on after its timeout, and select tells when it is over", function()
  local s = assert(socket.bind("127.0.0.1", 0))
  local c = assert(socket.tcp4())
  c:settimeout(0)
  tap.same({c:connect(s:getsockname())}, {nil, "timeout"})
  local _, w = socket.select(nil, {c}, 20)
  tap.equal(w[1], c)
  tap.equal(c:connect(s:getsockname()), 1)
  tap.equal((c:getpeername()), "127.0.0.1")
  tap.same({c:connect(s:getsockname())}, {nil, "already connected"})
  local r = assert(socket.tcp6())
  close(c, s, r)
  local refused = socket.tcp()
  refused:settimeout(0)
  tap.same({refused:connect("127.0.0.1", 1)}, {nil, "timeout"})
  socket.select(nil, {refused}, 20)
  tap.equal(refused:getoption("error"), "connection refused")
  refused:close()
end)

tap.both("datagrams between fibers, and the names of udp", function()
  local a, b = assert(socket.udp4()), assert(socket.udp())
  tap.equal(a:setsockname("127.0.0.1", 0), 1)
  local host, port = a:getsockname()
  local f = luv.spawn(function()
    local data, from, back = a:receivefrom()
    return a:sendto(data:upper(), from, back)
  end)
  tap.equal(b:setpeername(host, port), 1)
  tap.equal(b:send("ping"), 4)
  tap.equal(b:receive(), "PING")
  tap.equal(f:join(), 4)
  tap.equal((b:getpeername()), host)
  tap.same({a:getfamily(), a:dirty(), a:setoption("broadcast", true), a:getoption("broadcast")}, {"inet4", false, 1, true})
  local c = socket.udp6()
  close(a, b, c)
end)

tap.both("unix sockets: streams, datagrams", function()
  local path = os.tmpname()
  os.remove(path)
  local server, client, old = unix.stream(), unix(), unix.tcp()
  tap.same({server:bind(path), server:listen()}, {1, 1})
  tap.equal(server:getsockname(), path)
  local f = luv.spawn(function()
    local c = server:accept()
    tap.equal(c:send(assert(c:receive()):reverse() .. "\n"), 6)
    c:shutdown("send")
    return c
  end)
  tap.equal(client:connect(path), 1)
  client:send("hello\n")
  tap.equal(client:receive(), "olleh")
  tap.same({client:receive()}, {nil, "closed", ""})
  tap.equal((client:getstats()), 6)
  tap.same({client:setstats(), client:setoption("keepalive", true), client:dirty()}, {1, 1, false})
  tap.equal(old:setpeername("/no/such"), nil)
  tap.equal(old:setsockname(path), nil)
  tap.equal(old:getfd(), -1)
  close(f:join(), server, client, old)
  os.remove(path)
  local a, b = unix.dgram(), unix.udp()
  tap.equal(a:setsockname(path), 1)
  tap.equal(b:sendto("one", path), 3)
  tap.equal(b:setpeername(path), 1)
  tap.equal(b:send("two"), 3)
  tap.equal(a:receive(), "one")
  tap.same({a:receivefrom()}, {"two", ""})
  tap.same({a:gettimeout()}, {-1, -1})
  a:settimeout(0)
  tap.same({a:receive()}, {nil, "timeout"})
  close(a, b)
  os.remove(path)
  tap.equal(b:connect(path), nil)
end)

tap.test("two threads, each with its own", function()
  local out = luv.thread.create(function()
    local socket = require("luv.socket")
    local s = socket.bind("127.0.0.1", 0)
    local c = socket.connect("127.0.0.1", (select(2, s:getsockname())))
    local d = s:accept()
    d:send("from a thread\n")
    return c:receive()
  end):join()
  tap.equal(out, "from a thread")
end)

tap.both("the helpers: bind, connect4, connect6, choose, source, sink, skip, gettime", function()
  local s = assert(socket.bind("localhost", "0"))
  local host, port = s:getsockname()
  local c = assert(host:find(":") and socket.connect6(host, port) or socket.connect4(host, port))
  local d = assert(s:accept())
  local sink = socket.sink("close-when-done", c)
  local source = socket.source("until-closed", d)
  local f = luv.spawn(function()
    local n = 0
    for piece in source do n = n + #piece end
    return n
  end)
  for _ = 1, 100 do sink(("y"):rep(5000)) end
  sink(nil)
  tap.equal(f:join(), 500000)
  tap.equal(socket.choose{default = function(x) return x end}(5), 5)
  tap.equal(socket.skip(2, 1, 2, 3), 3)
  tap.ok(math.abs(socket.gettime() - os.time()) < 5)
  close(c, d, s)
end)

tap.both("names: socket.dns waits in the background", function()
  local dns = socket.dns
  tap.equal(type(dns.gethostname()), "string")
  tap.equal(dns.getaddrinfo("127.0.0.1")[1].addr, "127.0.0.1")
  tap.equal((dns.toip("localhost")), "127.0.0.1")
  tap.equal(type(dns.tohostname("127.0.0.1")), "string")
  tap.equal(select(2, dns.getnameinfo("127.0.0.1", 80)), "http")
end)

tap.test("what is told to the ssl side: stream, take", function()
  local c, d, s = pair()
  d:send("ab\ncd")
  tap.equal(c:receive(), "ab")
  local fd = c:getfd()
  c:setfd(-1)
  tap.equal(c:getfd(), -1)
  local again = socket.tcp()
  again:setfd(fd)
  tap.equal(again:getfd(), fd)
  close(again, c, d, s)
end)

tap.done()
