-- allocstreams.lua - what goes through descriptors while allocations fail: see alloc.lua.

local luv = require("luv")
local act, folder = ...

local function equal(got, want)
  if got ~= want then error("got " .. tostring(got):sub(1, 60) .. ", want " .. tostring(want):sub(1, 60), 2) end
end

-- What lines are left, joined. A for loop would not see why they end.
local function rest(next)
  local lines = {}
  while true do
    local line, message, code = next()
    if not line then return message and code ~= "EOF" and error(message) or table.concat(lines, " ") end
    lines[#lines + 1] = line
  end
end

-- ---- streams ---------------------------------------------------------------------------------

local long = ("0123456789abcdef"):rep(20000)

local function with_pair(fn)
  local a, b = assert(luv.net.socketpair())
  luv.scope(function(s) fn(s, a, b) end)
  a:close()
  b:close()
end

act("lines", function()
  with_pair(function(s, a, b)
    s:spawn(function()
      assert(a:write("one\ntwo\n"))
      assert(a:write({"three", "\n", 4, "\n"}))
      a:close()
    end)
    equal(rest(b:lines()), "one two three 4")
  end)
end)

act("many bytes", function()
  with_pair(function(s, a, b)
    s:spawn(function()
      assert(a:write(long))
      assert(a:shutdown())
    end)
    equal(assert(b:read_exactly(1000)), long:sub(1, 1000))
    b:unread("0123")
    equal(assert(b:read_exactly(4)), "0123")
    equal(#assert(b:read_all()), #long - 1000)
  end)
end)

act("tcp", function()
  local server = assert(assert(luv.net.tcp()):bind("127.0.0.1", 0))
  assert(server:listen())
  local port = assert(server:getsockname()).port
  luv.scope(function(s)
    s:spawn(function()
      local peer = assert(server:accept())
      local line = assert(peer:read_line())
      assert(peer:write(line:upper() .. "\n"))
      peer:close()
    end)
    local c = assert(assert(luv.net.tcp()):connect("127.0.0.1", port))
    c:nodelay(true)
    assert(c:write("hello\n"))
    equal(assert(c:read_line()), "HELLO")
    c:close()
  end)
  server:close()
end)

act("a handle", function()
  local a, b = assert(luv.pipe.pair(true))
  local c, d = assert(luv.net.socketpair())
  luv.scope(function(s)
    s:spawn(function() assert(a:write("x", {handle = c})) end)
    local e = assert(b:accept())
    equal(assert(b:read_exactly(1)), "x")
    assert(d:write("through"))
    equal(assert(e:read_exactly(7)), "through")
    e:close()
  end)
  for _, o in ipairs{a, b, c, d} do o:close() end
end)

act("datagrams", function()
  local a, b = assert(luv.net.udp()), assert(luv.net.udp())
  assert(a:bind("127.0.0.1", 0))
  assert(b:bind("127.0.0.1", 0))
  local port = assert(b:getsockname()).port
  luv.scope(function(s)
    s:spawn(function()
      for i = 1, 3 do assert(a:send("datagram " .. i, "127.0.0.1", port)) end
    end)
    for i = 1, 3 do equal(assert(b:recv()), "datagram " .. i) end
  end)
  a:close()
  b:close()
end)

act("poll", function()
  with_pair(function(_, a, b)
    local p = assert(luv.poll.create(b:fileno()))
    equal(assert(p:wait("w")), "w")
    assert(a:write("x"))
    equal(assert(p:wait("r", 1)), "r")
    p:close()
  end)
end)

act("names", function()
  local address, port = assert(luv.net.getaddrinfo("127.0.0.1", 80))
  equal(address, "127.0.0.1")
  equal(port, 80)
end)

local count = 0
act("a unix socket", function()
  count = count + 1
  local server, path = assert(luv.pipe.create()), folder .. "/s" .. count
  assert(server:bind(path))
  assert(server:listen())
  luv.scope(function(s)
    s:spawn(function()
      local peer = assert(server:accept())
      assert(peer:peercred())
      assert(peer:write("hello"))
      peer:close()
    end)
    local c = assert(assert(luv.pipe.create()):connect(path))
    equal(assert(c:read_exactly(5)), "hello")
    c:close()
  end)
  server:close()
end)

act("ready and detached", function()
  with_pair(function(s, a, b)
    s:spawn(function() assert(a:write("bytes")) end)
    equal(assert(b:wait("r")), "r")
    local n = assert(a:write_some("onetwo"))
    assert(a:write(("onetwo"):sub(n + 1)))
    equal(assert(b:read_exactly(6)), "byteso")
    local again = assert(luv.pipe.create())
    local fd, left = assert(b:detach())
    assert(again:open(fd))
    equal(left .. (#left < 5 and assert(again:read_exactly(5 - #left)) or ""), "netwo")
    again:close()
  end)
end)

act("a terminal", function()
  local master, name = assert(luv.tty.pty())
  equal(type(name), "string")
  master:close()
end)
