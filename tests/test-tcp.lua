-- luv.net.tcp: bind, listen, accept, connect, names, options, and how they fail.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local tcp = luv.net.tcp

-- A port of the loopback where nobody listens.
local function free_port()
  local s, port = tap.listen()
  s:close()
  luv.sleep(0)
  return port
end

tap.both("bind and listen chain; getsockname and getpeername are tables", function()
  local s = tcp():bind("127.0.0.1", 0):listen(10)
  tap.match(tostring(s), "^userdata<luv%.tcp>: 0x%x+$")
  local name = s:getsockname()
  tap.equal(name.family, "inet")
  tap.equal(name.address, "127.0.0.1")
  tap.ok(name.port > 0 and name.port < 65536)
  local c = tcp()
  tap.equal(c:connect("127.0.0.1", name.port), c)
  local p = s:accept()
  tap.same(c:getpeername(), name)
  tap.same(p:getpeername(), c:getsockname())
  tap.ok(p:fileno() > 2 and p:fileno() ~= c:fileno())
  c:close(); p:close(); s:close()
end)

tap.both("names of what is not bound or connected", function()
  local t = tcp()
  local _, _, code = t:getpeername()
  tap.ok(code == "ENOTCONN" or code == "EBADF", tostring(code))
  t:bind("127.0.0.1", 0)
  tap.fails("ENOTCONN", t:getpeername())
  t:close()
end)

tap.both("accept into an object, as the seed does; accept without", function()
  local s, port = tap.listen()
  local c1, c2 = tcp():connect("127.0.0.1", port), tcp():connect("127.0.0.1", port)
  local mine = tcp()
  tap.equal(s:accept(mine), mine)
  local other = s:accept()
  tap.ok(other ~= mine)
  c1:write("1"); c2:write("2")
  local all = {}
  for _, p in ipairs{mine, other} do all[#all + 1] = (select(2, p:read())) end
  table.sort(all)
  tap.equal(table.concat(all), "12")
  for _, x in ipairs{c1, c2, mine, other, s} do x:close() end
end)

tap.both("accept on what does not listen is raised", function()
  local t = tcp()
  tap.raises("does not listen", t.accept, t)
  t:close()
end)

tap.both("a listening socket neither connects, nor reads, nor writes", function()
  local s, port = tap.listen()
  tap.fails("EISCONN", s:connect("127.0.0.1", port))
  tap.fails("EISCONN", s:connect("localhost", port))
  tap.fails("ENOTCONN", s:read())
  tap.fails("ENOTCONN", s:shutdown())
  local _, _, code = s:write("x")
  tap.ok(code == "EPIPE" or code == "ENOTCONN", tostring(code))
  s:close()
end)

tap.both("listen again, with connections held back: only the backlog changes", function()
  local s, port = tap.listen()
  local all = {}
  for i = 1, 80 do all[i] = tcp():connect("127.0.0.1", port) end
  luv.sleep(0.005)
  tap.equal(s:listen(7), s)
  luv.sleep(0.005)
  for _ = 1, 80 do s:accept():close() end
  for _, c in ipairs(all) do c:close() end
  s:close()
end)

tap.both("accept waits, and several wait in order", function()
  local s, port = tap.listen()
  local order = {}
  for i = 1, 3 do luv.spawn(function() local p = s:accept(); order[#order + 1] = i; p:close() end) end
  luv.sleep(0.002)
  for _ = 1, 3 do tcp():connect("127.0.0.1", port):close(); luv.sleep(0.003) end
  tap.same(order, {1, 2, 3})
  s:close()
end)

tap.both("connection refused: the message names the target", function()
  local c, port = tcp(), free_port()
  local msg = tap.fails("ECONNREFUSED", c:connect("127.0.0.1", port))
  tap.match(msg, "^ECONNREFUSED: connection refused")
  c:close()
  c = tcp()
  tap.fails("ECONNREFUSED", c:connect("localhost", port))
  c:close()
end)

tap.both("after a refusal another connect on the same object", function()
  local s, port = tap.listen()
  local c = tcp()
  tap.fails("ECONNREFUSED", c:connect("127.0.0.1", free_port()))
  local again, _, code = c:connect("127.0.0.1", port)
  tap.ok(again == c or code, "an answer")
  if again then tap.equal(c:write("x"), 1) end
  c:close(); s:close()
end)

tap.both("port in use", function()
  local s, port = tap.listen()
  local t = tcp()
  local bound, msg, code = t:bind("127.0.0.1", port)
  if bound then bound, msg, code = t:listen() end
  tap.fails("EADDRINUSE", bound, msg, code)
  t:close(); s:close()
  local again = tcp():bind("127.0.0.1", port)
  tap.ok(again:listen(), "the port is free again")
  again:close()
end)

tap.both("reuseport: two listeners on one port", function()
  local a = assert(tcp():bind("127.0.0.1", 0, {reuseport = true}):listen())
  local b = tcp():bind("127.0.0.1", a:getsockname().port, {reuseport = true})
  tap.ok(b:listen())
  a:close(); b:close()
end)

tap.both("bind to an address that is not ours, or no address", function()
  local t = tcp()
  tap.fails("EADDRNOTAVAIL", t:bind("203.0.113.7", 0))
  t:close()
  t = tcp()
  tap.fails("EINVAL", t:bind("300.1.1.1", 0))
  tap.fails("EINVAL", t:bind("1::2::3", 0))
  local ok, msg, code = t:bind("no-such-host.invalid", 0, nil, 20)
  tap.equal(ok, nil)
  tap.match(code, "^EAI_", tostring(msg))
  tap.equal(t:bind("127.0.0.1", 0), t) -- nothing is left of it
  t:close()
end)

tap.both("ports as strings of digits, and a backlog of 0", function()
  local s = assert(tcp():bind("localhost", "0"))
  tap.equal(s:listen(0), s)
  local port = tostring(s:getsockname().port)
  local c = assert(tcp():connect("127.0.0.1", port))
  local d = assert(tcp():connect("localhost", port, 5))
  assert(s:accept()):close()
  assert(s:accept()):close()
  for _, wrong in ipairs{"", " 80", "80 ", "8x", "65536", "-1", "0x50", "1e3", "http"} do
    tap.raises("port from 0 to 65535", tcp().connect, tcp(), "127.0.0.1", wrong)
    tap.raises("port from 0 to 65535", tcp().bind, tcp(), "127.0.0.1", wrong)
  end
  c:close() d:close() s:close()
end)

tap.both("connect with a timeout of 0: what the kernel answers at once is the result", function()
  local s, port = tap.listen()
  for _, host in ipairs{"127.0.0.1", "localhost"} do
    local c = tcp()
    tap.equal(c:connect(host, port, 0), c)
    local d = s:accept()
    c:write("hello")
    tap.equal(d:read_exactly(5), "hello")
    c:close() d:close()
    c = tcp():bind("127.0.0.1", 0)
    tap.equal(c:connect(host, port, 0), c)
    s:accept():close()
    c:close()
  end
  s:close()
  local c = tcp()
  tap.fails("ECONNREFUSED", c:connect("127.0.0.1", port, 0))
  tap.fails("ECONNREFUSED", c:connect("localhost", port, 0))
  tap.fails("ECONNREFUSED", c:connect("127.0.0.1", port))
  tap.fails("ECONNREFUSED", c:connect("127.0.0.1", port, 1))
  c:close()
end)

tap.test("connect with a timeout of 0 to a name that must be asked for: the attempt goes on", function()
  local c = tcp()
  local ok, _, code = c:connect("no-such-host.invalid", 80, 0)
  tap.equal(ok, nil)
  tap.equal(code, "ETIMEDOUT")
  local t = tap.clock()
  repeat
    luv.sleep(0.01)
    code = select(3, c:connect("127.0.0.1", 1, 0.5))
  until code ~= "EALREADY" or tap.clock() - t > 30
  tap.equal(code, "ECONNREFUSED")
  c:close()
end)

tap.both("bind to all: '*', and 0.0.0.0", function()
  for _, host in ipairs{"*", "0.0.0.0"} do
    local s = assert(tcp():bind(host, 0):listen())
    tap.equal(s:getsockname().address, "0.0.0.0")
    local c = tcp()
    tap.equal(c:connect("127.0.0.1", s:getsockname().port), c)
    c:close(); s:close()
  end
end)

tap.both("a reset right behind the last data is no end of file", function()
  local c, p = tap.connected()
  p:write("abc")
  p:close_reset()
  luv.sleep(0.01)
  tap.same({c:read()}, {3, "abc"})
  tap.fails("ECONNRESET", c:read())
  tap.fails("ECONNRESET", c:read_all())
  c:close()
end)

tap.both("reset by the peer: reading and writing say so", function()
  local c, p = tap.connected()
  c:write("unread")
  luv.sleep(0.002)
  p:close_reset()
  luv.sleep(0.002)
  tap.fails("ECONNRESET", c:read())
  local _, _, code = c:write("x")
  tap.ok(code == "EPIPE" or code == "ECONNRESET", tostring(code))
  c:close()
end)

tap.both("reading and writing before it is connected", function()
  local t = tcp()
  tap.fails("ENOTCONN", t:read())
  tap.fails("ENOTCONN", t:write("x"))
  tap.fails("ENOTCONN", t:shutdown())
  tap.equal(t:readable(), false)
  tap.equal(t:writable(), false)
  t:close()
end)

tap.both("connect twice, connect while connecting", function()
  local s, port = tap.listen()
  local c = tcp():connect("127.0.0.1", port)
  local other, port2 = tap.listen()
  tap.fails("EISCONN", c:connect("127.0.0.1", port2))
  tap.fails("EISCONN", c:connect("localhost", port2))
  tap.equal(c:getpeername().port, port)
  c:close(); s:close(); other:close()
  local silent, stop = tap.silent_server()
  c = tcp()
  tap.fails("ETIMEDOUT", c:connect("127.0.0.1", silent, 0.002))
  tap.fails("EALREADY", c:connect("127.0.0.1", silent, 0.002))
  c:close()
  stop()
end)

tap.both("nodelay, keepalive, buffer sizes", function()
  local c, p = tap.connected()
  tap.equal(c:nodelay(true), c)
  tap.equal(c:nodelay(false), c)
  tap.equal(c:keepalive(true, 30), c)
  tap.equal(c:keepalive(true), c)
  tap.equal(c:keepalive(false), c)
  tap.ok(c:send_buffer_size() > 1000)
  tap.equal(c:send_buffer_size(50000), c)
  tap.ok(c:send_buffer_size() >= 50000)
  tap.equal(c:recv_buffer_size(50000), c)
  tap.ok(c:recv_buffer_size() >= 50000)
  c:close(); p:close()
end)

tap.both("IPv6", function()
  local s = tcp()
  if not s:bind("::1", 0) then s:close(); return end -- none here
  s:listen()
  local name = s:getsockname()
  tap.equal(name.family, "inet6")
  tap.equal(name.address, "::1")
  local c = tcp()
  tap.equal(c:connect("::1", name.port), c)
  local p = s:accept()
  p:write("six")
  tap.equal(c:read_exactly(3), "six")
  tap.equal(p:getpeername().family, "inet6")
  c:close(); p:close(); s:close()
end)

tap.both("ipv6only", function()
  local s = tcp()
  if not s:bind("::", 0, {ipv6only = true}) then s:close(); return end
  s:listen()
  local c = tcp()
  tap.fails("ECONNREFUSED", c:connect("127.0.0.1", s:getsockname().port))
  c:close(); s:close()
  s = assert(tcp():bind("::", 0):listen())
  c = tcp()
  tap.equal(c:connect("127.0.0.1", s:getsockname().port), c, "dual stack")
  c:close(); s:close()
end)

tap.both("connect by name tries every address, IPv4 server", function()
  local s, port = tap.listen()
  local c = tcp()
  tap.equal(c:connect("localhost", port), c)
  tap.equal(c:getpeername().port, port)
  local p = s:accept()
  tap.equal(c:write("by name"), 7)
  tap.equal(p:read_exactly(7), "by name")
  tap.equal(c:nodelay(true), c)
  c:close(); p:close(); s:close()
end)

tap.both("connect from a bound address, by number and by name", function()
  local s, port = tap.listen()
  for _, host in ipairs{"127.0.0.1", "localhost"} do
    local c = tcp():bind("127.0.0.1", 0)
    local mine = c:getsockname().port
    tap.equal(c:connect(host, port), c)
    local p = s:accept()
    tap.equal(p:getpeername().port, mine)
    c:close(); p:close()
  end
  s:close()
end)

tap.both("unknown host", function()
  local c = tcp()
  local ok, msg, code = c:connect("no-such-host.invalid", 80, 10)
  tap.equal(ok, nil)
  tap.match(code, "^EAI_", tostring(msg))
  tap.match(msg, "no%-such%-host%.invalid")
  tap.fails("EAI_NONAME", c:connect("", 80))
  c:close()
end)

tap.both("200 connections one after the other", function()
  local s, port = tap.listen()
  local srv = luv.spawn(function()
    for _ = 1, 200 do
      local p = s:accept()
      luv.spawn(function() p:write(p:read_line():reverse() .. "\n"); p:close() end)
    end
  end)
  for i = 1, 200 do
    local c = assert(tcp():connect("127.0.0.1", port))
    c:write("n" .. i .. "\n")
    tap.equal(c:read_line(), ("n" .. i):reverse())
    c:close()
  end
  srv:join()
  s:close()
end)

tap.both("a backlog is kept while nobody accepts", function()
  local s, port = tap.listen()
  local clients = {}
  for i = 1, 100 do
    clients[i] = assert(tcp():connect("127.0.0.1", port, 5))
    clients[i]:write(tostring(i))
  end
  local sum = 0
  for _ = 1, 100 do
    local p = s:accept(nil, 5)
    local _, data = p:read()
    sum = sum + data
    p:close()
  end
  tap.equal(sum, 5050)
  for _, c in ipairs(clients) do c:close() end
  s:close()
end)

tap.done()
