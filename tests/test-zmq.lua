-- luv.zmq: sockets of every type in fibers, multipart, options, waiting and how it ends.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local zmq = luv.zmq

-- Runs fn(ctx) with a context that is closed afterwards, with what is left open.
local function with(fn)
  local ctx = assert(zmq.create(1))
  local ok, err = luv.pcall(fn, ctx)
  ctx:close()
  if not ok then error(err, 0) end
end

local function pair(ctx, a, b, endpoint)
  local x, y = assert(ctx:socket(zmq[a])), assert(ctx:socket(zmq[b]))
  x.linger, y.linger = 0, 0
  assert(x:bind(endpoint or "inproc://pair"))
  assert(y:connect(x:last_endpoint()))
  return x, y
end

local function close(...) for _, s in ipairs{...} do s:close() end end

-- A path for ipc that no other process uses.
local function ipc()
  local path = os.tmpname()
  os.remove(path)
  return "ipc://" .. path, path
end

local transports = {
  inproc = function() return "inproc://pair" end,
  tcp = function() return "tcp://127.0.0.1:*" end,
  ipc = ipc,
}

tap.both("create takes the number of threads, as a function and as a method", function()
  local one, two = zmq.create(2), luv.zmq:create(3)
  tap.equal(one:get("IO_THREADS"), 2)
  tap.equal(two:get(zmq.IO_THREADS), 3)
  tap.equal(zmq.create():get("io_threads"), 1)
  tap.match(tostring(one), "^userdata<luv%.zmq%.context>: 0x%x+$")
  tap.equal(one:set("MAX_SOCKETS", 5), one)
  tap.equal(one:get("MAX_SOCKETS"), 5)
  tap.raises("unknown option 'NONE'", one.get, one, "NONE")
  tap.raises("number expected", one.set, one, "IPV6", "x")
  tap.raises("whole number", zmq.create, -1)
  tap.equal(one:closed(), false)
  tap.equal(one:close(), one)
  tap.equal(one:closed(), true)
  tap.fails("EBADF", one:socket(zmq.PAIR))
  tap.fails("EBADF", one:get("IPV6"))
  one:close()
  two:close()
end)

tap.both("constants are libzmq's", function()
  tap.equal(zmq.REQ, 3)
  tap.equal(zmq.XREQ, zmq.DEALER)
  tap.equal(zmq.SUBSCRIBE, 6)
  tap.equal(zmq.SNDMORE, 2)
  tap.equal(zmq.IDENTITY, zmq.ROUTING_ID)
  tap.equal(zmq.POLLIN + zmq.POLLOUT, 3)
  for name in ([[IO_THREADS MAX_SOCKETS REQ REP DEALER ROUTER PUB SUB PUSH PULL PAIR SNDHWM RCVHWM
    AFFINITY IDENTITY SUBSCRIBE UNSUBSCRIBE RATE RECOVERY_IVL SNDBUF RCVBUF RCVMORE FD EVENTS TYPE LINGER
    RECONNECT_IVL BACKLOG RECONNECT_IVL_MAX RCVTIMEO SNDTIMEO IPV4ONLY ROUTER_BEHAVIOR TCP_KEEPALIVE
    TCP_KEEPALIVE_IDLE TCP_KEEPALIVE_CNT TCP_KEEPALIVE_INTVL TCP_ACCEPT_FILTER MORE DONTWAIT SNDMORE
    POLLIN POLLOUT POLLERR STREAMER FORWARDER QUEUE]]):gmatch("%S+") do
    tap.equal(type(zmq[name]), "number", name)
  end
end)

for name, endpoint in pairs(transports) do
  tap.both("one-way and both ways over " .. name, function()
    with(function(ctx)
      local push, pull = pair(ctx, "PULL", "PUSH", endpoint())
      push, pull = pull, push
      for i = 1, 100 do tap.equal(push:send("m" .. i), push) end
      for i = 1, 100 do tap.equal(pull:recv(), "m" .. i) end
      local rep, req = pair(ctx, "REP", "REQ", name == "inproc" and "inproc://rr" or endpoint())
      local server = luv.spawn(function()
        for _ = 1, 50 do rep:send(rep:recv():upper()) end
      end)
      for i = 1, 50 do
        req:send("ask " .. i)
        tap.equal(req:recv(), "ASK " .. i)
      end
      server:join()
      close(push, pull, rep, req)
    end)
  end)

  tap.both("multipart, empty frames, zeros over " .. name, function()
    with(function(ctx)
      local a, b = pair(ctx, "PAIR", "PAIR", endpoint())
      local zeros = "\0a\0" .. ("\0"):rep(100)
      a:send{"one", "", zeros, 4}
      tap.same({b:recv()}, {"one", "", zeros, "4"})
      a:send{"one", "", zeros, 4.5}
      tap.same(b:recv_multipart(), {"one", "", zeros, "4.5"})
      a:send("")
      tap.equal(b:recv(), "")
      a:send{""}
      tap.same(b:recv_multipart(), {""})
      local waiting = luv.spawn(function() return b:recv() end)
      local table_too = luv.spawn(function() return b:recv_multipart() end)
      luv.fiber.yield()
      a:send{"x", "y", "z"}
      a:send{"1", "2"}
      tap.same({waiting:join()}, {"x", "y", "z"})
      tap.same(table_too:join(), {"1", "2"})
      local many = {}
      for i = 1, 5000 do many[i] = "frame " .. i end
      a:send(many)
      tap.same(b:recv_multipart(), many)
      close(a, b)
    end)
  end)

  tap.both("messages of many sizes over " .. name, function()
    with(function(ctx)
      local a, b = pair(ctx, "PAIR", "PAIR", endpoint())
      for _, n in ipairs{0, 1, 29, 30, 33, 34, 255, 256, 2048, 2049, 4095, 4096, 65536, 8388608} do
        local s = ("0123456789abcdef"):rep(math.ceil(n / 16)):sub(1, n)
        a:send(s)
        tap.ok(b:recv() == s, n .. " bytes")
        local f = luv.spawn(function() return b:recv() end)
        luv.fiber.yield()
        a:send(s)
        tap.ok(f:join() == s, n .. " bytes, waited for")
        a:send{s, "between", s}
        tap.same({b:recv()}, {s, "between", s})
        a:send{s, s}
        tap.same(b:recv_multipart(), {s, s})
      end
      close(a, b)
    end)
  end)
end

tap.both("publish and subscribe", function()
  with(function(ctx)
    local pub, sub = pair(ctx, "XPUB", "SUB", "tcp://127.0.0.1:*")
    tap.equal(sub:setsockopt("SUBSCRIBE", "a"), sub)
    tap.equal(pub:recv(2), "\1a")
    tap.equal(sub:subscribe("b", "c"), sub)
    pub:recv(2) pub:recv(2)
    for _, topic in ipairs{"x1", "a1", "b1", "y", "c1"} do pub:send(topic) end
    tap.same({sub:recv(2), sub:recv(2), (sub:recv(2))}, {"a1", "b1", "c1"})
    sub:unsubscribe("a")
    tap.equal(pub:recv(2), "\0a")
    pub:send("a2")
    pub:send("b2")
    tap.equal(sub:recv(2), "b2")
    close(pub, sub)
  end)
end)

tap.both("ROUTER, DEALER, XSUB and STREAM", function()
  with(function(ctx)
    local router, dealer = pair(ctx, "ROUTER", "DEALER", "tcp://127.0.0.1:*")
    dealer:send{"", "hello"}
    local id, empty, text = router:recv(2)
    tap.equal(text, "hello")
    router:send{id, empty, "you"}
    tap.same({dealer:recv(2)}, {"", "you"})
    router.router_mandatory = 1
    tap.fails("EHOSTUNREACH", router:send{"nobody", "", "x"})
    local pub, xsub = pair(ctx, "XPUB", "XSUB", "inproc://x")
    xsub:send("\1t")
    tap.equal(pub:recv(2), "\1t")
    pub:send("t!")
    tap.equal(xsub:recv(2), "t!")
    local stream = ctx:socket(zmq.STREAM)
    stream:bind("tcp://127.0.0.1:*")
    local c = luv.net.tcp()
    c:connect("127.0.0.1", tonumber(stream:last_endpoint():match("%d+$")))
    local peer, first = stream:recv(2)
    tap.equal(first, "")
    c:write("raw")
    local again, bytes = stream:recv(2)
    tap.equal(again, peer)
    tap.equal(bytes, "raw")
    stream:send{peer, "back"}
    tap.equal(c:read_exactly(4, 2), "back")
    c:close()
    close(router, dealer, pub, xsub, stream)
  end)
end)

tap.both("timeouts lose nothing", function()
  with(function(ctx)
    local pull, push = pair(ctx, "PULL", "PUSH", "tcp://127.0.0.1:*")
    tap.fails("ETIMEDOUT", pull:recv(0))
    local t, a, b, c = tap.timed(pull.recv, pull, 0.05)
    tap.fails("ETIMEDOUT", a, b, c)
    tap.ok(t >= 0.05 and t < 1, t)
    push:send("late")
    tap.equal(pull:recv(2), "late")
    pull.rcvtimeo = 30
    tap.fails("ETIMEDOUT", pull:recv())
    tap.fails("ETIMEDOUT", luv.timeout(0.02, pull.recv, pull))
    tap.raises("seconds of 0 or more", pull.recv, pull, -1)
    close(pull, push)
  end)
end)

tap.both("high-water mark: send waits for room, and is woken by it", function()
  with(function(ctx)
    for _, transport in ipairs{"inproc", "tcp"} do
      local pull, push = ctx:socket(zmq.PULL), ctx:socket(zmq.PUSH)
      pull.rcvhwm, push.sndhwm, push.linger = 2, 2, 0
      pull.rcvbuf, push.sndbuf = 4096, 4096
      pull:bind(transports[transport]())
      push:connect(pull:last_endpoint())
      local big, sent = ("x"):rep(transport == "tcp" and 100000 or 1), 0
      while push:send(big, 0.1) do sent = sent + 1 end
      tap.ok(sent >= 2 and sent < 200, sent)
      tap.fails("ETIMEDOUT", push:send(big, 0))
      local more = luv.spawn(function() for _ = 1, 20 do assert(push:send(big)) end end)
      for _ = 1, sent + 20 do tap.ok(pull:recv(5) == big) end
      more:join()
      tap.fails("ETIMEDOUT", pull:recv(0.01))
      close(pull, push)
    end
    local lonely = ctx:socket(zmq.PUSH)
    tap.fails("ETIMEDOUT", lonely:send("nobody", 0.02))
    lonely:close()
  end)
end)

tap.both("several fibers in recv and in send, each message to one, in order", function()
  with(function(ctx)
    local pull, push = pair(ctx, "PULL", "PUSH", "tcp://127.0.0.1:*")
    local got, fibers = {}, {}
    for i = 1, 10 do
      fibers[i] = luv.spawn(function()
        local m = pull:recv()
        got[#got + 1] = i .. ":" .. m
      end)
    end
    luv.fiber.yield()
    for i = 1, 10 do push:send(i) end
    for _, f in ipairs(fibers) do f:join() end
    for i = 1, 10 do tap.equal(got[i], i .. ":" .. i) end
    close(pull, push)
    pull, push = ctx:socket(zmq.PULL), ctx:socket(zmq.PUSH)
    push:bind("inproc://late")
    for i = 1, 10 do fibers[i] = luv.spawn(function() push:send(i) end) end
    luv.fiber.yield()
    pull:connect("inproc://late")
    for i = 1, 10 do tap.equal(pull:recv(2), tostring(i)) end
    for _, f in ipairs(fibers) do f:join() end
    close(pull, push)
  end)
end)

tap.both("receiving and sending fibers on one socket at once", function()
  with(function(ctx)
    local a, b = pair(ctx, "DEALER", "DEALER", "tcp://127.0.0.1:*")
    local n, sum = 2000, 0
    local reader = luv.spawn(function() for _ = 1, n do sum = sum + tonumber((a:recv())) end end)
    local echo = luv.spawn(function() for _ = 1, n do b:send(b:recv()) end end)
    local writer = luv.spawn(function() for i = 1, n do a:send(i) end end)
    writer:join() echo:join() reader:join()
    tap.equal(sum, n * (n + 1) / 2)
    close(a, b)
  end)
end)

tap.both("close ends the waits, cancel raises, later calls are EBADF", function()
  with(function(ctx)
    local a, b = pair(ctx, "PAIR", "PAIR")
    local f = luv.spawn(function() return b:recv() end)
    local g = luv.spawn(function() return b:recv() end)
    luv.fiber.yield()
    g:cancel()
    tap.raises("cancelled", g.join, g)
    b:close()
    tap.fails("ECANCELED", f:join())
    tap.equal(b:closed(), true)
    tap.fails("EBADF", b:recv())
    tap.fails("EBADF", b:send("x"))
    tap.fails("EBADF", b:bind("inproc://x"))
    tap.fails("EBADF", b:getsockopt("TYPE"))
    b:close()
    local lonely = ctx:socket(zmq.PUSH)
    f = luv.spawn(function() return lonely:send("x") end)
    luv.fiber.yield()
    lonely:close()
    tap.fails("ECANCELED", f:join())
    a:close()
  end)
end)

tap.both("out of step: EFSM as a value", function()
  with(function(ctx)
    local rep, req = pair(ctx, "REP", "REQ")
    tap.fails("EFSM", req:recv())
    tap.fails("EFSM", rep:send("x"))
    req:send("1")
    tap.fails("EFSM", req:send("2"))
    tap.fails("ENOTSUP", ctx:socket(zmq.PUSH):recv())
    close(rep, req)
  end)
end)

tap.both("a context closed under waiting fibers: ETERM", function()
  local ctx, fibers = zmq.create(), {}
  for i = 1, 100 do
    local s = ctx:socket(i % 2 == 0 and zmq.PULL or zmq.PUSH)
    fibers[i] = luv.spawn(function()
      if i % 2 == 0 then return s:recv() end
      return s:send("x")
    end)
  end
  luv.sleep(0.01)
  ctx:close()
  for _, f in ipairs(fibers) do tap.fails("ETERM", f:join()) end
end)

tap.test("a closed socket's fields, and what is left of one that is garbage", function()
  local ctx = zmq.create(0)
  local s = ctx:socket(zmq.PUSH)
  local meta = debug.getmetatable(s)
  s:close()
  tap.raises("EBADF", function() return s.linger end)
  tap.raises("EBADF", function() s.linger = 0 end)
  tap.equal(type(s.send), "function")
  s = nil
  collectgarbage()
  collectgarbage()
  if type(meta.__index) == "table" then
    tap.raises("luv.zmq.socket expected", function() return meta.__index.linger end)
  end
  ctx:close()
end)

tap.both("options by name, number and field, with their types", function()
  with(function(ctx)
    local s = ctx:socket(zmq.DEALER)
    tap.equal(s:setsockopt("RCVHWM", 5), s)
    tap.equal(s:getsockopt("rcvhwm"), 5)
    s:setsockopt(zmq.SNDHWM, 7)
    tap.equal(s:getsockopt(zmq.SNDHWM), 7)
    s.linger = 100
    tap.equal(s:getsockopt("LINGER"), 100)
    tap.equal(s.linger, 100)
    tap.equal(s.LINGER, 100)
    tap.equal(s.fd, s:fileno())
    tap.equal(s.nothing, nil)
    tap.equal(s[1], nil)
    tap.equal(type(s.bind), "function")
    tap.raises("cannot be read", function() return s.xpub_verbose end)
    s.identity = "me\0too"
    tap.equal(s:getsockopt("ROUTING_ID"), "me\0too")
    s.maxmsgsize = 2 ^ 40
    tap.equal(s:getsockopt("MAXMSGSIZE"), 2 ^ 40)
    s.affinity = 3
    tap.equal(s:getsockopt("AFFINITY"), 3)
    s.ipv6 = true
    tap.equal(s:getsockopt("IPV6"), 1)
    s.plain_username = "user"
    tap.equal(s:getsockopt("PLAIN_USERNAME"), "user")
    tap.equal(s:getsockopt("TYPE"), zmq.DEALER)
    tap.equal(s:getsockopt("FD"), s:fileno())
    tap.raises("unknown option 'NOPE'", s.setsockopt, s, "NOPE", 1)
    tap.raises("unknown option 'nope'", function() s.nope = 1 end)
    tap.raises("unknown option '9999'", s.getsockopt, s, 9999)
    tap.raises("whole number expected for LINGER", s.setsockopt, s, "LINGER", "x")
    tap.raises("whole number expected for LINGER", s.setsockopt, s, "LINGER", 1.5)
    tap.raises("whole number expected for LINGER", s.setsockopt, s, "LINGER", 2 ^ 40)
    tap.raises("string expected for SUBSCRIBE", s.setsockopt, s, "SUBSCRIBE", 1)
    tap.raises("cannot be set", s.setsockopt, s, "RCVMORE", 1)
    tap.raises("cannot be read", s.getsockopt, s, "SUBSCRIBE")
    tap.fails("EINVAL", s:setsockopt("SUBSCRIBE", "x"))
    tap.raises("EINVAL", function() s.sndhwm = -1 end)
    s:close()
  end)
end)

tap.both("bind, unbind, connect, disconnect and their errors", function()
  with(function(ctx)
    local a = ctx:socket(zmq.REP)
    tap.equal(a:bind("tcp://127.0.0.1:*"), a)
    local where = a:last_endpoint()
    tap.match(where, "^tcp://127%.0%.0%.1:%d+$")
    local message = tap.fails("EADDRINUSE", ctx:socket(zmq.REP):bind(where))
    tap.ok(message:find(where, 1, true), message)
    tap.equal(a:unbind(where), a)
    tap.fails("ENOENT", a:unbind(where))
    local b = ctx:socket(zmq.REQ)
    tap.equal(b:connect(where), b)
    tap.equal(b:disconnect(where), b)
    tap.fails("EINVAL", b:connect("nonsense"))
    tap.fails("EPROTONOSUPPORT", b:connect("sctp://127.0.0.1:1"))
    tap.fails("ENODEV", a:bind("tcp://no-such-device:1"))
    close(a, b)
  end)
end)

tap.both("mistakes in the program raise", function()
  with(function(ctx)
    local s = ctx:socket(zmq.PAIR)
    tap.raises("string or table expected, got nil", s.send, s, nil)
    tap.raises("string or table expected, got boolean", s.send, s, true)
    tap.raises("at least one frame", s.send, s, {})
    tap.raises("index 2 of the table, got table", s.send, s, {"a", {}})
    tap.raises("luv.zmq.socket expected", s.send, ctx, "x")
    tap.raises("number expected, got nil", ctx.socket, ctx, nil)
    tap.raises("no type of socket has the number 99", ctx.socket, ctx, 99)
    tap.raises("no type of socket has the name 'PEAR'", ctx.socket, ctx, "PEAR")
    s:close()
  end)
end)

tap.test("a type by its name, in capitals or not", function()
  with(function(ctx)
    for _, name in ipairs{"PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH", "XPUB", "XSUB", "STREAM"} do
      local s, t = assert(ctx:socket(name)), assert(ctx:socket(name:lower()))
      tap.equal(s.type, zmq[name])
      tap.equal(t.type, zmq[name])
      close(s, t)
    end
    local s = ctx:socket("XREP")
    tap.equal(s.type, zmq.ROUTER)
    s:close()
  end)
end)

tap.test("a type that this libzmq was built without is EINVAL", function()
  if zmq.has("draft") then tap.skip("this libzmq has the draft types") end
  with(function(ctx)
    tap.match(tap.fails("EINVAL", ctx:socket(12)), "SERVER")
    tap.match(tap.fails("EINVAL", ctx:socket("RADIO")), "RADIO")
    for n = 13, 20 do tap.fails("EINVAL", ctx:socket(n)) end
  end)
end)

tap.both("too many sockets: an error, not an end", function()
  local ctx = zmq.create()
  ctx:set("MAX_SOCKETS", 3)
  local all = {}
  for i = 1, 3 do all[i] = assert(ctx:socket(zmq.PAIR)) end
  tap.fails("EMFILE", ctx:socket(zmq.PAIR))
  close(unpack(all))
  ctx:close()
end)

tap.both("what libzmq has", function()
  tap.equal(zmq.has("ipc"), true)
  tap.equal(zmq.has("telepathy"), false)
end)

-- ---- monitor and proxy ----------------------------------------------------------------

tap.both("monitor: what happens, in order, and its end", function()
  with(function(ctx)
    local server, client = ctx:socket(zmq.REP), ctx:socket(zmq.REQ)
    local watch = assert(server:monitor())
    server:bind("tcp://127.0.0.1:*")
    local event, address, value = watch:next(2)
    tap.equal(event, "LISTENING")
    tap.equal(address, server:last_endpoint())
    tap.ok(value > 2)
    client.linger = 0
    local other = client:monitor()
    client:connect(address)
    tap.equal(watch:next(2), "ACCEPTED")
    tap.equal(watch:next(2), "HANDSHAKE_SUCCEEDED")
    tap.match(other:next(2), "^CONNECT")
    local f = luv.spawn(function() return watch:next() end)
    luv.fiber.yield()
    client:close()
    tap.equal(f:join(), "DISCONNECTED")
    tap.fails("ETIMEDOUT", watch:next(0))
    server:close()
    local last
    repeat event = watch:next(2); last = event or last until not event
    tap.equal(last, "MONITOR_STOPPED")
    tap.fails("EOF", watch:next())
    watch:close()
    tap.fails("EBADF", watch:next())
    other:close()
  end)
end)

-- On LuaJIT a loop like this is compiled, and goes another way than the first calls.
tap.both("a hot loop meets what is not plain: frames, size, close, cancel, another object", function()
  with(function(ctx)
    local pull, push = pair(ctx, "PULL", "PUSH", "inproc://hot")
    local function exchange(message)
      push:send(message)
      return pull:recv()
    end
    for i = 1, 500 do tap.equal(exchange("message " .. i), "message " .. i) end
    for i = 1, 200 do
      if i % 10 == 0 then
        tap.same({exchange({"a", "", "c"})}, {"a", "", "c"})
        tap.equal(exchange(("x"):rep(4095 + i % 20 / 10)), ("x"):rep(4095 + i % 20 / 10))
        tap.equal(exchange(i), tostring(i))
      end
      tap.equal(exchange(""), "")
      tap.equal(exchange("\0"), "\0")
    end
    tap.equal(exchange(("y"):rep(2 ^ 20)), ("y"):rep(2 ^ 20))
    for i = 1, 200 do
      local other = i <= 190 and push or io.stdout
      local ok, message = luv.pcall(push.send, other, "x")
      tap.equal(ok, i <= 190)
      if ok then pull:recv() else tap.match(message, "luv.zmq.socket expected") end
    end
    local turns = 0
    local f = luv.spawn(function()
      while true do
        exchange("x")
        turns = turns + 1
        if turns == 300 then luv.self():cancel("enough") end
      end
    end)
    local ok, err = luv.pcall(f.join, f)
    tap.ok(not ok and luv.cancelled(err))
    tap.equal(turns, 300)
    local sent = 0
    for i = 1, 300 do
      if i == 290 then push:close() end
      local done, _, code = push:send("x")
      if done then sent = sent + 1 else tap.equal(code, "EBADF") end
    end
    tap.equal(sent, 289)
    pull:close()
    tap.fails("EBADF", pull:recv())
  end)
end)

-- libzmq's I/O thread blocks in a monitor without a peer or without room, and the whole
-- context with it.
tap.both("monitor: never read, replaced and closed first, it holds nobody up", function()
  with(function(ctx)
    local server = ctx:socket(zmq.REP):bind("tcp://127.0.0.1:*")
    local endpoint = server:last_endpoint()
    local unread, replaced = server:monitor(), server:monitor()
    tap.equal(unread:next(2), "MONITOR_STOPPED")
    tap.fails("EOF", unread:next())
    local noisy = ctx:socket(zmq.REQ)
    noisy.linger, noisy.reconnect_ivl = 0, 1
    local watch = noisy:monitor()
    noisy:connect("tcp://127.0.0.1:1")
    luv.sleep(0.05)
    close(watch) -- while it has events all the time
    luv.sleep(0.01)
    for _ = 1, 700 do -- more events than a queue of 2,000 takes
      local client = ctx:socket(zmq.REQ)
      client.linger = 0
      client:connect(endpoint)
      client:send("x")
      tap.equal(server:recv(5), "x")
      server:send("y")
      client:close()
    end
    close(unread, noisy, server)
    local events = 0
    while replaced:next() do events = events + 1 end
    tap.ok(events > 2000, events)
    replaced:close()
  end)
end)

tap.both("proxy with capture, steered", function()
  with(function(ctx)
    local front, back, capture = ctx:socket(zmq.ROUTER), ctx:socket(zmq.DEALER), ctx:socket(zmq.PUSH)
    local control, steer = pair(ctx, "PAIR", "PAIR", "inproc://steer")
    front:bind("tcp://127.0.0.1:*")
    back:bind("inproc://back")
    capture:bind("inproc://capture")
    local copies = ctx:socket(zmq.PULL):connect("inproc://capture")
    local proxy = luv.spawn(zmq.proxy, front, back, capture, control)
    local worker = ctx:socket(zmq.REP):connect("inproc://back")
    local client = ctx:socket(zmq.REQ):connect(front:last_endpoint())
    client.linger, worker.linger = 0, 0
    local work = luv.spawn(function()
      while true do
        local a, b = worker:recv()
        if not a then break end
        worker:send{b, a}
      end
    end)
    for i = 1, 200 do
      client:send{"a" .. i, "b"}
      tap.same({client:recv(2)}, {"b", "a" .. i})
    end
    tap.fails("EBUSY", front:recv())
    tap.fails("EBUSY", back:send("x"))
    tap.fails("EBUSY", zmq.proxy(front, copies))
    for i = 1, 200 do
      local m = copies:recv_multipart(2)
      tap.equal(m[3], "a" .. i)
      tap.equal(copies:recv_multipart(2)[4], "a" .. i)
    end
    steer:send("STATISTICS")
    tap.equal(#steer:recv_multipart(2), 8)
    steer:send("PAUSE")
    luv.sleep(0.01)
    client:send{"late", "1"}
    tap.fails("ETIMEDOUT", client:recv(0.03))
    steer:send("RESUME")
    tap.same({client:recv(2)}, {"1", "late"})
    steer:send("TERMINATE")
    tap.equal(proxy:join(), true)
    tap.raises("same socket twice", zmq.proxy, front, front)
    tap.raises("luv.zmq.socket expected", zmq.proxy, front)
    tap.fails("ETIMEDOUT", zmq.proxy(front, back, nil, nil, 0.01))
    proxy = luv.spawn(zmq.proxy, front, back)
    luv.fiber.yield()
    back:close()
    tap.fails("ECANCELED", proxy:join())
    worker:close()
    tap.fails("EBADF", zmq.proxy(front, back))
    work:join()
    close(front, capture, control, steer, copies, client)
  end)
end)

tap.both("a proxy loses and doubles nothing when the other side is slow", function()
  with(function(ctx)
    local function small(s) s.sndhwm, s.rcvhwm, s.linger = 3, 3, 0 return s end
    local front, back = small(ctx:socket(zmq.PULL)), small(ctx:socket(zmq.PUSH))
    front:bind("inproc://in")
    back:bind("inproc://out")
    local push = small(ctx:socket(zmq.PUSH)):connect("inproc://in")
    local pull = small(ctx:socket(zmq.PULL)):connect("inproc://out")
    local proxy = luv.spawn(zmq.proxy, front, back)
    local sender = luv.spawn(function() for i = 1, 500 do push:send{i, "x"} end end)
    for i = 1, 500 do
      if i % 50 == 0 then luv.sleep(0.002) end
      tap.equal(pull:recv(2), tostring(i))
    end
    sender:join()
    front:close()
    proxy:join()
    close(back, push, pull)
  end)
end)

tap.both("a proxy that ends while a side has no room gives the message back", function()
  with(function(ctx)
    local function small(s) s.sndhwm, s.rcvhwm, s.linger = 1, 1, 0 return s end
    local front, back = small(ctx:socket(zmq.PULL)), small(ctx:socket(zmq.PUSH))
    front:bind("inproc://in")
    local push = ctx:socket(zmq.PUSH):connect("inproc://in")
    push.linger = 0
    for _, stop in ipairs{function(f) f:cancel() luv.pcall(f.join, f) end,
                          function(f) luv.pcall(f.join, f) end} do
      push:send{"held", "1"}
      push:send{"next", "2"}
      local proxy = luv.spawn(zmq.proxy, front, back, nil, nil, 0.02)
      luv.sleep(0.01)
      stop(proxy)
      tap.same({front:recv(2)}, {"held", "1"})
      tap.same({front:recv(2)}, {"next", "2"})
    end
    close(front, back, push)
  end)
end)

tap.both("a message of too many frames for results waits for recv_multipart", function()
  with(function(ctx)
    local push, pull = pair(ctx, "PUSH", "PULL", "inproc://frames")
    local frames = {}
    for i = 1, 7000 do frames[i] = "f" .. i end
    push:send(frames)
    tap.equal(select("#", pull:recv()), 7000)
    for i = 7001, 20000 do frames[i] = "f" .. i end
    push:send(frames)
    push:send("after")
    for _ = 1, 2 do tap.raises("recv_multipart", pull.recv, pull) end
    tap.same(pull:recv_multipart(), frames)
    tap.equal(pull:recv(), "after")
    local waiter = luv.spawn(function() pull:recv() end)
    luv.fiber.yield()
    push:send(frames)
    tap.raises("recv_multipart", waiter.join, waiter)
    tap.equal(#pull:recv_multipart(0), 20000)
    push:send(frames)
    tap.raises("recv_multipart", pull.recv, pull)
    close(push, pull) -- with the message
  end)
end)

-- In a process of its own, whose memory is measured.
tap.test("a large message is copied once at most: 1 GB, or what LUV_TEST_MB says", function()
  local mb = tonumber(os.getenv("LUV_TEST_MB")) or 64
  for _, address in ipairs{"inproc://large", "tcp://127.0.0.1:*"} do
    local out, err = tap.run(([[
      local luv = require("luv")
      local n, address = %d * 1048576, %q
      local function peak()
        for line in io.lines("/proc/self/status") do
          local kb = line:match("^VmHWM:%%s+(%%d+)")
          if kb then return kb / 1024 end
        end
      end
      local ctx = luv.zmq.create(1)
      local push, pull = ctx:socket(luv.zmq.PUSH), ctx:socket(luv.zmq.PULL)
      push:bind(address)
      pull:connect(push:last_endpoint())
      local text = ("x"):rep(n - 3) .. "end"
      collectgarbage()
      local reset = io.open("/proc/self/clear_refs", "w")
      reset:write("5")
      reset:close()
      local before = peak()
      luv.spawn(function() push:send(text) end)
      local got = pull:recv()
      print(#got == n and got:sub(-3) == "end", (peak() - before) / %d)
      push:close() pull:close() ctx:close()]]):format(mb, address, mb))
    local whole, copies = out:match("(%a+)%s+([%d.]+)")
    tap.equal(whole, "true", err)
    -- The message and the string received; over tcp libzmq has a message at either end.
    tap.ok(tonumber(copies) < (address:match("^tcp") and 3.6 or 2.6), copies .. " times its size")
  end
end)

-- ---- security ----------------------------------------------------------------------------

tap.both("keys and Z85", function()
  local public, secret = zmq.curve_keypair()
  tap.equal(#public, 40)
  tap.equal(zmq.curve_public(secret), public)
  tap.equal(zmq.z85_decode("HelloWorld"), "\134\79\210\111\181\89\247\91")
  tap.equal(zmq.z85_encode("\134\79\210\111\181\89\247\91"), "HelloWorld")
  tap.equal(zmq.z85_encode(""), "")
  tap.raises("multiple of 4", zmq.z85_encode, "abc")
  tap.fails("EINVAL", zmq.z85_decode("abcd"))
  tap.fails("EINVAL", zmq.z85_decode("#####"))
  tap.raises("40 characters", zmq.curve_public, "short")
end)

-- Whether a message gets from a new client to a server of ctx; and what the monitor says.
local function gets_through(ctx, server_side, client_side)
  local server, client = ctx:socket(zmq.PULL), ctx:socket(zmq.PUSH)
  server.linger, client.linger = 0, 0
  server_side(server)
  client_side(client)
  local watch = client:monitor()
  assert(server:bind("tcp://127.0.0.1:*"))
  assert(client:connect(server:last_endpoint()))
  local event, value
  repeat
    local _
    event, _, value = watch:next(3)
  until not event or event:match("^HANDSHAKE")
  client:send("secret", 0.05)
  local got = server:recv(event == "HANDSHAKE_SUCCEEDED" and 2 or 0.1)
  close(server, client, watch)
  return got == "secret", event, value
end

tap.both("CURVE: any client, those with known keys, and two contexts with different rules", function()
  local server_public, server_secret = zmq.curve_keypair()
  local public, secret = zmq.curve_keypair()
  local function server(s) assert(s:curve_server{secret = server_secret}) end
  local function stranger(s) assert(s:curve_client{server = server_public}) end
  local function friend(s)
    assert(s:curve_client{server = server_public, public = public, secret = secret})
  end
  with(function(open)
    tap.equal(open:auth{curve = "any"}, open)
    with(function(closed)
      assert(closed:auth{curve = {public}})
      tap.equal(gets_through(open, server, stranger), true)
      tap.equal(gets_through(closed, server, friend), true)
      local ok, event, status = gets_through(closed, server, stranger)
      tap.equal(ok, false)
      tap.equal(event, "HANDSHAKE_FAILED_AUTH")
      tap.equal(status, 400)
      ok = gets_through(open, server, function(s) s:curve_client{server = public} end)
      tap.equal(ok, false)
      ok = gets_through(open, server, function() end)
      tap.equal(ok, false)
      assert(closed:auth{curve = "any", deny = {"127.0.0.0/8"}})
      tap.equal(gets_through(closed, server, friend), false)
      assert(closed:auth{curve = "any", allow = {"127.0.0.1", "::1"}})
      tap.equal(gets_through(closed, server, friend), true)
    end)
  end)
  with(function(ctx)
    local s = ctx:socket(zmq.PULL)
    tap.raises("field 'secret'", s.curve_server, s, {secret = "x"})
    tap.raises("field 'server'", s.curve_client, s, {})
    tap.raises("field 'curve'", ctx.auth, ctx, {curve = {"x"}})
    tap.raises("field 'allow'", ctx.auth, ctx, {allow = {"nowhere"}})
    tap.raises("field 'plain'", ctx.auth, ctx, {plain = {"x"}})
    tap.raises("field 'handler'", ctx.auth, ctx, {handler = 1})
    tap.raises("table expected", ctx.auth, ctx)
    s:close()
  end)
end)

tap.both("PLAIN: users in a list, and a handler in Lua that waits", function()
  local function server(s) s.plain_server = 1 end
  local function client(user, password)
    return function(s) s.plain_username, s.plain_password = user, password end
  end
  with(function(ctx)
    ctx:auth{plain = {ann = "1", bob = "2"}}
    tap.equal(gets_through(ctx, server, client("ann", "1")), true)
    tap.equal(gets_through(ctx, server, client("ann", "2")), false)
    tap.equal(gets_through(ctx, server, client("eve", "1")), false)
    local seen = {}
    ctx:auth{handler = function(request)
      luv.sleep(0.005)
      seen[#seen + 1] = request
      return request.username == "eve" and request.password == "x", "only eve"
    end}
    tap.equal(gets_through(ctx, server, client("eve", "x")), true)
    tap.equal(gets_through(ctx, server, client("ann", "1")), false)
    tap.equal(seen[1].mechanism, "PLAIN")
    tap.equal(seen[1].address, "127.0.0.1")
    ctx:auth{handler = function() error("broken") end}
    local reported
    local before = luv.on_error(function(_, err) reported = tostring(err) end)
    tap.equal(gets_through(ctx, server, client("eve", "x")), false)
    luv.on_error(before)
    tap.match(reported, "broken")
  end)
end)

tap.test("a busy pair of fibers leaves the others their turn", function()
  with(function(ctx)
    local pull, push = pair(ctx, "PULL", "PUSH", "tcp://127.0.0.1:*")
    local on, ticks = true, 0
    local sender = luv.spawn(function() while on do push:send("x") end end)
    local receiver = luv.spawn(function() while on do pull:recv() end end)
    for _ = 1, 20 do
      luv.sleep(0.002)
      ticks = ticks + 1
    end
    on = false
    close(push, pull)
    sender:join() receiver:join()
    tap.equal(ticks, 20)
  end)
end)

tap.test("peer: whose the last message is", function()
  local ctx = luv.zmq.create(1)
  local pull = assert(ctx:socket(luv.zmq.PULL):bind("tcp://127.0.0.1:*"))
  tap.same({pull:peer()}, {"", ""})
  local push = assert(ctx:socket(luv.zmq.PUSH):connect(pull:last_endpoint()))
  push:send("x")
  tap.equal(pull:recv(), "x")
  tap.same({pull:peer()}, {"127.0.0.1", ""})
  push:close()
  pull:close()
  tap.fails("EBADF", pull:peer())
  ctx:close()
end)

tap.done()
