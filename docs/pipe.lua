---@meta _

-- luv.pipe - unix sockets, and the ends of pipes, as streams. Reading, writing and accepting
-- are those of every stream (docs/stream.lua).
--
--     local server = assert(luv.pipe.create():bind("/run/app.sock", {unlink = true}))
--     assert(server:listen())
--     local client = assert(server:accept())
--
-- A name is a path of at most 107 bytes; or it begins with "@" or a zero byte, and is abstract
-- then (Linux): it stands in no file system, and ends with its socket. An abstract name has at
-- most 108 bytes with the "@", any bytes. A file whose name begins with "@" is "./@…".
--
-- The file of a socket is removed when its object is closed, if it still is that socket's. A
-- process that does not come to its end leaves the file: then bind gives EADDRINUSE, and
-- {unlink = true} removes it.
--
-- Handles. Between two pipes made with ipc, write(data, {handle = object}) sends an open
-- descriptor along with bytes, and accept() takes it, in another process or the same one: a
-- luv.tcp, listening or connected, a luv.pipe, a luv.tty, a luv.file, or whatever else has a
-- descriptor. The sender keeps its object, and may close it at once. Bytes and handles are
-- two queues: read gives the bytes in order, accept the handles in order, and a handle is
-- there as soon as the first byte that it was sent with has been read from the kernel. So a
-- script that sends a line with each handle reads a line, then accepts. Of what nobody
-- accepts 64 are kept, then the pipe is read no further; close closes them. What has no
-- descriptor left (EMFILE) loses the handle, not the bytes. A listening socket that was
-- taken is told to listen() before it accepts.

---The module.
---@class luv.pipelib
local pipelib = {}

---@class luv
---@field pipe luv.pipelib unix sockets and pipes

---Makes a pipe that is not connected. Follows luv.pipe.create of 2012, which took ipc as its
---second argument: the last of the arguments counts.
---Errors: ENOMEM.
---@param ipc? any true: it can pass handles, and cannot listen
---@return luv.pipe? pipe nil when it fails
---@return string? message
---@return luv.code? code
---@overload fun(x: any, ipc: any): luv.pipe?, string?, luv.code?
function pipelib.create(ipc) end

---Makes two ends that are connected, each for reading and writing. Source: uv_socketpair.
---Errors: EMFILE, ENFILE, ENOMEM.
---@param ipc? any true: both can pass handles
---@return luv.pipe? a nil when it fails
---@return luv.pipe|string b the other end; or the message
---@return luv.code? code
function pipelib.pair(ipc) end

---@class luv.pipe: luv.stream
local pipe = {}

---@class luv.pipebindoptions
---@field unlink? boolean true: the file of a socket that nobody listens on is removed first.
---     Any other file, and a socket in use, stay: EADDRINUSE
---@field mode? string|integer permissions of the file from the start, as "660"; nil: what
---     umask leaves

---Gives the socket its name. Two servers that begin at the same moment with unlink may both
---find the old file stale; the later one gets the name.
---Errors: EADDRINUSE; ENAMETOOLONG; EINVAL, it has a name or a descriptor, or "", or a zero byte
---inside a path; ENOENT, EACCES, ENOTDIR and EROFS of the folder.
---Raises: path is no string; options that are no table; a mode that is no permissions.
---@param path string
---@param options? luv.pipebindoptions
---@return luv.pipe? self nil when it fails
---@return string? message
---@return luv.code? code
function pipe:bind(path, options) end

---Starts listening.
---Errors: EINVAL, no name, or made with ipc. Raises: a backlog out of range. Source: uv_listen.
---@param backlog? integer 0 to 65535, 511 if nil: connections that the kernel keeps waiting
---@return luv.pipe? self nil when it fails
---@return string? message
---@return luv.code? code
function pipe:listen(backlog) end

---Connects. Only a server whose backlog is full makes it wait: it is tried again, every
---20 ms at most. After a timeout or a cancellation the attempt is given up, and a
---connect gives EALREADY until that is done.
---Errors: ENOENT, no such file; ECONNREFUSED, nobody listens there, or it is no socket; EACCES;
---ENAMETOOLONG; EPROTOTYPE, a socket of another kind; EINVAL, "" or a zero byte in a path;
---EISCONN, connected already, or listening; EALREADY, another fiber connects it.
---Raises: path is no string; timeout.
---Suspends.
---@async
---@param path string
---@param timeout? number seconds
---@return luv.pipe? self nil when it fails
---@return string? message
---@return luv.code? code
function pipe:connect(path, timeout) end

---Takes over a descriptor: of a pipe, a named one (FIFO), a unix socket, or of anything else
---that can be polled and read or written. A number above 2 is luv's from then on, and is closed
---with the pipe. For 0, 1, 2, and for a file of Lua's or an object of luv's, a descriptor of its own is made, so that both
---can be closed; its lender's flags stay as they are. What the file has
---buffered is not seen.
---
---A FIFO has no writer yet: open it with luv.fs.open(path, "r+"), or its end is read at once.
---Errors: EBADF, nothing is open there; EINVAL, it cannot be polled (a file, a directory);
---EISCONN, the pipe has a descriptor; EEXIST, another object of luv's has that number; EMFILE.
---Raises: no number of a descriptor, and no file. Source: uv_pipe_open.
---@param fd integer|file*|luv.file|luv.stream
---@return luv.pipe? self nil when it fails
---@return string? message
---@return luv.code? code
function pipe:open(fd) end

---How many handles accept() would give at once. Source: uv_pipe_pending_count.
---@return integer? n nil when it fails
---@return string? message
---@return luv.code? code
function pipe:pending() end

---The socket's own name: "" for none, an abstract one begins with "@".
---Errors: EBADF, no descriptor yet; ENOTSOCK, a mere pipe. Source: uv_pipe_getsockname.
---@return string? name nil when it fails
---@return string? message
---@return luv.code? code
function pipe:getsockname() end

---The name of the other end: "" for a client, or an end of a pair.
---Errors: EBADF, no descriptor yet; ENOTCONN; ENOTSOCK, a mere pipe. Source: uv_pipe_getpeername.
---@return string? name nil when it fails
---@return string? message
---@return luv.code? code
function pipe:getpeername() end

---Sets the permissions of the socket's file: who may connect needs "w".
---Errors: EINVAL, it has none (an abstract name, a pair); EPERM; ENOENT.
---Raises: anything else than what mode may be. Follows uv_pipe_chmod.
---@param mode string|integer "r", "w" or "rw" for everybody, or all permissions: "660" in octal,
---     or a number of 0 to 4095
---@return luv.pipe? self nil when it fails
---@return string? message
---@return luv.code? code
function pipe:chmod(mode) end

---The number of the file descriptor, which stays luv's. EBADF: none yet. Source: uv_fileno.
---@return integer? fd nil when it fails
---@return string? message
---@return luv.code? code
function pipe:fileno() end

---Asks for the kernel's buffer for sending, or sets it: Linux makes it twice what is set,
---within its limits (socket(7)). EBADF: no descriptor yet; ENOTSOCK: a mere pipe.
---Raises: out of range, or no whole number. Source: uv_send_buffer_size.
---@param bytes integer 1 to 2^30
---@return luv.pipe? self nil when it fails
---@return string? message
---@return luv.code? code
---@overload fun(self: luv.pipe): integer?, string?, luv.code?
function pipe:send_buffer_size(bytes) end

---The same for receiving. Source: uv_recv_buffer_size.
---@param bytes integer 1 to 2^30
---@return luv.pipe? self nil when it fails
---@return string? message
---@return luv.code? code
---@overload fun(self: luv.pipe): integer?, string?, luv.code?
function pipe:recv_buffer_size(bytes) end

---Sets an option of the socket by the kernel's name (socket(7), tcp(7), ip(7), ipv6(7)).
---Errors: what the kernel says, with the name behind it: EINVAL, ENOPROTOOPT, EPERM ...
---EBADF: no descriptor yet.
---Raises: an unknown option, one that can only be read, a value of another type. Source: setsockopt.
---@param name string such as "TCP_KEEPIDLE"
---@param value? boolean|integer|string nil: true; switches take a number, too
---@return luv.pipe? self nil when it fails
---@return string? message
---@return luv.code? code
function pipe:setoption(name, value) end

---Reads an option: true or false for a switch, else a number; a string for TCP_CONGESTION and
---SO_BINDTODEVICE. Reading SO_ERROR clears it. EBADF: no descriptor yet.
---Raises: an unknown option. Source: getsockopt.
---@param name string
---@return boolean|integer|string|nil value nil when it fails
---@return string? message
---@return luv.code? code
function pipe:getoption(name) end

---Who is at the other end of a unix socket, as it was when the connection was made.
---Errors: ENOTCONN; EBADF, no descriptor yet. Source: SO_PEERCRED.
---@return {pid: integer, uid: integer, gid: integer}? credentials nil when it fails
---@return string? message
---@return luv.code? code
function pipe:peercred() end
