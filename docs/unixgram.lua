---@meta _

-- luv.net.unixgram() - a unix socket of datagrams: each arrives whole, in order, and none is lost.
--
--     local server = assert(luv.net.unixgram():bind("/run/log.sock", {unlink = true}))
--     while true do
--       local data, from = assert(server:recv())
--       if from.path ~= "" then server:send("ok", from) end
--     end
--
-- Names are those of luv.pipe: paths, and abstract ones that begin with "@". A socket without a name can
-- send, and nobody can answer it: a client that wants answers binds to a name, bind() to one that the
-- kernel chooses. The file of a socket is removed when its object is closed, if it still is that socket's.
--
-- A receiver that is slow makes its senders wait: the kernel keeps 10 datagrams for it
-- (net.unix.max_dgram_qlen), luv up to 1,024 or 256 KiB more once recv has been called. A socket that
-- sends to several receivers waits for each of them apart: one that is stuck holds nobody up but
-- those who send to it.
--
-- Several fibers may receive on one socket: each datagram goes to one of them, in the order in
-- which they began to wait.

---@class luv.unixgram: luv.object
local unixgram = {}

---@class luv.unixgramsender
---@field family "unix"
---@field path string the sender's name, "" for none; an abstract one begins with "@"
---@field pid? integer who has sent it: these three after setoption("SO_PASSCRED")
---@field uid? integer
---@field gid? integer

---Gives the socket its name. Without a path the kernel chooses an abstract one.
---Errors: EADDRINUSE; ENAMETOOLONG; EINVAL, it has a name, or "", or a zero byte inside a path; ENOENT,
---EACCES, ENOTDIR and EROFS of the folder.
---Raises: a path that is no string; options that are no table; a mode that is no permissions.
---@param path? string
---@param options? luv.pipebindoptions
---@return luv.unixgram? self nil when it fails
---@return string? message
---@return luv.code? code
function unixgram:bind(path, options) end

---Takes over a descriptor of such a socket: one that was inherited. It becomes non-blocking, and gets
---the number that fileno tells. After an error it is still the caller's.
---Errors: EBADF, ENOTSOCK; EINVAL, of another kind; EEXIST, another object has it; EBUSY, this
---object has been used.
---Raises: out of range, or no whole number.
---@param fd integer
---@return luv.unixgram? self nil when it fails
---@return string? message
---@return luv.code? code
function unixgram:open(fd) end

---Sets the one peer: send goes there, and recv gets what comes from there.
---Errors: ENOENT, no such file; ECONNREFUSED, nobody has that name; EACCES; EPERM, that one has another
---peer; EPROTOTYPE, a socket of streams; ENAMETOOLONG; EINVAL, "" or a zero byte in a path.
---Raises: path is no string.
---@param path string
---@return luv.unixgram? self nil when it fails
---@return string? message
---@return luv.code? code
function unixgram:connect(path) end

---Lets go of the peer. ENOTCONN: there is none.
---@return luv.unixgram? self nil when it fails
---@return string? message
---@return luv.code? code
function unixgram:disconnect() end

---Sends one datagram. If the receiver's queue, or the socket's buffer, is full it waits, in turn with others
---that send there; who gives up by timeout or cancel has sent nothing.
---Errors: ENOENT, no such file; ECONNREFUSED, nobody has that name, or the peer has gone (then ENOTCONN, until it
---is connected again); EMSGSIZE, longer than
---the buffer for sending; EDESTADDRREQ, no path and not connected; EISCONN, a path and connected; EACCES;
---EPERM, the receiver has another peer; EPROTOTYPE, a socket of streams; ENAMETOOLONG; EINVAL.
---Raises: data that is no string, number or table of these; path; timeout.
---Suspends. Source: sendto.
---@async
---@param data string|(string|number)[] the pieces of a table go as one datagram
---@param path? string|luv.unixgramsender nil: the peer of a connected socket; what recv returns: its path
---@param timeout? number seconds; 0: only if there is room at once
---@return luv.unixgram? self nil when it fails
---@return string? message
---@return luv.code? code
function unixgram:send(data, path, timeout) end

---Waits for a datagram. An empty one is "". Descriptors that come along are closed.
---Errors: ECANCELED, closed meanwhile; ECONNRESET, the peer of a connected socket has turned to another.
---Raises: timeout.
---Suspends. Source: recvmsg.
---@async
---@param timeout? number seconds; 0: only if one is there
---@return string? data nil when it fails
---@return luv.unixgramsender|string from a table of its own; or the message
---@return boolean|luv.code truncated only the first 1,310,610 bytes of it are there; or the code
function unixgram:recv(timeout) end

---The socket's own name: "" for none, an abstract one begins with "@".
---@return string? name nil when it fails
---@return string? message
---@return luv.code? code
function unixgram:getsockname() end

---The name of the peer. ENOTCONN: not connected.
---@return string? name nil when it fails
---@return string? message
---@return luv.code? code
function unixgram:getpeername() end

---Sets the permissions of the socket's file: who may send to it needs "w".
---Errors: EINVAL, it has none; EPERM; ENOENT.
---Raises: anything else than what mode may be.
---@param mode string|integer "r", "w" or "rw" for everybody, or all permissions: "660" in octal,
---     or a number of 0 to 4095
---@return luv.unixgram? self nil when it fails
---@return string? message
---@return luv.code? code
function unixgram:chmod(mode) end

---The bytes of all datagrams that wait for room, in the fibers that send them.
---@return integer? bytes nil when it fails
---@return string? message
---@return luv.code? code
function unixgram:send_queue_size() end

---How many datagrams wait for room.
---@return integer? datagrams nil when it fails
---@return string? message
---@return luv.code? code
function unixgram:send_queue_count() end

---Asks for the kernel's buffer for sending, which bounds a datagram, or sets it: Linux makes it twice what is
---set, within its limits (socket(7)).
---Raises: out of range, or no whole number.
---@param bytes integer 1 to 2^30
---@return luv.unixgram? self nil when it fails
---@return string? message
---@return luv.code? code
---@overload fun(self: luv.unixgram): integer?, string?, luv.code?
function unixgram:send_buffer_size(bytes) end

---The same for receiving, which unix sockets make no use of.
---@param bytes integer 1 to 2^30
---@return luv.unixgram? self nil when it fails
---@return string? message
---@return luv.code? code
---@overload fun(self: luv.unixgram): integer?, string?, luv.code?
function unixgram:recv_buffer_size(bytes) end

---The number of the file descriptor, which stays luv's.
---@return integer? fd nil when it fails
---@return string? message
---@return luv.code? code
function unixgram:fileno() end

---Sets an option of the socket by the kernel's name (socket(7), unix(7)): tcp:setoption has the rest.
---@param name string such as "SO_PASSCRED"
---@param value? boolean|integer|string nil: true; switches take a number, too
---@return luv.unixgram? self nil when it fails
---@return string? message
---@return luv.code? code
function unixgram:setoption(name, value) end

---Reads an option: tcp:getoption has the rest.
---@param name string
---@return boolean|integer|string|nil value nil when it fails
---@return string? message
---@return luv.code? code
function unixgram:getoption(name) end
