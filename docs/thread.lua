---@meta _

-- luv.thread - OS threads: a function runs on another core, with what it refers to.
--
-- Each thread has a Lua state of its own, with the standard libraries, and its own loop and
-- fibers: everything of luv works in it as in a main chunk. Threads share no Lua values. The
-- function, its arguments, its upvalues and its results are copied, by the rules of
-- docs/codec.lua: scalars, strings, tables with cycles, Lua functions with their upvalues, which
-- stay shared among the functions of one message. The luv library, its modules, the standard
-- libraries, contexts of ØMQ and thread channels go by reference. Anything else (a socket, a
-- file, a coroutine, a fiber, a C function of another module) stays where it is, and goes as a proxy
-- (docs/proxy.lua); or, after luv.proxy.automatic(false), it is refused before the thread
-- starts, with the whole path to it: "cannot pass argument 2: field 'db': luv.tcp".
--
-- In a thread the fields of luv are made when they are first named, so pairs(luv) shows there those
-- that have been.
--
-- package.path and package.cpath are those of the parent as the thread is made, and so is
-- package.preload, as far as it can be passed. Globals are not copied: a function finds those of
-- its thread.
--
-- At the end of the script the process waits for threads that are not detached; Ctrl-C ends
-- them (one that computes in code that LuaJIT has compiled is cut off after a second). os.exit in a thread ends the process. A thread whose error no join takes is reported
-- like a fiber's: on stderr and by the exit code, or to luv.on_error as fn(err, traceback,
-- thread) in the state that made it.

---@class luv
---@field thread luv.threadlib

---@class luv.threadlib
local threadlib = {}

---Starts a thread that runs fn(...).
---Fails: EAGAIN, the system makes no more threads.
---Raises: fn is no function; a value that cannot be passed, with the path to it.
---@param fn function Lua's, or one of a library
---@param ... any its arguments
---@return luv.thread? thread nil when it fails
---@return string? message
---@return luv.code? code
function threadlib.create(fn, ...) end

---The same as create; the name of 2012.
---@param fn function
---@param ... any
---@return luv.thread? thread
---@return string? message
---@return luv.code? code
function threadlib.spawn(fn, ...) end

---@return luv.thread thread the one that runs this code; in a host's own thread too
function threadlib.self() end

---The threads that luv has made and that run, in order of their making. Those that another
---state has made are in it too, and can be joined or cancelled like one's own.
---@return luv.thread[] threads a new table
function threadlib.list() end

---A channel between threads, and between their fibers.
---Raises: not a whole number of 0 or more.
---@param capacity? integer values that may lie in it; default 0: put waits for a getter
---@return luv.thread.chan chan
function threadlib.chan(capacity) end

---Threads that run functions one after another, without being made for each.
---Fails: EAGAIN, the system makes no more threads.
---Raises: n is no number of 1 to 1024.
---@param n integer how many threads
---@return luv.thread.pool? pool nil when it fails
---@return string? message
---@return luv.code? code
function threadlib.pool(n) end

---An OS thread.
---@class luv.thread
local thread = {}

---Waits for its end. It may be joined as often as asked, by several fibers, also from other
---threads; each join makes copies of its own.
---Raises: the error of fn, its value unchanged as far as it can be passed (tables too), a
---cancellation included; the thread itself, and a main thread, cannot be joined; a timeout that is no
---number of 0 or more.
---Suspends.
---@async
---@param timeout? number seconds
---@return any ... all that fn returned; nil, message, code when the timeout has passed
function thread:join(timeout) end

---Raises an error, which luv.cancelled knows, in the main function of the thread: in the call that
---waits, or the next one that would. On Lua 5.1 it also stops a function that computes. Code that
---LuaJIT has compiled looks at nothing until it waits. The fibers of the thread end with it.
---@return luv.thread self
function thread:cancel() end

---@return "running"|"dead" status
function thread:status() end

---Reads or sets on which CPUs the kernel may run the thread; sched_setaffinity(2) counts them from 0.
---ESRCH: it has ended. EINVAL: none of these is there, or allowed. What threads it makes later inherits it.
---Raises: no table, an empty one, what is no number of a CPU.
---@param cpus? integer[] nil: only read
---@return luv.thread|integer[]|nil self_or_cpus nil when it fails
---@return string? message
---@return luv.code? code
function thread:affinity(cpus) end

---Reads or sets the nice value of the thread: a larger one leaves the CPU to others.
---ESRCH: it has ended. EACCES, EPERM: not allowed, as a rule to go below what it is.
---Raises: no whole number from -20 to 19. Source: setpriority.
---@param nice? integer nil: only read
---@return luv.thread|integer|nil self_or_nice nil when it fails
---@return string? message
---@return luv.code? code
function thread:priority(nice) end

---Reads or sets the name, which top -H shows: "luv-N" at first. Linux keeps 15 bytes.
---Raises: name is no string.
---@param name? string
---@return luv.thread|string self_or_name
function thread:name(name) end

---@return integer id a number that no other thread of this process has had
function thread:id() end

---@return string? text where the error was raised that it has died of
function thread:traceback() end

---The end of the script no longer waits for it: it is cut off where it is. It can still be
---joined.
---@return luv.thread self
function thread:detach() end

---A channel that threads share, with the methods of luv.chan. It can be passed to threads, through
---itself too, and lives as long as somebody has it. A value is copied as it is put; what
---cannot be passed is refused there. A fiber that waits suspends nobody else. Each waiting
---thread has its turn; within one, fibers are served in the order in which they came.
---With a capacity of 0 a value is handed over when a getter is known to wait: should its wait
---end in that moment, by a timeout or a cancellation, the value lies there for the next one.
---@class luv.thread.chan
---@operator len: integer how many values lie in it
local chan = {}

---Sends a value; waits while the channel is full.
---Fails: EOF, the channel is closed (also while it waited: the value was not taken).
---Raises: a value that cannot be passed, with the path to it; a timeout that is no number of 0 or more.
---Suspends.
---@async
---@param v any nil too
---@param timeout? number seconds; 0: only if it need not wait
---@return luv.thread.chan? self nil when it fails
---@return string? message
---@return luv.code? code
function chan:put(v, timeout) end

---Takes the value that was put first; waits while there is none.
---Fails: EOF, the channel is closed and empty.
---Raises: a timeout that is no number of 0 or more.
---Suspends.
---@async
---@param timeout? number seconds; 0: only if it need not wait
---@return any v the one result, nil too; three results when it fails: nil, message, code
---@return string? message
---@return luv.code? code
function chan:get(timeout) end

---put(v, 0): ETIMEDOUT where put would have to wait.
---@param v any
---@return luv.thread.chan? self nil when it fails
---@return string? message
---@return luv.code? code
function chan:try_put(v) end

---get(0): ETIMEDOUT where get would have to wait.
---@return any v
---@return string? message
---@return luv.code? code
function chan:try_get() end

---Closes it for putting, for all threads. Closing it again does nothing.
---@return luv.thread.chan self
function chan:close() end

---@return boolean yes close was called, by any thread; values may still lie in it
function chan:closed() end

---@return number n what luv.thread.chan was called with
function chan:capacity() end

---For a loop over all values, as in  for v in ch:iter() do; it ends with the channel, or at a
---nil that was put.
---@return fun(): any next as get(); suspends
function chan:iter() end

---Threads that wait for calls. A pool that is closed, or forgotten, ends its threads when they have
---done what they were given.
---@class luv.thread.pool
local pool = {}

---Runs fn(...) in the thread that is free first. Arguments and results are copied as for
---luv.thread.create. A call that is cancelled, or that a luv.timeout ends, runs on without
---its caller.
---Fails: EBADF, the pool is closed.
---Raises: fn is no function; a value that cannot be passed; the error of fn.
---Suspends.
---@async
---@param fn function
---@param ... any
---@return any ... all that fn returned
function pool:call(fn, ...) end

---Takes no more calls; those it has are carried out.
---@return luv.thread.pool self
function pool:close() end

---@return boolean yes
function pool:closed() end

return threadlib
