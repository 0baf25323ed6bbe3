-- socket.unix: unix sockets, of streams and of datagrams.

local luv, load = ...
local object, errors, argument = load("socket.object"), load("socket.errors"), load("socket.argument")
local buffer, option, server = load("socket.buffer"), load("socket.option"), load("socket.server")

local net, pipe, check, any, text = luv.net, luv.pipe, object.check, object.any, errors.text
local MASTER, CLIENT = "unixstream{master}", "unixstream{client}"
local CONNECTED, UNCONNECTED = "unixdgram{connected}", "unixdgram{unconnected}"
local table, setmetatable = table, setmetatable
local LONGEST = 107

-- A path as luv takes it: one that begins with "@" is a file to LuaSocket. nil, text.
local function path_of(name, path)
  path = argument.string(name, 1, path)
  if #path > LONGEST then return nil, "path too long" end
  if path:sub(1, 1) == "@" then return "./" .. path end
  return path
end

-- nil, text: the socket is closed, as LuaSocket has it.
local function give_up(record, message, code)
  object.close(record)
  return nil, text(message, code)
end

local function bind(record, path)
  local problem
  path, problem = path_of("bind", path)
  if not path then return nil, problem end
  if not record.stream then return nil, "Bad file descriptor" end
  local ok, message, code = record.stream:bind(path)
  if not ok then return give_up(record, message, code) end
  return 1
end

local function sockname(record)
  if not record.stream then return nil, "Bad file descriptor" end
  local path, message, code = record.stream:getsockname()
  if not path then
    if code == "EBADF" then return "" end -- luv's has no descriptor before it is bound or connected
    return nil, errors.of_system(message, code)
  end
  return path:sub(1, 1) == "@" and "" or path
end

-- ---- streams --------------------------------------------------------------------------------

local stream = {}

function stream.bind(sock, path) return bind(check(sock, MASTER, "bind"), path) end
stream.setsockname = stream.bind

function stream.connect(sock, path)
  local record = check(sock, MASTER, "connect")
  local problem
  path, problem = path_of("connect", path)
  if not path then return nil, problem end
  if not record.stream then return nil, "closed" end
  local ok, message, code = record.stream:connect(path, object.limit(record))
  if not ok then return give_up(record, message, code) end
  object.turn(sock, record, CLIENT)
  return 1
end
stream.setpeername = stream.connect

function stream.getsockname(sock) return sockname(any(sock, "unixstream", "getsockname")) end

object.common("unixstream", stream, function(fd) return pipe.create():open(fd) end)
stream.getfamily, stream.gettimeout = nil, nil
buffer.methods("unixstream", stream)
server.methods("unixstream", stream)
option.methods("unixstream", stream, option.unixstream, true)
object.define("unixstream", {"master", "client", "server"}, stream)

-- ---- datagrams ------------------------------------------------------------------------------

local dgram = {}

function dgram.bind(sock, path) return bind(check(sock, UNCONNECTED, "bind"), path) end
dgram.setsockname = dgram.bind

function dgram.connect(sock, path)
  local record = any(sock, "unixdgram", "connect")
  local problem
  path, problem = path_of("connect", path)
  if not path then return nil, problem end
  if not record.stream then return nil, "closed" end
  local ok, message, code = record.stream:connect(path)
  if not ok then return give_up(record, message, code) end
  object.turn(sock, record, CONNECTED)
  return 1
end
dgram.setpeername = dgram.connect

local function send(record, data, path)
  if not record.stream then return nil, "refused" end
  local limit = object.limit(record)
  local ok, message, code = record.stream:send(data, path, limit)
  if ok then return #data end
  if code == "ETIMEDOUT" then object.polled(limit) end
  return nil, text(message, code)
end

function dgram.send(sock, data)
  local record = check(sock, CONNECTED, "send")
  return send(record, argument.string("send", 1, data))
end

function dgram.sendto(sock, data, path)
  local record = check(sock, UNCONNECTED, "sendto")
  data = argument.string("sendto", 1, data)
  local problem
  path, problem = path_of("sendto", path)
  if not path then return nil, problem end
  return send(record, data, path)
end

-- The next datagram, and the path of who has sent it.
local function receive(record, size, name)
  size = size == nil and 8192 or argument.whole(argument.number(name, 1, size))
  if not record.stream then return "", "" end
  local limit, first = object.limit(record), record.queue and table.remove(record.queue, 1)
  local data, from, code
  if first then data, from, code = first[1], first[2], first[3] else data, from, code = record.stream:recv(limit) end
  if not data then
    if code == "ETIMEDOUT" then object.polled(limit) end
    return nil, text(from, code)
  end
  local path = from.path or ""
  return #data > size and data:sub(1, size) or data, path:sub(1, 1) == "@" and "" or path
end

function dgram.receive(sock, size)
  local data, problem = receive(any(sock, "unixdgram", "receive"), size, "receive")
  if not data then return nil, problem end
  return data
end

function dgram.receivefrom(sock, size)
  return receive(check(sock, UNCONNECTED, "receivefrom"), size, "receivefrom")
end

function dgram.dirty(sock)
  local queue = any(sock, "unixdgram", "dirty").queue
  return queue ~= nil and queue[1] ~= nil
end

function dgram.getsockname(sock) return sockname(any(sock, "unixdgram", "getsockname")) end

object.common("unixdgram", dgram, function(fd) return net.unixgram():open(fd) end)
dgram.getfamily = nil
option.methods("unixdgram", dgram, option.unixdgram, true)
object.define("unixdgram", {"connected", "unconnected"}, dgram)

-- ---- the module -----------------------------------------------------------------------------

local unix = {}

function unix.stream()
  local made, message, code = pipe.create()
  if not made then return nil, text(message, code) end
  return object.new(MASTER, made)
end

function unix.dgram()
  local made, message, code = net.unixgram()
  if not made then return nil, text(message, code) end
  return object.new(UNCONNECTED, made)
end

unix.tcp, unix.udp = unix.stream, unix.dgram
function unix.__call(_, ...) return unix.stream(...) end

return setmetatable(unix, unix)
