-- luv.net.unixgram: datagrams between unix sockets, by path and by abstract name.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local unixgram = luv.net.unixgram
local cfd = tap.c_module("cfd")

local folder = assert(luv.fs.mkdtemp("/tmp/luv-unixgramXXXXXX"))
local function at(name) return folder .. "/" .. name end

local function bound(path, options) return assert(assert(unixgram()):bind(path, options)) end

local function close(...)
  for _, s in ipairs{...} do s:close() end
end

-- Sends until there is no room at once; returns how many went.
local function fill(s, path)
  local n = 0
  while true do
    local ok, _, code = s:send("fill " .. n + 1, path, 0)
    if not ok then
      tap.equal(code, "ETIMEDOUT")
      return n
    end
    n = n + 1
  end
end

-- ---- there and back --------------------------------------------------------------------

tap.both("send and recv by path: data, {path}, truncated", function()
  local a, b = bound(at("a")), bound(at("b"))
  tap.match(tostring(a), "^userdata<luv%.unixgram>: 0x%x+$")
  tap.equal(a:getsockname(), at("a"))
  tap.equal(a:send("hello", at("b")), a)
  tap.same(tap.pack(b:recv(5)), {n = 3, "hello", {family = "unix", path = at("a")}, false})
  tap.equal(b:send({"in ", "pieces ", 3}, {path = at("a")}), b)
  local data, from = a:recv(5)
  tap.equal(data, "in pieces 3")
  tap.equal(a:send(12, from), a)
  tap.equal((b:recv(5)), "12")
  a:send("", at("b"))
  a:send({}, at("b"))
  a:send("x", at("b"))
  tap.equal((b:recv(5)), "")
  tap.equal((b:recv(5)), "")
  tap.equal((b:recv(5)), "x")
  close(a, b)
end)

tap.both("abstract names, of any bytes, and one that the kernel chooses", function()
  local name = "@luv-" .. luv.os.getpid() .. "-" .. folder:sub(-6)
  local odd = "\0" .. name .. "\0\255x\0"
  local a, b, c = bound(name), bound(odd), bound()
  tap.equal(a:getsockname(), name)
  tap.equal(b:getsockname(), "@" .. odd:sub(2))
  tap.match(c:getsockname(), "^@%x+$")
  b:send("odd", name)
  local data, from = a:recv(5)
  tap.equal(data, "odd")
  tap.equal(from.path, "@" .. odd:sub(2))
  a:send("back", from)
  tap.equal((b:recv(5)), "back")
  c:send("chosen", name)
  data, from = a:recv(5)
  tap.equal(from.path, c:getsockname())
  a:send("to the chosen", from.path)
  tap.equal((c:recv(5)), "to the chosen")
  close(a, b, c)
end)

tap.both("a sender without a name", function()
  local a, b = unixgram(), bound(at("b"))
  tap.equal(a:getsockname(), "")
  a:send("who am I", at("b"))
  a:send("", at("b"))
  local data, from = b:recv(5)
  tap.equal(data, "who am I")
  tap.same(from, {family = "unix", path = ""})
  tap.equal((b:recv(5)), "")
  tap.fails("EINVAL", b:send("nobody", from))
  close(a, b)
end)

tap.both("bytes are bytes, of every length that there is room for", function()
  local a, b = unixgram(), bound(at("b"))
  local all = {}
  for i = 0, 255 do all[#all + 1] = string.char(i) end
  all = table.concat(all)
  for _, n in ipairs{1, 255, 2000, 2048, 2049, 65507, 65536, 65537, 150000} do
    local data = all:rep(math.ceil(n / 256)):sub(1, n)
    assert(a:send(data, at("b")))
    local got, _, truncated = b:recv(5)
    tap.ok(got == data, n .. " bytes, got " .. #(got or ""))
    tap.equal(truncated, false)
  end
  tap.fails("EMSGSIZE", a:send(("x"):rep(1e7), at("b")))
  close(a, b)
end)

tap.both("each datagram to one fiber, in order, and none is lost", function()
  local a, b, got, count, fibers = unixgram(), bound(at("b")), {}, 0, {}
  for i = 1, 3 do
    fibers[i] = luv.spawn(function()
      local last = 0
      while true do
        local data = b:recv()
        if data == "end" then return end
        tap.ok(tonumber(data) > last, data .. " after " .. last)
        last = tonumber(data)
        tap.equal(got[data], nil)
        got[data], count = true, count + 1
        if i == 2 then luv.fiber.yield() end
      end
    end)
  end
  for i = 1, 2000 do assert(a:send(tostring(i), at("b"))) end
  for _ = 1, 3 do a:send("end", at("b")) end
  for _, f in ipairs(fibers) do f:join(20) end
  tap.equal(count, 2000)
  close(a, b)
end)

tap.test("no Go callback per datagram", function()
  local a, b = bound(), bound(at("b"))
  local echo = luv.spawn(function()
    while true do
      local data, from = b:recv()
      if not data then break end
      b:send(data, from)
    end
  end)
  local function ask(n)
    for _ = 1, n do
      a:send("ping", at("b"))
      tap.equal((a:recv(5)), "ping")
    end
  end
  tap.fiber(ask, 10)
  local before = luv.stats().go_callbacks
  tap.fiber(ask, 500)
  tap.ok(luv.stats().go_callbacks - before <= 4, luv.stats().go_callbacks - before)
  b:close()
  echo:join()
  a:close()
end)

-- ---- connected --------------------------------------------------------------------------

tap.both("connect: send without a path, the others are not heard", function()
  local a, b, stranger = bound(at("a")), bound(at("b")), unixgram()
  tap.fails("ENOTCONN", a:getpeername())
  tap.fails("EDESTADDRREQ", a:send("x"))
  tap.equal(a:connect(at("b")), a)
  tap.equal(a:getpeername(), at("b"))
  tap.equal(a:send("x"), a)
  tap.equal((b:recv(5)), "x")
  tap.fails("EISCONN", a:send("x", at("b")))
  tap.fails("EPERM", stranger:send("not heard", at("a")))
  b:send("heard", at("a"))
  tap.equal((a:recv(5)), "heard")
  tap.equal(a:disconnect(), a)
  tap.fails("ENOTCONN", a:disconnect())
  tap.equal(stranger:send("now", at("a")), stranger)
  tap.equal((a:recv(5)), "now")
  a:connect(at("b"))
  b:close()
  tap.fails("ECONNREFUSED", a:send("gone"))
  close(a, stranger)
end)

-- ---- room --------------------------------------------------------------------------------

tap.both("a full receiver: the sender waits, gives up, and goes on", function()
  for _, connected in ipairs{true, false} do
    local a, b = unixgram(), bound(at("b"))
    local path = not connected and at("b") or nil
    if connected then a:connect(at("b")) end
    local n = fill(a, path)
    tap.ok(n > 0)
    tap.fails("ETIMEDOUT", a:send("never", path, 0.01))
    local f = luv.spawn(function() a:send("never", path) end)
    local g = luv.spawn(function() return a:send("later", path) end)
    luv.sleep(0.002)
    tap.equal(a:send_queue_count(), 2)
    tap.equal(a:send_queue_size(), 10)
    f:cancel()
    tap.raises("cancelled", f.join, f)
    for i = 1, n do tap.equal((b:recv(5)), "fill " .. i) end
    tap.equal((b:recv(5)), "later")
    tap.equal(g:join(5), a)
    tap.fails("ETIMEDOUT", b:recv(0.01))
    tap.equal(a:send_queue_count(), 0)
    close(a, b)
  end
end)

tap.both("one that is stuck holds up nobody else", function()
  local a, stuck, other = unixgram(), bound(at("stuck")), bound(at("other"))
  fill(a, at("stuck"))
  local f = luv.spawn(function() return a:send("1", at("stuck")) end)
  local g = luv.spawn(function() return a:send("2", at("stuck")) end)
  luv.sleep(0.001)
  tap.equal(a:send("x", at("other"), 5), a)
  tap.equal((other:recv(5)), "x")
  local got
  repeat
    got = stuck:recv(5)
  until got == "1"
  tap.equal((stuck:recv(5)), "2")
  tap.equal(f:join(5), a)
  tap.equal(g:join(5), a)
  close(stuck, other)
  -- Two that are full, and the second has room first.
  stuck, other = bound(at("stuck")), bound(at("other"))
  fill(a, at("stuck"))
  fill(a, at("other"))
  f = luv.spawn(function() return a:send("last", at("stuck")) end)
  g = luv.spawn(function() return a:send("last", at("other")) end)
  luv.sleep(0.001)
  repeat until other:recv(5) == "last"
  tap.equal(g:join(5), a)
  tap.equal(f:status(), "waiting")
  a:close()
  tap.fails("ECANCELED", f:join(5))
  close(stuck, other)
end)

tap.test("our own buffer is full: waiting for it takes no CPU", function()
  local a, stuck, other = unixgram(), bound(at("stuck")), bound(at("other"))
  a:send_buffer_size(8192)
  tap.ok(a:send_buffer_size() >= 8192)
  tap.ok(a:recv_buffer_size() > 0)
  local long = ("x"):rep(6000)
  while a:send(long, at("stuck"), 0) do end
  local before = os.clock()
  tap.fails("ETIMEDOUT", a:send(long, at("other"), 0.3))
  tap.ok(os.clock() - before < 0.15, os.clock() - before)
  close(a, stuck, other)
end)

tap.both("the receiver goes while others wait for it", function()
  local a, b = unixgram(), bound(at("b"))
  fill(a, at("b"))
  local f = luv.spawn(function() return a:send("x", at("b")) end)
  luv.sleep(0.001)
  b:close()
  local ok, _, code = f:join(5)
  tap.equal(ok, nil)
  tap.ok(code == "ENOENT" or code == "ECONNREFUSED", code)
  a:close()
end)

-- ---- waiting ------------------------------------------------------------------------------

tap.both("timeout and cancel: nothing is lost", function()
  local a, b = unixgram(), bound(at("b"))
  tap.fails("ETIMEDOUT", b:recv(0))
  tap.fails("ETIMEDOUT", b:recv(0.005))
  a:send("kept", at("b"))
  tap.equal((b:recv(5)), "kept")
  a:send("at once", at("b"))
  tap.equal((b:recv(0)), "at once")
  local f = luv.spawn(function() b:recv() end)
  luv.sleep(0.001)
  f:cancel()
  tap.raises("cancelled", f.join, f)
  a:send("for the next", at("b"))
  tap.equal((b:recv(5)), "for the next")
  local ok, _, code = luv.timeout(0.005, function() while true do b:recv() end end)
  tap.equal(ok, nil)
  tap.equal(code, "ETIMEDOUT")
  close(a, b)
end)

tap.both("closed: EBADF; closed meanwhile: ECANCELED", function()
  local b = bound(at("b"))
  local f = luv.spawn(function() return b:recv() end)
  local g = luv.spawn(function() return b:recv() end)
  luv.sleep(0.001)
  b:close()
  b:close()
  tap.fails("ECANCELED", f:join())
  tap.fails("ECANCELED", g:join())
  for _, call in ipairs{"recv", "getsockname", "getpeername", "disconnect", "fileno", "send_queue_size",
                        "send_queue_count", "send_buffer_size", "recv_buffer_size", "bind"} do
    tap.fails("EBADF", b[call](b))
  end
  tap.fails("EBADF", b:send("x"))
  tap.fails("EBADF", b:send("x", at("b")))
  tap.fails("EBADF", b:connect(at("b")))
  tap.fails("EBADF", b:open(0))
  tap.fails("EBADF", b:chmod("rw"))
  tap.fails("EBADF", b:setoption("SO_PASSCRED"))
  tap.fails("EBADF", b:getoption("SO_PASSCRED"))
end)

tap.both("select: recv and send", function()
  local a, b, c = unixgram(), bound(at("b")), bound(at("c"))
  luv.spawn(function()
    luv.sleep(0.002)
    a:send("two", at("c"))
  end)
  local i, data, from = luv.select{{b}, {c, "recv"}, timeout = 5}
  tap.equal(i, 2)
  tap.equal(data, "two")
  tap.equal(from.path, "")
  tap.equal(luv.select{{a, "send", "x", at("b")}, timeout = 5}, 1)
  tap.equal((b:recv(5)), "x")
  close(b, c)
  b, c = bound(at("b")), bound(at("c"))
  fill(a, at("b"))
  fill(a, at("c"))
  luv.spawn(function() c:recv() end)
  tap.equal(luv.select{{a, "send", "to b", at("b")}, {a, "send", "to c", at("c")}, timeout = 5}, 2)
  tap.fails("ETIMEDOUT", luv.select{{a, "send", "to b", at("b")}, timeout = 0.01})
  local got
  repeat
    got = b:recv(0.05)
    tap.ok(got ~= "to b", "a loser has been sent")
  until not got
  close(a, b, c)
end)

tap.test("seen in dump, stats and waiting", function()
  local b = bound(at("b"))
  local f = luv.spawn(function() return b:recv() end)
  luv.sleep(0.001)
  tap.match(f:waiting(), "unixgram recv")
  tap.match(luv.dump(), "unixgram recv on luv%.unixgram 0x%x+ %(" .. at("b"):gsub("%p", "%%%0") .. "%)")
  tap.equal(luv.stats().handles["luv.unixgram"] or luv.stats().handles.unixgram, 1)
  b:close()
  f:join()
end)

-- ---- names and files -------------------------------------------------------------------------

tap.both("the file goes with its socket, if it still is the socket's", function()
  local a = bound(at("a"))
  tap.equal(luv.fs.stat(at("a")).type, "socket")
  a:close()
  tap.fails("ENOENT", luv.fs.stat(at("a")))
  a = bound(at("a"))
  luv.fs.unlink(at("a"))
  luv.fs.writefile(at("a"), "mine")
  a:close()
  tap.equal(luv.fs.readfile(at("a")), "mine")
  luv.fs.unlink(at("a"))
end)

tap.both("bind: what is left over, permissions", function()
  local script = "local luv = require('luv') local s = luv.net.unixgram():bind(arg[1]) luv.signal.kill(luv.os.getpid(), 'KILL')"
  local p = luv.process.spawn(tap.interpreter, {"-e", "arg = {'" .. at("left") .. "'} package.cpath = '" .. package.cpath .. "' " .. script})
  p:wait(20)
  p:close()
  tap.fails("EADDRINUSE", unixgram():bind(at("left")))
  local a = bound(at("left"), {unlink = true, mode = "600"})
  tap.equal(luv.fs.stat(at("left")).mode % 512, 384)
  tap.equal(a:chmod("rw"), a)
  tap.equal(luv.fs.stat(at("left")).mode % 512, 438)
  tap.fails("EADDRINUSE", unixgram():bind(at("left"), {unlink = true}))
  local stream = luv.pipe.create():bind(at("stream"))
  tap.fails("EPROTOTYPE", a:send("x", at("stream")))
  tap.fails("EPROTOTYPE", a:connect(at("stream")))
  tap.fails("EINVAL", a:bind(at("again")))
  tap.fails("EINVAL", a:bind())
  close(a, stream)
end)

tap.both("names that are none", function()
  local a = unixgram()
  local long = at(("x"):rep(108))
  for _, name in ipairs{"", "a\0b"} do
    tap.fails("EINVAL", a:bind(name))
    tap.fails("EINVAL", a:connect(name))
    tap.fails("EINVAL", a:send("x", name))
  end
  tap.fails("ENAMETOOLONG", a:bind(long))
  tap.fails("ENAMETOOLONG", a:connect(long))
  tap.fails("ENAMETOOLONG", a:send("x", long))
  tap.fails("ENOENT", a:send("x", at("nobody")))
  tap.match(tap.fails("ENOENT", a:connect(at("nobody"))), "nobody")
  tap.fails("ENOENT", a:bind(at("no/such/folder")))
  tap.fails("ECONNREFUSED", a:send("x", "@luv-nobody-has-this"))
  tap.fails("EINVAL", a:chmod("rw"))
  tap.raises("string expected, got number", a.send, a, "x", 5)
  tap.raises("string expected, got no value", a.connect, a)
  tap.raises("string expected, got table", a.bind, a, {})
  tap.raises("permissions expected", a.bind, a, at("x"), {mode = "rwx"})
  tap.raises("luv.unixgram expected, got luv.udp", a.send, luv.net.udp(), "x", at("x"))
  tap.raises("luv.udp expected, got luv.unixgram", luv.net.udp().send, a, "x", "127.0.0.1", 9)
  tap.raises("luv.unixgram expected, got luv.mutex", a.recv, luv.mutex())
  a:close()
  collectgarbage()
end)

-- ---- credentials, descriptors, other programs ---------------------------------------------------

tap.both("who has sent it", function()
  local a, b = unixgram(), bound(at("b"))
  a:send("before", at("b"))
  local data, from = b:recv(5)
  tap.equal(from.pid, nil)
  tap.equal(b:setoption("SO_PASSCRED"), b)
  tap.equal(b:getoption("SO_PASSCRED"), true)
  a:send("after", at("b"))
  data, from = b:recv(5)
  local me = luv.os.passwd()
  tap.equal(data, "after")
  tap.same({from.pid, from.uid, from.gid}, {luv.os.getpid(), me.uid, me.gid})
  close(a, b)
end)

tap.both("open takes a descriptor over", function()
  if not cfd then tap.skip("no C compiler") end
  local fa, fb = cfd.datagrams()
  local a, b = unixgram(), unixgram()
  tap.equal(a:open(fa), a)
  tap.equal(b:open(fb), b)
  tap.ok(a:fileno() ~= fa)
  tap.equal(a:send("connected already"), a)
  tap.equal((b:recv(5)), "connected already")
  local fc, fd = cfd.datagrams()
  tap.fails("EBUSY", a:open(fc))
  close(a, b)
  a, b = unixgram():open(fc), unixgram():open(fd)
  local s = luv.net.udp():bind("127.0.0.1", 0)
  local c = unixgram()
  tap.fails("EINVAL", c:open(s:fileno()))
  tap.fails("EEXIST", c:open(b:fileno()))
  tap.fails("EBADF", c:open(9999))
  tap.raises("whole number", c.open, c, -1)
  close(a, b, c, s)
end)

tap.test("the descriptor is close-on-exec, and non-blocking", function()
  local a = bound(at("a"))
  local flags = luv.fs.readfile("/proc/self/fdinfo/" .. a:fileno()):match("flags:%s*(%d+)")
  tap.equal(math.floor(tonumber(flags, 8) / 524288) % 2, 1, "O_CLOEXEC")
  tap.equal(math.floor(tonumber(flags, 8) / 2048) % 2, 1, "O_NONBLOCK")
  a:close()
end)

local peer = [[
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
s.sendto(b"ready", sys.argv[2])
data, who = s.recvfrom(100000)
s.sendto(str(len(data)).encode() + b" of " + who.encode(), who)
]]

tap.both("a peer in Python", function()
  local python = luv.process.run("python3", {"-c", ""}, 20)
  if not python or python.code ~= 0 then tap.skip("no python3") end
  local a = bound(at("a"))
  local p = luv.process.spawn("python3", {"-c", peer, at("python"), at("a")})
  local data, from = a:recv(20)
  tap.equal(data, "ready")
  tap.equal(from.path, at("python"))
  tap.equal(a:send(("x"):rep(70000), from, 5), a)
  tap.equal((a:recv(20)), "70000 of " .. at("a"))
  tap.equal(p:wait(20), 0)
  p:close()
  luv.fs.unlink(at("python"))
  a:close()
end)

tap.both("many at once, back and forth, between two threads' states", function()
  local a = bound(at("a"))
  local t = luv.thread.create(function(path)
    local luv = require("luv")
    local s = luv.net.unixgram():bind()
    for i = 1, 500 do
      assert(s:send(tostring(i), path))
      assert(s:recv(20) == i .. "!")
    end
    s:close()
    return "done"
  end, at("a"))
  for _ = 1, 500 do
    local data, from = a:recv(20)
    a:send(data .. "!", from)
  end
  tap.equal(t:join(20), "done")
  a:close()
end)

tap.test("forgotten ones are closed, their files removed", function()
  bound(at("forgotten"))
  for _ = 1, 3 do collectgarbage() luv.run("nowait") end
  tap.fails("ENOENT", luv.fs.stat(at("forgotten")))
end)

tap.test("the folder is empty", function()
  tap.equal(luv.fs.rmdir(folder), true)
end)

tap.done()
