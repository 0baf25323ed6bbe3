---@meta _

-- luv.poll - waiting until a descriptor of somebody else's is ready: that of a database's
-- connection, of inotify, an eventfd.
--
--     local watch = assert(luv.poll.create(connection:fileno()))
--     while connection:busy() do
--       watch:wait("r")
--       connection:consume()
--     end
--
-- The descriptor is never read, written or closed by luv, and its flags stay as they are: whoever
-- reads should make it non-blocking. Any number of these objects may watch one descriptor, also one
-- that luv itself reads and writes. Each has a descriptor of its own (epoll).

---@class luv
---@field poll luv.polllib

---@class luv.polllib
local polllib = {}

---@class luv.poll: luv.object
local poll = {}

---Makes an object that watches a descriptor. An object that has one lives as long.
---Errors: EBADF, no descriptor; EPERM, a file or folder, for which there is nothing to wait; EMFILE,
---ENFILE; whatever fileno() returns.
---Raises: what is neither a number of 0 or more nor an object with fileno(), and what that raises.
---@param fd integer|{fileno: fun(self): integer?} a descriptor, or an object that has the method fileno()
---@return luv.poll? poll nil when it fails
---@return string? message
---@return luv.code? code
function polllib.create(fd) end

---Makes an empty set: for who waits until some of many descriptors are ready. A wait costs as much as there is
---ready, however many there are; adding and removing cost a system call each.
---
---     local set = luv.poll.set():add(a, "r"):add(b, "rw")
---     for object, what in pairs(set:wait()) do ... end
---
---Errors: EMFILE, ENFILE, ENOMEM.
---@return luv.pollset? set nil when it fails
---@return string? message
---@return luv.code? code
function polllib.set() end

---@class luv.pollset: luv.object
local pollset = {}

---Watches a descriptor, or changes what it is watched for. Of a stream of luv's bytes that luv has read ahead are
---not seen: stream:stop() before has the next ones stay where they are. A descriptor that is closed is watched
---no longer.
---Errors: EBADF, no descriptor; EPERM, a file or folder, for which there is nothing to wait; whatever fileno() returns.
---Raises: as luv.poll.create; what is none of the three.
---@param fd integer|{fileno: fun(self): integer?} stays alive as long as it is watched
---@param what "r"|"w"|"rw"
---@return luv.pollset? self nil when it fails
---@return string? message
---@return luv.code? code
function pollset:add(fd, what) end

---Watches it no longer. Errors: ENOENT, it was not there; EBADF, it has been closed.
---@param fd integer|{fileno: fun(self): integer?}
---@return luv.pollset? self nil when it fails
---@return string? message
---@return luv.code? code
function pollset:remove(fd) end

---Waits until some are ready: with several fibers that wait, the table may be empty.
---Errors: ECANCELED, the set has been closed. Raises: timeout.
---Suspends.
---@async
---@param timeout? number seconds; 0: only what is ready
---@return table<any, "r"|"w"|"rw">? ready what was added -> for what; at most 256 at once; nil when it fails
---@return integer|string|nil n how many; the message
---@return luv.code? code
function pollset:wait(timeout) end

---Waits until the descriptor can be read ("r") or written ("w") without waiting. One that has ended or
---failed is ready: the next read or write tells. Several fibers may wait, also for different things;
---all for whom it is ready go on.
---
---Whoever closes the descriptor should close this object before: a wait in progress does not notice. The
---next one does, or waits for the file that has the number by then.
---Errors: EBADF, the descriptor has been closed; ECANCELED, this object has been.
---Raises: what is none of the three; timeout.
---Suspends.
---@async
---@param what "r"|"w"|"rw"
---@param timeout? number seconds; 0: only if it is ready
---@return "r"|"w"|"rw"|nil ready what of that it is ready for; nil when it fails
---@return string? message
---@return luv.code? code
function poll:wait(what, timeout) end

---The number of the descriptor.
---@return integer? fd nil when it fails
---@return string? message
---@return luv.code? code
function poll:fileno() end

return polllib
