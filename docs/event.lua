---@meta _

-- luv.event() - a flag that fibers wait for. It is clear at first, and stays set until it is
-- cleared: who waits for one that is set does not wait.

---@class luv.event: luv.object
local event = {}

---Sets it and wakes all that wait, though it be cleared before they run.
---@return luv.event? self nil when it fails
---@return string? message
---@return luv.code? code
function event:set() end

---@return luv.event? self nil when it fails
---@return string? message
---@return luv.code? code
function event:clear() end

---@return boolean? yes
---@return string? message
---@return luv.code? code
function event:is_set() end

---Waits until it is set.
---Suspends.
---@async
---@param timeout? number seconds
---@return luv.event? self nil when it fails
---@return string? message
---@return luv.code? code
function event:wait(timeout) end
