-- luv.tls with real peers: openssl, curl, python, nginx, redis, PostgreSQL.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local T = assert(loadfile(tap.dir .. "lib/tls.lua"))(tap)

local D = assert(loadfile(tap.dir .. "lib/daemons.lua"))(tap)
local free_port, reach, program, spawn, ended = D.free_port, D.reach, D.program, D.spawn, D.ended

-- Serves what `handle` does with one connection.
local function serve(options, handle)
  local l, port = T.listen(options)
  local f = luv.spawn(function()
    local s = assert(l:accept(30))
    local ok, message = s:handshake(30)
    if ok then handle(s) end
    s:close()
    return ok, message
  end)
  return port, function()
    local ok, message = f:join()
    l:close()
    return ok, message
  end
end

-- ---- openssl ------------------------------------------------------------------------------------

tap.test("openssl s_client: both versions, client certificate, ALPN, key update", function()
  T.needs("openssl")
  local cert, key = T.issue("localhost")
  local mine, mykey = T.issue("client.example")
  local ca = T.dir() .. "/ca.pem"
  for _, version in ipairs{"-tls1_2", "-tls1_3"} do
    local info
    local port, finish = serve({cert = cert, key = key, ca = ca, client_auth = "verify", alpn = {"x", "echo"}}, function(s)
      info = s:info()
      for line in s:lines() do s:write(line:upper() .. "\n") end
    end)
    local p = spawn("openssl", "s_client", "-connect", "127.0.0.1:" .. port, "-CAfile", ca, "-verify_return_error", "-servername",
      "localhost", "-cert", mine, "-key", mykey, "-alpn", "echo", version, "-quiet")
    p.stdin:write("hello\n")
    tap.equal(p.stdout:read_line(nil, 30), "HELLO")
    ended(p)
    finish()
    tap.equal(info.version, version == "-tls1_2" and "1.2" or "1.3")
    tap.equal(info.alpn, "echo")
    tap.equal(info.server_name, "localhost")
    tap.equal(info.peer.subject, "CN=client.example")
  end
end)

tap.test("openssl s_client asks for new keys in the middle", function()
  T.needs("openssl")
  local port, finish = serve(nil, function(s)
    for line in s:lines() do s:write("got " .. line .. "\n") end
  end)
  local p = spawn("openssl", "s_client", "-connect", "127.0.0.1:" .. port, "-tls1_3")
  p.stdin:write("one\n")
  local line
  repeat line = assert(p.stdout:read_line(nil, 30)) until line == "got one"
  p.stdin:write("K\n") -- update the keys, and ask the peer to
  luv.sleep(0.2)
  p.stdin:write("two\n")
  repeat line = assert(p.stdout:read_line(nil, 30)) until line == "got two"
  p.stdin:write("k\n")
  luv.sleep(0.2)
  p.stdin:write("three\n")
  repeat line = assert(p.stdout:read_line(nil, 30)) until line == "got three"
  p.stdin:close()
  ended(p)
  finish()
end)

tap.test("openssl s_server: verified, with a client certificate; its close_notify is the end", function()
  T.needs("openssl")
  local cert, key = T.issue("localhost")
  local mine, mykey = T.issue("client.example")
  local ca = T.dir() .. "/ca.pem"
  for _, version in ipairs{"-tls1_2", "-tls1_3"} do
    local port = free_port()
    local p = spawn("openssl", "s_server", "-accept", "127.0.0.1:" .. port, "-cert", cert, "-key", key, "-CAfile", ca,
      "-Verify", "1", "-verify_return_error", version, "-rev", "-alpn", "echo")
    reach(port)
    local c = assert(luv.tls.connect("localhost", port, {ca = ca, cert = mine, key = mykey, alpn = {"echo"}}, 30))
    tap.equal(c:info().alpn, "echo")
    tap.equal(c:info().version, version == "-tls1_2" and "1.2" or "1.3")
    c:write("drawer\n")
    tap.equal(c:read_line(nil, 30), "reward")
    c:close()
    ended(p)
  end
end)

tap.test("session resumption with openssl, on both sides", function()
  T.needs("openssl")
  local port = free_port()
  local cert, key = T.issue("localhost")
  local p = spawn("openssl", "s_server", "-accept", "127.0.0.1:" .. port, "-cert", cert, "-key", key, "-rev")
  reach(port)
  local config = assert(luv.tls.config{ca = T.dir() .. "/ca.pem"})
  local resumed = {}
  for i = 1, 2 do
    local c = assert(luv.tls.connect("localhost", port, config, 30))
    c:write("ab\n")
    tap.equal(c:read_line(nil, 30), "ba") -- the ticket has come before
    resumed[i] = c:info().resumed
    c:close()
  end
  tap.same(resumed, {false, true})
  ended(p)
  config:close()

  local session = os.tmpname()
  local server = assert(luv.tls.config(T.server_options()))
  local l = assert(luv.tls.listen("127.0.0.1", 0, server))
  port = l:getsockname().port
  resumed = {}
  for i = 1, 2 do
    local f = luv.spawn(function()
      local s = l:accept()
      s:handshake(30)
      resumed[i] = s:info().resumed
      s:write("ready\n")
      s:read_all()
      s:close()
    end)
    local client = spawn("openssl", "s_client", "-connect", "127.0.0.1:" .. port, i == 1 and "-sess_out" or "-sess_in", session)
    client.stdout:read_until("ready\n", nil, 30)
    client.stdin:close()
    client:wait(20)
    ended(client)
    f:join()
  end
  tap.same(resumed, {false, true})
  l:close()
  server:close()
end)

tap.test("the keys in keylog are those that openssl has used", function()
  T.needs("openssl")
  local mine, theirs = os.tmpname(), os.tmpname()
  os.remove(mine)
  local port, finish = serve({keylog = mine}, function(s) s:read_all() end)
  local p = spawn("openssl", "s_client", "-connect", "127.0.0.1:" .. port, "-keylogfile", theirs)
  p.stdin:close()
  p:wait(20)
  ended(p)
  finish()
  local ours, secrets = tap.slurp(mine), 0
  for line in io.lines(theirs) do
    if not line:match("^#") and not line:match("^EXPORTER") then
      secrets = secrets + 1
      tap.ok(ours:find(line, 1, true), "no line " .. line)
    end
  end
  tap.ok(secrets >= 4, secrets .. " secrets")
  os.remove(mine)
end)

-- ---- curl, python ----------------------------------------------------------------------------------

local function answer(body)
  return function(s)
    local request = s:read_line()
    while s:read_line() ~= "" do end
    s:write{"HTTP/1.1 200 OK\r\nContent-Length: ", #body + #request + 1, "\r\nConnection: close\r\n\r\n", request, "\n", body}
  end
end

tap.test("curl gets a megabyte; and refuses who is not the one", function()
  T.needs("curl")
  local cert, key = T.issue("localhost")
  local body = ("0123456789abcdef"):rep(65536)
  local port, finish = serve({cert = cert, key = key, alpn = {"http/1.1"}}, answer(body))
  local r = assert(luv.process.run(program("curl", "-sS", "--cacert", T.dir() .. "/ca.pem", "https://localhost:" .. port .. "/x")))
  finish()
  tap.equal(r.code, 0, r.stderr)
  tap.equal(r.stdout, "GET /x HTTP/1.1\n" .. body)
  port, finish = serve({cert = cert, key = key}, answer(body))
  r = luv.process.run(program("curl", "-sS", "https://localhost:" .. port .. "/x"))
  tap.match(r.stderr, "certificate")
  tap.ok(r.code ~= 0)
  local ok, message = finish()
  if not ok then tap.match(message, "^E") end
end)

local python_client = [[
import socket, ssl, sys
ctx = ssl.create_default_context(cafile=sys.argv[1])
raw = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
s = ctx.wrap_socket(raw, server_hostname="localhost")
total = 0
s.sendall(b"x" * 3000000)
while total < 3000000:
    total += len(s.recv(65536))
s.unwrap() if len(sys.argv) > 3 else None
print(s.version(), total)
]]

tap.test("python's ssl, three megabytes there and back", function()
  T.needs("python3")
  local cert, key = T.issue("localhost")
  local script = tap.tempfile(python_client)
  for _, unwraps in ipairs{true, false} do
    local last
    local port, finish = serve({cert = cert, key = key}, function(s)
      while true do
        local n, data, code = s:read()
        if not n then last = code break end
        s:write(data)
      end
    end)
    local r = luv.process.run(program("python3", script, T.dir() .. "/ca.pem", tostring(port), unwraps and "unwrap" or nil))
    finish()
    if unwraps then tap.equal(last, "EOF") else tap.ok(last == "ETRUNCATED" or last == "ECONNRESET", last) end
    if not unwraps then tap.equal(r.stdout, "TLSv1.3 3000000\n", r.stderr) end
  end
  os.remove(script)
end)

local python_server = [[
import socket, ssl, sys
ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
ctx.load_cert_chain(sys.argv[1], sys.argv[2])
l = socket.socket()
l.bind(("127.0.0.1", 0))
l.listen()
print(l.getsockname()[1], flush=True)
c, _ = l.accept()
f = c.makefile("rwb", buffering=0)
f.write(b"220 ready\r\n")
assert f.readline().startswith(b"EHLO")
f.write(b"250 STARTTLS\r\n")
assert f.readline() == b"STARTTLS\r\n"
f.write(b"220 go ahead\r\n")
s = ctx.wrap_socket(c, server_side=True)
line = s.recv(100)
s.sendall(b"250 " + line)
s.unwrap()
]]

tap.test("STARTTLS with python's ssl", function()
  T.needs("python3")
  local cert, key = T.issue("localhost")
  local script = tap.tempfile(python_server)
  local p = spawn("python3", script, cert, key)
  local port = tonumber((p.stdout:read_line(nil, 30)))
  local c = assert(luv.net.tcp():connect("127.0.0.1", port))
  tap.equal(c:read_line(), "220 ready")
  c:write("EHLO me\r\n")
  tap.equal(c:read_line(), "250 STARTTLS")
  c:write("STARTTLS\r\n")
  tap.equal(c:read_line(), "220 go ahead")
  local s = assert(c:starttls({ca = T.dir() .. "/ca.pem", server_name = "localhost"}, 30))
  s:write("MAIL\n")
  tap.equal(s:read_line(), "250 MAIL")
  tap.fails("EOF", s:read())
  s:close()
  p:wait(20)
  ended(p)
  os.remove(script)
end)

-- ---- nginx, redis, PostgreSQL ---------------------------------------------------------------------------

tap.test("nginx", function()
  T.needs("nginx")
  local cert, key = T.issue("localhost")
  local port, dir = free_port(), T.dir()
  T.write(dir .. "/nginx.conf", ([[
daemon off; master_process off; worker_processes 1; pid %s/nginx.pid; error_log %s/nginx.log;
events { worker_connections 64; }
http {
  access_log off; client_body_temp_path %s/n1; proxy_temp_path %s/n2; fastcgi_temp_path %s/n3; uwsgi_temp_path %s/n4; scgi_temp_path %s/n5;
  server { listen 127.0.0.1:%d ssl; ssl_certificate %s; ssl_certificate_key %s; ssl_protocols TLSv1.2 TLSv1.3; return 200 "hello from nginx\n"; }
}]]):format(dir, dir, dir, dir, dir, dir, dir, port, cert, key))
  local p = spawn("nginx", "-e", dir .. "/nginx.log", "-c", dir .. "/nginx.conf")
  reach(port)
  local config = luv.tls.config{ca = dir .. "/ca.pem", alpn = {"http/1.1"}}
  for i, version in ipairs{"1.3", "1.3"} do
    local c = assert(luv.tls.connect("localhost", port, config, 30))
    c:write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    tap.match(c:read_all(), "hello from nginx\n$")
    tap.equal(c:info().version, version)
    tap.equal(c:info().resumed, i == 2)
    c:close()
  end
  config:close()
  ended(p)
end)

tap.test("redis", function()
  T.needs("redis-server")
  local cert, key = T.issue("localhost")
  local port = free_port()
  local p = spawn("redis-server", "--port", "0", "--tls-port", tostring(port), "--tls-cert-file", cert, "--tls-key-file", key,
    "--tls-ca-cert-file", T.dir() .. "/ca.pem", "--save", "", "--dir", T.dir())
  reach(port)
  local c = assert(luv.tls.connect("localhost", port, {ca = T.dir() .. "/ca.pem", cert = cert, key = key}, 30))
  local value = ("v"):rep(1000000)
  c:write{"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$", #value, "\r\n", value, "\r\n"}
  tap.equal(c:read_line(nil, 30), "+OK")
  c:write("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n")
  tap.equal(c:read_line(nil, 30), "$1000000")
  tap.equal(c:read_exactly(#value, 30), value)
  c:close()
  ended(p)
end)

tap.test("PostgreSQL, behind its SSLRequest", function()
  local bin
  for path in io.popen("ls -d /usr/lib/postgresql/*/bin 2>/dev/null"):lines() do bin = path end
  if not bin then tap.skip("postgresql is missing") end
  if tap.shell("id postgres") == "" then tap.skip("there is no user postgres") end
  local cert, key = T.issue("localhost")
  local port, data = free_port(), os.tmpname() .. ".pg"
  local as = "su postgres -s /bin/sh -c "
  local out, err, rc = tap.shell(("unset LD_PRELOAD; mkdir %s && cp %s %s/server.crt.in && cp %s %s/server.key.in && chown -R postgres %s && " ..
    as .. "'%s/initdb -A trust -D %s/db >/dev/null 2>&1 && cp %s/server.crt.in %s/db/server.crt && cp %s/server.key.in %s/db/server.key && chmod 600 %s/db/server.key'")
    :format(data, cert, data, key, data, data, bin, data, data, data, data, data, data))
  if rc ~= 0 then tap.skip("initdb does not work here: " .. out .. err) end
  local p = spawn("su", "postgres", "-s", "/bin/sh", "-c",
    ("exec %s/postgres -D %s/db -p %d -c ssl=on -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"):format(bin, data, port))
  reach(port, 40)
  local c, answered
  for _ = 1, 100 do -- it says E while it starts
    local raw = assert(luv.net.tcp():connect("127.0.0.1", port))
    raw:write("\0\0\0\8\4\210\22\47")
    tap.equal(raw:read_exactly(1, 30), "S")
    c = assert(raw:starttls({ca = T.dir() .. "/ca.pem", server_name = "localhost"}, 30))
    local startup = "\0\3\0\0user\0postgres\0database\0postgres\0\0"
    c:write("\0\0\0" .. string.char(#startup + 4) .. startup)
    answered = c:read_exactly(1, 30)
    if answered ~= "E" then break end
    c:close()
    luv.sleep(0.1)
  end
  tap.equal(answered, "R")
  local query = "select 6 * 7\0"
  c:write("Q\0\0\0" .. string.char(#query + 4) .. query)
  tap.ok(c:read_until("\0\0\0\00242", nil, 30))
  c:close()
  ended(p)
  tap.shell(("kill $(head -1 %s/db/postmaster.pid) 2>/dev/null; sleep 0.3; rm -rf %s"):format(data, data))
end)

T.remove()
tap.done()
