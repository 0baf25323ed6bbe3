---@meta _

-- luv.socket - LuaSocket's interface over luv, for code that knows LuaSocket: clients of Redis, of
-- PostgreSQL, of MQTT, socket.http. Such code runs in fibers with not a line changed:
--
--     local luv = require("luv").install{socket = true}
--     local http = require("socket.http")               -- the installed one
--     for _, url in ipairs(urls) do luv.spawn(function() print(http.request(url)) end) end
--
-- What blocks in LuaSocket waits here, and other fibers run meanwhile; in the main chunk as well. Results and
-- error strings are those of LuaSocket 3.1's C code, where its manual says something else, too: a test compares
-- them. So the manual is not repeated here: this page says what there is, what waits, and what differs. New
-- code has no reason to use it: luv.net is plainer.
--
-- A call that fails returns nil and a text: "timeout", "closed", "connection refused" ...; receive and send a
-- third value, what has come or the last byte that has gone. A wrong argument, or a method that this state of
-- the socket has not, raises. After settimeout(0) nothing waits; but so that a loop of such calls does not keep
-- the other fibers from running, they get their turn now and then.
--
-- What is different
--
-- * A name with several addresses is connected to as luv.net.tcp does it, the families in turn, each 250 ms
--   after the one before; LuaSocket waits for the first as long as it likes.
-- * select has no limit of 1024 descriptors. Its lists are in no order. A socket that another fiber closes
--   meanwhile is ready: the next call says "closed", as does one that waited.
-- * A server has connections taken from the kernel before accept asks for them, up to 64; a datagram that select
--   has found is kept for receive.
-- * A connection's `dirty` counts all that luv has read ahead, not LuaSocket's 8 KiB.
-- * The file of a unix socket is removed when the server is closed. A unix stream has a descriptor from bind or
--   connect on; getfd gives -1 before, and setoption "setsockopt failed".
-- * After setfd(-1) the descriptor is whoever's has asked for it, and the number stays. Only of a server the
--   number is another one: it cannot be given away.

---@class luv.socketlib
---@field _VERSION string what LuaSocket says of itself
---@field _SETSIZE integer
---@field _SOCKETINVALID integer -1
---@field _DATAGRAMSIZE integer bytes of a datagram that receive takes if nothing else is said: 8192
---@field BLOCKSIZE integer bytes of a piece that a source gives
---@field dns luv.socket.dnslib
---@field sinkt table<string, fun(sock: luv.socket.tcp): table> what socket.sink knows
---@field sourcet table<string, fun(sock: luv.socket.tcp, length: integer?): table> what socket.source knows
local socketlib = {}

---A TCP socket: userdata. It is a "tcp{master}" first, by connect a "tcp{client}", by listen a "tcp{server}".
---@class luv.socket.tcp
---@field class string
local tcp = {}

---A socket of datagrams: "udp{unconnected}", after setpeername "udp{connected}".
---@class luv.socket.udp
---@field class string
local udp = {}

---@class luv.socket.dnslib
local dnslib = {}

-- ---- the module -------------------------------------------------------------------------------

---A socket that gets its family, and its descriptor, by bind or connect.
---@return luv.socket.tcp? sock nil when it fails
---@return string? message
function socketlib.tcp() end

---One of IPv4, which has a descriptor.
---@return luv.socket.tcp? sock nil when it fails
---@return string? message
function socketlib.tcp4() end

---One of IPv6 alone (IPV6_V6ONLY), which has a descriptor.
---@return luv.socket.tcp? sock nil when it fails
---@return string? message
function socketlib.tcp6() end

---A socket of datagrams that gets its family when it is first used.
---@return luv.socket.udp? sock nil when it fails
---@return string? message
function socketlib.udp() end

---One of IPv4.
---@return luv.socket.udp? sock nil when it fails
---@return string? message
function socketlib.udp4() end

---One of IPv6 alone.
---@return luv.socket.udp? sock nil when it fails
---@return string? message
function socketlib.udp6() end

---Makes a client that is connected. Suspends.
---@async
---@param host string
---@param port integer|string a number, or the name of a service
---@param local_host? string
---@param local_port? integer|string
---@param family? "unspec"|"inet"|"inet6" of the local address
---@return luv.socket.tcp? sock nil when it fails
---@return string? message
function socketlib.connect(host, port, local_host, local_port, family) end

---connect with "inet". Suspends.
---@async
---@param host string
---@param port integer|string
---@param local_host? string
---@param local_port? integer|string
---@return luv.socket.tcp? sock nil when it fails
---@return string? message
function socketlib.connect4(host, port, local_host, local_port) end

---connect with "inet6". Suspends.
---@async
---@param host string
---@param port integer|string
---@param local_host? string
---@param local_port? integer|string
---@return luv.socket.tcp? sock nil when it fails
---@return string? message
function socketlib.connect6(host, port, local_host, local_port) end

---Makes a server on the first of the host's addresses that can be had, with SO_REUSEADDR. Suspends, for a name.
---@async
---@param host string "*": all of IPv4's
---@param port integer|string
---@param backlog? integer nil: 32
---@return luv.socket.tcp? server nil when it fails
---@return string? message
function socketlib.bind(host, port, backlog) end

---Waits until one of these can be read, or written. Besides sockets it takes whatever has a method getfd, and
---perhaps dirty: LuaSocket's own sockets, too. Over the same lists as the last time it costs as much as there is
---ready, and a comparison. Suspends.
---@async
---@param reads? table a list; nil: none
---@param writes? table
---@param timeout? number seconds; nil, or negative: no limit
---@return table readable a list, in which each also stands as the key of its place
---@return table writable
---@return string? message "timeout" when there is none
function socketlib.select(reads, writes, timeout) end

---Seconds since 1970, with fractions.
---@return number seconds
function socketlib.gettime() end

---Waits for so many seconds. Suspends.
---@async
---@param seconds number negative is 0
---@return nil
function socketlib.sleep(seconds) end

---Returns what it is given; of nil or false and a message it raises the message, for protect. Whatever its
---first argument is else, the others are returned, too.
---@param ... any
---@return any ...
function socketlib.try(...) end

---Makes a try that calls the finalizer before it raises. The finalizer may wait.
---@param finalizer? fun()
---@return fun(...: any): any
function socketlib.newtry(finalizer) end

---Makes a function that returns nil, message where fn raises by a try, and raises every other error unchanged.
---@param fn fun(...: any): any
---@return fun(...: any): any
function socketlib.protect(fn) end

---@param n integer
---@param ... any
---@return any ... what stands behind the first n of them
function socketlib.skip(n, ...) end

---Makes what socket.sink and socket.source are, of a table of makers by name.
---@param makers table
---@return fun(name: any, a: any, b: any): any
function socketlib.choose(makers) end

---A sink of LTN12 that sends.
---@param mode string|luv.socket.tcp "close-when-done", "keep-open"; or the socket alone: the latter
---@param sock? luv.socket.tcp
---@return table sink
function socketlib.sink(mode, sock) end

---A source of LTN12 that receives.
---@param mode string|luv.socket.tcp "by-length", "until-closed"; or the socket alone: the latter
---@param sock? luv.socket.tcp
---@param length? integer
---@return table source
function socketlib.source(mode, sock, length) end

-- ---- socket.dns ----------------------------------------------------------------------------------

---The name of this machine.
---@return string name
function dnslib.gethostname() end

---All addresses of a name. Suspends.
---@async
---@param host string
---@return {family: string, addr: string}[]? list nil when it fails
---@return string? message
function dnslib.getaddrinfo(host) end

---The names of an address, and of a service. Suspends.
---@async
---@param host? string
---@param service? string|integer
---@return string[]? names nil when it fails
---@return string? service or the message
function dnslib.getnameinfo(host, service) end

---The first address of IPv4, and all that is known. Suspends.
---@async
---@param host string
---@return string? address nil when it fails
---@return table|string resolved {name, alias, ip}; or the message
function dnslib.toip(host) end

---The name of an address, and all that is known. Suspends.
---@async
---@param address string
---@return string? name nil when it fails
---@return table|string resolved {name, alias, ip}; or the message
function dnslib.tohostname(address) end

-- ---- tcp ----------------------------------------------------------------------------------------

---Gives it an address. Without setoption("reuseaddr", true) one that was in use a moment ago cannot be had. Suspends.
---@async
---@param host string
---@param port integer|string
---@return integer? ok 1; nil when it fails
---@return string? message
function tcp:bind(host, port) end

---The same. Suspends.
---@async
---@param host string
---@param port integer|string
---@return integer? ok 1; nil when it fails
---@return string? message
function tcp:setsockname(host, port) end

---Connects. After a "timeout" the attempt goes on: select tells when it is over (write), and connect
---how it went. Suspends.
---@async
---@param host string
---@param port integer|string
---@return integer? ok 1; nil when it fails
---@return string? message
function tcp:connect(host, port) end

---The same. Suspends.
---@async
---@param host string
---@param port integer|string
---@return integer? ok 1; nil when it fails
---@return string? message
function tcp:setpeername(host, port) end

---Its own address.
---@return string? address nil when it fails
---@return string? port a string; or the message
---@return string? family
function tcp:getsockname() end

---The other end's.
---@return string? address nil when it fails
---@return integer|string|nil port or the message
---@return string? family
function tcp:getpeername() end

---Receives a line, "*l", without its end and all carriage returns; so many bytes; or all there is, "*a". Suspends.
---@async
---@param pattern? string|number
---@param prefix? string stands in front of the result, and counts
---@return string? data nil when it fails
---@return string? message
---@return string? partial what has come
function tcp:receive(pattern, prefix) end

---Sends data, or its bytes i to j. Suspends.
---@async
---@param data string|number
---@param i? integer
---@param j? integer
---@return integer? last the last byte that has gone; nil when it fails
---@return string? message
---@return integer? partial the last byte that had gone
function tcp:send(data, i, j) end

---@return integer received bytes
---@return integer sent bytes
---@return number age seconds
function tcp:getstats() end

---Sets what getstats tells.
---@param received? integer
---@param sent? integer
---@param age? number
---@return integer one
function tcp:setstats(received, sent, age) end

---Ends one direction, or both.
---@param how? "both"|"receive"|"send"
---@return integer one
function tcp:shutdown(how) end

---Takes a connection. Suspends.
---@async
---@return any client nil when it fails
---@return string? message
function tcp:accept() end

---Makes a server of it.
---@param backlog? integer nil: 32
---@return integer? ok 1; nil when it fails
---@return string? message
function tcp:listen(backlog) end

---How long a call may wait.
---@param seconds? number nil, or negative: no limit
---@param mode? string "b": at one go, which is the default; "t" or "r": in all
---@return integer one
function tcp:settimeout(seconds, mode) end

---@return number block -1: no limit
---@return number total
function tcp:gettimeout() end

---@return integer fd -1: none
function tcp:getfd() end

---Takes another descriptor. The old one is neither closed nor used any more: -1 gives it away.
---@param fd integer
---@return nil
function tcp:setfd(fd) end

---@return "inet4"|"inet6" family
function tcp:getfamily() end

---@return integer one
function tcp:close() end

---@return boolean yes there is something that has been read, and not received
function tcp:dirty() end

---Sets one of: keepalive, reuseaddr, reuseport, tcp-nodelay, tcp-keepidle, tcp-keepcnt, tcp-keepintvl, ipv6-v6only,
---linger ({on, timeout}), recv-buffer-size, send-buffer-size, tcp-defer-accept, tcp-fastopen, tcp-fastopen-connect.
---@param name string
---@param value any
---@return integer? ok 1; nil when it fails
---@return string? message
function tcp:setoption(name, value) end

---Reads an option.
---@param name string
---@return any value nil when it fails
---@return string? message
function tcp:getoption(name) end

-- ---- udp ----------------------------------------------------------------------------------------

---Gives it an address. Suspends.
---@async
---@param host string
---@param port integer|string
---@return integer? ok 1; nil when it fails
---@return string? message
function udp:setsockname(host, port) end

---Sets the one peer; "*" lets go of it. Suspends.
---@async
---@param host string
---@param port? integer|string
---@return integer? ok 1; nil when it fails
---@return string? message
function udp:setpeername(host, port) end

---Its own address.
---@return string? address nil when it fails
---@return string? port a string; or the message
---@return string? family
function udp:getsockname() end

---The peer's.
---@return string? address nil when it fails
---@return integer|string|nil port or the message
---@return string? family
function udp:getpeername() end

---Sends to the peer. Suspends.
---@async
---@param data string
---@return integer? bytes nil when it fails
---@return string? message
function udp:send(data) end

---Sends to an address, in numbers. Suspends.
---@async
---@param data string
---@param address string
---@param port integer|string
---@return integer? bytes nil when it fails
---@return string? message
function udp:sendto(data, address, port) end

---Takes a datagram; what is longer than size is lost. Suspends.
---@async
---@param size? integer bytes; nil: 8192
---@return string? data nil when it fails
---@return string? message
function udp:receive(size) end

---The same, and tells where it is from. Suspends.
---@async
---@param size? integer
---@return string? data nil when it fails
---@return string? address or the message
---@return integer? port
function udp:receivefrom(size) end

---How long a call may wait.
---@param seconds? number nil, or negative: no limit
---@param mode? string "b": at one go, which is the default; "t" or "r": in all
---@return integer one
function udp:settimeout(seconds, mode) end

---@return number block -1: no limit
---@return number total
function udp:gettimeout() end

---@return integer fd -1: none
function udp:getfd() end

---Takes another descriptor. The old one is neither closed nor used any more: -1 gives it away.
---@param fd integer
---@return nil
function udp:setfd(fd) end

---@return "inet4"|"inet6" family
function udp:getfamily() end

---@return integer one
function udp:close() end

---@return boolean yes there is something that has been read, and not received
function udp:dirty() end

---Sets one of: dontroute, broadcast, reuseaddr, reuseport, ip-multicast-if, -ttl, -loop, ip-add-membership,
---ip-drop-membership ({multiaddr, interface}), ipv6-unicast-hops, ipv6-multicast-hops, ipv6-multicast-loop, ipv6-add-membership,
---ipv6-drop-membership, ipv6-v6only, recv-buffer-size, send-buffer-size.
---@param name string
---@param value any
---@return integer? ok 1; nil when it fails
---@return string? message
function udp:setoption(name, value) end

---Reads an option.
---@param name string
---@return any value nil when it fails
---@return string? message
function udp:getoption(name) end
return socketlib
