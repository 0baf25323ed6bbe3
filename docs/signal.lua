---@meta _

-- luv.signal - signals of the operating system: watching and sending them.
--
-- A signal is named "SIGINT", "INT" or "int", or by its number; the real-time ones are
-- "RTMIN" to "RTMAX", "RTMIN+1" and so on.
--
-- While a signal is watched, its watchers have it and nobody else: neither the default action,
-- which for most signals ends the process, nor a handler that Lua or luv has for it (Ctrl-C
-- raises no "interrupted!", SIGQUIT writes no dump). When its last watcher is stopped, closed or
-- collected, what was there before is there again. Children of the process, by luv.process,
-- os.execute or io.popen, begin with the default actions.
--
-- luv changes no other signal: what luv writes to a stream or file that cannot take it raises no
-- SIGPIPE and no SIGXFSZ, what `print` writes does. A signal that was blocked when the process was
-- started is unblocked, in the thread that watches it, as long as it does. Of two Ctrl-C within a
-- quarter of a second the second is part of the first; later it kills.
--
-- The kernel keeps one signal of a kind pending: those that come while it is blocked, or before
-- it is delivered, are one with it. luv counts each that is delivered, none is lost in luv.
-- (The real-time ones queue.) SIGCHLD, SIGURG and SIGPROF, and the real-time signals RTMAX-3 and
-- RTMAX-4, are used by luv and Go as well, which see them all the same. Of SIGSEGV and the
-- others that stand for a fault, those are counted that somebody has sent; a fault is a fault.

---@class luv
---@field signal luv.signallib

---@class luv.signallib
local signallib = {}

---@class luv.signal: luv.object
local signal = {}

---Makes a watcher, which counts that signal from now on. There may be several for one signal,
---in any thread: each is told all. SIGKILL and SIGSTOP cannot be watched: EINVAL, as for a
---number that is no signal's.
---Raises: a name that is none, or what is neither a name nor a whole number.
---@param signum string|integer "INT", "SIGINT" or 2
---@return luv.signal? signal nil when it fails
---@return string? message
---@return luv.code? code
function signallib.create(signum) end

---Sends a signal to the thread that calls: when this returns, it has come. Without a watcher it
---does what it does by default. Source: raise.
---Raises: a name that is none, or what is neither a name nor a whole number.
---@param signum string|integer
---@return boolean? true nil when it fails (EINVAL)
---@return string? message
---@return luv.code? code
function signallib.raise(signum) end

---Sends a signal to a process. A pid of 0 means all processes of this one's group, a negative
---one those of group -pid, -1 all that there are. Signal 0 sends nothing, and asks whether
---the process is there. ESRCH: it is not. EPERM: it is somebody else's. Source: uv_kill.
---Raises: a pid that is no whole number, a name that is none.
---@param pid integer
---@param signum? string|integer "TERM" if absent
---@return boolean? true nil when it fails
---@return string? message
---@return luv.code? code
function signallib.kill(pid, signum) end

---The name of a signal, such as "SIGINT". EINVAL: it is no signal's number.
---Raises: what is no whole number.
---@param signum integer
---@return string? name nil when it fails
---@return string? message
---@return luv.code? code
function signallib.name(signum) end

---The number of a signal. EINVAL: it is no signal's name.
---Raises: what is no string.
---@param name string "INT", "SIGINT" or "int"
---@return integer? signum nil when it fails
---@return string? message
---@return luv.code? code
function signallib.number(name) end

---Starts counting, from 0: after a stop, or another signal than before.
---Raises: a name that is none, or what is neither a name nor a whole number.
---@param signum? string|integer the one before if absent
---@return luv.signal? self nil when it fails
---@return string? message
---@return luv.code? code
function signal:start(signum) end

---Stops counting, and ends the waits for it with ECANCELED. What was counted before is there
---for the next call of next.
---@return luv.signal? self nil when it fails
---@return string? message
---@return luv.code? code
function signal:stop() end

---The number of the signal that is watched, or was last.
---@return integer? signum nil when it fails
---@return string? message
---@return luv.code? code
function signal:signum() end

---Waits until the signal comes, unless it has come since the last call. If several fibers wait,
---all are told. EINVAL: it is stopped.
---Raises: a timeout that is no number of 0 or more.
---Suspends.
---@async
---@param timeout? number seconds
---@return integer? times how often it has come since the last call, at least 1; nil when it fails
---@return string? message
---@return luv.code? code
function signal:next(timeout) end

---The same as next.
---Suspends.
---@async
---@param timeout? number seconds
---@return integer? times nil when it fails
---@return string? message
---@return luv.code? code
function signal:wait(timeout) end

return signallib
