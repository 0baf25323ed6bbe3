-- tls.lua - what the tests of luv.tls share: pairs, servers, certificates made with openssl.

local tap = ...
local luv = require("luv")
local T = {}

T.cert, T.key = luv.tls.selfsigned{"localhost", "127.0.0.1"}

-- A config of a server that has T's certificate.
function T.server_options(more)
  local o = {cert = T.cert, key = T.key}
  for k, v in pairs(more or {}) do o[k] = v end
  return o
end

function T.client_options(more)
  local o = {ca = T.cert, server_name = "localhost"}
  for k, v in pairs(more or {}) do o[k] = v end
  return o
end

-- A listener, its port.
function T.listen(options)
  local l = assert(luv.tls.listen("127.0.0.1", 0, T.server_options(options)))
  return l, l:getsockname().port
end

-- A client and a server's end whose handshake is done, over TCP.
function T.pair(client, server)
  local l, port = T.listen(server)
  local accepted = luv.spawn(function()
    local s = assert(l:accept())
    return s, s:handshake(10)
  end)
  local c, message = luv.tls.connect("127.0.0.1", port, T.client_options(client), 10)
  local s = accepted:join()
  l:close()
  assert(c, message)
  return c, s
end

-- The same over two ends of anything.
function T.over(a, b, client, server)
  local o = T.server_options(server)
  o.server = true
  local other = luv.spawn(function() return assert(b:starttls(o, 10)) end)
  local c = assert(a:starttls(T.client_options(client), 10))
  return c, other:join()
end

function T.close(...)
  for _, s in ipairs{...} do s:close() end
end

function T.needs(program)
  if not tap.has(program) then tap.skip(program .. " is missing") end
end

-- ---- certificates of an authority -------------------------------------------------------------

local dir

function T.write(path, text)
  local f = assert(io.open(path, "w"))
  f:write(text)
  f:close()
end

local function run(command)
  local out, err, rc = tap.shell(command)
  if rc ~= 0 then error(command .. "\n" .. out .. err, 2) end
  return out
end
T.run = run

-- The folder of this process's certificates, with an authority's.
function T.dir()
  if dir then return dir end
  T.needs("openssl")
  dir = os.tmpname() .. ".d"
  run("mkdir " .. dir)
  run("cd " .. dir .. " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=authority " ..
    "-addext keyUsage=critical,keyCertSign,cRLSign -keyout ca.key -out ca.pem 2>&1")
  return dir
end

-- A certificate for `name` that the authority signs: paths of the certificate and of the key.
-- `more` are lines of openssl's extension file; `dates` are options of "openssl x509".
function T.issue(name, more, dates, key)
  local d = T.dir()
  local file = name:gsub("[^%w]", "_") .. math.random(1e9)
  T.write(d .. "/" .. file .. ".ext", "subjectAltName=DNS:" .. name .. "\n" .. (more or "extendedKeyUsage=serverAuth,clientAuth") .. "\n")
  run("cd " .. d .. " && openssl req -newkey " .. (key or "ec -pkeyopt ec_paramgen_curve:P-256") .. " -nodes -subj /CN=" .. name ..
    " -keyout " .. file .. ".key -out " .. file .. ".csr 2>&1 && openssl x509 -req -in " .. file .. ".csr -CA ca.pem -CAkey ca.key " ..
    "-CAcreateserial -extfile " .. file .. ".ext " .. (dates or "-days 20") .. " -out " .. file .. ".pem 2>&1")
  return d .. "/" .. file .. ".pem", d .. "/" .. file .. ".key"
end

function T.remove()
  if dir then tap.shell("rm -rf " .. dir) end
end

return T
