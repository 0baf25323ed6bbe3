-- socket-clients.lua - a thousand fetches and a thousand commands of Redis at once, by code that knows nothing
-- of luv: socket.http and redis-lua, as they are installed.
--
--   ulimit -n 4096; lua5.1 examples/socket-clients.lua http://127.0.0.1:8080/ [6379 [1000]]

local luv = require("luv").install{socket = true} -- the line that makes it so
local http, redis = require("socket.http"), require("redis")
local url, port, n = assert(arg[1], "which URL?"), tonumber(arg[2] or 6379), tonumber(arg[3] or 1000)

-- As one would write it for one.
local function job()
  local body = assert(http.request(url))
  local db = redis.connect("127.0.0.1", port)
  db:incrby("example:bytes", #body)
  db:quit()
end

redis.connect("127.0.0.1", port):set("example:bytes", 0)
local start = luv.hrtime()
luv.scope(function(s)
  for _ = 1, n do s:spawn(job) end
end)
local bytes = redis.connect("127.0.0.1", port):get("example:bytes")
print(("%d fetches and as many commands, %s bytes, in %.2f s"):format(n, bytes, (luv.hrtime() - start) / 1e9))
