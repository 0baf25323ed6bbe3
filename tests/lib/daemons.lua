-- daemons.lua - servers of other people's, started on the loopback and ended by the tests.

local tap = ...
local luv = require("luv")
local D = {}

function D.free_port()
  local s, port = tap.listen()
  s:close()
  luv.sleep(0)
  return port
end

-- Waits until somebody listens at the port.
function D.reach(port, limit)
  local until_ = tap.clock() + (limit or 20)
  while tap.clock() < until_ do
    local s = luv.net.tcp()
    local ok = s:connect("127.0.0.1", port)
    s:close()
    if ok then return true end
    luv.sleep(0.05)
  end
  error("nobody listens at port " .. port, 2)
end

-- What is preloaded for this process (AddressSanitizer) is not for others.
function D.program(...) return "env", {"-u", "LD_PRELOAD", ...} end

function D.spawn(...)
  local command, args = D.program(...)
  args.stdin, args.stdout, args.stderr = "pipe", "pipe", "null"
  args.ends_with_parent = true
  return assert(luv.process.spawn(command, args))
end

function D.ended(p)
  p:kill("SIGKILL")
  p:wait()
  p:close()
end

-- ---- those that there are --------------------------------------------------------------------------

-- The path of a program, which may lie where only root looks; a test that needs it is skipped without.
local function needs(program)
  local path = tap.shell("PATH=$PATH:/usr/sbin:/sbin command -v " .. program):match("%S+")
  return path or tap.skip(program .. " is missing")
end

local dir

-- A folder for what they write.
function D.dir()
  if not dir then
    dir = os.tmpname() .. ".d"
    assert(luv.fs.mkdir(dir))
    assert(luv.fs.chmod(dir, "755"))
  end
  return dir
end

local function write(name, text)
  assert(luv.fs.writefile(D.dir() .. "/" .. name, text))
  return D.dir() .. "/" .. name
end

-- Each returns its port, and a function that ends it.
local function running(port, p, limit)
  local ok, message = pcall(D.reach, port, limit)
  if not ok then
    D.ended(p)
    error(message, 0)
  end
  return port, function() D.ended(p) end
end

function D.redis()
  local port = D.free_port()
  return running(port, D.spawn(needs("redis-server"), "--port", tostring(port), "--bind", "127.0.0.1", "--save", "", "--dir", D.dir()))
end

function D.memcached()
  local port = D.free_port()
  return running(port, D.spawn(needs("memcached"), "-u", "nobody", "-l", "127.0.0.1", "-U", "0", "-p", tostring(port)))
end

function D.nats()
  local port = D.free_port()
  return running(port, D.spawn(needs("nats-server"), "-a", "127.0.0.1", "-p", tostring(port)))
end

-- With a certificate it speaks TLS.
function D.mosquitto(cert, key)
  local port = D.free_port()
  local lines = {"listener " .. port .. " 127.0.0.1", "allow_anonymous true", cert and "certfile " .. cert or "", key and "keyfile " .. key or ""}
  if tap.shell("id -u"):match("%d+") == "0" then lines[#lines + 1] = "user root" end -- who may read the key
  local conf = write("mosquitto" .. port .. ".conf", table.concat(lines, "\n") .. "\n")
  return running(port, D.spawn(needs("mosquitto"), "-c", conf))
end

local nginx_conf = [[
daemon off; master_process off; worker_processes 1; pid DIR/nginx.pid; error_log DIR/nginx.log;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 1000000; client_body_temp_path DIR/n1; proxy_temp_path DIR/n2; fastcgi_temp_path DIR/n3; uwsgi_temp_path DIR/n4; scgi_temp_path DIR/n5;
  server { listen 127.0.0.1:PORT backlog=4096; SSL root DIR/www; location /moved { return 302 /file; } location /post { return 200 "posted"; } }
}]]

-- What lies in D.dir() .. "/www".
function D.nginx(cert, key)
  local program, port = needs("nginx"), D.free_port()
  local tls = cert and ("listen 127.0.0.1:%d ssl backlog=4096; ssl_certificate %s; ssl_certificate_key %s;"):format(D.free_port(), cert, key) or ""
  luv.fs.mkdir(D.dir() .. "/www")
  local conf = write("nginx.conf", (nginx_conf:gsub("DIR", D.dir()):gsub("PORT", tostring(port)):gsub("SSL", tls)))
  local _, stop = running(port, D.spawn(program, "-e", D.dir() .. "/nginx.log", "-c", conf))
  return port, stop, tonumber(tls:match(":(%d+)"))
end

-- A python that has the module, asked for a server of FTP.
function D.ftp()
  for _, python in ipairs{"python3", "/usr/bin/python3"} do
    local _, _, rc = tap.shell(python .. " -c 'import pyftpdlib'")
    if rc == 0 then
      local port = D.free_port()
      luv.fs.mkdir(D.dir() .. "/ftp")
      return running(port, D.spawn(python, "-m", "pyftpdlib", "-i", "127.0.0.1", "-p", tostring(port), "-d", D.dir() .. "/ftp", "-w"))
    end
  end
  tap.skip("python3-pyftpdlib is missing")
end

-- PostgreSQL for user pg with the password secret, by SCRAM; with TLS.
function D.postgres(cert, key)
  local bin
  for path in io.popen("ls -d /usr/lib/postgresql/*/bin 2>/dev/null"):lines() do bin = path end
  if not bin then tap.skip("postgresql is missing") end
  local root = tap.shell("id -u"):match("%d+") == "0"
  if root and tap.shell("id postgres") == "" then tap.skip("there is no user postgres") end
  local data, port = D.dir() .. "/pg", D.free_port()
  local script = ("%s/initdb -A scram-sha-256 -U pg --pwfile=%s/pw -D %s/db >/dev/null 2>&1 && cp %s/crt %s/db/server.crt && cp %s/key %s/db/server.key && chmod 600 %s/db/server.key")
    :format(bin, data, data, data, data, data, data, data)
  local as = root and "su postgres -s /bin/sh -c " or "sh -c "
  local out, err, rc = tap.shell(("unset LD_PRELOAD; mkdir %s && echo secret >%s/pw && cp %s %s/crt && cp %s %s/key && %s && %s '%s'")
    :format(data, data, cert, data, key, data, root and "chown -R postgres " .. data or "true", as, script))
  if rc ~= 0 then tap.skip("initdb does not work here: " .. out .. err) end
  local serve = ("exec %s/postgres -D %s/db -p %d -c ssl=on -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"):format(bin, data, port)
  local p = root and D.spawn("su", "postgres", "-s", "/bin/sh", "-c", serve) or D.spawn("sh", "-c", serve)
  local _, stop = running(port, p, 40)
  return port, function()
    stop()
    tap.shell(("kill $(head -1 %s/db/postmaster.pid) 2>/dev/null; sleep 0.3"):format(data))
  end
end

-- ---- one of our own: mail -----------------------------------------------------------------------------

local function mail(stream, letters)
  stream:write("220 here\r\n")
  for line in stream:lines() do
    local word = line:upper():match("^%a+")
    if word == "EHLO" then stream:write("250-here\r\n250 AUTH PLAIN\r\n")
    elseif word == "DATA" then
      stream:write("354 go on\r\n")
      local letter = stream:read_until("\r\n.\r\n", 1e7)
      letters[#letters + 1] = letter
      stream:write("250 kept\r\n")
    elseif word == "QUIT" then
      stream:write("221 bye\r\n")
      break
    elseif word == "AUTH" then stream:write("235 well\r\n")
    else stream:write("250 ok\r\n") end
  end
  stream:close()
end

-- Its port, the letters it has got, a function that ends it.
function D.mail()
  local l, port = tap.listen()
  local letters = {}
  local f = luv.spawn(function()
    while true do
      local s = l:accept()
      if not s then return end
      luv.spawn(mail, s, letters)
    end
  end)
  return port, letters, function() l:close() f:join() end
end

function D.remove()
  if dir then tap.shell("rm -rf " .. dir) end
end

-- fn(i) in n fibers; the first error is raised.
function D.at_once(n, fn)
  local fibers = {}
  for i = 1, n do fibers[i] = luv.spawn(fn, i) end
  for i = 1, n do fibers[i]:join() end
end

return D
