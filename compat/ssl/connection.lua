-- connection.lua - connections of TLS: what ssl.wrap makes of a socket.
--
-- A socket's stream is taken at once, and becomes one of TLS by the first dohandshake, which knows the
-- name that sni has set by then. That call does not wait for the handshake but for as long as it may:
-- the handshake goes on by itself.
local luv, load = ...

local object, buffer = load("socket.object"), load("socket.buffer")
local context, x509, errors, cipher = load("ssl.context"), load("ssl.x509"), load("ssl.errors"), load("ssl.cipher")

local newproxy, setmeta, getmeta = newproxy, debug.setmetatable, debug.getmetatable
local records = object.records
local connection, methods = {}, {}
local class = {__index = methods, __name = "SSL:Connection"}

local function check(conn, name)
  local r = getmeta(conn) == class and records[conn]
  if r then return r end
  error("bad argument #1 to '" .. name .. "' (SSL:Connection expected, got " .. type(conn) .. ")", 3)
end

function class.__tostring(conn)
  local r = check(conn, "tostring")
  return "SSL connection: " .. tostring(r):match("0x%x+") .. (r.closed and " (closed)" or "")
end

-- ---- making ---------------------------------------------------------------------------------------

-- luv's stream of a socket: of luv.socket's, of a luv stream, of whatever has getfd and setfd.
local function take(sock)
  local s = object.take(sock)
  if s then return s end
  local fd = sock:getfd()
  local opened, message = luv.net.tcp():open(fd)
  if opened then sock:setfd(-1) end
  return opened, message
end

-- conn = ssl.wrap(sock, ctx or cfg)
function connection.wrap(sock, cfg)
  local ctx, message = cfg, nil
  if type(cfg) == "table" then ctx, message = context.new(cfg) end
  if not ctx and message then return nil, message end
  ctx = context.of(ctx)
  if not ctx then error("bad argument #1 to 'create' (invalid context)", 2) end
  if ctx.mode ~= "client" and ctx.mode ~= "server" then return nil, "invalid mode" end
  local s
  s, message = take(sock)
  if not s then return nil, message end
  local conn = newproxy()
  setmeta(conn, class)
  local lenient = ctx.options.ignore_unexpected_eof
  object.register(conn, {kind = "ssl", class = "ssl{client}", stream = s, waits = true, ctx = ctx, text = lenient and errors.lenient or errors.of,
                         block = -1, total = -1, received = 0, sent = 0, born = luv.hrtime()})
  return conn
end

-- ---- the handshake ----------------------------------------------------------------------------------

-- The stream of TLS, its handshake begun.
local function begin(r)
  local ctx = r.ctx
  if ctx.hopeless then return nil, ctx.hopeless end
  if ctx.mode == "server" and not ctx.settings.cert[1] and not r.names then return nil, "no shared cipher" end
  local config, message, code = context.config(ctx, r.name, r.names, r.strict)
  if not config then return nil, errors.of(message, code) end
  local t
  t, message, code = r.stream:starttls(config)
  if not t then return nil, errors.of(message, code) end
  r.tls = t
  object.attach(r, t)
  return t
end

local function failed(r, text)
  r.failure = text
  return false, text
end

-- true = conn:dohandshake()
function methods.dohandshake(conn)
  local r = check(conn, "dohandshake")
  if r.connected then return true end
  if r.closed then return false, "closed" end
  if r.failure then return false, r.failure end
  local limit = object.limit(r)
  if not r.tls then
    local t, text = begin(r)
    if not t then return failed(r, text) end
  end
  local ok, message, code = r.tls:handshake(limit)
  if ok then
    r.connected, r.waits_for, r.want = true, nil, nil
    return true
  end
  if code ~= "ETIMEDOUT" then return failed(r, errors.of(message, code)) end
  object.polled(limit)
  r.want, r.waits_for = "read", "w" -- for select: a stream of TLS can be written to when its handshake is over
  return false, "wantread"
end

-- conn:sni(name), conn:sni({name = ctx}[, strict])
function methods.sni(conn, name, strict)
  local r = check(conn, "sni")
  if r.ctx.mode == "client" then
    if type(name) ~= "string" and type(name) ~= "number" then
      error("bad argument #2 to 'sni' (string expected, got " .. (name == nil and "no value" or type(name)) .. ")", 2)
    end
    r.name = tostring(name)
    return
  end
  if type(name) ~= "table" then error("bad argument #2 to 'sni' (table expected, got " .. type(name) .. ")", 2) end
  for k, ctx in pairs(name) do
    if type(k) ~= "string" then error("bad argument #-2 to 'sni' (string expected, got " .. type(k) .. ")", 2) end
    if not context.of(ctx) then error("bad argument #-1 to 'sni' (SSL:Context expected, got " .. type(ctx) .. ")", 2) end
  end
  r.names, r.strict = name, strict and true or false
end

-- ---- data ---------------------------------------------------------------------------------------------

-- LuaSocket's words for what befell, and the partial results, in LuaSec's.
local function worded(r, want, text, ...)
  if text == "timeout" then
    r.want = want
    return nil, want == "read" and "wantread" or "wantwrite", ...
  end
  r.fault = true -- what is wrong is said once
  return nil, text, ...
end

local function received(r, data, ...)
  if data then
    r.want = nil
    return data, ...
  end
  return worded(r, "read", ...)
end

local function sent(r, n, ...)
  if n then
    r.want = nil
    return n, ...
  end
  return worded(r, "write", ...)
end

-- data = conn:receive([pattern[, prefix]])
function methods.receive(conn, pattern, prefix)
  local r = check(conn, "receive")
  if not r.connected or r.fault then return nil, "closed", prefix or "" end
  local data, why, part = received(r, buffer.receive(conn, r, pattern, prefix))
  if why == "closed" and pattern == "*a" and #part > #(prefix or "") then return part, nil, nil end -- what is taken for an end
  return data, why, part
end

-- last = conn:send(data[, i[, j]])
function methods.send(conn, data, i, j)
  local r = check(conn, "send")
  if not r.connected or r.fault then return nil, "closed", type(i) == "number" and i > 0 and i - 1 or 0 end
  return sent(r, buffer.send(r, data, i, j))
end

local plain = object.common("ssl", {})
buffer.methods("ssl", plain)
methods.settimeout, methods.getfd, methods.getstats, methods.setstats = plain.settimeout, plain.getfd, plain.getstats, plain.setstats

function methods.dirty(conn)
  local r = check(conn, "dirty")
  return r.connected == true and plain.dirty(conn)
end

function methods.close(conn)
  local r = check(conn, "close")
  r.closed, r.connected, r.want, r.waits_for = true, false, nil, nil
  object.close(r)
end

-- What a call that did not end waits for.
function methods.want(conn)
  local r = check(conn, "want")
  return r.want or "nothing"
end

-- ---- what was agreed on -----------------------------------------------------------------------------------

local function ready(r) return r.connected and r.tls:info() end

-- table = conn:info(), value = conn:info(field)
function methods.info(conn, field)
  local i = ready(check(conn, "info"))
  if not i then return nil, "closed" end
  local t = cipher.describe(i)
  if field then return t[field] end
  return t
end

function methods.getalpn(conn)
  local i = ready(check(conn, "getalpn"))
  return i and i.alpn or nil
end

function methods.getsniname(conn)
  local r = check(conn, "getsniname")
  if r.ctx.mode == "client" then return r.name end
  local i = ready(r)
  return i and i.server_name or nil
end

-- ---- the peer's certificates --------------------------------------------------------------------------------

-- The n-th of a list, as LuaSec counts.
local function nth(list, n)
  n = n == nil and 1 or math.floor(tonumber(n) or error("bad argument #2 to 'getpeercertificate' (number expected, got " .. type(n) .. ")", 3))
  if n < 1 then return nil, "invalid certificate index" end
  return list[n]
end

function methods.getpeercertificate(conn, n)
  local r = check(conn, "getpeercertificate")
  if not r.connected then return nil, "closed" end
  return nth(x509.all(r.tls:chain() or {}), n)
end

function methods.getpeerchain(conn)
  local r = check(conn, "getpeerchain")
  if not r.connected then return nil, "closed" end
  return x509.all(r.tls:chain() or {})
end

-- One's own, those that lead to the authority behind it.
local function own(r)
  local list = {}
  for pem in (r.ctx.settings.cert[1] or ""):gmatch("%-%-%-%-%-BEGIN CERTIFICATE%-%-%-%-%-.-%-%-%-%-%-END CERTIFICATE%-%-%-%-%-\n?") do
    list[#list + 1] = x509.load(pem)
  end
  return list
end

function methods.getlocalcertificate(conn, n)
  local r = check(conn, "getlocalcertificate")
  if not r.connected then return nil, "closed" end
  return nth(own(r), n)
end

function methods.getlocalchain(conn)
  local r = check(conn, "getlocalchain")
  if not r.connected then return nil, "closed" end
  return own(r)
end

-- What has to be said of the chain, whether somebody has asked for it to be right or not.
local function verification(r)
  local chain = {}
  for i, c in ipairs(r.tls:chain() or {}) do chain[i] = c.pem end
  if not chain[1] then return true end
  local use = (r.ctx.mode == "client" or r.ctx.verifyext.lsec_ignore_purpose) and "server" or "client"
  local ok, message = luv.tls.verify(table.concat(chain), {ca = r.ctx.settings.ca, use = use})
  return ok and true or errors.verification(message)
end

-- true, or false and what is wrong: with lsec_continue a list for each certificate of the chain.
function methods.getpeerverification(conn)
  local r = check(conn, "getpeerverification")
  if not r.connected then return false, "closed" end
  r.verified = r.verified or verification(r)
  if r.verified == true then return true end
  if not r.ctx.verifyext.lsec_continue then return false, r.verified end
  local list = {r.verified}
  if r.verified:find("local issuer", 1, true) then list[2] = "unable to verify the first certificate" end
  return false, {list}
end

-- ---- for channel bindings ---------------------------------------------------------------------------------

function methods.exportkeyingmaterial(conn, label, length, context)
  local r = check(conn, "exportkeyingmaterial")
  if not r.connected then return nil, "closed" end
  local data = r.tls:export(label, length, context)
  if data then return data end
  return nil, "error exporting keying material"
end

-- crypto/tls does not show the Finished messages.
function methods.getfinished(conn)
  local r = check(conn, "getfinished")
  if not r.connected then return nil, "closed" end
  return nil, "not supported"
end

methods.getpeerfinished = methods.getfinished

connection.class = class

return connection
