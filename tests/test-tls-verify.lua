-- luv.tls for who verifies by himself, or by another's rules: chain, verify, certificate, export; a
-- handshake that is not waited for; a config for each client.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local T = assert(loadfile(tap.dir .. "lib/tls.lua"))(tap)

-- ---- what is verified -------------------------------------------------------------------------

tap.test('verify = "chain" takes any name, and no other authority', function()
  local c, s = T.pair{verify = "chain", server_name = "another.example"}
  tap.equal(s:info().server_name, "another.example")
  T.close(c, s)
  local l, port = T.listen()
  local other = luv.tls.selfsigned{"localhost"}
  local server = luv.spawn(function() local s = l:accept(); s:handshake(10); s:close() end)
  local message = tap.fails("ECERT", luv.tls.connect("127.0.0.1", port, {verify = "chain", ca = other}, 10))
  tap.match(message, "unknown authority")
  server:join()
  l:close()
  tap.raises("verify", luv.tls.config, {verify = "name"})
end)

tap.test("an empty list of authorities trusts nobody", function()
  local l, port = T.listen()
  local server = luv.spawn(function() local s = l:accept(); s:handshake(10); s:close() end)
  tap.fails("ECERT", luv.tls.connect("localhost", port, {ca = {}}, 10))
  server:join()
  l:close()
end)

tap.test('client_auth = "optional"', function()
  local c, s = T.pair({}, {client_auth = "optional", ca = T.cert})
  tap.equal(s:info().peer, nil)
  tap.same(s:chain(), {})
  T.close(c, s)
  c, s = T.pair({cert = T.cert, key = T.key}, {client_auth = "optional", ca = T.cert})
  tap.equal(s:info().peer.sha256, c:info().peer.sha256)
  T.close(c, s)
  local cert, key = luv.tls.selfsigned{"localhost"} -- of an authority of that name: so it is sent
  local l, port = T.listen{client_auth = "optional", ca = T.cert}
  local server = luv.spawn(function() local s = l:accept(); local r = tap.pack(s:handshake(10)); s:close(); return r end)
  c = luv.tls.connect("127.0.0.1", port, T.client_options{cert = cert, key = key}, 10)
  local r = server:join()
  tap.fails("ECERT", unpack(r, 1, r.n))
  if c then c:close() end
  l:close()
end)

tap.test("chain is what the peer has sent", function()
  local cert, key = T.issue("localhost")
  local ca = T.dir() .. "/ca.pem"
  local c, s = T.pair({ca = ca}, {cert = tap.slurp(cert) .. tap.slurp(ca), key = key})
  local chain = c:chain()
  tap.equal(#chain, 2)
  tap.equal(chain[1].sha256, c:info().peer.sha256)
  tap.equal(chain[2].subject, "CN=authority")
  T.close(c, s)
  tap.fails("EBADF", c:chain())
end)

tap.test("luv.tls.verify says what is wrong with a certificate", function()
  local cert = T.issue("localhost")
  local ca = T.dir() .. "/ca.pem"
  tap.equal(luv.tls.verify(cert, {ca = ca}), true)
  tap.equal(luv.tls.verify(tap.slurp(cert), {ca = {tap.slurp(ca)}, name = "localhost"}), true)
  tap.match(tap.fails("ECERT", luv.tls.verify(cert, {ca = ca, name = "else.example"})), "not for else.example")
  tap.match(tap.fails("ECERT", luv.tls.verify(cert, {ca = {}})), "unknown authority")
  tap.match(tap.fails("ECERT", luv.tls.verify(cert)), "unknown authority")
  local client = T.issue("client", "extendedKeyUsage=clientAuth")
  tap.match(tap.fails("ECERT", luv.tls.verify(client, {ca = ca})), "not for this use")
  tap.equal(luv.tls.verify(client, {ca = ca, use = "client"}), true)
  tap.equal(luv.tls.verify(client, {ca = ca, use = "any"}), true)
  tap.fails("ECERT", luv.tls.verify("-----BEGIN nothing"))
  tap.fails("ENOENT", luv.tls.verify("/no/such/file"))
  tap.raises("use", luv.tls.verify, cert, {use = "all"})
  tap.raises("unknown option", luv.tls.verify, cert, {cafile = ca})
end)

tap.test("luv.tls.certificate reads one", function()
  local cert = T.issue("localhost", "subjectAltName=DNS:a.example,IP:::1,email:x@a.example,URI:http://a.example/", nil, "rsa:2048")
  local c = assert(luv.tls.certificate(cert))
  tap.equal(c.subject, "CN=localhost")
  tap.same(c.subject_fields, {{oid = "2.5.4.3", value = "localhost"}})
  tap.same(c.issuer_fields, {{oid = "2.5.4.3", value = "authority"}})
  tap.same({c.dns_names, c.addresses, c.emails, c.uris}, {{"a.example"}, {"::1"}, {"x@a.example"}, {"http://a.example/"}})
  tap.equal(c.key_type .. c.key_bits, "RSA2048")
  tap.equal(c.signature, "ECDSA-SHA256")
  tap.match(c.public_key, "^%-%-%-%-%-BEGIN PUBLIC KEY")
  local function openssl(what) return T.run("openssl x509 -noout " .. what .. " -in " .. cert):gsub("^.-=", ""):gsub("[:\n]", "") end
  tap.equal(c.serial, openssl("-serial"))
  tap.equal(c.sha1:upper(), openssl("-fingerprint -sha1"))
  tap.equal(c.sha512:upper(), openssl("-fingerprint -sha512"))
  tap.fails("ECERT", luv.tls.certificate("-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n"))
end)

tap.test("a key that is encrypted, in both ways of OpenSSL", function()
  local cert, key = T.issue("localhost", nil, nil, "rsa:2048")
  for _, how in ipairs{"pkcs8 -topk8 -v2 aes-256-cbc", "pkcs8 -topk8 -v2 des3 -v2prf hmacWithSHA1", "rsa -aes128 -traditional"} do
    T.run("openssl " .. how .. " -passout pass:secret -in " .. key .. " -out " .. key .. ".enc 2>&1")
    local config = assert(luv.tls.config{cert = cert, key = key .. ".enc", password = "secret"})
    config:close()
    tap.match(tap.fails("ECERT", luv.tls.config{cert = cert, key = key .. ".enc", password = "else"}), "password")
    tap.match(tap.fails("ECERT", luv.tls.config{cert = cert, key = key .. ".enc"}), "password")
  end
end)

tap.test("export gives both ends the same", function()
  for _, version in ipairs{"1.2", "1.3"} do
    local c, s = T.pair({max_version = version}, {})
    local bytes = assert(c:export("EXPORTER-Channel-Binding", 32, ""))
    tap.equal(#bytes, 32)
    tap.equal(s:export("EXPORTER-Channel-Binding", 32, ""), bytes)
    tap.ok(c:export("EXPORTER-else", 32, "") ~= bytes)
    tap.raises("argument #2", c.export, c, "x", 0)
    T.close(c, s)
  end
end)

-- ---- a handshake that is not waited for -----------------------------------------------------------

tap.both("handshake = false: starttls returns, the handshake goes on, and may time out as often as it likes", function()
  local a, b = luv.net.socketpair()
  local c = assert(a:starttls(T.client_options{handshake = false}))
  tap.fails("ENOTCONN", c:info())
  tap.fails("ETIMEDOUT", c:handshake(0))
  tap.fails("ETIMEDOUT", c:handshake(0.01))
  local o = T.server_options{handshake = false}
  o.server = true
  luv.sleep(0.01) -- the client's hello lies there already
  local s = assert(b:starttls(o))
  tap.equal(c:handshake(10), c)
  c:write("hello\n")
  tap.equal(s:read_line(), "hello")
  T.close(c, s)
end)

tap.test("and what is wrong is told by whatever comes next", function()
  local a, b = luv.net.socketpair()
  local c = assert(a:starttls(T.client_options{handshake = false}))
  b:write("220 this is no TLS\r\n")
  tap.fails("ETLS", c:handshake(10))
  tap.fails("ETLS", c:read())
  T.close(c, b)
end)

-- ---- a config for each client ------------------------------------------------------------------------

tap.test("choose: by the name and the protocols that the client says", function()
  local cert, key = luv.tls.selfsigned{"other.example"}
  local other = luv.tls.config{cert = cert, key = key, alpn = "x"}
  local heard
  local options = {alpn = "y", choose = function(hello)
    heard = hello
    luv.sleep(0.001)
    if hello.server_name == "bad.example" then return nil, "not here" end
    if hello.server_name == "wrong.example" then return luv.tls end
    if hello.server_name == "error.example" then error("oh", 0) end
    return hello.server_name == "other.example" and other or nil
  end}
  local c, s = T.pair({alpn = {"x", "y"}}, options)
  tap.equal(c:info().alpn, "y")
  tap.same(heard, {server_name = "localhost", alpn = {"x", "y"}})
  T.close(c, s)
  c, s = T.pair({alpn = {"x", "y"}, ca = cert, server_name = "other.example"}, options)
  tap.equal(c:info().alpn, "x")
  tap.match(c:info().peer.subject, "other.example")
  T.close(c, s)
  local l, port = T.listen(options)
  for name, why in pairs{["bad.example"] = "not here", ["wrong.example"] = "something else", ["error.example"] = "failed: oh"} do
    local server = luv.spawn(function() local s = l:accept(); local r = tap.pack(s:handshake(10)); s:close(); return r end)
    tap.fails("ETLS", luv.tls.connect("127.0.0.1", port, {server_name = name, verify = false}, 10))
    local r = server:join()
    tap.match(tap.fails("ETLS", unpack(r, 1, r.n)), why)
  end
  l:close()
  other:close()
end)

tap.test("choose alone is enough for a server; a config that is closed is refused", function()
  local chosen = luv.tls.config{cert = T.cert, key = T.key}
  local a, b = luv.net.socketpair()
  local server = luv.spawn(function() return b:starttls({server = true, choose = function() return chosen end}, 10) end)
  local c = assert(a:starttls(T.client_options(), 10))
  T.close(c, server:join())
  chosen:close()
  a, b = luv.net.socketpair()
  server = luv.spawn(function() return b:starttls({server = true, choose = function() return chosen end}, 10) end)
  tap.fails("ETLS", a:starttls(T.client_options(), 10))
  tap.fails("ETLS", server:join())
  tap.raises("field 'choose'", luv.tls.config, {choose = 7})
end)

tap.test("a config for another name shares the sessions, and outlives the first", function()
  local config = luv.tls.config{ca = T.cert}
  local l, port = T.listen()
  local server = luv.spawn(function()
    for _ = 1, 3 do local s = l:accept(); s:write("x"); s:read(1); s:close() end
  end)
  local named = config:named("localhost")
  config:close()
  for i = 1, 2 do
    local c = assert(luv.tls.connect("127.0.0.1", port, named, 10))
    tap.equal(c:info().server_name, "localhost")
    tap.equal(c:info().resumed, i == 2)
    c:read()
    c:close()
  end
  local other = named:named("else.example")
  tap.fails("ECERT", luv.tls.connect("127.0.0.1", port, other, 10))
  server:join()
  tap.raises("name", named.named, named, "")
  tap.fails("EBADF", config:named("x"))
  l:close()
  named:close()
  other:close()
end)

T.remove()
tap.done()
