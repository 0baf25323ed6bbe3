-- udp.lua - a UDP echo server, beside limit/udp.c.
--
--   lua udp.lua PORT      prints "ready" when it is bound to 127.0.0.1
--
-- The one rule: this is what a user writes. The message "stats?" is answered with what luv
-- has counted.

local luv = require("luv")

local socket = assert(luv.net.udp():bind("127.0.0.1", tonumber(arg[1])))
print("ready")
io.stdout:flush()

luv.spawn(function()
  while true do
    local data, from = socket:recv()
    if not data then break end
    if data == "stats?" then
      local stats = luv.stats()
      data = string.format("go_callbacks %d switches %d\n", stats.go_callbacks, stats.switches)
    end
    socket:send(data, from.address, from.port)
  end
end):join()
