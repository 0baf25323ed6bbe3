-- An echo server of TLS:  lua tls-echo.lua [PORT [CERT KEY]]
--
-- It speaks "echo" and "shout", which a client chooses by ALPN; without a certificate it makes one of
-- its own. SIGHUP has it read CERT and KEY again: connections that are there keep the old ones, and a
-- broken file changes nothing.
local luv = require("luv")

local port, cert, key = tonumber(arg[1]) or 8443, arg[2], arg[3]
if not cert then cert, key = luv.tls.selfsigned{"localhost", "127.0.0.1"} end
local config = assert(luv.tls.config{cert = cert, key = key, alpn = {"echo", "shout"}})
local listener = assert(luv.tls.listen("127.0.0.1", port, config))
print("listening at port " .. listener:getsockname().port)
io.stdout:flush()

luv.spawn(function()
  local hup = luv.signal.create("SIGHUP")
  while hup:next() do
    local ok, message = config:reload()
    print(ok and "reloaded" or message)
    io.stdout:flush()
  end
end)

local function serve(stream)
  local ok, message = stream:handshake(10) -- whoever takes longer is no client
  if not ok then
    stream:close()
    return io.stderr:write(message, "\n")
  end
  local change = stream:info().alpn == "shout" and string.upper or tostring
  for line in stream:lines() do
    if not stream:write(change(line) .. "\n") then break end
  end
  stream:close()
end

while true do
  local stream = listener:accept()
  if stream then luv.spawn(serve, stream) else luv.sleep(0.1) end
end
