---@meta _

-- luv.cond() - a condition: fibers wait until another signals. luv.fiber.cond() of the
-- seed's era is the same.
--
-- A signal that comes while nobody waits is lost. Fibers wait in the order in which they
-- came. That nothing outside can signal a condition makes it count in the search for
-- deadlocks.

---@class luv.cond: luv.object
local cond = {}

---Waits for signal or broadcast. A mutex is unlocked while it waits, and locked again when it
---returns or raises, however the wait ends; so a timeout may come late by as long as another
---fiber has the mutex.
---Raises: a timeout that is no number of 0 or more; a mutex that this fiber has not locked.
---Suspends.
---@async
---@param mutex? luv.mutex anything else is ignored: the seed's scripts passed the fiber
---@param timeout? number seconds
---@return true? ok nil when it fails
---@return string? message
---@return luv.code? code
function cond:wait(mutex, timeout) end

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
