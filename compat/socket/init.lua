-- luv.socket - the interface of LuaSocket 3.1 over luv: whatever blocks there waits here, and other
-- fibers run meanwhile.

local luv, load = ...
local object, argument = load("socket.object"), load("socket.argument")
local tcp, udp, except = load("socket.tcp"), load("socket.udp"), load("socket.except")

local select, sleep = select, luv.sleep

local socket = {
  _VERSION = "LuaSocket 3.0.0", -- what LuaSocket 3.1.0 says of itself
  _SETSIZE = 65536, _SOCKETINVALID = -1, _DATAGRAMSIZE = udp._DATAGRAMSIZE,
  tcp = tcp.tcp, tcp4 = tcp.tcp4, tcp6 = tcp.tcp6, connect = tcp.connect,
  udp = udp.udp, udp4 = udp.udp4, udp6 = udp.udp6,
  dns = load("socket.dns"), select = load("socket.select"),
  newtry = except.newtry, protect = except.protect, gettime = object.gettime,
}

function socket.sleep(seconds)
  seconds = argument.number("sleep", 1, seconds)
  sleep(seconds > 0 and seconds or 0)
end

-- What stands behind the first n of its further arguments.
function socket.skip(n, ...) return select(argument.whole(argument.number("skip", 1, n)) + 1, ...) end

function socket.__unload() return 0 end

load("socket.helper")(socket)

return socket
