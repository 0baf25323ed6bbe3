---@meta _

-- luv.coroutine - Lua's coroutine functions (Lua 5.1 manual, 5.2), in which a fiber can wait.
--
-- A call that suspends inside such a coroutine suspends the whole fiber; its yield goes to
-- whoever resumed it, also from inside luv.pcall. The coroutines are ordinary Lua threads: one
-- may be started in a fiber and gone on with in another, or in the main chunk. Results and
-- error messages are the host's own, Lua's or LuaJIT's. luv.install puts all of this into the
-- global table coroutine.

---@class luv
---@field coroutine luv.coroutinelib

---@class luv.coroutinelib
local coroutinelib = {}

---Makes a coroutine of fn. Unlike Lua 5.1's, it takes a C function, too.
---Raises: fn is no function.
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

---Yields to whoever resumed the running coroutine, as the host's own coroutine.yield does. In
---a fiber, outside any coroutine, it is luv.fiber.yield.
---@async
---@param ... any what resume returns
---@return any ... what the next resume was given
function coroutinelib.yield(...) end

---The running coroutine; in a fiber, outside any coroutine, the fiber's Lua thread; nil in
---the main chunk. A pcall makes no difference.
---@return thread? co
function coroutinelib.running() end

---A coroutine that waits, for a socket or a sleep, is "normal": it is active, and cannot be
---resumed.
---Raises: co is no coroutine.
---@param co thread
---@return "running"|"suspended"|"normal"|"dead" status
function coroutinelib.status(co) end

return coroutinelib
