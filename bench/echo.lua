-- echo.lua - the echo server of the README, beside limit/echo.c.
--
--   lua echo.lua PORT         prints "ready" when it listens on 127.0.0.1
--   lua echo.lua PATH         a unix socket, at a path with a slash
--   lua echo.lua PORT stats   answers the message "stats?" with what luv has counted
--   lua echo.lua PORT pcall   each handler runs in a pcall
--
-- The one rule: this is what a user writes, a fiber per connection and nothing clever. It
-- sends back just what came, as the limit does, so that the load can count the bytes.

local luv = require("luv")

local function echo(client)
  while true do
    local got, str = client:read()
    if got then
      client:write(str)
    else
      client:close()
      break
    end
  end
end

-- The same, and the counts of this moment for whoever asks.
local function echo_and_tell(client)
  while true do
    local got, str = client:read()
    if not got then
      client:close()
      break
    elseif str == "stats?" then
      local stats = luv.stats()
      client:write(string.format("go_callbacks %d switches %d\n", stats.go_callbacks, stats.switches))
    else
      client:write(str)
    end
  end
end

local function echo_in_pcall(client) return pcall(echo, client) end

local serve = ({stats = echo_and_tell, pcall = echo_in_pcall})[arg[2]] or echo

local path = arg[1]:find("/") and arg[1]
local create = path and luv.pipe.create or luv.net.tcp

local main = luv.fiber.create(function()
  local server = create()
  if path then assert(server:bind(path, {unlink = true}))
  else assert(server:bind("127.0.0.1", tonumber(arg[1]))) end
  assert(server:listen())
  print("ready")
  io.stdout:flush()

  while true do
    local client = create()
    server:accept(client)
    luv.fiber.create(serve, client):ready()
  end
end)

main:ready()
main:join()
