---@meta _

-- luv.idle - what runs when there is nothing else to do: the turns of the loop.
--
-- While one runs the loop does not block: whoever waits, a whole CPU is used. Every fiber,
-- timer and socket has its turn all the same.

---@class luv
---@field idle luv.idlelib

---@class luv.idlelib
local idlelib = {}

---@class luv.idle: luv.object
local idle = {}

---Makes an idle handle that is stopped. Source: uv_idle_init.
---@return luv.idle? idle nil when it fails
---@return string? message
---@return luv.code? code
function idlelib.create() end

---Starts counting turns; if it runs already it does nothing. Source: uv_idle_start.
---@return luv.idle? self nil when it fails
---@return string? message
---@return luv.code? code
function idle:start() end

---Stops it and ends the waits for it with ECANCELED. Source: uv_idle_stop.
---@return luv.idle? self nil when it fails
---@return string? message
---@return luv.code? code
function idle:stop() end

---Waits for a turn of the loop, unless some have been counted already. EINVAL: it
---does not run.
---Raises: a timeout that is no number of 0 or more.
---Suspends.
---@async
---@param timeout? number seconds
---@return integer? turns since the last call, at least 1; nil when it fails
---@return string? message
---@return luv.code? code
function idle:wait(timeout) end

return idlelib
