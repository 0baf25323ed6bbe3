-- luv.tls: connect, listen, handshake, info, configs; what is refused, and how it is said.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local T = assert(loadfile(tap.dir .. "lib/tls.lua"))(tap)

-- ---- the life of a connection ---------------------------------------------------------------------

tap.both("connect, write, read, the end", function()
  local c, s = T.pair()
  tap.match(tostring(c), "^userdata<luv%.tls>: 0x%x+$")
  tap.equal(c:write("hello\nworld"), 11)
  tap.equal(s:read_line(), "hello")
  tap.equal(s:write({"a", "b", 1, "\n"}), 4)
  tap.equal(c:read_line(), "ab1")
  c:shutdown()
  tap.equal(s:read_all(), "world")
  tap.fails("EOF", s:read())
  tap.fails("EOF", s:read_line())
  tap.equal(s:write("still"), 5) -- the other half goes on
  s:close()
  tap.equal(c:read_all(), "still")
  tap.fails("EOF", c:read())
  tap.fails("EPIPE", c:write("x"))
  c:close()
  tap.ok(c:closed() and s:closed())
  tap.fails("EBADF", c:read())
  tap.fails("EBADF", c:info())
  tap.fails("EBADF", c:handshake())
end)

tap.both("a listener's streams do their handshake when they are used, or asked to", function()
  local l, port = T.listen()
  tap.match(tostring(l), "^userdata<luv%.tls%.listener>")
  tap.equal(l:getsockname().port, port)
  tap.ok(l:fileno() > 2)
  local got = luv.spawn(function()
    local s = l:accept()
    tap.fails("ENOTCONN", s:info())
    local line = s:read_line() -- begins it
    local again = s:handshake()
    s:close()
    return line, again == s
  end)
  local c = assert(luv.tls.connect("127.0.0.1", port, {ca = T.cert}))
  c:write("x\n")
  local line, same = got:join()
  tap.equal(line, "x")
  tap.ok(same)
  c:close()

  local wrote = luv.spawn(function()
    local s = l:accept(5)
    local n = s:write("first")
    s:close()
    return n
  end)
  c = assert(luv.tls.connect("localhost", port, {ca = T.cert}, 5))
  tap.equal(wrote:join(), 5)
  tap.equal(c:read_all(), "first")
  c:close()
  tap.fails("ETIMEDOUT", l:accept(0.01))
  l:close()
  tap.fails("EBADF", l:accept())
end)

tap.test("several fibers may wait for one handshake", function()
  local l, port = T.listen()
  local t = luv.net.tcp():connect("127.0.0.1", port)
  local s = l:accept()
  local fibers = {}
  for i = 1, 3 do fibers[i] = luv.spawn(function() return s:handshake() end) end
  fibers[4] = luv.spawn(function() return s:read_line() end)
  fibers[5] = luv.spawn(function() return s:write("out\n") end)
  luv.sleep(0.01)
  local c = assert(t:starttls(T.client_options()))
  c:write("in\n")
  for i = 1, 3 do tap.equal(fibers[i]:join(), s) end
  tap.equal(fibers[4]:join(), "in")
  tap.equal(fibers[5]:join(), 4)
  tap.equal(c:read_line(), "out")
  T.close(c, s, l)
end)

tap.both("info says what was agreed on, and with whom", function()
  local c, s = T.pair({alpn = {"h2", "http/1.1"}}, {alpn = {"http/1.1"}})
  local i, j = c:info(), s:info()
  tap.equal(i.version, "1.3")
  tap.match(i.cipher, "^TLS_[%w_]+$")
  tap.equal(i.cipher, j.cipher)
  tap.equal(i.alpn, "http/1.1")
  tap.equal(j.alpn, "http/1.1")
  tap.equal(j.server_name, "localhost")
  tap.equal(i.resumed, false)
  tap.equal(j.peer, nil)
  tap.equal(i.peer.subject, "CN=localhost")
  tap.equal(i.peer.issuer, "CN=localhost")
  tap.same(i.peer.names, {"localhost", "127.0.0.1"})
  tap.match(i.peer.sha256, "^" .. ("%x"):rep(64) .. "$")
  tap.equal(i.peer.pem, T.cert)
  tap.ok(i.peer.not_before < os.time() and os.time() < i.peer.not_after)
  T.close(c, s)
end)

tap.test("names and options of the socket below", function()
  local c, s = T.pair()
  tap.same(c:getpeername(), s:getsockname())
  tap.same(s:getpeername(), c:getsockname())
  tap.ok(c:fileno() > 2)
  tap.equal(c:setoption("TCP_NODELAY", true), c)
  tap.equal(c:getoption("TCP_NODELAY"), true)
  tap.ok(c:send_buffer_size() > 0 and c:recv_buffer_size() > 0)
  tap.fails("EBADF", c:detach()) -- its descriptor has no plain bytes
  T.close(c, s)
  tap.fails("EBADF", c:getpeername())
end)

-- ---- what is refused --------------------------------------------------------------------------------

-- A client with these options, of a server with those, must fail so.
local function refused(code, pattern, client, server, host)
  local l, port = T.listen(server)
  local other = luv.spawn(function()
    local s = l:accept()
    local ok, message, why = s:handshake(10)
    s:close()
    return ok, message, why
  end)
  local o = {ca = T.cert}
  for k, v in pairs(client or {}) do o[k] = v or nil end
  local message = tap.fails(code, luv.tls.connect(host or "127.0.0.1", port, o, 10))
  tap.match(message, pattern)
  l:close()
  return other:join()
end

tap.test("a certificate that proves nothing is refused, and the message says why", function()
  local ok, message, code = refused("ECERT", "the server's certificate .*CN=localhost.*signed by an unknown authority, itself", {ca = false})
  tap.fails("ETLS", ok, message, code)
  tap.match(message, "the client has sent the alert .*bad certificate")
  refused("ECERT", "it is not for example%.com, but for localhost, 127%.0%.0%.1", {server_name = "example.com"})
  local day = 86400
  local function pair(names)
    local cert, key = luv.tls.selfsigned(names)
    return {ca = cert}, {cert = cert, key = key}
  end
  local now = os.time()
  local a, b = pair{"127.0.0.1", not_before = now - 2 * day, not_after = now - day}
  refused("ECERT", "it has expired, on %d%d%d%d%-", a, b)
  a, b = pair{"127.0.0.1", not_before = now + day, not_after = now + 2 * day}
  refused("ECERT", "it is not valid before %d%d%d%d%-", a, b)
end)

tap.test("certificates of an authority: a wrong use, a chain, verify = false", function()
  T.needs("openssl")
  local ca = T.dir() .. "/ca.pem"
  local cert, key = T.issue("localhost", "extendedKeyUsage=clientAuth")
  refused("ECERT", "not for this use", {ca = ca}, {cert = cert, key = key}, "localhost")
  cert, key = T.issue("localhost")
  refused("ECERT", "signed by an unknown authority, \"CN=authority\"", {}, {cert = cert, key = key}, "localhost")
  for _, o in ipairs{{ca = ca}, {ca = {T.cert, ca}}, {ca = tap.slurp(ca)}, {ca = {"system", ca}}, {verify = false}} do
    o.server_name = "localhost"
    local c, s = T.pair(o, {cert = cert, key = key})
    tap.equal(c:info().peer.issuer, "CN=authority")
    T.close(c, s)
  end
end)

tap.test("a folder of authorities", function()
  T.needs("openssl")
  local dir = T.dir() .. "/cas"
  T.run("mkdir -p " .. dir .. " && cp " .. T.dir() .. "/ca.pem " .. dir .. "/one.crt && echo no certificate >" .. dir .. "/README")
  local cert, key = T.issue("localhost")
  local c, s = T.pair({ca = dir}, {cert = cert, key = key})
  T.close(c, s)
end)

tap.test("a server's certificate and key have to fit", function()
  local _, other = luv.tls.selfsigned{"localhost"}
  local message = tap.fails("ECERT", luv.tls.config{cert = T.cert, key = other})
  tap.match(message, "private key does not match public key")
  tap.match(tap.fails("ENOENT", luv.tls.config{cert = "/nowhere/x.pem", key = other}), "/nowhere/x.pem")
  tap.match(tap.fails("ENOENT", luv.tls.config{ca = "/nowhere/x.pem"}), "/nowhere/x.pem")
  tap.match(tap.fails("ECERT", luv.tls.config{ca = {"-----BEGIN nothing"}}), "no certificate")
  tap.fails("ENOENT", luv.tls.connect("127.0.0.1", 1, {ca = "/nowhere/x.pem"}))
end)

tap.test("versions that nobody has in common", function()
  local ok, message, code = refused("ETLS", "protocol version", {max_version = "1.2"}, {min_version = "1.3"})
  tap.fails("ETLS", ok, message, code)
  local c, s = T.pair({max_version = "1.2"})
  tap.equal(c:info().version, "1.2")
  tap.equal(s:info().version, "1.2")
  c:write("x\n")
  tap.equal(s:read_line(), "x")
  s:shutdown()
  tap.fails("EOF", c:read())
  T.close(c, s)
end)

tap.test("protocols that nobody has in common", function()
  refused("ETLS", "no application protocol", {alpn = {"a"}}, {alpn = {"b"}})
  local c, s = T.pair({alpn = "a"})
  tap.equal(c:info().alpn, nil)
  T.close(c, s)
end)

tap.test("a peer that does not speak TLS", function()
  local l, port = tap.listen()
  local other = luv.spawn(function()
    local s = l:accept()
    s:write("HTTP/1.1 400 Bad Request\r\n\r\n")
    s:read()
    s:close()
  end)
  tap.match(tap.fails("ETLS", luv.tls.connect("127.0.0.1", port, nil, 10)), "does not speak TLS: it has sent \"HTTP/")
  other:join()
  l:close()
  local t, p = T.listen()
  local c = luv.net.tcp():connect("127.0.0.1", p)
  c:write("GET / HTTP/1.1\r\n\r\n")
  local s = t:accept()
  tap.match(tap.fails("ETLS", s:read()), "does not speak TLS: it has sent \"GET ")
  tap.match(tap.fails("ETLS", s:write("x")), "does not speak TLS")
  tap.match(tap.fails("ETLS", s:handshake()), "does not speak TLS")
  tap.match(tap.fails("ETLS", s:info()), "does not speak TLS")
  T.close(t, c, s)
end)

-- ---- client certificates -------------------------------------------------------------------------------

tap.test("client certificates, in four modes", function()
  local cert, key = luv.tls.selfsigned{"client"}
  local mine = {cert = cert, key = key}
  local function subject(client, server)
    local c, s = T.pair(client, server)
    s:write("x\n")
    tap.equal(c:read_line(), "x")
    local peer = s:info().peer
    T.close(c, s)
    return peer and peer.subject
  end
  tap.equal(subject(mine), nil)
  tap.equal(subject(mine, {client_auth = "none"}), nil)
  tap.equal(subject(mine, {client_auth = "request"}), "CN=client")
  tap.equal(subject({}, {client_auth = "request"}), nil)
  tap.equal(subject(mine, {client_auth = "require"}), "CN=client")
  tap.equal(subject(mine, {client_auth = "verify", ca = cert}), "CN=client")
end)

-- The client of TLS 1.3 has done its part before the server looks.
tap.test("a client certificate that is missing, or of somebody else", function()
  local cert, key = luv.tls.selfsigned{"client"}
  local function refuse(version, client, server)
    local l, port = T.listen(server)
    local other = luv.spawn(function()
      local s = l:accept()
      local ok, message, code = s:handshake(10)
      s:close()
      return ok, message, code
    end)
    client.max_version = version
    local c, message, code = luv.tls.connect("127.0.0.1", port, T.client_options(client), 10)
    if c then
      message = tap.fails("ETLS", c:read())
      c:close()
    else tap.equal(code, "ETLS") end
    tap.match(message, "the server has sent the alert")
    l:close()
    return other:join()
  end
  for _, version in ipairs{"1.2", "1.3"} do
    tap.match(tap.fails("ECERT", refuse(version, {}, {client_auth = "require"})), "the client has sent no certificate")
    tap.match(tap.fails("ECERT", refuse(version, {}, {client_auth = "verify", ca = cert})), "the client has sent no certificate")
    local other, others_key = luv.tls.selfsigned{"client"} -- which the server asks for, by its name
    tap.match(tap.fails("ECERT", refuse(version, {cert = other, key = others_key}, {client_auth = "verify", ca = cert})),
      "the client's certificate \"CN=client\": it is signed by an unknown authority, itself")
  end
end)

-- ---- several certificates ------------------------------------------------------------------------------

tap.test("the name that a client asks for chooses the certificate", function()
  local c1, k1 = luv.tls.selfsigned{"one.example"}
  local c2, k2 = luv.tls.selfsigned{"two.example", "*.wild.example"}
  local config = assert(luv.tls.config{cert = {c1, c2}, key = {k1, k2}})
  local l = assert(luv.tls.listen("127.0.0.1", 0, config))
  local port = l:getsockname().port
  local function name(server_name)
    local other = luv.spawn(function() return l:accept():handshake() end)
    local c = assert(luv.tls.connect("127.0.0.1", port, {server_name = server_name, verify = false}))
    T.close(other:join())
    local subject = c:info().peer.subject
    c:close()
    return subject
  end
  tap.equal(name("two.example"), "CN=two.example")
  tap.equal(name("one.example"), "CN=one.example")
  tap.equal(name("a.wild.example"), "CN=two.example")
  tap.equal(name("nobody.example"), "CN=one.example")
  l:close()
  config:close()
end)

-- ---- the script's own look -------------------------------------------------------------------------------

tap.both("check has the last word, and may wait", function()
  local seen
  local c, s = T.pair{check = function(chain, info)
    luv.sleep(0.01)
    seen = {#chain, chain[1].subject, info.version, info.peer.names[1]}
    return true
  end}
  tap.same(seen, {1, "CN=localhost", "1.3", "localhost"})
  T.close(c, s)
  refused("ECERT", "the server's certificate \"CN=localhost\": revoked$", {check = function() return nil, "revoked" end})
  refused("ECERT", "refused by the check function", {check = function() return false end})
  refused("ECERT", "the check function failed: .*oops", {check = function() error("oops") end})
end)

tap.test("check comes after the verification, not in its place", function()
  local called
  refused("ECERT", "unknown authority", {ca = false, check = function() called = true return true end})
  tap.equal(called, nil)
end)

tap.test("a server's check sees the client's certificate; a handshake given up ends it", function()
  local cert, key = luv.tls.selfsigned{"client"}
  local names = {}
  local c, s = T.pair({cert = cert, key = key}, {client_auth = "require", check = function(chain)
    names[#names + 1] = chain[1].subject
    return true
  end})
  tap.same(names, {"CN=client"})
  T.close(c, s)
  local l, port = T.listen()
  local other = luv.spawn(function()
    local accepted = l:accept()
    accepted:handshake()
    accepted:close()
  end)
  local gate = luv.event()
  tap.fails("ETIMEDOUT", luv.tls.connect("127.0.0.1", port, T.client_options{check = function() gate:wait() return true end}, 0.3))
  gate:set()
  other:join()
  l:close()
end)

-- ---- configs ----------------------------------------------------------------------------------------------

tap.test("a config stands wherever options may", function()
  local server = assert(luv.tls.config{cert = T.cert, key = T.key, server = true})
  local client = assert(luv.tls.config{ca = T.cert})
  tap.match(tostring(server), "^userdata<luv%.tls%.config>")
  local l = assert(luv.tls.listen("127.0.0.1", 0, server, 5))
  local port = l:getsockname().port
  for _, host in ipairs{"127.0.0.1", "localhost"} do
    local other = luv.spawn(function() return l:accept():handshake() end)
    local c = assert(luv.tls.connect(host, port, client))
    T.close(c, (other:join()))
  end
  local a, b = luv.net.socketpair()
  local other = luv.spawn(function() return b:starttls(server) end)
  local named = assert(luv.tls.config{ca = T.cert, server_name = "localhost"})
  T.close(assert(a:starttls(named)), (other:join()))
  server:close()
  tap.fails("EBADF", luv.tls.listen("127.0.0.1", 0, server))
  tap.fails("EBADF", server:reload())
  T.close(l, client, named)
end)

tap.test("reload takes new certificates for connections to come; a broken file keeps the old ones", function()
  local cert, key = os.tmpname(), os.tmpname()
  local function put(name)
    local c, k = luv.tls.selfsigned{name}
    T.write(cert, c)
    T.write(key, k)
  end
  put("old.example")
  local config = assert(luv.tls.config{cert = cert, key = key})
  local l = assert(luv.tls.listen("127.0.0.1", 0, config))
  local port = l:getsockname().port
  local function name()
    local other = luv.spawn(function() return l:accept():handshake() end)
    local c = assert(luv.tls.connect("127.0.0.1", port, {verify = false}))
    local subject = c:info().peer.subject
    return subject, c, (other:join())
  end
  local first, c, s = name()
  tap.equal(first, "CN=old.example")
  put("new.example")
  tap.equal(config:reload(), config)
  local second, c2, s2 = name()
  tap.equal(second, "CN=new.example")
  c:write("x\n")
  tap.equal(s:read_line(), "x") -- who is connected stays so
  T.write(cert, "nothing")
  tap.fails("ECERT", config:reload())
  os.remove(key)
  tap.match(tap.fails("ENOENT", config:reload()), key)
  local third, c3, s3 = name()
  tap.equal(third, "CN=new.example")
  T.close(c, s, c2, s2, c3, s3, l, config)
  os.remove(cert)
end)

tap.test("selfsigned makes a pair for names and addresses", function()
  local cert, key = luv.tls.selfsigned{"a.example", "::1", "10.0.0.1", not_before = 0, not_after = 4e9}
  tap.match(cert, "^%-%-%-%-%-BEGIN CERTIFICATE%-%-%-%-%-\n")
  tap.match(key, "^%-%-%-%-%-BEGIN PRIVATE KEY%-%-%-%-%-\n")
  local c, s = T.pair({ca = cert, server_name = "a.example"}, {cert = cert, key = key})
  local peer = c:info().peer
  tap.same(peer.names, {"a.example", "::1", "10.0.0.1"})
  tap.equal(peer.not_before, 0)
  tap.equal(peer.not_after, 4e9)
  T.close(c, s)
  tap.raises("a name expected", luv.tls.selfsigned, {})
  tap.raises("names expected", luv.tls.selfsigned, {1})
  tap.raises("unknown field 'dayz'", luv.tls.selfsigned, {"x", dayz = 3})
  tap.raises("field 'not_after': seconds expected", luv.tls.selfsigned, {"x", not_after = "never"})
end)

-- ---- mistakes ------------------------------------------------------------------------------------------------

tap.test("impossible options raise", function()
  local function bad(pattern, o) tap.raises(pattern, luv.tls.config, o) end
  bad("unknown option 'verfy'", {verfy = false})
  bad("field 'verify': boolean expected", {verify = 0})
  bad("field 'ca': string or list", {ca = 5})
  bad("field 'cert'", {server = true})
  bad("field 'key': 0 for 1 certificates", {cert = T.cert})
  bad("field 'key': 1 for 2 certificates", {cert = {T.cert, T.cert}, key = T.key})
  bad("field 'min_version'", {min_version = "1.4"})
  bad("field 'max_version': below min_version", {min_version = "1.3", max_version = "1.2"})
  bad("field 'client_auth'", {client_auth = "maybe"})
  bad("field 'alpn'", {alpn = {""}})
  bad("field 'alpn'", {alpn = {5}})
  bad("field 'session_cache'", {session_cache = -1})
  bad("field 'check': function expected", {check = 1})
  bad("field 'keylog'", {keylog = true})
  bad("table or luv%.tls%.config expected", "x")
  tap.raises("field 'cert'", luv.tls.listen, "127.0.0.1", 0, {})
  tap.raises("field 'cert'", luv.tls.listen, "127.0.0.1", 0)
  tap.raises("bad argument #2", luv.tls.connect, "localhost", 70000)
  tap.raises("seconds", luv.tls.connect, "localhost", 1, nil, -1)
  local a, b = luv.net.socketpair()
  tap.raises("field 'server_name'", a.starttls, a)
  tap.raises("field 'server_name'", a.starttls, a, {ca = T.cert})
  tap.raises("field 'cert'", a.starttls, a, {server = true})
  tap.ok(not a:closed())
  T.close(a, b)
end)

tap.test("nobody is there", function()
  local l, port = tap.listen()
  l:close()
  luv.sleep(0)
  tap.match(tap.fails("ECONNREFUSED", luv.tls.connect("127.0.0.1", port)), "127%.0%.0%.1:" .. port)
  tap.fails("EADDRINUSE", (function()
    local first, p = T.listen()
    local again, message, code = luv.tls.listen("127.0.0.1", p, T.server_options())
    first:close()
    return again, message, code
  end)())
end)

T.remove()
tap.done()
