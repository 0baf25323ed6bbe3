---@meta _

-- luv.net - sockets and names.

---@class luv
---@field net luv.netlib

---@class luv.netlib
local netlib = {}

---A TCP socket; see docs/tcp.lua. Without a family it has no descriptor until it is bound, connected or listens.
---Errors, with a family: EMFILE, ENFILE, EAFNOSUPPORT.
---Raises: another family. Source: uv_tcp_init_ex.
---@param family? "inet"|"inet6"
---@return luv.tcp? tcp nil when it fails
---@return string? message
---@return luv.code? code
function netlib.tcp(family) end

---A UDP socket; see docs/udp.lua. Without a family it has no descriptor until it is bound, connected or
---first used.
---Errors, with a family: EMFILE, ENFILE, EAFNOSUPPORT.
---Raises: another family. Source: uv_udp_init_ex.
---@param family? "inet"|"inet6"
---@return luv.udp? udp nil when it fails
---@return string? message
---@return luv.code? code
function netlib.udp(family) end

---A unix socket of datagrams; see docs/unixgram.lua. It has a descriptor, and no name yet.
---Errors: EMFILE, ENFILE.
---@return luv.unixgram? socket nil when it fails
---@return string? message
---@return luv.code? code
function netlib.unixgram() end

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

---@class luv.nameinfo
---@field numerichost? boolean the address itself, in numbers
---@field numericserv? boolean the port itself, in digits
---@field namereqd? boolean an address without a name is an error
---@field nofqdn? boolean only the first part of the name
---@field dgram? boolean the port is one of UDP

---The name of an address, and of a port. Go's resolver finds the first (in /etc/hosts, or by PTR
---records), /etc/services the other. What has no name is returned in numbers; so is the host if the
---name server does not answer, unless a name is required.
---Errors: EAI_NONAME, no address, or with namereqd no name; EAI_AGAIN, with namereqd.
---Raises: address is no string; a port out of range; options that are no table; timeout.
---Suspends, unless both are asked for in numbers.
---@async
---@param address string an IPv4 or IPv6 address
---@param port? integer 0 to 65535; nil: 0
---@param options? luv.nameinfo only true counts
---@param timeout? number seconds
---@return string? host nil when it fails
---@return string service or the message
---@return luv.code? code
function netlib.getnameinfo(address, port, options, timeout) end

---@class luv.mx
---@field host string
---@field preference integer the lowest first

---@class luv.srv
---@field host string
---@field port integer
---@field priority integer the lowest first
---@field weight integer

---@class luv.resolveoptions
---@field server? string asks this name server: an address, or "address:port", "[address]:port"

---Asks the name servers of /etc/resolv.conf, or one, for the records of a name. Go's resolver does
---it: over UDP, and over TCP what is too long for that. What does not fit the question is
---ignored, as long as there is time. Names are complete, whether or not with a dot at the end, and
---have none in the results.
---
---A, AAAA, NS, TXT, PTR: strings (of a TXT record, its pieces joined). CNAME: one string, the name at the
---end of all aliases, which must have an address; the name itself if it is no alias. MX, SRV: tables, in
---the order in which they are to be tried. PTR takes an address, or the name that stands for it
---(…in-addr.arpa). A, AAAA and PTR look into /etc/hosts first.
---
---How long a server that says nothing is waited for, and how often it is asked, is a matter of
---/etc/resolv.conf (5 seconds, twice); a timeout or cancel ends it at once.
---Errors: EAI_NONAME, no such name, or no record of that type; EAI_AGAIN, no answer, or the server cannot or
---will not tell; EAI_FAIL, an answer that cannot be read.
---Raises: name is no string; another type; a server that is no address; timeout.
---Suspends.
---@async
---@param name string
---@param type? "A"|"AAAA"|"CNAME"|"MX"|"NS"|"PTR"|"SRV"|"TXT" in any case; nil: A
---@param options? luv.resolveoptions
---@param timeout? number seconds
---@return string[]|luv.mx[]|luv.srv[]|nil records nil when it fails
---@return string? message
---@return luv.code? code
function netlib.resolve(name, type, options, timeout) end

return netlib
