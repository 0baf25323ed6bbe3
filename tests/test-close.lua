-- Closing: while others wait on the object, twice, and what comes after.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

-- fn, in a fiber, waits on obj; another closes obj: fn's call must end with ECANCELED.
local function closed_during(obj, fn)
  local f = luv.spawn(fn)
  luv.sleep(0.003)
  tap.equal(f:status(), "waiting")
  tap.equal(obj:close(), obj)
  tap.fails("ECANCELED", f:join(1))
end

local reads = {
  read = function(s) return s:read() end,
  read_exactly = function(s) return s:read_exactly(100) end,
  read_line = function(s) return s:read_line() end,
  read_until = function(s) return s:read_until("##") end,
  read_all = function(s) return s:read_all() end,
  lines = function(s) local next_line = s:lines(); return next_line() end,
}

for name, call in pairs(reads) do
  tap.both("close while a fiber is in " .. name, function()
    local a, b = luv.net.socketpair()
    b:write("some bytes")
    if name == "read" then a:read() end
    closed_during(a, function() return call(a) end)
    b:close()
  end)
end

tap.both("close while fibers write and shut down", function()
  local a, b = luv.net.socketpair()
  local big = ("x"):rep(4000000)
  local w1 = luv.spawn(function() return a:write(big) end)
  local w2 = luv.spawn(function() return a:write({big, big}) end)
  local sd = luv.spawn(function() return a:shutdown() end)
  luv.sleep(0.003)
  a:close()
  tap.fails("ECANCELED", w1:join(1))
  tap.fails("ECANCELED", w2:join(1))
  tap.fails("ECANCELED", sd:join(1))
  b:close()
end)

tap.both("close while fibers read and write the same stream", function()
  local a, b = luv.net.socketpair()
  local w = luv.spawn(function() return a:write(("x"):rep(4000000)) end)
  closed_during(a, function() return a:read() end)
  tap.fails("ECANCELED", w:join(1))
  b:close()
end)

tap.both("close while three fibers accept", function()
  local server = tap.listen()
  local fibers = {}
  for i = 1, 3 do fibers[i] = luv.spawn(function() return server:accept() end) end
  luv.sleep(0.003)
  server:close()
  for i = 1, 3 do tap.fails("ECANCELED", fibers[i]:join(1)) end
end)

tap.both("close while a fiber connects to an address that does not answer", function()
  local port, stop = tap.silent_server()
  local c = luv.net.tcp()
  closed_during(c, function() return c:connect("127.0.0.1", port) end)
  stop()
end)

tap.both("close while a fiber connects to a name", function()
  local c = luv.net.tcp()
  local f = luv.spawn(function() return c:connect("localhost", 1) end)
  luv.fiber.yield()
  c:close()
  local ok, _, code = f:join(5)
  tap.equal(ok, nil)
  tap.ok(code == "ECANCELED" or code == "ECONNREFUSED", "code " .. tostring(code))
end)

tap.both("close while a fiber waits for a timer, an idle, a cond", function()
  local t = luv.timer.create():start(10000)
  closed_during(t, function() return t:next() end)
  local i = luv.idle.create()
  i:start()
  local f = luv.spawn(function() local n = 0; while true do
    local ok, msg, code = i:wait()
    if not ok then return ok, msg, code end
    n = n + 1
    if n == 3 then luv.spawn(function() i:close() end) end
  end end)
  local ok, msg, code = f:join(1)
  tap.equal(ok, nil)
  tap.ok(code == "ECANCELED" or code == "EBADF", "code " .. tostring(code))
  local c = luv.fiber.cond()
  closed_during(c, function() return c:wait() end)
end)

tap.both("double close, closed()", function()
  for _, make in ipairs{luv.timer.create, luv.idle.create, luv.net.tcp, luv.fiber.cond} do
    local o = make()
    tap.equal(o:closed(), false)
    tap.equal(o:close(), o)
    tap.equal(o:closed(), true)
    tap.equal(o:close(), o)
    luv.sleep(0.001)
    tap.equal(o:close(), o)
    tap.equal(o:closed(), true)
  end
end)

local after = {
  timer = {luv.timer.create, {
    start = {10}, stop = {}, again = {}, next = {}, wait = {}, set_repeat = {1}, get_repeat = {}, due_in = {}}},
  idle = {luv.idle.create, {start = {}, stop = {}, wait = {}}},
  cond = {luv.fiber.cond, {wait = {}, signal = {}, broadcast = {}}},
  tcp = {luv.net.tcp, {
    bind = {"127.0.0.1", 0}, listen = {}, accept = {}, connect = {"127.0.0.1", 1}, getsockname = {},
    getpeername = {}, keepalive = {true}, nodelay = {true}, close_reset = {}, fileno = {},
    send_buffer_size = {}, recv_buffer_size = {}, read = {}, read_exactly = {1}, read_line = {},
    read_until = {"x"}, read_all = {}, unread = {"x"}, write = {"x"}, shutdown = {}, start = {},
    stop = {}, write_queue_size = {}}},
}

for noun, spec in pairs(after) do
  tap.both("every method of a closed " .. noun .. " returns EBADF", function()
    local o = spec[1]()
    o:close()
    for _ = 1, 2 do
      for name, args in pairs(spec[2]) do
        local r = tap.pack(luv.pcall(o[name], o, unpack(args)))
        tap.equal(r[1], true, name .. ": " .. tostring(r[2]))
        local ok, why = luv.pcall(tap.fails, "EBADF", unpack(r, 2, r.n))
        tap.ok(ok, name .. ": " .. tostring(why) .. "; its success")
      end
      luv.sleep(0.001) -- and again when the handle is gone
    end
  end)
end

tap.both("questions to a closed stream", function()
  local a, b = luv.net.socketpair()
  a:close(); b:close()
  tap.equal(a:readable(), false)
  tap.equal(a:writable(), false)
  local next_line = a:lines()
  tap.fails("EBADF", next_line())
  tap.fails("EBADF", a:connect("localhost", 1))
end)

tap.both("accept into a closed or a used one", function()
  local server, port = tap.listen()
  local client = luv.net.tcp():connect("127.0.0.1", port)
  local closed = luv.net.tcp():close()
  tap.fails("EBADF", server:accept(closed))
  tap.fails("EISCONN", server:accept(client))
  local fresh = luv.net.tcp()
  tap.equal(server:accept(fresh), fresh)
  tap.fails("EISCONN", server:accept(fresh))
  client:close(); fresh:close(); server:close()
end)

tap.both("the object accepted into is closed while accept waits", function()
  local server, port = tap.listen()
  local into = luv.net.tcp()
  local f = luv.spawn(function() return server:accept(into) end)
  luv.sleep(0.002)
  into:close()
  local client = assert(luv.net.tcp():connect("127.0.0.1", port))
  local got, _, code = f:join(1)
  tap.ok(got == into or code, "accept came back")
  client:close(); server:close()
  if got then got:close() end
end)

tap.both("the descriptor is closed when close returns", function()
  local a, b = luv.net.socketpair()
  a:close()
  tap.fails("EOF", b:read(nil, 1))
  b:close()
end)

tap.both("what was written is delivered though close follows at once", function()
  local client, peer = tap.connected()
  tap.equal(client:write("last words"), 10)
  client:close()
  tap.equal(peer:read_all(), "last words")
  peer:close()
end)

tap.both("close_reset: the peer sees a reset", function()
  local client, peer = tap.connected()
  tap.equal(client:close_reset(), client)
  tap.equal(client:closed(), true)
  tap.fails("ECONNRESET", peer:read())
  tap.fails("EBADF", client:read())
  peer:close()
end)

tap.both("close_reset wakes who waits", function()
  local client, peer = tap.connected()
  local f = luv.spawn(function() return client:read() end)
  luv.sleep(0.002)
  client:close_reset()
  tap.fails("ECANCELED", f:join(1))
  peer:close()
end)

tap.both("a closed server's accepted but untaken connections are closed", function()
  local server, port = tap.listen()
  local client = assert(luv.net.tcp():connect("127.0.0.1", port))
  luv.sleep(0.003)
  server:accept(nil, 0.001):close()
  local second = assert(luv.net.tcp():connect("127.0.0.1", port))
  luv.sleep(0.003)
  server:close()
  local got, _, code = second:read(nil, 1)
  tap.equal(got, nil)
  tap.ok(code == "EOF" or code == "ECONNRESET", tostring(code))
  client:close(); second:close()
end)

tap.both("a fiber closes the stream another is just about to read from", function()
  local a, b = luv.net.socketpair()
  b:write("x")
  local f = luv.spawn(function() return a:read() end)
  local g = luv.spawn(function() a:close() end)
  g:join()
  local n, _, code = f:join(1)
  tap.ok(n == 1 or code == "ECANCELED", "an answer")
  b:close()
end)

tap.done()
