---@meta _

-- luv.socket.unix - unix sockets as LuaSocket's socket.unix has them: docs/socket.lua.

---require("luv.socket.unix"), LuaSocket's socket.unix. Calling it is calling stream.
---@class luv.socket.unixlib
local unixlib = {}

---@class luv.socket.unixstream
---@field class string
local unixstream = {}

---@class luv.socket.unixdgram
---@field class string
local unixdgram = {}

---@return luv.socket.unixstream? sock nil when it fails
---@return string? message
function unixlib.stream() end

---@return luv.socket.unixstream? sock nil when it fails
---@return string? message
function unixlib.tcp() end

---@return luv.socket.unixdgram? sock nil when it fails
---@return string? message
function unixlib.dgram() end

---@return luv.socket.unixdgram? sock nil when it fails
---@return string? message
function unixlib.udp() end

---Gives it a path.
---@param path string
---@return integer? ok 1; nil when it fails
---@return string? message
function unixstream:bind(path) end

---Gives it a path.
---@param path string
---@return integer? ok 1; nil when it fails
---@return string? message
function unixstream:setsockname(path) end

---Connects. Suspends.
---@async
---@param path string
---@return integer? ok 1; nil when it fails
---@return string? message
function unixstream:connect(path) end

---Connects. Suspends.
---@async
---@param path string
---@return integer? ok 1; nil when it fails
---@return string? message
function unixstream:setpeername(path) end

---@return string? path "" for none; nil when it fails
---@return string? message
function unixstream:getsockname() end

---Receives a line, "*l", without its end and all carriage returns; so many bytes; or all there is, "*a". Suspends.
---@async
---@param pattern? string|number
---@param prefix? string stands in front of the result, and counts
---@return string? data nil when it fails
---@return string? message
---@return string? partial what has come
function unixstream:receive(pattern, prefix) end

---Sends data, or its bytes i to j. Suspends.
---@async
---@param data string|number
---@param i? integer
---@param j? integer
---@return integer? last the last byte that has gone; nil when it fails
---@return string? message
---@return integer? partial the last byte that had gone
function unixstream:send(data, i, j) end

---@return integer received bytes
---@return integer sent bytes
---@return number age seconds
function unixstream:getstats() end

---Sets what getstats tells.
---@param received? integer
---@param sent? integer
---@param age? number
---@return integer one
function unixstream:setstats(received, sent, age) end

---Ends one direction, or both.
---@param how? "both"|"receive"|"send"
---@return integer one
function unixstream:shutdown(how) end

---Takes a connection. Suspends.
---@async
---@return any client nil when it fails
---@return string? message
function unixstream:accept() end

---Makes a server of it.
---@param backlog? integer nil: 32
---@return integer? ok 1; nil when it fails
---@return string? message
function unixstream:listen(backlog) end

---How long a call may wait.
---@param seconds? number nil, or negative: no limit
---@param mode? string "b": at one go, which is the default; "t" or "r": in all
---@return integer one
function unixstream:settimeout(seconds, mode) end

---@return integer fd -1: none
function unixstream:getfd() end

---Takes another descriptor. The old one is neither closed nor used any more: -1 gives it away.
---@param fd integer
---@return nil
function unixstream:setfd(fd) end

---@return integer one
function unixstream:close() end

---@return boolean yes there is something that has been read, and not received
function unixstream:dirty() end

---Sets one of: keepalive, reuseaddr, linger.
---@param name string
---@param value any
---@return integer? ok 1; nil when it fails
---@return string? message
function unixstream:setoption(name, value) end

---Gives it a path.
---@param path string
---@return integer? ok 1; nil when it fails
---@return string? message
function unixdgram:bind(path) end

---Gives it a path.
---@param path string
---@return integer? ok 1; nil when it fails
---@return string? message
function unixdgram:setsockname(path) end

---Sets the one peer.
---@param path string
---@return integer? ok 1; nil when it fails
---@return string? message
function unixdgram:connect(path) end

---Sets the one peer.
---@param path string
---@return integer? ok 1; nil when it fails
---@return string? message
function unixdgram:setpeername(path) end

---@return string? path "" for none; nil when it fails
---@return string? message
function unixdgram:getsockname() end

---Sends to the peer. Suspends.
---@async
---@param data string
---@return integer? bytes nil when it fails
---@return string? message
function unixdgram:send(data) end

---Sends to a path. Suspends.
---@async
---@param data string
---@param path string
---@return integer? bytes nil when it fails
---@return string? message
function unixdgram:sendto(data, path) end

---Takes a datagram. Suspends.
---@async
---@param size? integer bytes; nil: 8192
---@return string? data nil when it fails
---@return string? message
function unixdgram:receive(size) end

---The same, and tells where it is from. Suspends.
---@async
---@param size? integer
---@return string? data nil when it fails
---@return string? path "" for none; or the message
function unixdgram:receivefrom(size) end

---How long a call may wait.
---@param seconds? number nil, or negative: no limit
---@param mode? string "b": at one go, which is the default; "t" or "r": in all
---@return integer one
function unixdgram:settimeout(seconds, mode) end

---@return number block -1: no limit
---@return number total
function unixdgram:gettimeout() end

---@return integer fd -1: none
function unixdgram:getfd() end

---Takes another descriptor. The old one is neither closed nor used any more: -1 gives it away.
---@param fd integer
---@return nil
function unixdgram:setfd(fd) end

---@return integer one
function unixdgram:close() end

---@return boolean yes there is something that has been read, and not received
function unixdgram:dirty() end

---Sets one of: reuseaddr.
---@param name string
---@param value any
---@return integer? ok 1; nil when it fails
---@return string? message
function unixdgram:setoption(name, value) end

return unixlib
