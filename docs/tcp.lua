---@meta _

-- luv.net.tcp() - a TCP socket: one that listens, or a connection. Reading, writing and
-- accepting are those of every stream (docs/stream.lua).
--
--     local server = assert(luv.net.tcp():bind("127.0.0.1", 8080))
--     assert(server:listen())
--     local client = assert(server:accept())
--
-- A new one has no descriptor, unless its family is said: it gets one by bind, listen, connect or accept.

---@class luv.address
---@field family "inet"|"inet6"
---@field address string in numbers, such as "127.0.0.1" or "::1"
---@field port integer

---@class luv.tcp: luv.stream
local tcp = {}

---@class luv.bindoptions
---@field ipv6only? boolean an IPv6 socket takes no IPv4 connections; only true counts
---@field reuseport? boolean SO_REUSEPORT: several sockets share the port; only true counts
---@field reuseaddr? boolean only false counts: without SO_REUSEADDR

---Gives the socket its own address. A name stands for its first address: one in /etc/hosts at
---once, any other as soon as a name server has answered. "*" and "" are 0.0.0.0, "localhost" is
---127.0.0.1. SO_REUSEADDR is set, unless the options say otherwise; but a socket that was made with
---its family is bound as it is, and setoption sets what is wanted before.
---Errors: EINVAL, bound already, or host is no address; EADDRNOTAVAIL; EACCES; EBUSY,
---reuseport or reuseaddr on a socket that has a descriptor, any option on one made with its family; EAI_NONAME and EAI_AGAIN for a name.
---EADDRINUSE comes from listen or connect; from bind with reuseaddr = false, after setoption, or of a socket made with its family.
---Raises: host is no string; a port out of range; options that are no table.
---Source: uv_tcp_bind.
---Suspends.
---@async
---@param host string an IPv4 or IPv6 address, a name, "*" or ""
---@param port integer|string 0 to 65535; 0: the system chooses one
---@param options? luv.bindoptions
---@param timeout? number seconds, for a name
---@return luv.tcp? self nil when it fails
---@return string? message
---@return luv.code? code
function tcp:bind(host, port, options, timeout) end

---Starts listening; without bind, on a free port of all IPv4 addresses.
---Errors: EADDRINUSE; EINVAL, connected.
---Raises: a backlog out of range.
---Source: uv_listen.
---@param backlog? integer 0 to 65535, 511 if nil: connections that the kernel keeps waiting,
---     and one more; it may allow fewer
---@return luv.tcp? self nil when it fails
---@return string? message
---@return luv.code? code
function tcp:listen(backlog) end

---Connects. A name is resolved, and its addresses tried, the families in turn, each as soon as
---the one before it has failed or has not answered for 250 ms (RFC 8305); from a socket that is bound, those of its family in turn. After a
---failure the same object may connect again.
---
---After a timeout: to an address the attempt goes on, and a later connect gives EALREADY, or
---EISCONN when it has succeeded; with a name it is given up, and EALREADY
---only until that is done. With a timeout of 0 the attempt goes on in any case; what the kernel
---answers at once, as on this machine to an address or a name in /etc/hosts, is the result.
---Errors: ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, ETIMEDOUT (the system's own, too),
---EADDRINUSE, EADDRNOTAVAIL; EAI_NONAME and EAI_AGAIN for a name; EISCONN, connected already,
---or listening; EALREADY, another fiber connects it.
---Raises: host is no string; a port out of range; timeout.
---Suspends.
---@async
---@param host string a name, or an IPv4 or IPv6 address (with a zone: "fe80::1%eth0")
---@param port integer|string 0 to 65535
---@param timeout? number seconds, resolution included
---@return luv.tcp? self nil when it fails
---@return string? message
---@return luv.code? code
function tcp:connect(host, port, timeout) end

---The socket's own address. Source: uv_tcp_getsockname.
---Errors: EBADF, it has none yet; EAFNOSUPPORT, one of a socketpair.
---@return luv.address? address nil when it fails
---@return string? message
---@return luv.code? code
function tcp:getsockname() end

---The address of the other end. Source: uv_tcp_getpeername.
---Errors: ENOTCONN; EBADF, no descriptor yet; EAFNOSUPPORT, one of a socketpair.
---@return luv.address? address nil when it fails
---@return string? message
---@return luv.code? code
function tcp:getpeername() end

---Turns keep-alive probes on or off. Before the socket has a descriptor that is remembered,
---but with 60 seconds.
---Raises: seconds out of range, or no whole number. Source: uv_tcp_keepalive.
---@param on any nil and false: off
---@param seconds? integer of silence before the first probe, 1 to 32767, 60 if nil
---@return luv.tcp? self nil when it fails
---@return string? message
---@return luv.code? code
function tcp:keepalive(on, seconds) end

---Turns Nagle's algorithm off (true) or on. Before the socket has a descriptor it is
---remembered.
---Errors: ENOTSUP, one of a socketpair.
---Source: uv_tcp_nodelay.
---@param on any true: small writes go at once
---@return luv.tcp? self nil when it fails
---@return string? message
---@return luv.code? code
function tcp:nodelay(on) end

---Closes with a reset instead of an orderly end: the peer reads ECONNRESET. Otherwise it
---is close(), and never suspends.
---Errors: EINVAL, after shutdown(); EBADF, no descriptor yet. The object then stays open.
---Source: uv_tcp_close_reset.
---@return luv.tcp? self nil when it fails
---@return string? message
---@return luv.code? code
function tcp:close_reset() end

---The number of the file descriptor, which stays luv's. EBADF: none yet. Source: uv_fileno.
---@return integer? fd nil when it fails
---@return string? message
---@return luv.code? code
function tcp:fileno() end

---Asks for the kernel's buffer for sending, or sets it: Linux makes it twice what is set,
---within its limits (socket(7)). EBADF: no descriptor yet.
---Raises: out of range, or no whole number. Source: uv_send_buffer_size.
---@param bytes integer 1 to 2^30
---@return luv.tcp? self nil when it fails
---@return string? message
---@return luv.code? code
---@overload fun(self: luv.tcp): integer?, string?, luv.code?
function tcp:send_buffer_size(bytes) end

---The same for receiving. Source: uv_recv_buffer_size.
---@param bytes integer 1 to 2^30
---@return luv.tcp? self nil when it fails
---@return string? message
---@return luv.code? code
---@overload fun(self: luv.tcp): integer?, string?, luv.code?
function tcp:recv_buffer_size(bytes) end

---Sets an option of the socket by the kernel's name (socket(7), tcp(7), ip(7), ipv6(7)). Before the
---socket has a descriptor it is kept, and holds for the first one from its beginning: so for connect to a
---name, too.
---Errors: what the kernel says, with the name behind it: EINVAL, ENOPROTOOPT, EPERM ...
---Raises: an unknown option, one that can only be read, a value of another type. Source: setsockopt.
---@param name string such as "TCP_KEEPIDLE"
---@param value? boolean|integer|string nil: true; switches take a number, too; for SO_LINGER seconds, or false
---@return luv.tcp? self nil when it fails
---@return string? message
---@return luv.code? code
function tcp:setoption(name, value) end

---Reads an option: true or false for a switch, else a number; for SO_LINGER seconds or false; a string for TCP_CONGESTION and
---SO_BINDTODEVICE. Reading SO_ERROR clears it. EBADF: no descriptor yet, and it was not set.
---Raises: an unknown option. Source: getsockopt.
---@param name string
---@return boolean|integer|string|nil value nil when it fails
---@return string? message
---@return luv.code? code
function tcp:getoption(name) end

---How long close may take to send what is left: the kernel goes on for so many seconds, and resets
---the connection then, with 0 at once; nil or false: as long as it likes, which is the default.
---Before the socket has a descriptor it is kept, as by setoption. close itself never waits.
---Raises: seconds out of range. Source: SO_LINGER.
---@param seconds integer|false|nil 0 to 32767
---@return luv.tcp? self nil when it fails
---@return string? message
---@return luv.code? code
function tcp:linger(seconds) end

---Takes over the descriptor of a stream socket, such as detach gives: connected, listening or neither.
---From here on it is the object's, and does not block.
---Errors: EBUSY, the object has a descriptor; EEXIST, another object has this one; EBADF, ENOTSOCK;
---EINVAL, not a stream socket. The descriptor is then still the caller's.
---Raises: no whole number of 0 or more. Source: uv_tcp_open.
---@param fd integer
---@return luv.tcp? self nil when it fails
---@return string? message
---@return luv.code? code
function tcp:open(fd) end
