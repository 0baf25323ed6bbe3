---@meta _

-- luv.fiber.cond() - a condition: fibers wait until another signals. From the seed's era.
--
-- A signal that comes while nobody waits is lost. Fibers wait in the order in which they
-- came. That nothing outside can signal a condition makes it count in the search for
-- deadlocks.

---@class luv.cond: luv.object
local cond = {}

---Waits for signal or broadcast.
---Raises: a timeout that is no number of 0 or more.
---Suspends.
---@async
---@param fiber? any ignored; the seed's scripts passed the fiber
---@param timeout? number seconds
---@return true? ok nil when it fails
---@return string? message
---@return luv.code? code
function cond:wait(fiber, timeout) end

---Wakes the one that has waited longest, if any waits. It runs when the caller next waits.
---@return luv.cond? self nil when it fails
---@return string? message
---@return luv.code? code
function cond:signal() end

---Wakes all that wait.
---@return luv.cond? self nil when it fails
---@return string? message
---@return luv.code? code
function cond:broadcast() end
