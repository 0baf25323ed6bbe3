---@meta luv

-- luv - fibers on libuv's event loop, for stock Lua 5.1 and LuaJIT.
--
-- The files of this folder are the reference, one for each Lua module or kind of object,
-- and what lua-language-server completes from (workspace.library: this folder). Every
-- function says what it takes, in which units and range; what it returns; whether it
-- suspends; how it fails; and whose behaviour it follows, if anybody's. What holds for all
-- of them stands here, once.
--
-- Suspending. A function marked @async, whose text ends in "Suspends", waits when it has to:
-- in a fiber it suspends that fiber and others run; in the main chunk, and in a plain
-- coroutine of the main chunk, it runs the loop, and with it every fiber, until it can
-- return. When nothing can ever end such a wait of the main chunk it raises "deadlock: all
-- fibers are asleep" and a line for each fiber. A function not so marked never waits.
--
-- Where it may be called: anywhere in a fiber. Below pcall, in a coroutine, in a metamethod, in
-- the iterator of a for loop, in what sort, gsub, require or any C module calls back; on stock
-- 5.1 and on LuaJIT. Where Lua would let nothing yield, the fiber keeps its C stack while it
-- waits, which takes a page of memory more (4 KB); see luv.stack_size. Nothing can wait in a
-- finalizer, nor in a debug hook on LuaJIT: that raises "cannot wait in a finalizer". A method
-- that luv.select calls may wait by its own call only.
--
-- Timeouts. `timeout` is always the last argument, optional, in seconds: 0 or more,
-- fractions allowed; nil or math.huge: no limit; 0: only if it need not wait. What passes its
-- limit returns ETIMEDOUT and has taken nothing: what arrives later is there for the next
-- call. Optional arguments are positional: stream:read(nil, 2); where there are any, one too many
-- raises.
--
-- Errors. A mistake in the program raises: a wrong type or value ("bad argument #1 to 'sleep'
-- (number expected, got string)"; a method's arguments are counted without its object), the
-- wrong kind of object ("calling 'next' on bad self (luv.timer expected, got luv.tcp)"), a
-- deadlock, a cancellation. What the world does is returned: nil, a message and a code, as
-- in nil, "ECONNREFUSED: connection refused", "ECONNREFUSED"; the message may end in
-- ": " and what it is about. Where there is nothing else to return, a function returns true
-- and a method its object, so calls chain and assert works.
--
-- Codes that any function of an object may return: EBADF, the object is closed; and any that
-- suspends: ECANCELED, another fiber closed the object meanwhile; ETIMEDOUT. They are not
-- repeated below.

---A code is libuv's name of an error, or the resolver's. These are the ones this
---reference speaks of; the system may report others (see uv_err_name, and errno(3)).
---@alias luv.code
---| "EACCES"        # not allowed
---| "EADDRINUSE"    # another socket has the address
---| "EADDRNOTAVAIL" # the address is not one of this machine's
---| "EAFNOSUPPORT"  # not that kind of address
---| "EAI_AGAIN"     # the name server did not answer, or not now
---| "EAI_NONAME"    # there is no such host
---| "EAI_SERVICE"   # there is no such service
---| "EALREADY"      # the socket is being connected
---| "EBADF"         # closed, or no descriptor yet
---| "EBUSY"         # it has a descriptor already
---| "ECANCELED"     # another fiber closed or stopped what was waited for
---| "ECONNREFUSED"  # nobody listens there
---| "ECONNRESET"    # the peer is gone, and data with it
---| "EEXIST"        # another object has it
---| "EINVAL"        # not in this state
---| "EIO"           # the terminal is gone, or the device failed
---| "EISCONN"       # the socket is connected already, or listens
---| "EMSGSIZE"      # longer than the caller allowed
---| "ENAMETOOLONG"  # longer than the system allows
---| "ENOMEM"        # no memory
---| "ENOSYS"        # what was named is not here
---| "ENOTCONN"      # not connected, or shut down
---| "ENOTSOCK"      # a pipe, a terminal or a file, where only a socket would do
---| "ENOTSUP"       # not with this kind of socket
---| "ENOTTY"        # no terminal
---| "EOF"           # the stream has ended
---| "EPIPE"         # writing to what takes no more
---| "EPROTO"        # no message, or damaged
---| "EPROTONOSUPPORT" # of another version or interpreter
---| "ESRCH"         # of a process that is not this one
---| "ETIMEDOUT"     # the timeout has passed
---| string

---The module, as require("luv") returns it: the same table each time. It sets no global. The
---modules in it, luv.fiber, luv.timer and so on, add their fields in their own files.
---@class luv
---@field version string luv's own version, such as "0.1.0"
---@field versions luv.versions
local luv = {}

---What this luv is made of and runs in.
---@class luv.versions
---@field luv string the same as luv.version
---@field libuv string the libuv that is loaded, such as "1.44.2"
---@field zmq string the libzmq that is loaded, such as "4.3.4"
---@field go string the Go that luv was built with, such as "go1.26.8"
---@field lua string the host: "Lua 5.1", or LuaJIT's jit.version

---Makes a fiber of fn and puts it into the ready queue: it starts when the caller next
---waits or yields. Same as luv.fiber.create(fn, ...):ready().
---Raises: fn is not a function (a C function will do).
---@param fn fun(...): ...
---@param ... any arguments of fn, nils included
---@return luv.fiber fiber
function luv.spawn(fn, ...) end

---Waits for so many seconds. It never ends early, measured on hrtime; it ends within
---about 2 ms of its time if no fiber keeps the processor. sleep(0) lets the ready fibers
---run and looks at the loop once. math.huge, or what is too large to count, is for ever.
---Raises: not a number, negative, NaN.
---Suspends.
---@async
---@param seconds number 0 or more, fractions allowed
---@return true
function luv.sleep(seconds) end

---Runs fn(...) with a limit on all that it waits for, calls nested in it included; of
---several limits around a wait the earliest counts. When the limit passes, the wait fn is
---in raises an error that luv.cancelled knows, fn is unwound, and luv.timeout
---returns ETIMEDOUT. A fn that catches that error goes on, but each further wait raises it
---again. A fn that only computes is not stopped. Fibers that fn spawns are not under the
---limit. With 0 fn runs up to its first wait.
---Raises: seconds is no number, negative or NaN; fn is missing; what fn raises, unchanged.
---Suspends when fn does.
---@async
---@param seconds number? the limit; nil or math.huge: none
---@param fn fun(...): ...
---@param ... any arguments of fn
---@return any ... what fn returned; or nil, message, "ETIMEDOUT"
function luv.timeout(seconds, fn, ...) end

---The running fiber, also inside a pcall or coroutine of it; in a main chunk the
---thread object. Follows luv.self of 2012.
---@return luv.fiber|luv.thread self
function luv.self() end

---Makes what computes a digest (docs/hash.lua), or with a key an HMAC: md5, sha1, sha224, sha256, sha384,
---sha512, sha512/256, sha3-256, sha3-384, sha3-512. md5 and sha1 protect nothing any more.
---Raises: an unknown name; a key that is no string.
---@param name string
---@param key? string
---@return luv.hash hash
function luv.hash(name, key) end

---The time in nanoseconds since some moment in the past; it never goes back. Exact up
---to 2^53 ns (104 days of uptime). Source: uv_hrtime.
---@return number ns
function luv.hrtime() end

---The loop's time in whole milliseconds: of its last poll, so it stands still while
---fibers compute. For measuring take hrtime. Source: uv_now.
---@return number ms
function luv.now() end

---Runs the loop from the main chunk. No program needs it: a wait in the main chunk runs
---the loop by itself.
---
---"default" runs until no fiber is ready and none waits for anything from outside (time,
---sockets, Go's resolver). Fibers that wait only for each other stay as they are; a
---timer or listening socket that no fiber waits for does not keep it running.
---"once" lets the ready fibers run, waits for one round of events, and lets those run whom it
---woke. "nowait" is "once" without waiting.
---Raises: another mode; a call in a fiber ("run: the loop is already running").
---Source: uv_run, whose modes these are.
---@param mode? "default"|"once"|"nowait"
---@return boolean more a fiber is ready, or waits for something from outside
function luv.run(mode) end

---How long the waits may be, on average and in microseconds, for which the loop polls
---without blocking: an answer that comes within that time is met faster and with less
---work. It adapts: when polling was in vain, which is known after three times as long, it
---is tried less and less often, and an idle process uses no CPU.
---Default: 25; 0, which turns it off, where the process may use only one CPU.
---Raises: not a number, or out of range.
---@param us? number 0 to 1000000; nil: only asks
---@return number old what it was
function luv.spin(us) end

---How large the C stacks are, in bytes of address space, that luv makes from now on: the one
---that fibers run on, and one for each fiber that waits where Lua would let nothing yield. Of
---that only what is touched takes memory. Two megabytes let C call Lua as deep as Lua allows,
---200 times, if each call takes as much as string.gsub does; a C module that takes more may
---need more. A process with 100,000 such waits may want less: the pages that map a stack of 2 MB
---take 4 KB beside its own. When a stack overflows the process ends, after a line that names the
---fiber. Where none can be mapped (vm.max_map_count on kernels before 6.13, ulimit -v) the call
---that was to wait raises "attempt to yield across …", and says what to do.
---Default: 2097152.
---Raises: not a number, or out of range.
---@param bytes? number 65536 to 1073741824, rounded up to whole pages; nil: only asks
---@return number old what it was
function luv.stack_size(bytes) end

---Lua's own pcall (Lua 5.1 manual, 5.1), kept under this name. fn may wait.
---Raises: no argument at all.
---Suspends when fn does.
---@async
---@param fn any what to call
---@param ... any its arguments
---@return boolean ok
---@return any ... what fn returned, or the error value
function luv.pcall(fn, ...) end

---Lua's own xpcall (Lua 5.1 manual, 5.1), kept under this name. fn and handler may wait.
---Raises: fewer than two arguments.
---Suspends when fn does.
---@async
---@param fn any what to call
---@param handler any called with the error value; its first result becomes the second here
---@param ... any arguments of fn, on LuaJIT
---@return boolean ok
---@return any ... what fn returned, or the handler's result
function luv.xpcall(fn, handler, ...) end

---Has code that was written for LuaSocket and LuaSec run over luv, unchanged: `require` gives luv.socket
---for socket, socket.core and socket.unix, and luv.ssl for ssl, from now on in this Lua state (a thread
---calls it for itself). What is written in Lua over them (socket.http, socket.smtp, ssl.https, mime ...)
---stays the installed one, and is loaded anew if it has been loaded over the others. Whatever blocked then
---waits: in a fiber, for that fiber only. `lua5.1 -l luv.compat script.lua` does this for a whole program.
---Without an argument it changes nothing: a call that waits may stand anywhere as it is.
---Raises: an unknown field, or one that is no boolean.
---@param modules? {socket: boolean?, ssl: boolean?}
---@return luv luv
function luv.install(modules) end

---Sets what is called when a fiber dies of an error while no fiber waits in join for it;
---nil: the default again, which writes the traceback to stderr. The handler runs as a
---fiber of its own, so it may wait; an error in it goes to stderr. It takes over the exit
---code, too: without a handler, errors that no join ever took make a stand-alone
---interpreter, whose main chunk ends well, exit with 1. A fiber that ends by
---its own cancellation is not reported.
---Raises: neither function nor nil.
---@param handler? fun(err: any, traceback: string, fiber: luv.fiber)
---@return function? old the handler before; nil: none
function luv.on_error(handler) end

---Whether err is what fiber:cancel or an expired luv.timeout raises; for anything else,
---nil included, false and no second result.
---@param err any
---@return boolean yes
---@return any reason what was given to cancel (nil: nothing); "timeout" for a luv.timeout
function luv.cancelled(err) end

---All fibers of this thread, and its main chunk: id, name, age, state, what each waits for (the
---object, a socket's address, since when; the cases of a select), traceback. SIGQUIT (kill -QUIT,
---Ctrl-\) makes each thread write the same to stderr, and the process goes on, also while the
---loop is blocked or a fiber computes; code that LuaJIT has compiled writes at once only which
---fiber it is, and the rest when it leaves its loop. SIGRTMAX - 4 is used for that inside the
---process. A host that handles SIGQUIT itself keeps its handler. Of more than 100,000 fibers the
---rest is counted.
---
---With "all", of all threads of the process, each of which writes its own. It waits up to a
---quarter of a second for them (without suspending); of a thread that does not answer, since it
---is in a C function or in compiled code, and of one that has not opened luv, only the name
---is shown.
---Raises: path is no string; all is neither nil nor "all".
---@param path? string a file to write it to; nil: the text is returned
---@param all? "all"
---@return string|true|nil text, or true when a path was given; nil when that cannot be written
---@return string? message
---@return luv.code? code
function luv.dump(path, all) end

---Warns on stderr, with a traceback, when one fiber (or the main chunk, between two waits)
---keeps the thread for longer than ms: once for each such turn. A thread of its own looks,
---every millisecond, so a switch costs nothing. See slow in luv.stats. Code that LuaJIT has
---compiled is met when it leaves its loop.
---Raises: no number of 0 to 1e9.
---@param ms? number milliseconds; 0: off; nil: only asks
---@return number? old what it was; nil when no thread can be made
---@return string? message
---@return luv.code? code
function luv.watchdog(ms) end

---A descriptor that is readable when the loop has something to do: for another loop (a
---GUI's, a game's) to poll, which then calls luv.run("nowait"). Source: uv_backend_fd.
---@return integer fd
function luv.backend_fd() end

---How long that other loop may wait before it calls luv.run("nowait"), in milliseconds: 0 when
---a fiber is ready, -1 when only the descriptor says. Source: uv_backend_timeout.
---@return number ms
function luv.backend_timeout() end

---A channel; see docs/chan.lua.
---Raises: not a whole number of 0 to 2^31 - 2.
---@param capacity? integer values that may lie in it; default 0: put waits for a getter
---@return luv.chan chan
function luv.chan(capacity) end

---A mutex; see docs/mutex.lua.
---@return luv.mutex mutex
function luv.mutex() end

---A condition; see docs/cond.lua.
---@return luv.cond cond
function luv.cond() end

---A semaphore; see docs/semaphore.lua.
---Raises: not a whole number of 0 to 2^31 - 2.
---@param n? integer permits that are free; default 1
---@return luv.semaphore semaphore
function luv.semaphore(n) end

---A waitgroup; see docs/waitgroup.lua.
---@return luv.waitgroup waitgroup
function luv.waitgroup() end

---An event, not set; see docs/event.lua.
---@return luv.event event
function luv.event() end

---Waits for the first of several calls. Each case is a table: an object, the name of a method
---that suspends, and its arguments, as in {ch, "get"}, {ch2, "put", v}, {socket, "read", 100},
---{zsock, "recv"}. Without a name it is next, join, wait, recv, accept or get: so {timer},
---{fiber}, {chan}, {event}. Cases are tried in random order; one is carried out, and nothing
---is taken or sent by the others. A case may have a timeout of its own, which then is its
---result.
---
---What can be selected takes back what it has begun: next, wait, join, get, put, lock, acquire,
---accept, recv, recv_multipart, the read of a stream or a file in all its forms, and send of a
---ØMQ socket. So write, shutdown, connect and the like cannot be. A fiber that has not been
---started is, when it is selected.
---Raises: no cases, or more than 100000; a case that is no such table; what the call raises,
---as the join of a fiber that failed does.
---Suspends.
---@async
---@param cases table the cases; timeout = seconds; default = true: does not wait
---@return integer? index of the case; nil when the timeout passed, or with default none is ready
---@return any ... what its call returned; or message, "ETIMEDOUT" (with default: nothing)
function luv.select(cases) end

---Runs fn(s, ...) and waits for the fibers that s:spawn made; see docs/scope.lua.
---Raises: fn is no function; the first error of fn or of a child.
---Suspends.
---@async
---@param fn fun(s: luv.scope, ...): ...
---@param ... any further arguments of fn
---@return any ... what fn returned
function luv.scope(fn, ...) end

---What the scheduler has done since the module was loaded, and what it holds now.
---@return luv.stats stats a new table
function luv.stats() end

---@class luv.stats
---@field switches number turns given to fibers
---@field polls number times the loop was polled
---@field go_callbacks number times luv went from C into Go; constant while fibers only
---     switch, sleep, accept, read and write
---@field stacks {total: number, idle: number} C stacks that are there, and those of them that
---     nothing runs or waits on
---@field external number fibers (and main chunk) in a wait that something outside can end
---@field timers number entries in the heap of deadlines: running timers, sleeps,
---     timeouts; one whose wait has ended may stay until its time
---@field operations number operations under way in Go: name resolution
---@field fibers luv.stats.fibers
---@field handles table<string, number> open objects by class, as in handles["luv.tcp"], and
---     their sum as handles.total; one that was just closed counts until the loop is polled

---@field gc_closed number handles that nobody had closed, and the garbage collector did; with
---     LUV_DEBUG=leaks in the environment each is reported on stderr with the line that made it
---@field ready_delay luv.stats.delay how long a fiber that is ready waits for its turn
---@field bytes luv.stats.bytes through the streams of this thread
---@field proxies {held: number, calls: number, served: number} this state's objects that others hold, calls of
---others' objects under way, and calls of others that run here
---@field slow luv.stats.slow[] the last ten turns that luv.watchdog has warned of

---Sampled: one fiber is timed, the last in the queue, whenever luv looks at the clock (each
---poll, and every 64 switches). Seconds.
---@class luv.stats.delay
---@field p50 number half of them waited at most so long (to a fifth)
---@field p99 number
---@field max number
---@field samples number

---@class luv.stats.bytes
---@field read number
---@field written number

---@class luv.stats.slow
---@field who string "fiber N" or "the main chunk"
---@field ms number for how long it had kept the thread when it was met
---@field traceback string

---@class luv.stats.fibers
---@field ready number
---@field running number 0 or 1
---@field waiting number
---@field total number ready, running and waiting

return luv
