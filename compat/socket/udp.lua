-- udp, udp4, udp6: a socket of datagrams is connected or not.

local luv, load = ...
local object, errors, argument = load("socket.object"), load("socket.errors"), load("socket.argument")
local inet, option = load("socket.inet"), load("socket.option")

local net, text, check, any = luv.net, errors.text, object.check, object.any
local ipairs, tonumber, table = ipairs, tonumber, table
local CONNECTED, UNCONNECTED = "udp{connected}", "udp{unconnected}"
local DATAGRAM = 8192

local methods = {}

-- ---- making one -----------------------------------------------------------------------------

local function make(family)
  local socket, message, code = net.udp(family)
  if not socket then return nil, text(message, code) end
  if family == "inet6" then socket:setoption("IPV6_V6ONLY", true) end
  return socket
end

local function create(family)
  local socket, message
  if family then
    socket, message = make(family)
    if not socket then return nil, message end
  end
  return object.new(UNCONNECTED, socket, family)
end

-- Has the record a socket of that family, made now if there is none? A socket of the other family goes.
local function ensure(record, family)
  if record.stream and record.family == family then return true end
  local socket, message = make(family)
  if not socket then return nil, message end
  object.close(record)
  object.attach(record, socket)
  record.family = family
  return true
end

-- Does `try` with the socket and each of the addresses, until it works.
local function each(record, host, service, try)
  local port, message = inet.port(service, "dgram")
  if not port then return nil, message end
  local list
  list, message = inet.addresses(host, record.family)
  if not list then return nil, message end
  for _, a in ipairs(list) do
    local ok, problem, code = ensure(record, a.family)
    if ok then ok, problem, code = try(record.stream, a.address, port) end
    if ok then return 1 end
    message = text(problem, code)
  end
  return nil, message
end

-- ---- addresses ------------------------------------------------------------------------------

local function bind(socket, address, port) return socket:bind(address, port) end

function methods.setsockname(sock, host, service)
  local record = check(sock, UNCONNECTED, "setsockname")
  return each(record, argument.string("setsockname", 1, host), argument.string("setsockname", 2, service), bind)
end

local function connect(socket, address, port)
  socket:disconnect()
  return socket:connect(address, port)
end

function methods.setpeername(sock, host, service)
  local record = any(sock, "udp", "setpeername")
  host = argument.string("setpeername", 1, host)
  if host == "*" then
    if record.stream then record.stream:disconnect() end
    object.turn(sock, record, UNCONNECTED)
    return 1
  end
  local ok, message = each(record, host, argument.string("setpeername", 2, service), connect)
  if not ok then return nil, message end
  object.turn(sock, record, CONNECTED)
  return 1
end

function methods.getpeername(sock)
  local record = check(sock, CONNECTED, "getpeername")
  if not record.stream then return nil, "Bad file descriptor" end
  return object.address(record, record.stream:getpeername())
end

function methods.getsockname(sock)
  local record = any(sock, "udp", "getsockname")
  if not record.stream then return nil, "Bad file descriptor" end
  local address, port, family = object.address(record, record.stream:getsockname())
  return address, address and ("%d"):format(port) or port, family
end

-- ---- datagrams ------------------------------------------------------------------------------

local function sent(record, limit, data, ok, message, code)
  if ok then return #data end
  if code == "ETIMEDOUT" then object.polled(limit) end
  return nil, text(message, code)
end

function methods.send(sock, data)
  local record = check(sock, CONNECTED, "send")
  data = argument.string("send", 1, data)
  if not record.stream then return nil, "refused" end
  local limit = object.limit(record)
  return sent(record, limit, data, record.stream:send(data, nil, nil, limit))
end

-- An address in numbers, and a port in digits: nothing else will do here.
local function numeric(host, service)
  local port = tonumber(service)
  if not inet.literal_family(host) or not port then return nil, "Name or service not known" end
  return port
end

function methods.sendto(sock, data, host, service)
  local record = check(sock, UNCONNECTED, "sendto")
  data, host = argument.string("sendto", 1, data), argument.string("sendto", 2, host)
  local port, message = numeric(host, argument.string("sendto", 3, service))
  if not port then return nil, message end
  if not record.stream then
    if record.family then return nil, "refused" end
    local ok
    ok, message = ensure(record, host:find(":", 1, true) and "inet6" or "inet")
    if not ok then return nil, message end
  end
  local limit = object.limit(record)
  return sent(record, limit, data, record.stream:send(data, host, port, limit))
end

-- The next datagram, and where it is from: one that select has found, or a new one.
local function take(record, limit)
  local queue = record.queue
  if queue and queue[1] then
    local first = table.remove(queue, 1)
    return first[1], first[2], first[3]
  end
  return record.stream:recv(limit)
end

local function receive(record, size, name)
  size = size == nil and DATAGRAM or argument.whole(argument.number(name, 1, size))
  local limit = object.limit(record)
  local data, from, code = take(record, limit)
  if not data then
    if code == "ETIMEDOUT" then object.polled(limit) end
    return nil, text(from, code)
  end
  return #data > size and data:sub(1, size) or data, from
end

function methods.receive(sock, size)
  local record = any(sock, "udp", "receive")
  if not record.stream then return "" end -- as LuaSocket's: what has no socket has nothing to say
  local data, problem = receive(record, size, "receive")
  if not data then return nil, problem end
  return data
end

function methods.receivefrom(sock, size)
  local record = check(sock, UNCONNECTED, "receivefrom")
  if not record.stream then return nil, "ai_family not supported" end
  local data, from = receive(record, size, "receivefrom")
  if not data then return nil, from end
  return data, from.address, from.port
end

function methods.dirty(sock)
  local queue = any(sock, "udp", "dirty").queue
  return queue ~= nil and queue[1] ~= nil
end

object.common("udp", methods, function(fd) return net.udp():open(fd) end)
option.methods("udp", methods, option.udp)
object.define("udp", {"connected", "unconnected"}, methods)

return {
  udp = function() return create() end,
  udp4 = function() return create("inet") end,
  udp6 = function() return create("inet6") end,
  _DATAGRAMSIZE = DATAGRAM,
}
