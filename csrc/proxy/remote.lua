
-- remote.lua - luv.proxy.serve and connect: sessions over ØMQ, a ROUTER and its DEALERs.

local function is_near(endpoint)
  return endpoint:match("^ipc://") or endpoint:match("^inproc://") or endpoint:match("^tcp://127%.") or
    endpoint:match("^tcp://localhost:") or endpoint:match("^tcp://%[::1%]:")
end

local function check(fname, endpoint, opts)
  if type(endpoint) ~= "string" then error("bad argument #1 to '" .. fname .. "' (string expected, got " .. type(endpoint) .. ")", 3) end
  if opts ~= nil and type(opts) ~= "table" then error("bad argument to '" .. fname .. "' (table of options expected)", 3) end
  opts = opts or {}
  for name in pairs(opts) do
    if not ({curve = 1, allow = 1, heartbeat = 1, limits = 1, insecure = 1})[name] then
      error(fname .. ": no option is called '" .. tostring(name) .. "'", 3)
    end
  end
  if opts.heartbeat ~= nil and not (type(opts.heartbeat) == "number" and opts.heartbeat > 0) then error(fname .. ": heartbeat: seconds expected", 3) end
  if not (opts.curve or opts.insecure or is_near(endpoint)) then
    error(fname .. ": " .. endpoint .. " is not on this machine: it needs curve, or insecure = true", 3)
  end
  return opts
end

-- Both sides keep to the shorter heartbeat.
local function agree(s, ms)
  if ms > 0 then s.heartbeat = min(s.heartbeat, ms / 1000) end
end

local function heartbeat_of(s) return math.ceil(s.heartbeat * 1000) end

-- ---- a server -------------------------------------------------------------------------------

local server = {}
server.__index = server

local function hex(id) return (id:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end

-- What one peer does not take now holds up nobody else: the socket has one line for all.
local function send_to(srv, s, body)
  while not s.closed do
    local ok, _, code = srv.socket:send({s.id, body}, 0)
    if ok then return end
    if code ~= "ETIMEDOUT" and code ~= "EAGAIN" then return s:finish("ECONNRESET", "the connection is gone") end
    luv.sleep(0.005)
  end
end

local function forget(srv, s)
  if srv.sessions[s.id] ~= s then return end
  srv.sessions[s.id] = nil
end

local function welcome(srv, s, version, ms)
  if version ~= VERSION then return s:refuse("version " .. VERSION .. " is spoken here") end
  if s.peer then return s:refuse("a second greeting") end
  local address, key = srv.socket:peer()
  s.peer = {id = hex(s.id), address = address, key = key ~= "" and key or nil}
  agree(s, ms)
  local names, list = {}, {}
  for name, object in pairs(srv.objects) do
    if not srv.listed or srv.listed[name] then
      names[#names + 1], list[#list + 1] = name, object
    end
  end
  for i, object in ipairs(list) do list[i] = s:names({object}, names[i])[1] end
  s:emit(put(WELCOME, VERSION, heartbeat_of(s), 0, list, (encode(false, unpack(names)))))
  s.beating = luv.spawn(beat, s)
end

local function session_of(srv, id, body)
  local s = srv.sessions[id]
  if s then return s end
  local _, kind = get(body, 1)
  if kind ~= HELLO then
    srv.socket:send({id, put(BYE, 0, 0, 0, nil, (encode(false, "ECONNRESET", "there is no such session")))}, 0)
    return nil
  end
  s = new_session(srv.opts, function(self, text) send_to(srv, self, text) end, function(self) forget(srv, self) end)
  s.id = id
  s.greets = {[HELLO] = function(...) welcome(srv, ...) end}
  srv.sessions[id] = s
  luv.spawn(keep_sending, s)
  return s
end

local function keep_serving(srv)
  while not srv.stopped do
    local m, _, code = srv.socket:recv_multipart()
    if not m then
      if code == "EBADF" or code == "ECANCELED" or code == "ETERM" then return end
      luv.sleep(0.01)
    elseif #m == 2 then
      local s = session_of(srv, m[1], m[2])
      if s then s:receive(m[2]) end
    end
  end
end

function server:endpoint() return self.where end

function server:peers()
  local list = {}
  for _, s in pairs(self.sessions) do
    if s.peer and not s.closed then list[#list + 1] = {id = s.peer.id, address = s.peer.address, key = s.peer.key} end
  end
  return list
end

function server:closed() return self.stopped end

function server:close()
  if self.stopped then return self end
  self.stopped = true
  for _, s in pairs(self.sessions) do
    s.out[#s.out + 1] = put(BYE, 0, 0, 0, nil, (encode(false, "EOF", "the server has closed")))
    self.socket:send({s.id, concat(s.out)}, 0)
    s.out = {}
    s:finish("EOF", "the server has closed")
  end
  self.socket:close()
  self.context:close()
  return self
end

local function secure_server(context, socket, curve)
  if not curve then return end
  socket:curve_server(curve)
  assert(context:auth({curve = curve.clients or "any", handler = function(request) return request.key or false end}))
end

local function serve(endpoint, objects, opts)
  opts = check("serve", endpoint, opts)
  if type(objects) ~= "table" then error("bad argument #2 to 'serve' (table of objects by name expected)", 2) end
  local srv = setmetatable({opts = opts, objects = {}, sessions = {}, stopped = false}, server)
  for name, object in pairs(objects) do
    if type(name) ~= "string" then error("serve: objects have names", 2) end
    if not ({table = 1, ["function"] = 1, userdata = 1, thread = 1})[type(object)] then error("serve: '" .. name .. "' is no object", 2) end
    srv.objects[name] = object
  end
  if type(opts.allow) == "table" then
    srv.listed = {}
    for _, name in ipairs(opts.allow) do srv.listed[name] = true end
  end
  local context, message, code = luv.zmq.create(1)
  if not context then return nil, message, code end
  local socket
  socket, message, code = context:socket(luv.zmq.ROUTER)
  if not socket then context:close() return nil, message, code end
  srv.context, srv.socket = context, socket
  socket.router_mandatory, socket.linger, socket.ipv6 = 1, 500, endpoint:find("[", 1, true) and 1 or 0
  socket.maxmsgsize = (opts.limits or {}).message or limits.message
  secure_server(context, socket, opts.curve)
  local ok
  ok, message, code = socket:bind(endpoint)
  if not ok then
    socket:close()
    context:close()
    return nil, message, code
  end
  srv.where = socket:last_endpoint()
  socket:peer()
  luv.spawn(keep_serving, srv)
  return srv
end

-- ---- a client -------------------------------------------------------------------------------

local function keep_receiving(s)
  while not s.closed do
    local body, message, code = s.socket:recv()
    if not body then
      if not s.closed then s:finish(code or "ECONNRESET", message or "the connection is gone") end
      return
    end
    s:receive(body)
  end
end

-- A connection that breaks is told, and not made again.
local function watch(s, monitor)
  while not s.closed do
    local event = monitor:next()
    if not event or event == "MONITOR_STOPPED" then return end
    if event == "DISCONNECTED" and s.greeted then s:finish("ECONNRESET", "the connection is gone")
    elseif event:match("^HANDSHAKE_FAILED") then s:finish("EACCES", "the server has refused the connection") end
  end
end

local function leave(s)
  if s.left then return end
  s.left = true
  if s.greeting then s.greeting:try_put(false) end
  luv.spawn(function()
    s.monitor:close()
    s.socket:close()
    s.context:close()
  end)
end

local function greet(s, version, ms, _, list, bytes)
  if version ~= VERSION then return s:finish("EPROTONOSUPPORT", "the server speaks version " .. version) end
  if s.greeted then return s:refuse("a second greeting") end
  s.greeted = true
  agree(s, ms)
  local objects = s:known(list) or {}
  local n, names = pack(decode(bytes))
  for i = 1, names[1] and n or 0 do
    if type(names[i + 1]) == "string" then rawset(s.root, names[i + 1], objects[i]) end
  end
  s.greeting:try_put(true)
end

-- Without a name of its own a DEALER's is the ROUTER's to give, and may not be guessed either way.
local function open(endpoint, opts)
  local context = assert(luv.zmq.create(1))
  local socket = assert(context:socket(luv.zmq.DEALER))
  socket.linger, socket.ipv6 = 500, endpoint:find("[", 1, true) and 1 or 0
  socket.maxmsgsize = (opts.limits or {}).message or limits.message
  if opts.curve then socket:curve_client(opts.curve) end
  return context, socket, assert(socket:monitor()), socket:connect(endpoint)
end

local function close(s)
  if s.closed then return end
  s.out[#s.out + 1] = put(BYE, 0, 0, 0, nil, (encode(false, "EOF", "the client has closed")))
  pcall(flush, s)
  s:finish("EOF", "this side has closed")
end

local function connect(endpoint, opts, timeout)
  if type(opts) == "number" and timeout == nil then opts, timeout = nil, opts end
  opts = check("connect", endpoint, opts)
  local context, socket, monitor, ok, message, code = open(endpoint, opts)
  if not ok then
    monitor:close() socket:close() context:close()
    return nil, message, code
  end
  local s = new_session(opts, function(self, text) self.socket:send(text) end, leave)
  s.context, s.socket, s.monitor, s.greeting = context, socket, monitor, luv.chan(1)
  s.greets, s.peer = {[WELCOME] = greet}, {address = endpoint, key = opts.curve and opts.curve.server}
  s.root = setmetatable({}, {__index = {close = function() close(s) return true end}})
  for _, fn in ipairs{keep_sending, keep_receiving} do luv.spawn(fn, s) end
  luv.spawn(watch, s, monitor)
  s:emit(put(HELLO, VERSION, heartbeat_of(s), 0))
  local done
  done, ok, message, code = pcall(s.greeting.get, s.greeting, timeout)
  if done and ok then
    s.beating = luv.spawn(beat, s)
    return s.root
  end
  local why = s.closed
  s:finish("ECANCELED", "the connection was given up")
  if not done then error(ok, 0) end
  if why then return nil, why[1], why[2] end
  return nil, message, code
end

-- ---- what luv.proxy does with such a proxy ---------------------------------------------------

return {
  serve = serve, connect = connect,
  pairs = function(p) return ask(record(p), DO_PAIRS) end,
  ipairs = function(p) return ask(record(p), DO_IPAIRS) end,
  get = function(p) return ask(record(p), DO_COPY) end,
  owner = function(p) return record(p).session.peer end,
  release = function(p) let_go(record(p)) return true end,
}
