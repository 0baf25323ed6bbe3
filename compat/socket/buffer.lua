-- receive and send of connections, tcp and unix: LuaSocket's results over luv's streams.

local luv, load = ...
local object, errors, argument = load("socket.object"), load("socket.errors"), load("socket.argument")

local type, tonumber, floor, concat = type, tonumber, math.floor, table.concat
local limit_of, left, polled, text = object.limit, object.left, object.polled, errors.text
local hrtime, heat = luv.hrtime, object.heat
local find, gsub = string.find, string.gsub
local MOST = 2 ^ 53

local buffer = {}

-- ---- receive --------------------------------------------------------------------------------

local function joined(prefix, data)
  if prefix == "" then return data end
  return prefix .. data
end

-- What lies in a stream, up to so many bytes, without waiting.
local function drain(stream, most)
  local pieces, n = {}, 0
  while n < most do
    local got, data = stream:read(most - n, 0)
    if not got then break end
    pieces[#pieces + 1], n = data, n + got
  end
  return concat(pieces), n
end

-- The results of a receive that has failed, with what came nevertheless.
local function partial(record, limit, prefix, data, message, code)
  record.received = record.received + #data
  if code == "ETIMEDOUT" then polled(limit) end
  return nil, (record.text or text)(message, code), joined(prefix, data)
end

local function without_returns(line)
  if line:find("\r", 1, true) then return (line:gsub("\r", "")) end
  return line
end

-- No newline came: it may have, a moment later.
local function no_line(record, stream, limit, prefix, message, code)
  local data, n = drain(stream, MOST)
  local at = data:find("\n", 1, true)
  if at then
    stream:unread(data:sub(at + 1))
    record.received = record.received + at
    return joined(prefix, without_returns(data:sub(1, at - 1))), nil, nil
  end
  record.received = record.received + n
  if code == "ETIMEDOUT" then polled(limit) end
  return nil, (record.text or text)(message, code), joined(prefix, without_returns(data))
end

-- The results of a receive of a line, of those of read_until.
local function line_results(record, stream, limit, prefix, line, whole, code)
  if not line then return no_line(record, stream, limit, prefix, whole, code) end
  if not whole then
    record.received = record.received + #line
    return nil, "closed", joined(prefix, without_returns(line))
  end
  record.received = record.received + #line + 1
  return joined(prefix, without_returns(line)), nil, nil
end

local function receive_line(record, stream, limit, prefix)
  return line_results(record, stream, limit, prefix, stream:read_until("\n", MOST, limit))
end

-- For no byte at all LuaSocket waits for one nevertheless, and leaves it there.
local function receive_none(record, stream, limit, prefix)
  local n, data, code = stream:read(1, limit)
  if not n then return partial(record, limit, prefix, "", data, code) end
  stream:unread(data)
  return prefix, nil, nil
end

-- The same of a receive of so many bytes, of those of read_exactly.
local function count_results(record, stream, limit, prefix, count, data, message, code)
  local n = count
  if not data then data, n = drain(stream, count) end
  if n < count then return partial(record, limit, prefix, data, message, code) end
  record.received = record.received + n
  return joined(prefix, data), nil, nil
end

local function receive_count(record, stream, limit, prefix, count)
  if prefix ~= "" then
    if count <= #prefix then return prefix, nil, nil end
    count = count - #prefix
  end
  if count == 0 then return receive_none(record, stream, limit, prefix) end
  return count_results(record, stream, limit, prefix, count, stream:read_exactly(count, limit))
end

local function receive_all(record, stream, limit, prefix)
  local data, message, code = stream:read_all(nil, limit)
  if not data then return partial(record, limit, prefix, drain(stream, MOST), message, code) end
  if data == "" then return nil, "closed", prefix end
  record.received = record.received + #data
  return joined(prefix, data), nil, nil
end

-- What a pattern asks for: a number of bytes, or how it is done.
local function wanted(pattern)
  local count = (type(pattern) == "number" or type(pattern) == "string") and tonumber(pattern)
  if count then
    if not (count >= 0) then argument.bad("receive", 1, "invalid receive pattern") end
    return floor(count)
  end
  local start = argument.string("receive", 1, pattern):sub(1, 2)
  if start == "*l" then return receive_line elseif start == "*a" then return receive_all end
  argument.bad("receive", 1, "invalid receive pattern")
end

-- data, nil, nil; or nil, "closed" or "timeout" or another text, what came before.
function buffer.receive(sock, record, pattern, prefix)
  prefix = prefix == nil and "" or argument.string("receive", 2, prefix)
  local way = pattern == nil and receive_line or wanted(pattern)
  local stream = record.stream
  if not stream then
    if type(way) == "number" and prefix ~= "" and way <= #prefix then return prefix, nil, nil end
    return nil, "closed", prefix
  end
  if not record.hot then heat(sock, record) end
  if type(way) == "number" then return receive_count(record, stream, limit_of(record), prefix, way) end
  return way(record, stream, limit_of(record), prefix)
end

-- ---- send -----------------------------------------------------------------------------------

-- The first and the last byte, as LuaSocket counts them.
local function range(n, i, j)
  i = i == nil and 1 or argument.whole(argument.number("send", 2, i))
  j = j == nil and -1 or argument.whole(argument.number("send", 3, j))
  if i < 0 then i = n + i + 1 end
  if j < 0 then j = n + j + 1 end
  return i < 1 and 1 or i, j > n and n or j
end

-- The last byte that has gone, nil, nil; or nil, text, the last byte that had gone. The first attempt has had
-- these results.
local function send_rest(record, stream, data, i, j, limit, n, message, code)
  local start, at = n and n <= j - i and hrtime(), i
  while n do
    record.sent, at = record.sent + n, at + n
    if at > j then return j, nil, nil end
    n, message, code = stream:write_some(data, at, j, left(limit, start))
  end
  if code == "ETIMEDOUT" then polled(limit) end
  return nil, (record.text or text)(message, code), at - 1
end

function buffer.send(record, data, i, j)
  if type(data) ~= "string" then data = argument.string("send", 1, data) end
  local n = #data
  if i or j then i, j = range(n, i, j) else i, j = 1, n end
  if i > j then return i - 1, nil, nil end
  local stream = record.stream
  if not stream then return nil, "closed", i - 1 end
  local limit = limit_of(record)
  return send_rest(record, stream, data, i, j, limit, stream:write_some(data, i, j, limit))
end

-- ---- the methods ----------------------------------------------------------------------------

local records = object.records

-- What is asked for most often has a short way: a line or a number of bytes that has come, all of a string that
-- can go. On Lua 5.1 each call in between would be a tenth of a microsecond.
local function receive_method(client)
  return function(sock, pattern, prefix)
    local record = records[sock]
    if not record or record.class ~= client then argument.bad_self("receive", client) end
    local stream, limit = record.stream, record.limit
    if not stream or prefix ~= nil or not record.hot then return buffer.receive(sock, record, pattern, prefix) end
    if pattern == nil or pattern == "*l" then
      local line, whole, code = stream:read_until("\n", MOST, limit)
      if whole ~= true then return line_results(record, stream, limit, "", line, whole, code) end
      record.received = record.received + #line + 1
      if find(line, "\r", 1, true) then line = gsub(line, "\r", "") end
      return line, nil, nil
    end
    if type(pattern) ~= "number" or not (pattern >= 1) then return buffer.receive(sock, record, pattern) end
    local data, message, code = stream:read_exactly(pattern, limit)
    if not data then return count_results(record, stream, limit, "", floor(pattern), nil, message, code) end
    record.received = record.received + #data
    return data, nil, nil
  end
end

local function send_method(client)
  return function(sock, data, i, j)
    local record = records[sock]
    if not record or record.class ~= client then argument.bad_self("send", client) end
    local stream = record.stream
    if not stream or type(data) ~= "string" or i or j then return buffer.send(record, data, i, j) end
    local n, message, code = stream:write_some(data, nil, nil, record.limit)
    if n ~= #data then return send_rest(record, stream, data, 1, #data, record.limit, n, message, code) end
    record.sent = record.sent + n
    return n, nil, nil
  end
end

-- Adds the methods that connections of a kind have.
function buffer.methods(kind, methods)
  local client, check = kind .. "{client}", object.check
  methods.receive, methods.send = receive_method(client), send_method(client)
  function methods.getstats(sock)
    local record = check(sock, client, "getstats")
    return record.received, record.sent, (hrtime() - record.born) / 1e9
  end
  function methods.setstats(sock, received, sent, age)
    local record = check(sock, client, "setstats")
    if received ~= nil then record.received = argument.number("setstats", 1, received) end
    if sent ~= nil then record.sent = argument.number("setstats", 2, sent) end
    if tonumber(age) then record.born = hrtime() - age * 1e9 end
    return 1
  end
  function methods.dirty(sock)
    local record = object.any(sock, kind, "dirty")
    return record.stream ~= nil and record.class == client and record.stream:read_queue_size() > 0
  end
end

return buffer
