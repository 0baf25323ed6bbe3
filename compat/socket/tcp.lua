-- tcp, tcp4, tcp6, connect: a socket is a master, a client or a server.

local luv, load = ...
local object, errors, argument = load("socket.object"), load("socket.errors"), load("socket.argument")
local buffer, inet, option = load("socket.buffer"), load("socket.inet"), load("socket.option")
local server = load("socket.server")

local net, spawn, event, hrtime = luv.net, luv.spawn, luv.event, luv.hrtime
local check, any, text = object.check, object.any, errors.text
local ipairs = ipairs
local MASTER, CLIENT, SERVER = "tcp{master}", "tcp{client}", "tcp{server}"

local methods = {}

-- ---- making one -----------------------------------------------------------------------------

-- A luv socket, with a descriptor if its family is known; nil, text.
local function make(family)
  local stream, message, code = net.tcp(family)
  if not stream then return nil, text(message, code) end
  if family == "inet6" then stream:setoption("IPV6_V6ONLY", true) end
  return stream
end

local function create(family)
  local stream, message
  if family then
    stream, message = make(family)
    if not stream then return nil, message end
  end
  return object.new(MASTER, stream, family)
end

-- ---- bind -------------------------------------------------------------------

-- Binds to the first of the addresses that can be had.
local function bind_to(record, list, port)
  local problem
  for _, a in ipairs(list) do
    local stream = record.family == a.family and record.stream or nil
    if not stream then
      stream, problem = make(a.family)
      if not stream then return nil, problem end
    end
    local ok, message, code = stream:bind(a.address, port)
    if ok then
      if record.stream and record.stream ~= stream then record.stream:close() end
      object.attach(record, stream)
      record.family = a.family
      return 1
    end
    problem = text(message, code)
    if stream ~= record.stream then stream:close() end
  end
  return nil, problem
end

local function bind(record, host, service, family)
  local port, message = inet.port(service, "stream")
  if not port then return nil, message end
  local list
  list, message = inet.addresses(host, family)
  if not list then return nil, message end
  return bind_to(record, list, port)
end

function methods.bind(sock, host, service)
  local record = check(sock, MASTER, "bind")
  host, service = argument.string("bind", 1, host), argument.string("bind", 2, service)
  return bind(record, host, service, record.family)
end
methods.setsockname = methods.bind

-- ---- connect --------------------------------------------------------------------------------

local function run_attempt(attempt, stream, host, port)
  local ok, message, code = stream:connect(host, port)
  attempt.failure = not ok and text(message, code) or nil
  attempt.over, object.epoch = true, object.epoch + 1
  attempt.done:set()
end

-- The family is known from now on: that of the address, or of the one that a name has led to.
local function connected(record, host)
  if record.family then return 1 end
  local peer = not inet.literal_family(host) and record.stream and record.stream:getpeername()
  record.family = peer and peer.family or inet.literal_family(host)
  return 1
end

-- Takes over what an attempt has come to.
local function settle(record)
  local failure, host = record.attempt.failure, record.attempt.host
  record.attempt, record.told = nil, not failure
  if failure then return nil, failure end
  return connected(record, host)
end

-- Connects, and when the time is over lets the attempt go on by itself, as the kernel would.
local function connect_within(record, host, port, limit)
  local attempt = {done = event(), host = host}
  record.attempt, object.epoch = attempt, object.epoch + 1
  spawn(run_attempt, attempt, record.stream, host, port):name("connect")
  if limit > 0 then attempt.done:wait(limit) end
  if not attempt.over then
    object.polled(limit)
    return nil, "timeout"
  end
  local ok, message = settle(record)
  record.told = nil
  return ok, message
end

-- Tells when an attempt that has taken longer than it might is over, and what it has come to.
local function follow(attempt, stream, host, port)
  stream:wait("w")
  local _, message, code = stream:connect(host, port, 0)
  attempt.failure = code ~= "EISCONN" and (code == "ETIMEDOUT" and "connection refused" or text(message, code)) or nil
  attempt.over, object.epoch = true, object.epoch + 1
  attempt.done:set()
end

-- The same for an address in numbers: with it luv itself lets the attempt go on, so that no fiber is
-- needed as long as there is an answer in time.
local function connect_address(record, host, port, limit, family)
  local ok, message, code = record.stream:connect(host, port, limit)
  if ok then
    record.family = record.family or family
    return 1
  end
  if code ~= "ETIMEDOUT" or not record.stream then return nil, text(message, code) end
  local attempt = {done = event()}
  record.attempt, object.epoch = attempt, object.epoch + 1
  spawn(follow, attempt, record.stream, host, port):name("connect")
  return nil, "timeout"
end

local function connect(record, host, port, limit)
  local family = inet.literal_family(host)
  if family and limit and limit > 0 then return connect_address(record, host, port, limit, family) end
  if limit then return connect_within(record, host, port, limit) end
  local ok, message, code = record.stream:connect(host, port)
  if not ok then return nil, text(message, code) end
  return connected(record, host)
end

-- An address in numbers; of a call that may not wait LuaSocket resolves the name all the same, and takes
-- the first of its addresses.
local function literal(record, host, limit)
  local family = inet.literal_family(host)
  if limit ~= 0 and not family then return host end
  if family == (record.family or family) and inet.plain(host) then return host end
  local list, message = inet.addresses(host, record.family)
  if not list then return nil, message end
  return family and host or list[1].address
end

-- Of a socket that has been told to connect before: what the kernel says then; nothing: it may try.
local function again(record)
  local attempt = record.attempt
  if attempt and attempt.over then return true, settle(record) end
  if attempt then return true, nil, "Operation already in progress" end
  if record.class == SERVER then return true, nil, "already connected" end
  if record.class ~= CLIENT or not record.stream or not record.stream:getpeername() then return false end
  if record.told then return true, nil, "already connected" end
  record.told = true -- once it says that the attempt has gone well
  return true, 1
end

local function begin(record, host, service)
  local known, ok, problem = again(record)
  if known then return ok, problem end
  local limit = object.limit(record)
  local port, message = inet.port(service, "stream")
  if not port then return nil, message end
  host, message = literal(record, host, limit)
  if not host then return nil, message end
  if not record.stream then
    local stream
    stream, message = make(record.family)
    if not stream then return nil, message end
    object.attach(record, stream)
  end
  return connect(record, host, port, limit)
end

function methods.connect(sock, host, service)
  local record = any(sock, "tcp", "connect")
  host, service = argument.string("connect", 1, host), argument.string("connect", 2, service)
  local ok, message = begin(record, host, service)
  object.turn(sock, record, CLIENT)
  if ok then return 1 end
  return nil, message
end
methods.setpeername = methods.connect

local function module_connect(host, service, local_host, local_service, family)
  host, service = argument.string("connect", 1, host), argument.string("connect", 2, service)
  family = argument.option("connect", 5, family, {"unspec", "inet", "inet6"})
  local sock = object.new(MASTER, nil, nil)
  local record, ok, message = object.records[sock], nil, nil
  family = family ~= "unspec" and family or nil
  if local_host ~= nil then
    ok, message = bind(record, argument.string("connect", 3, local_host), local_service == nil and "0" or argument.string("connect", 4, local_service), family)
    if not ok then return nil, message end
  end
  ok, message = begin(record, host, service)
  if not ok then
    object.close(record)
    return nil, message
  end
  object.turn(sock, record, CLIENT)
  return sock
end

-- ---- the rest -------------------------------------------------------------------------------

function methods.getpeername(sock)
  local record = any(sock, "tcp", "getpeername")
  if not record.stream then return nil, "Bad file descriptor" end
  return object.address(record, record.stream:getpeername())
end

function methods.getsockname(sock)
  local record = any(sock, "tcp", "getsockname")
  if not record.stream then return nil, "Bad file descriptor" end
  local address, port, family = object.address(record, record.stream:getsockname())
  return address, address and ("%d"):format(port) or port, family
end

object.common("tcp", methods, function(fd) return net.tcp():open(fd) end)
buffer.methods("tcp", methods)
server.methods("tcp", methods)
option.methods("tcp", methods, option.tcp)
object.define("tcp", {"master", "client", "server"}, methods)

return {
  tcp = function() return create() end,
  tcp4 = function() return create("inet") end,
  tcp6 = function() return create("inet6") end,
  connect = module_connect,
}
