---@meta _

-- What timers, idle handles, sockets and conditions have in common.
--
-- An object is a userdata: tostring gives userdata<luv.timer>: 0x…, its metatable is out
-- of reach (getmetatable gives the class's name), and fields cannot be set. An object that
-- is forgotten is closed by the garbage collector; one that a fiber waits on is kept.
-- Fibers are not objects in this sense: they end, and have no close.

---@class luv.object
local object = {}

---Closes the object: ends every wait on it with ECANCELED, drops what it has buffered
---and gives its descriptor back before it returns. Closing what is closed does nothing. Never
---suspends, never fails, but for a socket of ØMQ: see luv.zmq. Source: uv_close.
---@return self self
function object:close() end

---Whether close has been called, or close_reset.
---@return boolean yes
function object:closed() end
