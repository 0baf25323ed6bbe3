---@meta _

-- luv.mutex() - one fiber at a time.
--
-- Fibers get it in the order in which they came; unlock hands it to the next, whom nobody
-- overtakes. A fiber that ends, by an error or cancelled, lets go of all it has locked. The
-- main chunk counts as a fiber. Between two calls that may suspend nothing else runs, so a
-- mutex is needed only where there is such a call between lock and unlock.

---@class luv.mutex: luv.object
local mutex = {}

---Locks it; waits while another fiber has it.
---Raises: this fiber has locked it already.
---Suspends.
---@async
---@param timeout? number seconds
---@return luv.mutex? self nil when it fails
---@return string? message
---@return luv.code? code
function mutex:lock(timeout) end

---lock(0): ETIMEDOUT when it is locked, by whomever.
---@return luv.mutex? self nil when it fails
---@return string? message
---@return luv.code? code
function mutex:try_lock() end

---Raises: it is not locked, or by another fiber.
---@return luv.mutex? self nil when it fails
---@return string? message
---@return luv.code? code
function mutex:unlock() end

---@return boolean? yes some fiber has it
---@return string? message
---@return luv.code? code
function mutex:locked() end

---Runs fn(...) with the mutex locked, and unlocks it in whatever way fn ends: an error, a
---cancellation, a luv.timeout. fn may unlock it itself.
---Raises: what fn raises, unchanged; this fiber has locked it already.
---Suspends.
---@async
---@param fn fun(...): ...
---@param ... any arguments of fn
---@return any ... what fn returned; or nil, message, code, and fn was not called
function mutex:with(fn, ...) end
