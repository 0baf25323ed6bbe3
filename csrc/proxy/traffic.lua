
-- traffic.lua - what goes through a session: calls of the other side's objects, and calls of ours.

-- ---- calling --------------------------------------------------------------------------------

local function give_up(op, code, text)
  if op == DO_CALL then return nil, text, code end
  error(text, 0)
end

local function iterate(n, keys, values)
  local i = 0
  return function()
    i = i + 1
    if i > n then return nil end
    if values then return keys[i], values[i] end
    return i, keys[i]
  end
end

local function results(op, ok, ...)
  if not ok then error(..., 0) end
  if op == DO_PAIRS or op == DO_IPAIRS then return iterate(...) end
  return ...
end

local function take_reply(s, op, m)
  local status, list, bytes = m[1], m[2], m[3]
  local objects, why = m[4], nil
  if not objects then objects, why = s:known(list) end
  if list and not objects then return give_up(op, "ESRCH", why) end
  if status == DONE then return results(op, decode(bytes, objects)) end
  local ok, a, b = decode(bytes, objects)
  if not ok then error(a, 0) end
  if status == REFUSED then return give_up(op, a, b) end
  if type(b) == "string" then trace(a, b) end
  error(a, 0)
end

-- Has that done with what r is the record of.
local function ask(r, op, ...)
  local s = r.session
  if s.closed then return give_up(op, s.closed[2], s.closed[1]) end
  if not r.id then error("the proxy has been released", 3) end
  local bytes, list = encode(false, ...)
  if not bytes then error("cannot pass " .. list, 3) end
  if list then list = s:names(list) end
  local call, w = s.last_call + 1, remove(s.spare) or luv.chan(1)
  s.last_call, s.calls[call] = call, w
  s:emit(put(CALL, call, r.id, op, list, bytes))
  local ok, m = pcall(w.get, w)
  s.calls[call] = nil
  if not ok then
    local come = w:try_get()
    if come then s:known(come[2]) else s:emit(put(CANCEL, call, 0, 0)) end
    error(m, 0)
  end
  s.spare[#s.spare + 1] = w
  if not m then return give_up(op, s.closed[2], s.closed[1]) end
  return take_reply(s, op, m)
end

-- ---- proxies --------------------------------------------------------------------------------

function meta.__index(p, k)
  local r = record(p)
  local methods = r.methods
  local known = methods and methods[k]
  if known and record(known).id and (luv.now() - methods[known] < LEASE or r.session.closed) then return known end
  local v = ask(r, DO_GET, k)
  if type(k) == "string" and record(v) and record(v).fn then
    if not methods then methods = {}; r.methods = methods end
    methods[k], methods[v] = v, luv.now()
  end
  return v
end

function meta.__newindex(p, k, v)
  local r = record(p)
  if r.methods then r.methods[k] = nil end
  ask(r, DO_SET, k, v)
end

function meta.__call(p, ...) return ask(record(p), DO_CALL, ...) end
function meta.__len(p) return ask(record(p), 3) end
function meta.__gc(p) let_go(record(p)) end

function meta.__tostring(p)
  local r = record(p)
  if not r.id then return "proxy<>: released" end
  return "proxy: object " .. r.id .. " of " .. (r.session.peer and r.session.peer.address or "?")
end

for i, name in ipairs{"__concat", "__add", "__sub", "__mul", "__div", "__mod", "__pow", "__unm", "__lt", "__le"} do
  local op = DO_BINARY + i - 1
  meta[name] = function(a, b)
    if name == "__unm" then return ask(record(a), op, a) end
    return ask(record(a) or record(b), op, a, b)
  end
end

-- ---- serving --------------------------------------------------------------------------------

local passes = select(2, xpcall(function(x) return x end, error, true)) -- arguments, as LuaJIT's does

local function handler(e)
  return {e, traceback and traceback(type(e) == "string" and e or "(error object is a " .. type(e) .. " value)", 2)}
end

function session:answer(call, status, list, bytes) self:emit(put(REPLY, call, status, 0, list, bytes)) end

function session:say_no(call, code, text)
  self:answer(call, REFUSED, nil, (encode(false, code, code .. ": " .. text)))
end

local function is_allowed(s, e, op, method)
  local allow = s.opts.allow
  if type(allow) ~= "function" or not e.root then return true end
  if op ~= DO_GET and op ~= DO_SET then method = op == DO_CALL and e.method or names_of_ops[op] end
  return allow(s.peer, e.root, method)
end

local function pack(...) return select("#", ...) - 1, {...} end

local function act(s, e, op, ok, ...)
  if not ok then error((...), 0) end
  if not is_allowed(s, e, op, (...)) then return "refused", "EACCES", "permission denied" end
  if op >= DO_BINARY then return nil, nil, ops[op + 1](...) end
  return nil, op == DO_GET and (...) or nil, ops[op + 1](e.object, ...)
end

local function perform(s, e, op, objects, bytes) return act(s, e, op, decode(bytes, objects)) end

local function send_error(s, call, err, text)
  local bytes, list = encode(false, err, text)
  local ok, named = pcall(s.names, s, bytes and list)
  if not bytes or not ok then
    bytes, named = encode(false, "the error is a " .. type(err) .. ", which cannot be passed", text), nil
  end
  s:answer(call, FAILED, named, bytes)
end

local function send_results(s, call, e, op, ok, refused, first, ...)
  if not ok then return send_error(s, call, refused[1], refused[2]) end
  if refused then return s:say_no(call, first, ...) end
  local bytes, list = encode(op == DO_COPY, ...)
  if not bytes then return send_error(s, call, "cannot return " .. list) end
  local named, why = pcall(s.names, s, list, e.root, op == DO_GET and type(first) == "string" and first or nil)
  if not named then return send_error(s, call, why) end
  s:emit(put(REPLY, call, DONE, op == DO_GET and type((...)) == "function" and 1 or 0, why, bytes))
end

local function run(s, call, e, op, objects, bytes)
  if passes then send_results(s, call, e, op, xpcall(perform, handler, s, e, op, objects, bytes))
  else send_results(s, call, e, op, xpcall(function() return perform(s, e, op, objects, bytes) end, handler)) end
  s.running[call] = nil
  s.nrunning = s.nrunning - 1
end

local on = {}

on[CALL] = function(s, call, id, op, list, bytes)
  local objects, why = s:known(list)
  local e = s.objects[id]
  if s.running[call] then return s:refuse("a call with the number of another one") end
  if not e or (list and not objects) then return s:say_no(call, "ESRCH", "there is no such object") end
  if op > DO_LAST then return s:say_no(call, "EPROTO", "there is no such operation") end
  if s.nrunning >= s.limits.calls then return s:say_no(call, "EAGAIN", "too many calls at a time") end
  s.nrunning = s.nrunning + 1
  s.running[call] = luv.spawn(run, s, call, e, op, objects, bytes)
end

on[REPLY] = function(s, call, status, is_function, list, bytes)
  local w = s.calls[call]
  if not w then
    s:known(list) -- whoever has asked has gone: they are garbage at once, and let go of
    return
  end
  local objects = is_function == 1 and s:known(list)
  local fn = objects and record(objects[1])
  if fn then fn.fn = true end
  w:try_put({status, list, bytes, objects})
end

on[CANCEL] = function(s, call)
  local f = s.running[call]
  if f then f:cancel() end
end

on[RELEASE] = function(s, id, n) s:release(id, n) end
on[PING] = function() end

on[BYE] = function(s, _, _, _, _, bytes)
  local ok, code, text = decode(bytes)
  s:finish(ok and type(code) == "string" and code or "ECONNRESET", ok and type(text) == "string" and text or "the peer has left")
end

-- A message has come in, whatever it is.
function session:receive(body)
  local at, n = 1, #body
  self.heard = luv.now()
  while at <= n and not self.closed do
    local after, kind, a, b, c, list, bytes = get(body, at)
    if not after or not (on[kind] or self.greets[kind]) then return self:refuse("what has come is no record") end
    at = after;
    (on[kind] or self.greets[kind])(self, a, b, c, list, bytes)
  end
end

-- Each side says that it is there three times a heartbeat, and takes the other for gone after a silence of one and a half.
local function beat(s)
  while not s.closed do
    luv.sleep(s.heartbeat / 3)
    if not s.closed and luv.now() - s.heard > s.heartbeat * 1500 then
      s:finish("ECONNRESET", "the peer has been silent for too long")
    end
    s:emit(put(PING, 0, 0, 0))
  end
end
