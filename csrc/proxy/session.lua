-- session.lua - luv.proxy between processes: what two of them have together, whichever made the connection.
--
-- A session counts, for each of its objects that the other one has, how often it has been sent; the other
-- one says how often it has let go. So what is on its way is never lost, and numbers mean nothing to any
-- other session. What is written in one turn of the fibers goes in one message.

local luv, ops, put, get, encode, decode, make, record, trace = ...
local type, error, pairs, ipairs, pcall, xpcall, next = type, error, pairs, ipairs, pcall, xpcall, next
local select, setmetatable, tostring, unpack, min = select, setmetatable, tostring, unpack, math.min
local concat, remove, traceback = table.concat, table.remove, debug and debug.traceback

local VERSION = 1
local HELLO, WELCOME, CALL, REPLY, CANCEL, RELEASE, PING, BYE = 1, 2, 3, 4, 5, 6, 7, 8
local DO_CALL, DO_GET, DO_SET, DO_PAIRS, DO_IPAIRS, DO_COPY, DO_BINARY, DO_LAST = 0, 1, 2, 4, 5, 6, 7, 16
local names_of_ops = {[0] = "()", nil, nil, "#", "pairs", "ipairs", "get", "..", "+", "-", "*", "/", "%", "^", "-", "<", "<="}
local DONE, FAILED, REFUSED = 0, 1, 2
local LEASE = 1000 -- ms for which it is known which function a field holds
local PIECE = 65536
local limits = {message = 64 * 1024 * 1024, references = 100000, calls = 10000}

local meta = {__metatable = "luv.proxy", __name = "luv.proxy"}
local session = {}
session.__index = session

local function new_session(opts, transmit, finished)
  local own = opts.limits or {}
  return setmetatable({
    opts = opts, transmit = transmit, finished = finished, heartbeat = opts.heartbeat or 5, heard = luv.now(),
    limits = setmetatable({message = own.message, references = own.references, calls = own.calls}, {__index = limits}),
    out = {}, size = 0, wake = luv.event(), objects = {}, ids = {}, nobjects = 0, last_id = 0,
    proxies = setmetatable({}, {__mode = "v"}), calls = {}, last_call = 0, running = {}, nrunning = 0, spare = {},
  }, session)
end

-- ---- sending --------------------------------------------------------------------------------

function session:emit(r)
  if self.closed then return end
  self.out[#self.out + 1] = r
  self.size = self.size + #r
  if self.size > 2 * self.limits.message then return self:finish("ENOBUFS", "the peer does not read what it is sent") end
  if #self.out == 1 then self.wake:set() end
end

-- All that is there, in pieces that are not much larger than they need be.
local function flush(s)
  local out = s.out
  s.out, s.size = {}, 0
  local from, size = 1, 0
  for i = 1, #out do
    size = size + #out[i]
    if size >= PIECE or i == #out then
      s:transmit(concat(out, "", from, i))
      from, size = i + 1, 0
    end
  end
end

local function keep_sending(s)
  while not s.closed do
    s.wake:wait()
    s.wake:clear()
    if not s.closed then flush(s) end
  end
end

-- Ends the session: who waits is told, what runs for the other side is cancelled, its objects go.
function session:finish(code, text)
  if self.closed then return end
  self.closed = {code .. ": " .. text, code}
  for _, w in pairs(self.calls) do w:try_put(false) end
  local running = self.running
  if next(running) then -- behind those that wait for the other side: one may be both, and has its turn to clean up
    luv.spawn(function() for _, f in pairs(running) do f:cancel(text) end end)
  end
  if self.beating and self.beating ~= luv.self() then self.beating:cancel() end
  self.objects, self.ids, self.nobjects, self.calls, self.running, self.out = {}, {}, 0, {}, {}, {}
  self.wake:set()
  self:finished()
end

-- The other side is not worth talking to.
function session:refuse(text)
  if self.closed then return end
  self.out = {put(BYE, 0, 0, 0, nil, (encode(false, "EPROTO", text)))}
  pcall(flush, self)
  self:finish("EPROTO", text)
end

-- ---- objects --------------------------------------------------------------------------------

local function entry_for(s, object, root, method)
  local id = s.ids[object]
  if id then return id, s.objects[id] end
  if s.nobjects >= s.limits.references then
    error("ENOBUFS: the peer has " .. s.nobjects .. " objects of this process already", 0)
  end
  id = s.last_id + 1
  s.last_id, s.ids[object], s.nobjects = id, id, s.nobjects + 1
  s.objects[id] = {object = object, count = 0, root = root, method = method}
  return id, s.objects[id]
end

function session:release(id, n)
  local e = self.objects[id]
  if not e or n > e.count then return end -- an old number, or one it never had
  e.count = e.count - n
  if e.count > 0 then return end
  self.objects[id], self.ids[e.object], self.nobjects = nil, nil, self.nobjects - 1
end

-- The numbers of the objects in a list, which are counted as sent; what goes home is below 0.
function session:names(list, root, method)
  if not list then return nil end
  local sent = {}
  for i, object in ipairs(list) do
    local r = record(object)
    if r and r.session == self and not r.id then error("the proxy has been released", 0) end
    if r and r.session == self then list[i] = -r.id
    else
      local ok, id, e = pcall(entry_for, self, object, root, method)
      if not ok then
        for _, n in ipairs(sent) do self:release(n, 1) end
        error(id, 0)
      end
      e.count = e.count + 1
      list[i], sent[#sent + 1] = id, id
    end
  end
  return list
end

local function proxy_for(s, id)
  local p = s.proxies[id]
  if not p then
    p = make({session = s, id = id, count = 0}, meta)
    s.proxies[id] = p
  end
  local r = record(p)
  r.count = r.count + 1
  return p
end

-- What the numbers stand for. All are taken before any is refused: they have been counted as sent.
function session:known(list)
  if not list then return nil end
  local lost
  for i, id in ipairs(list) do
    if id > 0 then list[i] = proxy_for(self, id)
    else
      local e = self.objects[-id]
      if e then list[i] = e.object else lost, list[i] = true, false end
    end
  end
  return not lost and list, "ESRCH: there is no such object"
end

local function let_go(r)
  local s, id = r.session, r.id
  if not id or s.closed then return end
  r.id = nil
  if s.proxies[id] and record(s.proxies[id]) == r then s.proxies[id] = nil end
  s:emit(put(RELEASE, id, r.count, 0))
end

