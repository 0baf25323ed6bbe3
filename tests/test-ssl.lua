-- luv.ssl: LuaSec's interface over luv.tls. What LuaSec itself says to the same is in test-ssl-peers.lua.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local T = assert(loadfile(tap.dir .. "lib/tls.lua"))(tap)
local socket, ssl = require("luv.socket"), require("luv.ssl")

local function file(text)
  local path = os.tmpname()
  T.write(path, text)
  return path
end
local certfile, keyfile = file(T.cert), file(T.key)

local client_cfg = {mode = "client", protocol = "any", verify = "peer", cafile = certfile}
local server_cfg = {mode = "server", protocol = "any", certificate = certfile, key = keyfile}

-- A connected pair of sockets of luv.socket.
local function sockets()
  local l = assert(socket.bind("127.0.0.1", 0))
  local _, port = l:getsockname()
  local a = assert(socket.connect("127.0.0.1", port))
  local b = assert(l:accept())
  l:close()
  return a, b
end

-- A pair of connections, the handshake done.
local function pair(client, server)
  local a, b = sockets()
  local other = luv.spawn(function()
    local s = assert(ssl.wrap(b, server or server_cfg))
    return s, s:dohandshake()
  end)
  local c = assert(ssl.wrap(a, client or client_cfg))
  local ok, why = c:dohandshake()
  local s, server_ok, server_why = other:join()
  if ok then tap.equal(server_ok, true, server_why) end
  return c, s, ok, why
end

tap.both("wrap, dohandshake, send, receive, close", function()
  local c, s, ok = pair()
  tap.equal(ok, true)
  tap.equal(c:send("hello\n"), 6)
  tap.equal(s:receive(), "hello")
  tap.equal(s:send("12345\r\nrest"), 11)
  tap.equal(c:receive(), "12345")
  tap.equal(c:dirty(), true)
  s:close()
  tap.equal(c:receive("*a"), "rest")
  tap.same(tap.pack(c:receive()), {n = 3, nil, "closed", ""})
  tap.equal(c:dirty(), false)
  c:close()
  tap.match(tostring(c), "^SSL connection: .* %(closed%)$")
end)

tap.test("what was agreed on: info, getalpn, getsniname, certificates, verification", function()
  local a, b = sockets()
  local ctx = assert(ssl.newcontext{mode = "server", protocol = "tlsv1_2", certificate = certfile, key = keyfile, alpn = {"x", "y"}})
  local other = luv.spawn(function() local s = assert(ssl.wrap(b, ctx)); assert(s:dohandshake()); return s end)
  local c = assert(ssl.wrap(a, {mode = "client", protocol = "any", verify = "peer", cafile = certfile, alpn = {"y", "z"}}))
  c:sni("localhost")
  assert(c:dohandshake())
  local s = other:join()
  tap.equal(c:info("protocol"), "TLSv1.2")
  tap.match(c:info().cipher, "^ECDHE%-ECDSA%-")
  tap.equal(c:info("mac"), "AEAD")
  tap.equal(c:getalpn(), "y")
  tap.equal(s:getalpn(), "y")
  tap.equal(s:getsniname(), "localhost")
  tap.equal(c:getpeerverification(), true)
  tap.equal(c:getpeercertificate():pem(), T.cert)
  tap.equal(s:getlocalcertificate():pem(), T.cert)
  tap.equal(#c:getpeerchain(), 1)
  tap.equal(#s:getlocalchain(), 1)
  tap.equal(s:getpeercertificate(), nil)
  tap.equal(c:exportkeyingmaterial("EXPORTER-x", 20), s:exportkeyingmaterial("EXPORTER-x", 20))
  tap.equal(select(2, c:getfinished()), "not supported")
  tap.equal(select(2, c:getpeerfinished()), "not supported")
  tap.equal(c:want(), "nothing")
  c:close()
  s:close()
end)

tap.test("certificates: loadcertificate and the methods", function()
  tap.equal(ssl.loadcertificate("junk"), nil)
  local cert = assert(ssl.loadcertificate(T.cert))
  tap.match(tostring(cert), "^X509 certificate: ")
  tap.same(cert:subject(), {{oid = "2.5.4.3", name = "commonName", value = "localhost"}})
  tap.same(cert:issuer(), cert:subject())
  tap.same(cert:extensions(), {["2.5.29.17"] = {name = "X509v3 Subject Alternative Name", dNSName = {"localhost"}, iPAddress = {"127.0.0.1"}}})
  tap.equal(cert:pem(), T.cert)
  local _, kind, bits = cert:pubkey()
  tap.equal(kind .. bits, "EC256")
  tap.equal(#cert:digest(), 40)
  tap.equal(#cert:digest("sha512"), 128)
  tap.equal(cert:validat(os.time()), true)
  tap.match(cert:serial(), "^[%dA-F]+$")
  tap.match(cert:notbefore(), "^%u%l%l [ %d]%d %d%d:%d%d:%d%d %d+ GMT$")
  tap.match(cert:notafter(), "GMT$")
  tap.equal(cert:getsignaturename(), "ecdsa-with-SHA256")
  tap.equal(cert:setencode("utf8"), true)
  tap.equal(cert:issued(cert), true)
  local other = ssl.loadcertificate((luv.tls.selfsigned{"other"}))
  tap.equal((cert:issued(other)), nil)
  tap.raises("SSL:Certificate expected", cert.issued, cert, 7)
end)

tap.test("a server's certificate that proves nothing", function()
  local c, s, ok, why = pair{mode = "client", protocol = "any", verify = "peer"}
  tap.equal(ok, false)
  tap.equal(why, "certificate verify failed")
  tap.same(tap.pack(c:getpeerverification()), {n = 2, false, "closed"})
  c:close()
  s:close()
  c, s, ok = pair{mode = "client", protocol = "any", verify = "peer", verifyext = {"lsec_continue"}}
  tap.equal(ok, true)
  tap.same(tap.pack(c:getpeerverification()), {n = 2, false, {{"self-signed certificate"}}})
  c:close()
  s:close()
end)

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

tap.test("settings that cannot be, in LuaSec's words", function()
  local function fails(change, want)
    local cfg = {mode = "client", protocol = "any"}
    for k, v in pairs(change) do cfg[k] = v end
    local ctx, why = ssl.newcontext(cfg)
    tap.equal(ctx, nil)
    tap.match(why, want)
  end
  fails({protocol = "sslv3"}, "^invalid protocol %(sslv3%)$")
  fails({verify = "x"}, "^invalid verify option %(x%)$")
  fails({options = {"all", "x"}}, "^invalid option %(x%)$")
  fails({verifyext = "x"}, "^invalid verify option %(x%)$")
  fails({key = "/no/such"}, "^error loading private key %(")
  fails({certificate = "/no/such"}, "^error loading certificate %(")
  fails({cafile = "/no/such"}, "^error loading CA locations %(")
  fails({ciphers = "x"}, "^error setting cipher list %(no cipher match%)$")
  fails({curve = "x"}, "^elliptic curve 'x' not supported$")
  fails({curveslist = "x"}, "^unknown elliptic curve")
  fails({dhparam = 1}, "^invalid DH parameter type$")
  fails({alpn = ""}, "^invalid ALPN name %(empty string%)$")
  fails({key = keyfile, password = 7}, "^invalid password type$")
  local _, key = luv.tls.selfsigned{"localhost"}
  fails({key = file(key), certificate = certfile}, "^private key does not match public key$")
  tap.raises("string expected", ssl.newcontext, {mode = "client"})
  local a, b = sockets()
  tap.same(tap.pack(ssl.wrap(a, {mode = "x", protocol = "any"})), {n = 2, nil, "invalid mode"})
  tap.raises("invalid context", ssl.wrap, a, 7)
  tap.ok(a:send("still there"))
  a:close()
  b:close()
end)

tap.test("config, versions; a context is userdata, and its setverifyext is there", function()
  tap.equal(ssl._VERSION, "1.3.2")
  tap.ok(ssl._COPYRIGHT)
  tap.ok(ssl.config.protocols.tlsv1_3 and ssl.config.capabilities.alpn and ssl.config.options.no_tlsv1 and ssl.config.algorithms.ec)
  local ctx = assert(ssl.newcontext(client_cfg))
  tap.equal(type(ctx), "userdata")
  tap.match(tostring(ctx), "^SSL context: ")
  tap.equal(ctx:setverifyext("lsec_continue"), true)
  tap.same(tap.pack(ctx:setverifyext("x")), {n = 2, false, "invalid verify option (x)"})
  local a, b = sockets()
  tap.equal(type(ssl.wrap(a, ctx)), "userdata")
  b:close()
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
