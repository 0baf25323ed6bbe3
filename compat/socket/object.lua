-- Sockets as a script sees them: userdata whose metatable is their class's, as LuaSocket's are, and
-- changes with their state. What belongs to one lies in a record here, with luv's stream or socket in it.

local luv, load = ...
local errors, argument = load("socket.errors"), load("socket.argument")

local newproxy, setmeta, getmeta = newproxy, debug.setmetatable, debug.getmetatable
local setmetatable, tostring, pairs = setmetatable, tostring, pairs
local text, of_system, gettimeofday = errors.text, errors.of_system, luv.os.gettimeofday
local hrtime, sleep = luv.hrtime, luv.sleep

local object = {}

-- socket -> {class, kind, stream, family, block, total, ...}. A record never names its socket.
local records = setmetatable({}, {__mode = "k"})
local classes = {}
object.records = records

-- Connections that may have been read ahead, for select: socket -> record.
local hot = setmetatable({}, {__mode = "k"})
object.hot = hot
function object.heat(sock, record)
  if record.hot then return end
  record.hot, hot[sock] = true, record
end

-- Descriptors that a script has asked for, and whose they are.
object.byfd = setmetatable({}, {__mode = "v"})

-- Grows whenever a socket's descriptor or state changes: select keeps what it knows of them as long as it does not.
object.epoch = 0

function object.gettime()
  local seconds, micros = gettimeofday()
  return seconds + micros / 1e6
end

-- ---- classes --------------------------------------------------------------------------------

local function describe(sock)
  local meta = getmeta(sock)
  setmeta(sock, nil)
  local address = tostring(sock):gsub("^userdata: ", "")
  setmeta(sock, meta)
  return meta.__index.class .. ": " .. address
end

-- Makes the classes of a kind, "tcp{master}" ..., with the same methods each.
function object.define(kind, states, methods)
  for _, state in pairs(states) do
    local name, index = kind .. "{" .. state .. "}", {}
    for k, v in pairs(methods) do index[k] = v end
    index.class = name
    classes[name] = {__index = index, __tostring = describe, __name = name, [kind .. "{any}"] = true}
  end
end

local datagrams = {udp = true, unixdgram = true}

function object.new(class, stream, family)
  local kind = class:match("^(.-){")
  local sock = newproxy()
  setmeta(sock, classes[class])
  records[sock] = {class = class, kind = kind, stream = stream, family = family, datagrams = datagrams[kind],
                   block = -1, total = -1, received = 0, sent = 0, born = hrtime()}
  return sock
end

function object.turn(sock, record, class)
  record.class, object.epoch = class, object.epoch + 1
  setmeta(sock, classes[class])
end

-- The record of a socket that has to be of one class, or of any class of a kind.
function object.check(sock, class, name)
  local record = records[sock]
  if record and record.class == class then return record end
  argument.bad_self(name, class)
end

function object.any(sock, kind, name)
  local record = records[sock]
  if record and record.kind == kind then return record end
  argument.bad_self(name, kind .. "{any}")
end

-- ---- time -----------------------------------------------------------------------------------

-- How long the call that begins now may wait; nil: for ever.
function object.limit(record)
  local block, total = record.block, record.total
  if block < 0 then
    if total < 0 then return nil end
    return total
  end
  if total < 0 or block < total then return block end
  return total
end

-- What is left of a limit for a call that began at `start`.
function object.left(limit, start)
  if not limit or limit == 0 then return limit end
  local left = limit - (hrtime() - start) / 1e9
  return left > 0 and left or 0
end

local idle = 0

-- A loop of calls that may not wait must not keep the other fibers from running.
function object.polled(limit)
  if limit ~= 0 then return end
  idle = idle + 1
  if idle % 16 == 0 then sleep(0) end
end

-- ---- what all kinds can do -------------------------------------------------------------------

-- nil, the words for an error of luv's.
function object.fail(message, code) return nil, text(message, code) end

function object.fileno(record)
  if record.stream then return record.stream:fileno() or -1 end
  return record.number or -1
end

local function settimeout(record, value, mode)
  value = value == nil and -1 or argument.number("settimeout", 1, value)
  mode = mode == nil and "b" or argument.string("settimeout", 2, mode)
  local first = mode:sub(1, 1)
  if value ~= value then value = -1 end
  if first == "b" then record.block = value
  elseif first == "t" or first == "r" then record.total = value
  else argument.bad("settimeout", 2, "invalid timeout mode") end
  record.limit = object.limit(record)
  return 1
end

function object.attach(record, stream)
  record.stream, object.epoch = stream, object.epoch + 1
end

-- How many records have a stream, where it is more than one: after a:setfd(b:getfd()).
local sharers = setmetatable({}, {__mode = "k"})

-- Streams whose descriptor could not be given away, since they are being written: they are kept.
local lent = {}

-- Selects that wait now: what they have found -> a function that is told of a stream that goes.
object.watching = setmetatable({}, {__mode = "k"})

-- Takes the stream out of a record. nil: others have it still, or there was none.
local function let_go(record)
  local stream = record.stream
  if stream then
    for found, tell in pairs(object.watching) do tell(found, stream) end
  end
  record.stream, record.number, record.attempt, record.queue = nil, nil, nil, nil
  object.epoch = object.epoch + 1
  if not stream or not sharers[stream] then return stream end
  sharers[stream] = sharers[stream] > 2 and sharers[stream] - 1 or nil
end

function object.close(record)
  local stream = let_go(record)
  if stream then stream:close() end
end

-- The stream of another record that has this descriptor.
local function shared(fd)
  for _, other in pairs(records) do
    if other.stream and other.stream:fileno() == fd then
      sharers[other.stream] = (sharers[other.stream] or 1) + 1
      return other.stream
    end
  end
end

-- As in LuaSocket the old descriptor is neither closed nor used any more: it is whoever's has asked for
-- its number.
local function setfd(record, fd, adopt)
  if fd == object.fileno(record) then return end
  local old = let_go(record)
  if old and not old:detach() then lent[old] = true end
  if fd < 0 then return end
  object.attach(record, shared(fd) or adopt(fd))
  record.number = not record.stream and fd or nil
end

local families = {inet = "inet4", inet6 = "inet6"}

-- The methods that do not differ between kinds. `adopt` makes a stream of a descriptor.
function object.common(kind, methods, adopt)
  local any = object.any
  function methods.settimeout(sock, value, mode) return settimeout(any(sock, kind, "settimeout"), value, mode) end
  function methods.gettimeout(sock)
    local record = any(sock, kind, "gettimeout")
    return record.block, record.total
  end
  function methods.getfd(sock)
    local fd = object.fileno(any(sock, kind, "getfd"))
    object.byfd[fd] = sock
    return fd
  end
  function methods.setfd(sock, fd) setfd(any(sock, kind, "setfd"), argument.whole(argument.number("setfd", 1, fd)), adopt) end
  function methods.getfamily(sock) return families[any(sock, kind, "getfamily").family] or "inet4" end
  function methods.close(sock)
    object.close(any(sock, kind, "close"))
    return 1
  end
  return methods
end

-- address, port, family of what luv's getsockname or getpeername says.
function object.address(record, a, message, code)
  if not a then return nil, of_system(message, code) end
  return a.address, a.port, record.family or "unspec"
end

-- ---- for who goes on with the connection -----------------------------------------------------

-- luv's stream of a socket; nil: it has none.
function object.stream(sock)
  local record = records[sock]
  return record and record.stream or nil
end

-- The same, taken out: to the script the socket is closed from now on.
function object.take(sock)
  local record = records[sock]
  return record and let_go(record)
end

-- Makes known an object of another kind that has a luv stream, for select.
function object.register(sock, record) records[sock] = record end

return object
