---@meta _

-- luv.net - sockets and names.

---@class luv
---@field net luv.netlib

---@class luv.netlib
local netlib = {}

---A TCP socket without a descriptor; see docs/tcp.lua.
---@return luv.tcp? tcp nil when it fails
---@return string? message
---@return luv.code? code
function netlib.tcp() end

---Two connected stream sockets (of the unix kind: they have no addresses, and nodelay is not
---supported). What is written to one is read from the other. Source: uv_socketpair.
---Errors: EMFILE, ENFILE.
---@return luv.tcp? a nil when it fails
---@return luv.tcp|string b the other end; or the message
---@return luv.code? code
function netlib.socketpair() end

---@class luv.hints
---@field family? "inet"|"inet6"|"unspec"|"INET"|"INET6" of the addresses; default: either
---@field socktype? "stream"|"dgram"|"STREAM"|"DGRAM" for the service's name; default: stream
---@field protocol? "tcp"|"udp"|"TCP"|"UDP" the same, said otherwise
---@field all? boolean true: a list of all addresses

---Resolves the name of a host, of a service, or both. Go's resolver does it, in the
---background: it reads /etc/hosts and asks the name servers of /etc/resolv.conf, or has the
---system do it where that is configured otherwise. So a name server that does not answer
---holds up neither other operations nor the end of the process. A wait that is given up (by
---timeout, cancel) cancels the query. Arguments are those of luv of 2012.
---Errors: EAI_NONAME, no such host, or none of that family; EAI_AGAIN; EAI_SERVICE.
---Raises: neither host nor service; a port out of range; an option whose value is unknown;
---timeout.
---Suspends.
---@async
---@param host? string name or address; nil or "": the loopback, if there is a service
---@param service? string|integer a name of /etc/services, or a port of 0 to 65535; nil: 0
---@param options? luv.hints
---@param timeout? number seconds
---@return string|luv.address[]|nil address the first; with all, the list; nil when it fails
---@return integer|string|nil port none with all; or the message
---@return luv.code? code
function netlib.getaddrinfo(host, service, options, timeout) end

return netlib
