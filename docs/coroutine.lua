---@meta _

-- luv.coroutine - Lua's own coroutine functions (Lua 5.1 manual, 5.2), kept under this name.
--
-- A call that waits inside a coroutine suspends the whole fiber, and others run. While it waits
-- the coroutine is "normal": it cannot be resumed. One may be begun in a fiber and gone on with in
-- another, or in the main chunk.

---@class luv
---@field coroutine luv.coroutinelib

---@class luv.coroutinelib
local coroutinelib = {}

---Makes a coroutine of fn.
---Raises: fn is no function; on Lua 5.1, a C function.
---@param fn fun(...): ...
---@return thread co
function coroutinelib.create(fn) end

---Starts co or goes on with it.
---Raises: co is no coroutine. A dead, running or waiting one gives
---false, "cannot resume dead coroutine" and so on.
---Suspends when the coroutine waits.
---@async
---@param co thread
---@param ... any arguments of its function, or results of its yield
---@return boolean ok
---@return any ... what it yielded or returned; or the error value
function coroutinelib.resume(co, ...) end

---Makes a coroutine of fn, and returns a function that resumes it, raises its errors, and
---returns what it yields. That function suspends when the coroutine waits.
---Raises: fn is no function.
---@param fn fun(...): ...
---@return fun(...): ... resume
function coroutinelib.wrap(fn) end

---Yields to whoever resumed the running coroutine. In a fiber, outside any coroutine, it is
---luv.fiber.yield, but Lua refuses it where something of C is between.
---@async
---@param ... any what resume returns
---@return any ... what the next resume was given
function coroutinelib.yield(...) end

---The running coroutine; in a fiber, outside any coroutine, the fiber's Lua thread; nil in
---the main chunk.
---@return thread? co
function coroutinelib.running() end

---What becomes of co. A coroutine that waits, for a socket or a sleep, is "normal".
---Raises: co is no coroutine.
---@param co thread
---@return "running"|"suspended"|"normal"|"dead" status
function coroutinelib.status(co) end

return coroutinelib
