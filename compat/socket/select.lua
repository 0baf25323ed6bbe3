-- socket.select: our own sockets, and whatever else has getfd.
--
-- The descriptors of connections are watched by a luv.poll.set. What luv itself takes from the kernel ahead
-- of time is a case of luv.select: connections that come to a server, datagrams (which are kept for
-- receive), an attempt to connect. What a connection has read ahead makes it "dirty", as LuaSocket calls it.

local luv, load = ...
local object, argument, watch = load("socket.object"), load("socket.argument"), load("socket.watch")

local tonumber, pairs, setmetatable = tonumber, pairs, setmetatable
local records, hot, byfd = object.records, object.hot, object.byfd
local hrtime = luv.hrtime
local READ, WRITE = 1, 2

-- ---- what the lists hold -----------------------------------------------------------------------

local function weak(mode) return setmetatable({}, {__mode = mode}) end

-- want: descriptor -> READ + WRITE; reader, writer: descriptor -> the script's object; stream: whose it is;
-- reads: the connections that are read; cases, foreign: lists.
local function new_found()
  return {want = {}, stream = weak("v"), reader = weak("v"), writer = weak("v"), reads = weak("k"), cases = {}, foreign = {}}
end

local function add_fd(found, fd, key, way, stream)
  local has = found.want[fd] or 0
  if way == READ then
    found.reader[fd] = key
    if has % 2 == 0 then has = has + READ end
  else
    found.writer[fd] = key
    if has < WRITE then has = has + WRITE end
  end
  found.want[fd], found.stream[fd] = has, stream
end

local function add_case(found, key, record, way, kind)
  found.cases[#found.cases + 1] = {key = key, record = record, way = way, kind = kind}
end

-- key is what the script has given: the socket itself, or an object with its descriptor.
local function add_own(found, key, sock, record, way)
  local stream = record.stream
  if record.attempt and not record.attempt.over then return add_case(found, key, record, way, "attempt") end
  if way == READ and record.class:find("{server}", 1, true) then return add_case(found, key, record, way, "stream") end
  if record.waits then return add_case(found, key, record, way, "stream") end
  if way == READ and record.datagrams then return add_case(found, key, record, way, "datagrams") end
  local fd = stream:fileno()
  if not fd then return end
  add_fd(found, fd, key, way, stream)
  if way == READ and not record.datagrams then
    found.reads[sock] = key
    object.heat(sock, record)
  end
end

local function add_foreign(found, key, way)
  local getfd = key.getfd
  local fd = getfd and tonumber((getfd(key)))
  if not fd or fd < 0 then return end
  if way == READ and key.dirty then found.foreign[#found.foreign + 1] = key end
  local sock = byfd[fd]
  local record = sock and records[sock]
  if record and record.stream and record.stream:fileno() == fd then return add_own(found, key, sock, record, way) end
  found.foreign[#found.foreign + 1] = false
  add_fd(found, fd, key, way)
end

local function collect(found, list, way)
  local i = 1
  local key = list and list[1]
  while key ~= nil do
    local record = records[key]
    if record and record.stream then add_own(found, key, key, record, way)
    elseif not record or record.number then add_foreign(found, key, way) end
    i = i + 1
    key = list[i]
  end
end

-- ---- what is ready -----------------------------------------------------------------------------

local function add(list, key)
  if key == nil or list[key] then return end
  list[#list + 1] = key
  list[key] = #list
end

-- What luv has read ahead; from here on it reads no further, so that the descriptor tells.
local function add_dirty(found, r)
  for sock, record in pairs(hot) do
    local stream = record.stream
    local key = found.reads[sock]
    if stream then stream:stop() end
    if not stream or stream:read_queue_size() == 0 then
      hot[sock], record.hot = nil, nil
    elseif key then add(r, key) end
  end
  for i = 1, #found.foreign do
    local key = found.foreign[i]
    if key and key:dirty() then add(r, key) end
  end
end

local function add_ready(found, ready, r, w)
  for fd, what in pairs(ready) do
    if what ~= "w" then add(r, found.reader[fd]) end
    if what ~= "r" then add(w, found.writer[fd]) end
  end
end

-- A datagram that has come, or an error, is the next one to be received.
local function keep(record, data, from, code)
  record.queue = record.queue or {}
  record.queue[#record.queue + 1] = {data, from, code}
end

local function has_datagram(record)
  if record.queue and record.queue[1] then return true end
  local data, from, code = record.stream:recv(0)
  if not data and code == "ETIMEDOUT" then return false end
  keep(record, data, from, code)
  return true
end

-- A handshake of TLS waits for what it waits for, whatever the script wants to do after.
local function direction(case) return case.record.waits_for or case.way == READ and "r" or "w" end

local function is_ready(case)
  local record = case.record
  if not record.stream then return true end -- closed meanwhile: whoever asks will be told
  if case.kind == "attempt" then return not record.attempt or record.attempt.over end
  if case.kind == "datagrams" then return has_datagram(record) end
  return record.stream:wait(direction(case), 0) ~= nil
end

local function add_cases(found, r, w)
  for i = 1, #found.cases do
    local case = found.cases[i]
    if is_ready(case) then add(case.way == READ and r or w, case.key) end
  end
end

-- Another fiber closes a socket that is waited for: it is ready, and the next call will tell. The set is closed to
-- end the wait, and not used again.
local function goes(found, stream)
  local fd = stream:fileno()
  if not fd or found.stream[fd] ~= stream then return end
  found.closed[#found.closed + 1] = {found.reader[fd], found.writer[fd]}
  found.set:close()
end

local function add_closed(found, r, w)
  for i = 1, #found.closed do
    add(r, found.closed[i][1])
    add(w, found.closed[i][2])
  end
end

-- ---- waiting -----------------------------------------------------------------------------------

local function as_case(case)
  if case.kind == "attempt" then return {case.record.attempt.done, "wait"} end
  if case.kind == "datagrams" then return {case.record.stream, "recv"} end
  return {case.record.stream, "wait", direction(case)}
end

-- Waits until something may be ready.
local function wait_for_cases(found, set, left)
  local cases, of = {{set, "wait"}, timeout = left}, {}
  for i = 1, #found.cases do
    if found.cases[i].record.stream then
      cases[#cases + 1] = as_case(found.cases[i])
      of[#cases] = found.cases[i]
    end
  end
  local i, a, b, c = luv.select(cases)
  local case = i and of[i]
  if case and case.kind == "datagrams" then keep(case.record, a, b, c) end
end

-- All that is ready now; with a limit of 0, or when there is some already, it does not wait.
local function look(found, set, r, w, limit)
  add_cases(found, r, w)
  local wait = #r == 0 and #w == 0 and #found.cases == 0
  local ready = set:wait(wait and limit or (not wait) and 0 or nil)
  if ready then add_ready(found, ready, r, w) end
end

local function wait(found, set, r, w, limit)
  local start = hrtime()
  found.closed, found.set, object.watching[found] = {}, set, goes
  add_dirty(found, r)
  while true do
    local left = object.left(limit, start)
    look(found, set, r, w, #r > 0 and 0 or left)
    add_closed(found, r, w)
    if #r > 0 or #w > 0 or left == 0 then return end
    if #found.cases > 0 then wait_for_cases(found, set, left) end
  end
end

return function(reads, writes, timeout)
  if reads ~= nil then argument.table("select", 1, reads) end
  if writes ~= nil then argument.table("select", 2, writes) end
  timeout = timeout ~= nil and argument.number("select", 3, timeout) or nil
  local limit = timeout and timeout >= 0 and timeout or nil
  local kept, known = watch.take(reads, writes)
  local found, r, w = kept.found, {}, {}
  if not known then
    found = new_found()
    collect(found, reads, READ)
    collect(found, writes, WRITE)
    watch.update(kept, reads, writes, found)
  end
  wait(found, kept.set, r, w, limit)
  object.watching[found] = nil
  if #found.closed == 0 then watch.give(kept) end
  if #r > 0 or #w > 0 then return r, w end
  object.polled(limit)
  return r, w, "timeout"
end
