-- luv.ssl at its worst: no time, no room, no peer any more; many, and forgotten.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local T = assert(loadfile(tap.dir .. "lib/tls.lua"))(tap)
local S = assert(loadfile(tap.dir .. "lib/ssl.lua"))(tap, T)
local socket, ssl = require("luv.socket"), require("luv.ssl")
local client_cfg, server_cfg, sockets, pair = S.client_cfg, S.server_cfg, S.sockets, S.pair

tap.both("a timeout of 0: dohandshake and receive say what they want, and go on", function()
  local a, b = sockets()
  local c = assert(ssl.wrap(a, client_cfg))
  c:settimeout(0)
  tap.same(tap.pack(c:dohandshake()), {n = 2, false, "wantread"})
  tap.equal(c:want(), "read")
  local s = assert(ssl.wrap(b, server_cfg))
  s:settimeout(0)
  local done = {}
  while not (done.c and done.s) do
    done.c, done.s = c:dohandshake(), s:dohandshake()
    luv.sleep(0)
  end
  tap.same(tap.pack(c:receive(10)), {n = 3, nil, "wantread", ""})
  s:send("abc")
  luv.sleep(0.02)
  local data, why, part = c:receive(10)
  while part == "" do data, why, part = c:receive(10) end
  tap.same({data, why, part}, {nil, "wantread", "abc"})
  s:send("defghij")
  c:settimeout(10)
  tap.equal(c:receive(10, part), "abcdefghij")
  c:close()
  s:close()
end)

tap.both("select: a handshake that is over, bytes that have come, room to send", function()
  local a, b = sockets()
  local c, s = assert(ssl.wrap(a, client_cfg)), assert(ssl.wrap(b, server_cfg))
  c:settimeout(0)
  s:settimeout(0)
  local shaken, turns = {}, 0
  while not (shaken[c] and shaken[s]) do -- as a loop of callbacks does it
    local waiting = {}
    for _, conn in ipairs{c, s} do
      if not shaken[conn] then
        local ok, why = conn:dohandshake()
        shaken[conn] = ok
        if not ok then
          tap.equal(why, "wantread")
          waiting[#waiting + 1] = conn
        end
      end
    end
    turns = turns + 1
    if #waiting > 0 then tap.ok(#socket.select(waiting, nil, 20) > 0, "select") end
  end
  tap.ok(turns < 10, turns .. " turns")
  tap.same({socket.select({c, s}, nil, 0)}, {{}, {}, "timeout"})
  local _, w = socket.select(nil, {c}, 0)
  tap.equal(w[1], c)
  s:send("ab\n")
  local r = socket.select({c, s}, nil, 20)
  tap.same({#r, r[1] == c, r[c]}, {1, true, 1})
  tap.equal(c:receive(1), "a")
  tap.equal(socket.select({c}, nil, 20)[1], c) -- what has been read already counts
  tap.equal(c:receive(), "b")
  s:close()
  tap.equal(socket.select({c}, nil, 20)[1], c)
  tap.equal(select(2, c:receive()), "closed")
  c:close()
end)

tap.test("a full connection takes a part, and the rest by index", function()
  local c, s = pair()
  c:settimeout(0)
  local data, at = ("x"):rep(8000000), 0
  local sum = luv.spawn(function()
    local n = 0
    repeat
      local d = s:receive(65536)
      n = n + (d and #d or 0)
    until n >= #data - 65536
    return n + #s:receive(#data - n)
  end)
  local waits = 0
  while at < #data do
    local last, why, partial = c:send(data, at + 1)
    if not last then
      tap.equal(why, "wantwrite")
      tap.equal(c:want(), "write")
      waits = waits + 1
      luv.sleep(0.001)
    end
    at = last or partial
  end
  tap.ok(waits > 0)
  tap.equal(sum:join(), #data)
  local got, sent = s:getstats()
  tap.equal(got, #data)
  tap.equal(sent, 0)
  s:setstats(1, 2)
  tap.equal(s:getstats(), 1)
  c:close()
  s:close()
end)

tap.both("close in another fiber ends a receive", function()
  local c, s = pair()
  local f = luv.spawn(function() return c:receive() end)
  luv.sleep(0.01)
  c:close()
  local data, why = f:join()
  tap.equal(data, nil)
  tap.equal(why, "closed")
  s:close()
end)

tap.test("an end without close_notify is said, unless nobody wants to know", function()
  local cut = function(cfg)
    local a, b = luv.net.socketpair()
    local relay_a, relay_b = luv.net.socketpair()
    luv.spawn(function() repeat local n, d = b:read() until not n or not relay_a:write(d) end)
    local back = luv.spawn(function() repeat local n, d = relay_a:read() until not n or not b:write(d) end)
    local server = luv.spawn(function() return assert(relay_b:starttls({server = true, cert = T.cert, key = T.key}, 10)) end)
    local given = {getfd = function() return (a:detach()) end, setfd = function() end}
    local c = assert(ssl.wrap(given, cfg))
    assert(c:dohandshake())
    local s = server:join()
    s:write("part")
    tap.equal(c:receive(4), "part")
    b:close()
    local r = tap.pack(c:receive("*a"))
    c:close()
    s:close()
    relay_a:close()
    back:join()
    return r
  end
  tap.same(cut{mode = "client", protocol = "any", verify = "none"}, {n = 3, nil, "unexpected eof while reading", ""})
  tap.equal(cut{mode = "client", protocol = "any", verify = "none", options = {"all", "ignore_unexpected_eof"}}[2], "closed")
end)

tap.test("a descriptor of somebody else's is taken over", function()
  local a, b = luv.net.socketpair()
  local fd, told = a:detach(), nil
  local c = assert(ssl.wrap({getfd = function() return fd end, setfd = function(_, n) told = n end}, client_cfg))
  tap.equal(told, -1)
  local other = luv.spawn(function() return assert(b:starttls({server = true, cert = T.cert, key = T.key}, 10)) end)
  assert(c:dohandshake())
  tap.equal(c:getfd(), fd)
  other:join():close()
  c:close()
  tap.equal(c:getfd(), -1)
end)

tap.test("one context for 200 connections at once, in fibers that know nothing of each other", function()
  local ctx, server_ctx = assert(ssl.newcontext(client_cfg)), assert(ssl.newcontext(server_cfg))
  local l = assert(socket.bind("127.0.0.1", 0, 511))
  local _, port = l:getsockname()
  local server = luv.spawn(function()
    for _ = 1, 200 do
      luv.spawn(function(sock)
        local s = assert(ssl.wrap(sock, server_ctx))
        assert(s:dohandshake())
        s:send(assert(s:receive()) .. "\n")
        s:close()
      end, assert(l:accept()))
    end
  end)
  local fibers = {}
  for i = 1, 200 do
    fibers[i] = luv.spawn(function()
      local c = assert(ssl.wrap(assert(socket.connect("127.0.0.1", port)), ctx))
      c:sni("localhost")
      assert(c:dohandshake())
      c:send("number " .. i .. "\n")
      tap.equal(c:receive(), "number " .. i)
      c:close()
    end)
  end
  for _, f in ipairs(fibers) do f:join() end
  server:join()
  l:close()
end)

tap.test("connections that nobody closes are collected", function()
  for _ = 1, 50 do pair() end
end)

T.remove()
tap.done()
