-- tls.lua - a TLS echo server, beside limit/tls.c and limit/gotls.
--
--   lua tls.lua PORT CERT KEY     prints "ready" when it listens on 127.0.0.1
--
-- The one rule: this is what a user writes, a fiber per connection and nothing clever.

local luv = require("luv")

local function echo(client)
  while true do
    local got, str = client:read()
    if not got then break end
    client:write(str)
  end
  client:close()
end

local server = assert(luv.tls.listen("127.0.0.1", tonumber(arg[1]), {cert = arg[2], key = arg[3]}))
print("ready")
io.stdout:flush()
while true do luv.spawn(echo, (assert(server:accept()))) end
