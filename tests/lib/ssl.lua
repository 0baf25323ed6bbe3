-- ssl.lua - what the tests of luv.ssl share: contexts' settings, pairs of sockets and of connections.

local tap, T = ...
local luv = require("luv")
local socket, ssl = require("luv.socket"), require("luv.ssl")
local S = {}

function S.file(text)
  local path = os.tmpname()
  T.write(path, text)
  return path
end
S.certfile, S.keyfile = S.file(T.cert), S.file(T.key)

S.client_cfg = {mode = "client", protocol = "any", verify = "peer", cafile = S.certfile}
S.server_cfg = {mode = "server", protocol = "any", certificate = S.certfile, key = S.keyfile}

-- A connected pair of sockets of luv.socket.
function S.sockets()
  local l = assert(socket.bind("127.0.0.1", 0))
  local _, port = l:getsockname()
  local a = assert(socket.connect("127.0.0.1", port))
  local b = assert(l:accept())
  l:close()
  return a, b
end

-- A pair of connections, the handshake done.
function S.pair(client, server)
  local a, b = S.sockets()
  local other = luv.spawn(function()
    local s = assert(ssl.wrap(b, server or S.server_cfg))
    return s, s:dohandshake()
  end)
  local c = assert(ssl.wrap(a, client or S.client_cfg))
  local ok, why = c:dohandshake()
  local s, server_ok, server_why = other:join()
  if ok then tap.equal(server_ok, true, server_why) end
  return c, s, ok, why
end

return S
