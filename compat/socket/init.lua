-- luv.socket - the interface of LuaSocket 3.1 over luv: whatever blocks there waits here.
local luv, load = ...

local socket = {_VERSION = "LuaSocket 3.1.0"}

return socket
