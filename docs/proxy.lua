---@meta _

-- luv.proxy - objects that stay where they are, called from other threads.
--
-- What goes to another thread (an argument, an upvalue, a result, a value through luv.thread.chan) is
-- copied if it can be: docs/codec.lua. What cannot be (userdata of luv and of any C module, C functions
-- without a name, coroutines, fibers), and tables and functions that luv.share was given, go as proxies: what
-- is done with a proxy is done where its object lives.
--
--   p:method(...)  p(...)  p.field  p.field = v  #p  p .. q  p + q  -p  p < q  p <= q      suspend
--   p == q  tostring(p)                                                                    do not
--
-- A proxy of a coroutine resumes it as the function of coroutine.wrap does. An object has one proxy in each
-- state, so proxies are equal when their objects are, and may be keys of tables; a proxy that comes home is
-- the object itself. A function that is read from a field is a proxy, too; which function a field holds is
-- remembered for a millisecond, so that p:method() is one message.
--
-- Each call is a fiber of its own in the owner: it may wait, and call back. A mutex is let go as the fiber
-- ends that has locked it: so lock one through a proxy by mutex:with. Calls of one fiber to one owner begin in order. An owner serves calls while it
-- runs fibers or waits. When the caller is cancelled, or its luv.timeout passes, or its thread ends, the
-- fiber in the owner is cancelled.
--
-- An error is raised with its value as it is. When the owner has ended a call returns nil,
-- "EOF: …", "EOF"; a field, an assignment or an operator raises that.

---@class luv
---@field proxy luv.proxylib
local luv = {}

---Says that a table, a function, a userdata or a coroutine is not to be copied: others get a proxy. The
---mark is this state's, and goes with the object.
---Raises: obj is of another type; it is a proxy.
---@generic T
---@param obj T
---@param on? boolean false takes it back
---@return T obj
function luv.share(obj, on) end

---@class luv.proxylib
local proxylib = {}

---@param value any
---@return boolean yes whether it is a proxy
function proxylib.is(value) end

---Lets go of the object at once; the collector does so later. Use after it raises.
---Raises: p is no proxy.
---@param p luv.proxy
---@return true
function proxylib.release(p) end

---Raises: p is no proxy, or released.
---@param p luv.proxy
---@return luv.thread thread where its object lives
function proxylib.owner(p) end

---Whether what cannot be copied goes as a proxy by itself. With false it is refused, for this state, with
---the path to it; what luv.share was given still goes.
---@param on? boolean
---@return boolean old
function proxylib.automatic(on) end

---The owner's traceback of the last error that this fiber has met in a call.
---@param err? any only if it was of this error
---@return string? text
function proxylib.traceback(err) end

---Iterates the pairs that the object has now.
---Suspends.
---Raises: p is no proxy; what pairs raises there; EOF, as a field does.
---@async
---@param p luv.proxy
---@return fun(): any, any next
function proxylib.pairs(p) end

---Iterates the items that the object has now.
---Suspends.
---Raises: as pairs does.
---@async
---@param p luv.proxy
---@return fun(): integer?, any next
function proxylib.ipairs(p) end

---A copy of the object, by the codec's rules; what is in it and stays, stays.
---Suspends.
---Raises: p is no proxy; the object cannot be copied; EOF, as a field does.
---@async
---@param p luv.proxy
---@return any value
function proxylib.get(p) end

---Stands for an object of another thread: see above.
---@class luv.proxy
local proxy = {}
