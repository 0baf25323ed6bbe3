---@meta _

-- luv.fiber - a fiber is a function that runs beside others and can wait.
--
-- Fibers take turns: one runs until it waits, yields or ends. Ready fibers run in the
-- order in which they became ready, before the loop is polled; but after a millisecond
-- of turns the loop is polled even so, without blocking, so that fibers which yield for ever
-- do not keep sockets and timers waiting.

---@class luv
---@field fiber luv.fiberlib

---@class luv.fiberlib
local fiberlib = {}

---A fiber: what luv.spawn and luv.fiber.create return. It lives from ready() to the end of
---its function, whether a script holds it or not; a new or dead one is ordinary garbage.
---@class luv.fiber
---@field locals table a table of the fiber's own, the same each time, made when first asked
---     for; luv puts nothing into it. The field itself cannot be assigned.
local fiber = {}

---@alias luv.status
---| "new"     # made; neither ready() nor join() has been called
---| "ready"   # in the ready queue
---| "running" # the caller
---| "waiting" # in a call that suspends; see waiting()
---| "dead"    # its function has returned, or raised

---Makes a fiber, which does not start before ready() or join().
---Raises: fn is no function (a C function will do). In place of fn a coroutine that has not
---been started is taken, as by the seed: its function is used.
---@param fn (fun(...): ...)|thread
---@param ... any arguments of fn, nils included
---@return luv.fiber fiber
function fiberlib.create(fn, ...) end

---Lets the others run: goes to the back of the ready queue, and returns nothing. In a fiber
---coroutine.yield does the same, whatever its arguments, but only where Lua lets it yield; inside
---a coroutine both yield to whoever resumed it. In the main chunk every fiber that is ready runs once.
---A cancellation does not end a yield: it waits for the next call that suspends.
---@async
---@param ... any ignored, unless in a coroutine
---@return any ... nothing, unless in a coroutine
function fiberlib.yield(...) end

---Same as luv.self().
---@return luv.fiber|luv.thread self
function fiberlib.current() end

---The fibers that live: ready, running, waiting; in no order.
---@return luv.fiber[] list a new table
function fiberlib.list() end

---The seed's name of luv.run("default").
---Raises: a call in a fiber.
---@return boolean more as of luv.run
function fiberlib.loop() end

---A condition that fibers wait for; see docs/cond.lua.
---@return luv.cond cond
function fiberlib.cond() end

---Makes a new fiber ready, or one that waits in suspend(). Does nothing to any other.
---@return luv.fiber self
function fiber:ready() end

---Waits for the end of the fiber, which it makes ready if it is new. It may be called as
---often and by as many fibers as one likes. A timeout leaves the fiber running.
---Raises: the fiber's error value, unchanged, each time; a fiber joins itself; timeout.
---Suspends.
---@async
---@param timeout? number seconds
---@return any ... all that its function returned, nils included; or nil, message, "ETIMEDOUT"
function fiber:join(timeout) end

---Makes its current call that suspends raise an error, or the next one that it makes; a new
---fiber starts first. What the call waited for is left as it was: no bytes are taken.
---luv.cancelled recognises the error; tostring of it is "cancelled: reason". Caught (by
---a pcall), it is over, and later waits work. One cancel ends one wait; several
---before the fiber runs count once. On a dead fiber it does nothing.
---@param reason? any luv.cancelled returns it
---@return luv.fiber self
function fiber:cancel(reason) end

---@return luv.status status
function fiber:status() end

---The name, used in tracebacks and in the report of a deadlock. Without one it is "fiber "
---and the id.
---Raises: neither string nor nil.
---@param name string
---@return luv.fiber self
---@overload fun(self: luv.fiber): string
function fiber:name(name) end

---A number that no other fiber of this Lua state has or had; the first is 1.
---@return number id
function fiber:id() end

---Where the fiber is, through all its pcalls and coroutines, in the form of
---debug.traceback; of a dead one, where it died of an error.
---@param message? string put before it
---@return string text
function fiber:traceback(message) end

---What it waits for, or nil if it does not wait.
---@return luv.waiting? what
---@return number? seconds for how long already
function fiber:waiting() end

---@alias luv.waiting
---| "sleep"
---| "join"
---| "suspend"
---| "timer"        # timer:next
---| "event"        # idle:wait
---| "cond"
---| "chan get"
---| "chan put"
---| "mutex"
---| "semaphore"
---| "waitgroup"
---| "event"
---| "select"
---| "scope"
---| "read"
---| "read_exactly"
---| "read_line"    # also lines()
---| "read_until"
---| "read_all"
---| "write"
---| "write_some"
---| "ready"        # wait of a stream
---| "shutdown"
---| "zmq unbind"   # also close of such a socket
---| "accept"
---| "connect"      # to a literal address
---| "operation"    # in Go: getaddrinfo, connect to a name

---Of the running fiber itself: waits until another calls resume() or ready() on it. Of one
---that is ready: takes it off the ready queue until then. Does nothing to one that
---is new, dead, or waits for something else. From the seed's era.
---Suspends when it is the caller's own.
---@async
---@return luv.fiber|true self of another; true when it has been resumed itself
function fiber:suspend() end

---Same as ready(). From the seed's era.
---@return luv.fiber self
function fiber:resume() end

return fiberlib
