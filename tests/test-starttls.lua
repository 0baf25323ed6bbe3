-- stream:starttls: over every kind of stream, behind plain bytes, and what goes wrong.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local T = assert(loadfile(tap.dir .. "lib/tls.lua"))(tap)

local function kinds()
  return {tcp = {tap.connected()}, pipe = {luv.pipe.pair()}, socketpair = {luv.net.socketpair()}}
end

tap.both("over tcp, a pipe, a socketpair: the old object is closed", function()
  for kind, p in pairs(kinds()) do
    local c, s = T.over(p[1], p[2])
    tap.ok(p[1]:closed() and p[2]:closed(), kind)
    tap.fails("EBADF", p[1]:read())
    tap.fails("EBADF", p[1]:starttls{verify = false})
    c:write("to " .. kind .. "\n")
    tap.equal(s:read_line(), "to " .. kind)
    s:write("from " .. kind)
    s:close()
    tap.equal(c:read_all(), "from " .. kind)
    c:close()
  end
end)

tap.both("over another tls, three deep", function()
  local c, s = luv.net.socketpair()
  for _ = 1, 3 do c, s = T.over(c, s) end
  local data = ("0123456789abcdef"):rep(40000)
  local writer = luv.spawn(function() return c:write(data) end)
  tap.equal(s:read_exactly(#data), data)
  tap.equal(writer:join(), #data)
  s:write("back\n")
  tap.equal(c:read_line(), "back")
  c:shutdown()
  tap.fails("EOF", s:read())
  T.close(c, s)
end)

tap.both("what has been read ahead is the peer's first bytes", function()
  local a, b = tap.connected()
  local other = luv.spawn(function()
    a:write("STARTTLS\n")
    return assert(a:starttls(T.client_options()))
  end)
  b:start()
  while not b:readable() do luv.sleep(0.001) end
  tap.equal(b:read_line(), "STARTTLS")
  luv.sleep(0.05) -- the client's hello is there, and read, since `start`
  local o = T.server_options()
  o.server = true
  local s = assert(b:starttls(o, 10))
  local c = other:join()
  c:write("secret\n")
  tap.equal(s:read_line(), "secret")
  T.close(c, s)
end)

tap.test("bytes put back count, too", function()
  local a, b = tap.connected()
  local c, s
  local other = luv.spawn(function() c = assert(a:starttls(T.client_options(), 10)) end)
  local _, hello = b:read()
  b:unread(hello)
  local o = T.server_options{server = true}
  s = assert(b:starttls(o, 10))
  other:join()
  T.close(c, s)
end)

tap.test("a stream that is in use, or is none, is left as it was", function()
  local a, b = tap.connected()
  local reader = luv.spawn(function() return a:read_line() end)
  luv.sleep(0.01)
  tap.fails("EBUSY", a:starttls{verify = false})
  b:write("x\n")
  tap.equal(reader:join(), "x")
  T.close(a, b)
  local listener = tap.listen()
  tap.fails("ENOTCONN", listener:starttls{verify = false})
  listener:close()
  local fresh = luv.net.tcp()
  tap.fails("ENOTCONN", fresh:starttls{verify = false})
  fresh:close()
  tap.fails("EBADF", fresh:starttls{verify = false})
  tap.raises("stream expected, got luv.timer", a.starttls, luv.timer.create())
end)

tap.both("a peer that stops in the middle: after the timeout the connection is gone", function()
  local a, b = tap.connected()
  local took = tap.timed(function()
    tap.fails("ETIMEDOUT", a:starttls(T.client_options(), 0.05))
  end)
  tap.ok(took < 5, took)
  tap.ok(a:closed())
  local n
  repeat n = b:read(nil, 5) until not n
  tap.fails("EOF", b:read(nil, 5))
  b:close()
end)

tap.test("with a timeout of 0 it fails at once", function()
  local a, b = tap.connected()
  tap.fails("ETIMEDOUT", a:starttls(T.client_options(), 0))
  tap.ok(a:closed())
  b:close()
end)

tap.test("a peer that goes in the middle", function()
  local a, b = tap.connected()
  local other = luv.spawn(function() b:read() b:close() end)
  tap.match(tap.fails("ETRUNCATED", a:starttls(T.client_options(), 10)), "closed the connection during the handshake")
  other:join()
  a, b = tap.connected()
  other = luv.spawn(function() b:read() b:close_reset() end)
  tap.fails("ECONNRESET", a:starttls(T.client_options(), 10))
  other:join()
end)

tap.test("cancelled in the handshake, the connection goes", function()
  local a, b = tap.connected()
  local f = luv.spawn(function() a:starttls(T.client_options()) end)
  luv.sleep(0.02)
  f:cancel()
  luv.pcall(f.join, f)
  local n
  repeat n = b:read(nil, 5) until not n
  tap.fails("EOF", b:read(nil, 5))
  b:close()
end)

tap.test("the luv.timeout around it ends it", function()
  local a, b = tap.connected()
  local ok = luv.timeout(0.05, function() return a:starttls(T.client_options()) end)
  tap.equal(ok, nil)
  b:close()
  tap.ok(a:closed())
end)

T.remove()
tap.done()
