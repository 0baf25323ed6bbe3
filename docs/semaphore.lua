---@meta _

-- luv.semaphore(n) - n permits, 1 if none are named.
--
-- Who wants several is not overtaken by who wants one. Permits belong to nobody: any fiber
-- may release them, and a fiber that ends releases none.

---@class luv.semaphore: luv.object
local semaphore = {}

---Takes n permits; waits until they are free and it is this fiber's turn.
---Raises: n is no whole number of 1 or more.
---Suspends.
---@async
---@param n? integer default 1
---@param timeout? number seconds
---@return luv.semaphore? self nil when it fails
---@return string? message
---@return luv.code? code
function semaphore:acquire(n, timeout) end

---acquire(n, 0): ETIMEDOUT where acquire would have to wait.
---@param n? integer default 1
---@return luv.semaphore? self nil when it fails
---@return string? message
---@return luv.code? code
function semaphore:try_acquire(n) end

---Gives n permits back, or adds them.
---Raises: n is no whole number of 1 or more.
---@param n? integer default 1
---@return luv.semaphore? self nil when it fails
---@return string? message
---@return luv.code? code
function semaphore:release(n) end

---@return integer? n permits that are free
---@return string? message
---@return luv.code? code
function semaphore:value() end
