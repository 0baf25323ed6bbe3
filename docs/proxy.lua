---@meta _

-- luv.proxy - objects that stay where they are, called from other threads, processes and machines.
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
---@return luv.thread|luv.proxy.peer owner where its object lives
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

---Runs fn(...), and what it does to proxies goes in one message to each owner, and comes back in one. Each
---thing gives a promise meanwhile, which may be the object or an argument of what follows, of the same owner.
---What fn returns has the values in their places, in its tables too. The first thing that fails is raised at the
---end; what depends on it is not done, all else is. Proxies of other processes do not take part: what is
---done to them in fn is done at once.
---Suspends.
---Raises: fn's error, when nothing is sent; the first error there; what has no iterator in a batch; a batch in
---another; EOF.
---@async
---@param fn function
---@param ... any its arguments
---@return any ... what fn returned
function proxylib.batch(fn, ...) end

---Makes objects reachable for other processes and machines, by names. docs/proxy.md has the format. Nothing that comes in is run as
---code: functions do not travel, they are called where they are. Without CURVE it serves this machine only, or says
---insecure = true. `allow` has the names that may be had, or is asked for each call: fn(peer, name, method), name being
---that of the root which an object was got from; it may wait.
---Fails: EADDRINUSE and the like.
---Raises: an endpoint that is not on this machine without curve; options or objects that cannot be.
---@param endpoint string "tcp://127.0.0.1:*", "ipc:///path"
---@param objects table<string, any> tables, functions, userdata, coroutines
---@param opts? luv.proxy.options
---@return luv.proxy.server? server nil when it fails
---@return string? message
---@return luv.code? code
function proxylib.serve(endpoint, objects, opts) end

---Connects to a server. The root's fields are proxies; root:close() ends the connection, unless an object is called
---close. When the connection is lost calls return nil, "ECONNRESET: …", "ECONNRESET", as they do of an owner
---that has ended with EOF; it is not made again by itself. Which function a field holds is remembered for a second.
---Suspends.
---Fails: ETIMEDOUT, nobody has answered; EACCES, CURVE has refused; EPROTONOSUPPORT, another version.
---Raises: an endpoint that is not on this machine without curve; options that cannot be.
---@async
---@param endpoint string
---@param opts? luv.proxy.options
---@param timeout? number seconds
---@return table<string, luv.proxy>? root nil when it fails
---@return string? message
---@return luv.code? code
function proxylib.connect(endpoint, opts, timeout) end

---@class luv.proxy.options
---@field curve? {secret?: string, server?: string, public?: string, clients?: string[]} as curve_server and curve_client take them; clients: public keys that may come
---@field insecure? boolean without CURVE, and not on this machine
---@field allow? string[]|fun(peer: luv.proxy.peer, name: string, method?: string): boolean of a server
---@field heartbeat? number seconds, default 5; a peer that is gone is noticed within two. The shorter one of both sides holds
---@field limits? {message?: integer, references?: integer, calls?: integer} of each peer: bytes of a message (64 MB), objects it may have (100,000), calls at a time (10,000)

---@class luv.proxy.peer
---@field id string
---@field address string
---@field key? string its public key

---@class luv.proxy.server
---@field endpoint fun(self: luv.proxy.server): string the real one
---@field peers fun(self: luv.proxy.server): luv.proxy.peer[] a new list
---@field close fun(self: luv.proxy.server): luv.proxy.server tells the clients; calls under way are cancelled
---@field closed fun(self: luv.proxy.server): boolean

---Stands for an object of another thread or process: see above.
---@class luv.proxy
local proxy = {}
