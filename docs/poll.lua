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
