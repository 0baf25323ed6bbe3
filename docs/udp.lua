---@meta _

-- luv.net.udp() - a UDP socket: datagrams, each of which arrives whole, or not at all.
--
--     local socket = assert(luv.net.udp():bind("127.0.0.1", 5353))
--     while true do
--       local data, from = assert(socket:recv())
--       socket:send(data, from.address, from.port)
--     end
--
-- A new one has no descriptor, unless the family is said: it gets one by bind, connect, the
-- first send, recv or option. Nobody tells whether a datagram has arrived; of the ones that come
-- faster than they are received, those that fit in the kernel's buffer and in luv's (1,024, or
-- 256 KiB) are kept, the others are lost.
--
-- Several fibers may receive on one socket: each datagram goes to one of them, in the order in
-- which they began to wait. Whatever the network tells of an earlier datagram, such as ECONNREFUSED
-- when nobody listens at the peer of a connected socket, is what the next send or recv
-- returns; it has then done nothing else.

---@class luv.udp: luv.object
local udp = {}

---@class luv.udpbindoptions
---@field ipv6only? boolean an IPv6 socket takes no datagrams of IPv4; only true counts
---@field reuseaddr? boolean SO_REUSEADDR: others that say so may have the port, too; only true counts
---@field reuseport? boolean SO_REUSEPORT: several sockets share what arrives at the port; only true counts

---Gives the socket its own address. A name stands for its first address: one in /etc/hosts at
---once, any other as soon as a name server has answered; "*" and "" are 0.0.0.0. A socket of both families ("::") has peers of IPv4 as "::ffff:…", family "inet".
---Errors: EADDRINUSE; EADDRNOTAVAIL; EACCES; EINVAL, bound already, of the other family, or
---host is no address; EBUSY, reuseport on a socket that has a descriptor; EMFILE; EAI_NONAME and
---EAI_AGAIN for a name.
---Raises: host is no string; a port out of range; options that are no table.
---Source: uv_udp_bind.
---Suspends.
---@async
---@param host string an IPv4 or IPv6 address, a name, "*" or ""
---@param port integer|string 0 to 65535; 0: the system chooses one
---@param options? luv.udpbindoptions
---@param timeout? number seconds, for a name
---@return luv.udp? self nil when it fails
---@return string? message
---@return luv.code? code
function udp:bind(host, port, options, timeout) end

---Takes over the descriptor of a socket of datagrams: one that was inherited, or one of unix
---sockets, whose peers have no address here. It becomes non-blocking, and is closed with the object.
---After an error it is still the caller's.
---Errors: EBADF, ENOTSOCK; EINVAL, not of datagrams; EEXIST, another object has it; EBUSY, this
---object has a descriptor.
---Raises: out of range, or no whole number. Source: uv_udp_open.
---@param fd integer
---@return luv.udp? self nil when it fails
---@return string? message
---@return luv.code? code
function udp:open(fd) end

---Sets the one peer: send goes there, and recv gets what comes from there. Of a name, the first
---address that there is a way to is taken ("localhost": the loopback of the socket's family). Only
---a name takes time.
---Errors: EISCONN; ENETUNREACH; EINVAL, an address of the other family; EAI_NONAME,
---EAI_AGAIN for a name; EMFILE.
---Raises: host is no string; a port out of range; timeout.
---Suspends. Source: uv_udp_connect.
---@async
---@param host string a name, or an IPv4 or IPv6 address
---@param port integer|string 0 to 65535
---@param timeout? number seconds, of the resolution
---@return luv.udp? self nil when it fails
---@return string? message
---@return luv.code? code
function udp:connect(host, port, timeout) end

---Lets go of the peer; its own port stays. ENOTCONN: there is none.
---@return luv.udp? self nil when it fails
---@return string? message
---@return luv.code? code
function udp:disconnect() end

---Sends one datagram. If the socket's buffer is full it waits, in turn with others that send; who
---gives up by timeout or cancel has sent nothing. A name is resolved first, each time; a socket
---that has no descriptor yet takes the first of its addresses.
---
---Instead of host and port, a table with the fields address and port, such as recv returns; the
---form of 2012, send(host, port, data), works as well.
---Errors: EMSGSIZE, longer than a datagram, or the path, can be (65,507 bytes in IPv4);
---EDESTADDRREQ, no host and not connected; EISCONN, a host and connected; EACCES, a broadcast
---address without broadcast(true); ENETUNREACH, EHOSTUNREACH; ECONNREFUSED, see above; EAI_NONAME,
---EAI_AGAIN for a name.
---Raises: data that is no string, number or table of these; host; a port out of range; timeout.
---Suspends. Source: sendto, for what uv_udp_try_send does; uv_udp_try_send.
---@async
---@param data string|(string|number)[] the pieces of a table go as one datagram
---@param host? string|luv.address nil: the peer of a connected socket
---@param port? integer|string 0 to 65535; nil with a table
---@param timeout? number seconds; 0: only if there is room at once
---@return luv.udp? self nil when it fails
---@return string? message
---@return luv.code? code
function udp:send(data, host, port, timeout) end

---Waits for a datagram. An empty one is "". (In 2012 the results were data, host and port.)
---
---A socket that has no address yet is bound to a port that the system chooses.
---Errors: ECONNREFUSED, see above; ECANCELED, closed meanwhile; EMFILE.
---Raises: timeout.
---Suspends. Source: uv_udp_recv_start.
---@async
---@param timeout? number seconds; 0: only if one is there
---@return string? data nil when it fails
---@return luv.address|string from a table of its own, without address and port from a unix socket; or the message
---@return boolean|luv.code truncated only the first 65,536 bytes of it are there: no datagram of the internet is longer; or the code
function udp:recv(timeout) end

---The socket's own address. EBADF: it has none yet. Source: uv_udp_getsockname.
---@return luv.address? address nil when it fails
---@return string? message
---@return luv.code? code
function udp:getsockname() end

---The address of the peer. ENOTCONN: not connected. Source: uv_udp_getpeername.
---@return luv.address? address nil when it fails
---@return string? message
---@return luv.code? code
function udp:getpeername() end

---Joins or leaves a multicast group, whose datagrams then arrive at the port that the socket is
---bound to; with a source, only those from there. A socket that has no descriptor yet is given one of
---the group's family. (The last argument is new, the others are those of 2012.)
---Errors: EINVAL, not a group, or an address that is none; EADDRINUSE, joined already; EADDRNOTAVAIL, not
---joined; ENODEV.
---Raises: what is neither "join" nor "leave"; a group, interface or source that is no string.
---Source: uv_udp_set_membership, uv_udp_set_source_membership.
---@param group string an address of 224.0.0.0/4 or ff00::/8
---@param interface? string an address of the interface; nil or "": the system chooses
---@param what "join"|"leave"
---@param source? string an address; nil: from anywhere
---@return luv.udp? self nil when it fails
---@return string? message
---@return luv.code? code
function udp:membership(group, interface, what, source) end

---Through which interface datagrams to groups leave. Here, and in the other options below, a socket that
---has no descriptor yet becomes one of IPv4: for IPv6 make it with luv.net.udp("inet6").
---Errors: EINVAL, no address; EADDRNOTAVAIL, ENODEV.
---Raises: no string. Source: uv_udp_set_multicast_interface.
---@param address string of the interface
---@return luv.udp? self nil when it fails
---@return string? message
---@return luv.code? code
function udp:multicast_interface(address) end

---Whether datagrams to groups come back to this machine, which is the default.
---Source: uv_udp_set_multicast_loop.
---@param on any nil and false: they do not
---@return luv.udp? self nil when it fails
---@return string? message
---@return luv.code? code
function udp:multicast_loop(on) end

---How many hops datagrams to groups may take; 1 is the default.
---Raises: out of range, or no whole number. Source: uv_udp_set_multicast_ttl.
---@param hops integer 0 to 255
---@return luv.udp? self nil when it fails
---@return string? message
---@return luv.code? code
function udp:multicast_ttl(hops) end

---Allows sending to broadcast addresses. Source: uv_udp_set_broadcast.
---@param on any true: allowed
---@return luv.udp? self nil when it fails
---@return string? message
---@return luv.code? code
function udp:broadcast(on) end

---How many hops datagrams may take.
---Raises: out of range, or no whole number. Source: uv_udp_set_ttl.
---@param hops integer 1 to 255
---@return luv.udp? self nil when it fails
---@return string? message
---@return luv.code? code
function udp:ttl(hops) end

---Asks for the kernel's buffer for sending, or sets it: Linux makes it twice what is set,
---within its limits (socket(7)). EBADF: no descriptor yet.
---Raises: out of range, or no whole number. Source: uv_send_buffer_size.
---@param bytes integer 1 to 2^30
---@return luv.udp? self nil when it fails
---@return string? message
---@return luv.code? code
---@overload fun(self: luv.udp): integer?, string?, luv.code?
function udp:send_buffer_size(bytes) end

---The same for receiving: what comes faster than it is received waits there. Source: uv_recv_buffer_size.
---@param bytes integer 1 to 2^30
---@return luv.udp? self nil when it fails
---@return string? message
---@return luv.code? code
---@overload fun(self: luv.udp): integer?, string?, luv.code?
function udp:recv_buffer_size(bytes) end

---The bytes of all datagrams that wait for room, in the fibers that send them.
---@return integer? bytes nil when it fails
---@return string? message
---@return luv.code? code
function udp:send_queue_size() end

---How many datagrams wait for room.
---@return integer? datagrams nil when it fails
---@return string? message
---@return luv.code? code
function udp:send_queue_count() end

---Whether up to 20 datagrams are received by one system call. Source: uv_udp_using_recvmmsg.
---@return boolean yes
function udp:using_recvmmsg() end

---The number of the file descriptor, which stays luv's. EBADF: none yet. Source: uv_fileno.
---@return integer? fd nil when it fails
---@return string? message
---@return luv.code? code
function udp:fileno() end

---Sets an option of the socket by the kernel's name (socket(7), tcp(7), ip(7), ipv6(7)).
---Errors: what the kernel says, with the name behind it: EINVAL, ENOPROTOOPT, EPERM ...
---EBADF: no descriptor yet.
---Raises: an unknown option, one that can only be read, a value of another type. Source: setsockopt.
---@param name string such as "TCP_KEEPIDLE"
---@param value? boolean|integer|string nil: true; switches take a number, too
---@return luv.udp? self nil when it fails
---@return string? message
---@return luv.code? code
function udp:setoption(name, value) end

---Reads an option: true or false for a switch, else a number; a string for TCP_CONGESTION and
---SO_BINDTODEVICE. Reading SO_ERROR clears it. EBADF: no descriptor yet.
---Raises: an unknown option. Source: getsockopt.
---@param name string
---@return boolean|integer|string|nil value nil when it fails
---@return string? message
---@return luv.code? code
function udp:getoption(name) end
