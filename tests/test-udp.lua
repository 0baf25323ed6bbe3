-- luv.udp: sending and receiving, connected and not, options, and how they fail.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local udp = luv.net.udp
local cfd = tap.c_module("cfd")

-- A socket on a free port of the loopback, and the port.
local function bound(host, options)
  local s = assert(assert(udp()):bind(host or "127.0.0.1", 0, options))
  return s, s:getsockname().port
end

local function both_ends()
  local a, pa = bound()
  local b, pb = bound()
  return a, b, pa, pb
end

local function close(...)
  for _, s in ipairs{...} do s:close() end
end

local has6 = (function()
  local s = udp()
  local ok = s:bind("::1", 0)
  s:close()
  return ok
end)()

-- A pair of unix sockets of datagrams, which fill up as those of the internet seldom do.
local function datagrams()
  if not cfd then tap.skip("no C compiler") end
  local fa, fb = cfd.datagrams()
  return assert(udp():open(fa)), assert(udp():open(fb))
end

-- ---- there and back --------------------------------------------------------------------

tap.both("send and recv: data, {address, port, family}, truncated", function()
  local a, b, pa, pb = both_ends()
  tap.match(tostring(a), "^userdata<luv%.udp>: 0x%x+$")
  tap.equal(a:send("hello", "127.0.0.1", pb), a)
  tap.same(tap.pack(b:recv()), {n = 3, "hello", {address = "127.0.0.1", port = pa, family = "inet"}, false})
  local data, from = (function() b:send("back", "127.0.0.1", pa) return a:recv() end)()
  tap.equal(data, "back")
  tap.equal(from.port, pb)
  a:send("to a table", from)
  tap.equal((b:recv()), "to a table")
  a:send({"in ", "pieces ", 3}, "localhost", pb)
  tap.equal((b:recv()), "in pieces 3")
  a:send(12, "127.0.0.1", pb)
  tap.equal((b:recv()), "12")
  close(a, b)
end)

tap.both("an empty datagram is data", function()
  local a, b, _, pb = both_ends()
  a:send("", "127.0.0.1", pb)
  a:send({}, "127.0.0.1", pb)
  a:send("x", "127.0.0.1", pb)
  tap.equal((b:recv(5)), "")
  tap.equal((b:recv(5)), "")
  tap.equal((b:recv(5)), "x")
  close(a, b)
end)

tap.both("bytes are bytes, of every length", function()
  local a, b, _, pb = both_ends()
  local all = {}
  for i = 0, 255 do all[#all + 1] = string.char(i) end
  all = table.concat(all)
  for _, n in ipairs{1, 255, 256, 2000, 2048, 2049, 9000, 65507} do
    local data = all:rep(math.ceil(n / 256)):sub(1, n)
    assert(a:send(data, "127.0.0.1", pb))
    local got, _, truncated = b:recv(5)
    tap.ok(got == data, n .. " bytes, got " .. #(got or ""))
    tap.equal(truncated, false)
  end
  close(a, b)
end)

tap.both("IPv6, and an address of each", function()
  if not has6 then tap.skip("no IPv6") end
  local a, pa = bound("::1")
  local b, pb = bound("::1")
  tap.same(b:getsockname(), {address = "::1", port = pb, family = "inet6"})
  a:send("six", "::1", pb)
  tap.same(tap.pack(b:recv(5)), {n = 3, "six", {address = "::1", port = pa, family = "inet6"}, false})
  a:send("name", "localhost", pb)
  tap.equal((b:recv(5)), "name")
  tap.ok(select(3, a:send("four", "127.0.0.1", pb)) ~= nil, "an address of the other family")
  close(a, b)
  local only, port = bound("::", {ipv6only = true})
  local four = udp()
  tap.ok(four:bind("127.0.0.1", port) or true)
  close(only, four)
  -- A socket of both families: peers of IPv4 are told as what they are, and can be answered.
  local all = bound("::")
  local c = bound()
  c:send("mapped", "127.0.0.1", all:getsockname().port)
  local data, from = all:recv(5)
  tap.equal(data, "mapped")
  tap.equal(from.address, "::ffff:127.0.0.1")
  tap.equal(from.family, "inet")
  all:send("back", from)
  tap.equal((c:recv(5)), "back")
  close(all, c)
end)

tap.both("a socket that is not bound has a port when it sends", function()
  local a = udp()
  local b, pb = bound()
  tap.fails("EBADF", a:getsockname())
  tap.fails("EBADF", a:fileno())
  a:send("x", "127.0.0.1", pb)
  local _, from = b:recv(5)
  tap.equal(from.port, a:getsockname().port)
  b:send("y", from)
  tap.equal((a:recv(5)), "y")
  tap.ok(a:fileno() > 2)
  close(a, b)
end)

tap.both("each datagram to one fiber, in order", function()
  local a, b, _, pb = both_ends()
  local got, fibers = {}, {}
  for i = 1, 3 do
    fibers[i] = luv.spawn(function()
      for _ = 1, 10 do
        local data = b:recv()
        got[#got + 1] = data
        if i == 2 then luv.fiber.yield() end
      end
    end)
  end
  for round = 1, 10 do
    for i = 1, 3 do a:send(tostring(round * 3 + i), "127.0.0.1", pb) end
    luv.sleep(0.001)
  end
  for _, f in ipairs(fibers) do f:join(5) end
  tap.equal(#got, 30)
  for i, data in ipairs(got) do tap.equal(data, tostring(i + 3)) end
  close(a, b)
end)

tap.test("no Go callback per packet", function()
  local a, b, pa, pb = both_ends()
  local echo = luv.spawn(function()
    while true do
      local data, from = b:recv()
      if not data then break end
      b:send(data, from.address, from.port)
    end
  end)
  local function ask(n)
    for _ = 1, n do
      a:send("ping", "127.0.0.1", pb)
      tap.equal((a:recv(5)), "ping")
    end
  end
  tap.fiber(ask, 10)
  local before = luv.stats().go_callbacks
  tap.fiber(ask, 500)
  tap.ok(luv.stats().go_callbacks - before <= 4, luv.stats().go_callbacks - before)
  tap.equal(b:using_recvmmsg(), true, "recvmmsg")
  b:close()
  echo:join()
  a:close()
end)

-- ---- connected --------------------------------------------------------------------------

tap.both("connect: send without an address, the others are not heard", function()
  local a, b, pa, pb = both_ends()
  local stranger = bound()
  tap.equal(a:connect("127.0.0.1", pb), a)
  tap.same(a:getpeername(), {address = "127.0.0.1", port = pb, family = "inet"})
  tap.equal(a:send("x"), a)
  tap.equal((b:recv(5)), "x")
  tap.fails("EISCONN", a:send("x", "127.0.0.1", pb))
  tap.fails("EISCONN", a:connect("127.0.0.1", pb))
  stranger:send("not heard", "127.0.0.1", pa)
  b:send("heard", "127.0.0.1", pa)
  tap.equal((a:recv(5)), "heard")
  tap.equal(a:disconnect(), a)
  tap.fails("ENOTCONN", a:getpeername())
  tap.fails("ENOTCONN", a:disconnect())
  tap.fails("EDESTADDRREQ", a:send("x"))
  tap.equal(a:getsockname().port, pa, "the port stays")
  tap.equal(a:send("again", "127.0.0.1", pb), a)
  tap.equal((b:recv(5)), "again")
  b:send("back", "127.0.0.1", pa)
  tap.equal((a:recv(5)), "back")
  close(a, b, stranger)
end)

tap.both("names: localhost, one that is none, none at all", function()
  local a, b, _, pb = both_ends()
  tap.equal(a:connect("localhost", pb), a)
  a:send("x")
  tap.equal((b:recv(5)), "x")
  a:disconnect()
  for _, name in ipairs{"no-such-host.invalid", "127.0.0.1\0", "1.2.3", ""} do
    local ok, msg, code = a:send("x", name, pb, 20)
    tap.equal(ok, nil)
    tap.match(code, "^EAI_", tostring(msg))
    ok, msg, code = a:connect(name, pb, 20)
    tap.equal(ok, nil)
    tap.match(code, "^EAI_", tostring(msg))
  end
  local ok, msg, code = a:bind("no-such-host.invalid", 0, nil, 20)
  tap.equal(ok, nil)
  tap.match(code, "^EAI_", tostring(msg))
  tap.fails("EINVAL", a:bind("1.2.3", 0))
  tap.equal(a:send("by digits", "127.0.0.1", tostring(pb)), a)
  tap.equal((b:recv(5)), "by digits")
  for _, port in ipairs{"", "x", "1x", "65536", "-1", " 1", "1e3"} do
    tap.raises("number from 0 to 65535", a.send, a, "x", "127.0.0.1", port)
    tap.raises("port from 0 to 65535", a.connect, a, "127.0.0.1", port)
  end
  tap.equal(luv.stats().operations, 0)
  close(a, b)
end)

-- The name of this machine is in /etc/hosts, or in no file at all.
tap.both("a name is resolved, and sent to", function()
  local name = (io.popen("hostname"):read("*l") or "")
  local address = luv.net.getaddrinfo(name, nil, {family = "inet"}, 5)
  if not address then tap.skip("this machine's name is not known") end
  local b = udp():bind("0.0.0.0", 0)
  local pb = b:getsockname().port
  local a = udp():bind("0.0.0.0", 0)
  tap.equal(a:send("to a name", name, pb, 5), a)
  tap.equal((b:recv(5)), "to a name")
  tap.equal(a:connect(name, pb, 5), a)
  tap.equal(a:getpeername().address, address)
  tap.equal(luv.select{{a, "send", "x"}, timeout = 5}, 1)
  tap.equal((b:recv(5)), "x")
  close(a, b)
end)

tap.both("nobody listens: ECONNREFUSED is the next call's", function()
  local gone, port = bound()
  gone:close()
  luv.sleep(0)
  local a = udp():connect("127.0.0.1", port)
  a:send("x")
  tap.fails("ECONNREFUSED", a:recv(5))
  a:send("x")
  luv.sleep(0.01) -- the loop meets it while nobody asks
  tap.fails("ECONNREFUSED", a:send("y"))
  a:send("y")
  local f = luv.spawn(function() return a:recv(5) end)
  tap.fails("ECONNREFUSED", f:join())
  tap.fails("ETIMEDOUT", a:recv(0))
  local back = udp():bind("127.0.0.1", port)
  a:send("now")
  tap.equal((back:recv(5)), "now")
  close(a, back)
end)

-- ---- the world's errors ---------------------------------------------------------------------

tap.both("EMSGSIZE, EADDRINUSE, EINVAL", function()
  local a, b, _, pb = both_ends()
  tap.fails("EMSGSIZE", a:send(("x"):rep(65508), "127.0.0.1", pb))
  tap.fails("EMSGSIZE", a:send(("x"):rep(1e6), "127.0.0.1", pb))
  tap.fails("ETIMEDOUT", b:recv(0.01))
  local c = udp()
  tap.fails("EADDRINUSE", c:bind("127.0.0.1", pb))
  tap.equal(c:bind("127.0.0.1", 0), c)
  tap.fails("EINVAL", c:bind("127.0.0.1", 0))
  tap.fails("EINVAL", a:send("x", "127.0.0.1", 0))
  close(a, b, c)
end)

tap.both("closed: EBADF; closed meanwhile: ECANCELED", function()
  local a, b, _, pb = both_ends()
  local f = luv.spawn(function() return b:recv() end)
  local g = luv.spawn(function() return b:recv() end)
  luv.sleep(0.001)
  b:close()
  b:close()
  tap.fails("ECANCELED", f:join())
  tap.fails("ECANCELED", g:join())
  tap.equal(b:closed(), true)
  for _, call in ipairs{"recv", "getsockname", "getpeername", "disconnect", "fileno", "send_queue_size",
                        "send_queue_count", "send_buffer_size", "recv_buffer_size"} do
    tap.fails("EBADF", b[call](b))
  end
  tap.fails("EBADF", b:send("x"))
  tap.fails("EBADF", b:send("x", "127.0.0.1", pb))
  tap.fails("EBADF", b:send("x", "a-name.invalid", pb))
  tap.fails("EBADF", b:bind("127.0.0.1", 0))
  tap.fails("EBADF", b:connect("127.0.0.1", 1))
  tap.fails("EBADF", b:open(0))
  tap.fails("EBADF", b:ttl(1))
  tap.fails("EBADF", b:membership("224.0.0.251", nil, "join"))
  tap.equal(b:using_recvmmsg(), false)
  a:close()
end)

tap.both("timeout and cancel: nothing is lost", function()
  local a, b, _, pb = both_ends()
  tap.fails("ETIMEDOUT", b:recv(0))
  tap.fails("ETIMEDOUT", b:recv(0.005))
  a:send("kept", "127.0.0.1", pb)
  tap.equal((b:recv(0.5)), "kept")
  a:send("at once", "127.0.0.1", pb)
  tap.equal((b:recv(0)), "at once")
  local f = luv.spawn(function() b:recv() end)
  luv.sleep(0.001)
  f:cancel()
  tap.raises("cancelled", f.join, f)
  a:send("for the next", "127.0.0.1", pb)
  tap.equal((b:recv(5)), "for the next")
  local ok, _, code = luv.timeout(0.005, function() while true do b:recv() end end)
  tap.equal(ok, nil)
  tap.equal(code, "ETIMEDOUT")
  close(a, b)
end)

tap.both("select: the first of several sockets", function()
  local a, b, pa, pb = both_ends()
  local s = bound()
  luv.spawn(function()
    luv.sleep(0.002)
    s:send("two", "127.0.0.1", pb)
  end)
  local i, data, from = luv.select{{a, "recv"}, {b, "recv"}, timeout = 5}
  tap.equal(i, 2)
  tap.equal(data, "two")
  tap.equal(from.port, s:getsockname().port)
  s:send("one", "127.0.0.1", pa)
  tap.equal(select(2, luv.select{{a}, {b}, timeout = 5}), "one")
  close(a, b, s)
end)

tap.test("wrong arguments raise, naming function and argument", function()
  local a = bound()
  local function bad(pattern, ...) tap.raises(pattern, a.send, a, ...) end
  bad("bad argument #1 to 'send' %(string or table expected, got no value%)")
  bad("bad argument #1 to 'send' %(string or table expected, got nil%)", nil, "127.0.0.1", 1)
  bad("bad argument #1 to 'send' %(string expected at index 2 of the table, got boolean%)", {"a", true}, "127.0.0.1", 1)
  bad("bad argument #2 to 'send' %(string expected, got boolean%)", "x", true, 1)
  bad("bad argument #2 to 'send' %(string expected, got nil%)", "x", nil, 1)
  bad("bad argument #2 to 'send' %(string expected, got nil%)", "x", {port = 1})
  bad("bad argument #3 to 'send' %(number expected, got nil%)", "x", {address = "127.0.0.1"})
  bad("bad argument #3 to 'send' %(the table has the port%)", "x", {address = "127.0.0.1", port = 1}, 2)
  bad("bad argument #3 to 'send' %(number expected, got no value%)", "x", "127.0.0.1")
  for _, port in ipairs{-1, 65536, 1.5, 0 / 0, 1 / 0, -1 / 0, 1e300} do
    bad("bad argument #3 to 'send' %(whole number from 0 to 65535 expected%)", "x", "127.0.0.1", port)
  end
  bad("bad argument #4 to 'send' %(number expected, got string%)", "x", "127.0.0.1", 1, "soon")
  bad("bad argument #4 to 'send' %(seconds of 0 or more expected%)", "x", "127.0.0.1", 1, -1)
  tap.raises("bad argument #1 to 'recv' %(seconds of 0 or more expected%)", a.recv, a, 0 / 0)
  tap.raises("bad self %(luv.udp expected, got no value%)", a.recv)
  tap.raises("bad self %(luv.udp expected, got luv.tcp%)", a.send, luv.net.tcp(), "x")
  tap.raises("bad argument #1 to 'udp'", udp, "ipx")
  tap.raises("bad argument #2 to 'bind'", a.bind, a, "127.0.0.1", 65536)
  tap.raises("bad argument #1 to 'open'", a.open, a, -1)
  tap.raises("bad argument #1 to 'ttl' %(whole number from 1 to 255 expected%)", a.ttl, a, 0)
  tap.raises("bad argument #1 to 'multicast_ttl'", a.multicast_ttl, a, 256)
  tap.raises("bad argument #3 to 'membership'", a.membership, a, "224.0.0.251", "", "look")
  a:close()
end)

-- ---- as in 2012 ---------------------------------------------------------------------------------

tap.both("the form of 2012: send(host, port, data)", function()
  local a, b, pa, pb = both_ends()
  tap.equal(a:send("127.0.0.1", pb, "old"), a)
  tap.equal((b:recv(5)), "old")
  tap.equal(a:send("127.0.0.1", pb, "", 5), a)
  tap.equal((b:recv(5)), "")
  tap.equal(a:send("127.0.0.1", "127.0.0.1", pb), a)
  tap.equal((b:recv(5)), "127.0.0.1")
  close(a, b)
end)

-- ---- options ------------------------------------------------------------------------------------

tap.both("ttl, broadcast, buffers, before and after bind", function()
  local a = udp()
  tap.equal(a:broadcast(true), a)
  tap.equal(a:ttl(3), a)
  tap.equal(a:bind("127.0.0.1", 0), a)
  tap.equal(a:ttl(255), a)
  tap.equal(a:broadcast(false), a)
  tap.fails("EACCES", a:send("x", "255.255.255.255", 9))
  tap.equal(a:recv_buffer_size(65536), a)
  tap.ok(a:recv_buffer_size() >= 65536)
  tap.equal(a:send_buffer_size(65536), a)
  tap.ok(a:send_buffer_size() >= 65536)
  tap.equal(a:send_queue_size(), 0)
  tap.equal(a:send_queue_count(), 0)
  a:close()
end)

tap.both("reuseaddr and reuseport", function()
  local a, port = bound("127.0.0.1", {reuseport = true})
  local b = udp()
  tap.equal(b:bind("127.0.0.1", port, {reuseport = true}), b)
  local c = udp()
  tap.fails("EADDRINUSE", c:bind("127.0.0.1", port))
  tap.fails("EBUSY", c:bind("127.0.0.1", port, {reuseport = true}))
  close(a, b, c)
  local d, again = bound("127.0.0.1", {reuseaddr = true})
  local e = udp()
  tap.equal(e:bind("127.0.0.1", again, {reuseaddr = true}), e)
  close(d, e)
end)

tap.both("a family at once: luv.net.udp(family)", function()
  local a = udp("inet")
  tap.ok(a:fileno() > 2)
  tap.equal(a:bind("127.0.0.1", 0), a)
  a:close()
  if not has6 then return end
  local b = udp("inet6")
  tap.equal(b:ttl(7), b)
  tap.equal(b:bind("::1", 0), b)
  b:close()
end)

-- Multicast on the loopback, where this machine has it.
local function group_of(join, send, leave)
  local a = udp():bind("0.0.0.0", 0, {reuseaddr = true})
  local ok, msg = join(a)
  if not ok then
    a:close()
    tap.skip("no multicast here: " .. msg)
  end
  local b = udp()
  assert(b:multicast_interface("127.0.0.1"))
  assert(b:multicast_loop(true))
  assert(b:multicast_ttl(1))
  assert(send(b, a:getsockname().port))
  local data = a:recv(2)
  if not data then
    close(a, b)
    tap.skip("what goes to a group does not arrive here")
  end
  tap.equal(data, "to all")
  tap.equal(leave(a), a)
  tap.match(select(3, leave(a)), "^E%u+$")
  send(b, a:getsockname().port)
  tap.fails("ETIMEDOUT", a:recv(0.02))
  close(a, b)
end

local function to_group(s, port) return s:send("to all", "239.255.7.7", port) end

tap.both("membership: joining and leaving a group", function()
  group_of(function(s) return s:membership("239.255.7.7", "127.0.0.1", "join") end, to_group,
    function(s) return s:membership("239.255.7.7", "127.0.0.1", "leave") end)
end)

tap.both("membership, for one source", function()
  group_of(function(s) return s:membership("239.255.7.7", "127.0.0.1", "join", "127.0.0.1") end, to_group,
    function(s) return s:membership("239.255.7.7", "127.0.0.1", "leave", "127.0.0.1") end)
end)

tap.both("groups that are none", function()
  local a = udp()
  tap.fails("EINVAL", a:membership("127.0.0.1", nil, "join"))
  tap.fails("EINVAL", a:membership("a name", nil, "join"))
  tap.fails("EINVAL", a:membership("239.1.1.1", "no interface", "join"))
  tap.fails("EINVAL", a:multicast_interface("no interface"))
  a:close()
end)

-- ---- full buffers ----------------------------------------------------------------------------------

-- Sends until there is no room; returns how many went.
local function fill(s)
  local n = 0
  while s:send("number " .. n + 1, nil, nil, 0) do n = n + 1 end
  return n
end

tap.both("a send that must wait; by timeout and cancel nothing goes", function()
  local a, b = datagrams()
  local n = fill(a)
  tap.ok(n > 0, n)
  tap.fails("ETIMEDOUT", a:send("late", nil, nil, 0.005))
  local given_up = luv.spawn(function() a:send("given up") end)
  luv.sleep(0.001)
  tap.equal(a:send_queue_count(), 1)
  tap.equal(a:send_queue_size(), #"given up")
  given_up:cancel()
  luv.pcall(given_up.join, given_up)
  tap.equal(a:send_queue_count(), 0)
  local waits = {}
  for i = 1, 5 do waits[i] = luv.spawn(function() return a:send("waited " .. i) end) end
  luv.sleep(0.001)
  tap.equal(a:send_queue_count(), 5)
  for i = 1, n do tap.equal((b:recv(5)), "number " .. i) end
  for i = 1, 5 do
    tap.equal((b:recv(5)), "waited " .. i)
    tap.equal(waits[i]:join(), a)
  end
  tap.fails("ETIMEDOUT", b:recv(0.005))
  tap.equal(a:send_queue_size(), 0)
  close(a, b)
end)

tap.both("full, and select: the loser has sent nothing", function()
  local a, b = datagrams()
  local n = fill(a)
  local c = luv.chan(1)
  luv.spawn(function() luv.sleep(0.002) c:put("won") end)
  tap.equal(select(2, luv.select{{a, "send", "lost"}, {c}}), "won")
  for _ = 1, n do b:recv(5) end
  tap.fails("ETIMEDOUT", b:recv(0.005))
  tap.equal(luv.select{{a, "send", "sent"}, timeout = 5}, 1)
  tap.equal((b:recv(5)), "sent")
  close(a, b)
  c:close()
end)

tap.both("full, and closed: by us, by the peer", function()
  local a, b = datagrams()
  fill(a)
  local f = luv.spawn(function() return a:send("x") end)
  luv.sleep(0.001)
  a:close()
  tap.fails("ECANCELED", f:join())
  b:close()
  a, b = datagrams()
  fill(a)
  f = luv.spawn(function() return a:send("x") end)
  luv.sleep(0.001)
  b:close()
  tap.fails("ECONNREFUSED", f:join(5))
  a:close()
end)

tap.both("what is longer than any datagram of the internet is told truncated", function()
  local a, b = datagrams()
  tap.equal(a:send(("x"):rep(100000)), a)
  local data, from, truncated = b:recv(5)
  tap.equal(#data, 65536)
  tap.equal(truncated, true)
  tap.same(from, {family = "unix"})
  a:send("short")
  tap.equal(select(3, b:recv(5)), false)
  close(a, b)
end)

tap.both("open: what is no socket of datagrams", function()
  if not cfd then tap.skip("no C compiler") end
  local s = udp()
  tap.fails("EBADF", s:open(99999))
  local r, w = cfd.pipe()
  tap.fails("ENOTSOCK", s:open(r))
  local x, y = cfd.streams()
  tap.fails("EINVAL", s:open(x))
  for _, fd in ipairs{r, w, x, y} do
    tap.ok(cfd.is_open(fd))
    cfd.close(fd)
  end
  local other = bound()
  tap.fails("EEXIST", s:open(other:fileno()))
  other:close()
  s:bind("127.0.0.1", 0)
  tap.fails("EBUSY", s:open(0))
  s:close()
end)

-- ---- many ---------------------------------------------------------------------------------------------

-- Nobody reads: the kernel keeps what fits, luv a bounded number, the rest is lost.
tap.test("100,000 datagrams and a slow reader: memory is bounded", function()
  local a, b, _, pb = both_ends()
  local function rss() return tonumber(tap.slurp("/proc/self/statm"):match("^%d+ (%d+)")) * 4096 end
  b:recv(0) -- reading is on
  local before, data = nil, ("x"):rep(1000)
  for i = 1, 100000 do
    a:send(data, "127.0.0.1", pb)
    if i % 1000 == 0 then luv.sleep(0) end
    if i == 5000 then before = rss() end
  end
  tap.ok(rss() - before < 8e6, rss() - before .. " bytes more")
  local n = 0
  while b:recv(0) do n = n + 1 end
  tap.ok(n >= 100 and n < 5000, n .. " arrived")
  a:send("the last", "127.0.0.1", pb)
  tap.equal((b:recv(5)), "the last")
  close(a, b)
end)

tap.test("a fiber that only sends lets the others have their turn", function()
  local a, b, _, pb = both_ends()
  tap.lets_others(function() a:send("x", "127.0.0.1", pb) end)
  close(a, b)
end)

tap.test("a dump names the socket and its address", function()
  local a, port = bound()
  local f = luv.spawn(function() a:recv() end)
  luv.sleep(0.001)
  tap.match(luv.dump(), "for udp recv on luv%.udp 0x%x+ %(127%.0%.0%.1 port " .. port .. "%)")
  a:close()
  f:join()
end)

tap.test("EMFILE is a value", function()
  local out, err, rc = tap.run([[
    local luv = require("luv")
    local held = {}
    for _ = 1, 100 do held[#held + 1] = io.open("/dev/null") end
    local s = luv.net.udp()
    print(select(3, luv.net.udp("inet")))
    print(select(3, s:bind("127.0.0.1", 0)))
    print(select(3, s:send("x", "127.0.0.1", 9)))
    print(select(3, s:connect("127.0.0.1", 9)))
    print(select(3, s:recv(1)))
    print(select(3, s:ttl(1)))
    print(select(3, s:membership("224.0.0.251", nil, "join")))
    for _, file in ipairs(held) do file:close() end
    print(s:bind("127.0.0.1", 0) == s)]], "ulimit -n 48")
  tap.equal(rc, 0, err)
  tap.equal(out, ("EMFILE\n"):rep(7) .. "true\n")
end)

tap.test("a forgotten socket is closed; one that is waited for is not", function()
  local s, port = bound()
  local f = luv.spawn(function() return (s:recv()) end)
  luv.sleep(0.001)
  s = nil
  for _ = 1, 3 do collectgarbage() end
  local a = udp()
  a:send("alive", "127.0.0.1", port)
  tap.equal(f:join(), "alive")
  f = nil
  if tap.jit then jit.flush() end
  for _ = 1, 100 do
    collectgarbage()
    luv.sleep(0.001)
    local again = udp()
    local free = again:bind("127.0.0.1", port)
    again:close()
    if free then a:close() return end
  end
  error("the port is still taken")
end)

tap.test("the end of the state: waiting, full, with unread datagrams", function()
  local out, err, rc = tap.run([[
    local luv = require("luv")
    local a, b = luv.net.udp():bind("127.0.0.1", 0), luv.net.udp():bind("127.0.0.1", 0)
    for i = 1, 50 do a:send(("x"):rep(i * 1000), "127.0.0.1", b:getsockname().port) end
    b:recv(0)
    luv.spawn(function() a:recv() end)
    luv.spawn(function() luv.net.resolve("x.test", "A", {server = "127.0.0.1:" .. b:getsockname().port}) end)
    luv.spawn(function() a:send("x", "no-such-host.invalid", 1) end)
    luv.sleep(0.01)
    print("end")]])
  tap.equal(rc, 0, err)
  tap.equal(out, "end\n")
end)

tap.test("options by the kernel's names", function()
  local u = luv.net.udp()
  tap.fails("EBADF", u:getoption("IP_TTL"))
  u:bind("127.0.0.1", 0)
  tap.equal(u:setoption("IP_TTL", 5), u)
  tap.equal(u:getoption("IP_TTL"), 5)
  tap.equal(u:getoption("SO_TYPE"), 2)
  tap.raises("unknown option", u.setoption, u, "IP_NONE", 1)
  u:close()
end)

tap.done()
