---@meta _

-- luv.waitgroup() - wait until as many are done as were added.

---@class luv.waitgroup: luv.object
local waitgroup = {}

---Raises: fewer than none would be left.
---@param n? integer how many more, negative too; default 1
---@return luv.waitgroup? self nil when it fails
---@return string? message
---@return luv.code? code
function waitgroup:add(n) end

---One is done: add(-1).
---Raises: more are done than were added.
---@return luv.waitgroup? self nil when it fails
---@return string? message
---@return luv.code? code
function waitgroup:done() end

---Waits until none are left; returns at once when there are none.
---Suspends.
---@async
---@param timeout? number seconds
---@return luv.waitgroup? self nil when it fails
---@return string? message
---@return luv.code? code
function waitgroup:wait(timeout) end

---@return integer? n how many are not done yet
---@return string? message
---@return luv.code? code
function waitgroup:count() end
