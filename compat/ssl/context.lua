-- context.lua - contexts: LuaSec's settings, and the configs of luv.tls that they come to.
--
-- Files are read when the context is made, as there: a program may change its folder or its user after.
local luv, load = ...

local cipher, known, handle = load("ssl.cipher"), load("ssl.config"), load("ssl.handle")
local class = handle.class("SSL:Context")
local context = {}

-- What a script's context is; nil: v is none.
function context.of(v) return handle.of(class, v) end

function class.__tostring(v) return "SSL context: " .. tostring(handle.check(class, v, 1, "tostring")):match("0x%x+") end

local function check(v, want, n, name)
  if type(v) == want or want == "string" and type(v) == "number" then return v end
  error("bad argument #" .. n .. " to '" .. name .. "' (" .. want .. " expected, got " .. type(v) .. ")", 0)
end

-- ---- protocols ---------------------------------------------------------------------------------

local protocols = {
  any = {"1.2", "1.3"}, sslv23 = {"1.2", "1.3"},
  tlsv1 = {"1.0"}, tlsv1_1 = {"1.1"}, tlsv1_2 = {"1.2"}, tlsv1_3 = {"1.3"},
}
local without = {no_tlsv1 = "1.0", no_tlsv1_1 = "1.1", no_tlsv1_2 = "1.2", no_tlsv1_3 = "1.3"}

local function versions(ctx, protocol, options)
  local left, off = {}, {}
  for name in pairs(options) do off[without[name] or ""] = true end
  for _, v in ipairs(protocols[protocol]) do if not off[v] then left[#left + 1] = v end end
  ctx.settings.min_version, ctx.settings.max_version = left[1], left[#left]
  ctx.hopeless = not left[1] and "no protocols available" or nil
end

-- ---- files ---------------------------------------------------------------------------------------

local function read(path, what)
  local text, message = luv.fs.readfile(check(path, "string", 2, "load" .. what))
  if text and text:find("-----BEGIN ", 1, true) then return text end
  return nil, text and "no start line" or (tostring(message):gsub("^%u+: ", "", 1):gsub(": .*", ""))
end

local function password(cfg)
  local p = cfg.password
  if type(p) == "function" then p = p() end
  return type(p) == "string" and p or nil
end

local function load_pair(ctx, cfg)
  local key, cert, message
  if cfg.key then
    if cfg.password and type(cfg.password) ~= "function" and type(cfg.password) ~= "string" then
      return nil, "invalid password type"
    end
    key, message = read(cfg.key, "key")
    if not key then return nil, "error loading private key (" .. message .. ")" end
  end
  if cfg.certificate then
    cert, message = read(cfg.certificate, "cert")
    if not cert or not cert:find("BEGIN CERTIFICATE", 1, true) then return nil, "error loading certificate (" .. (message or "no start line") .. ")" end
  end
  if not (cert and key) then return true end
  local s = ctx.settings
  s.cert[#s.cert + 1], s.key[#s.key + 1] = cert, key
  s.password = s.password or password(cfg)
  return true
end

local function load_pairs(ctx, cfg)
  for _, pair in ipairs(cfg.certificates or {cfg}) do
    local ok, message = load_pair(ctx, pair)
    if not ok then return nil, message end
  end
  return true
end

local function locations(ctx, cfg)
  local ca = {}
  if cfg.cafile then
    local text, message = read(cfg.cafile, "ca")
    if not text then return nil, "error loading CA locations (" .. message .. ")" end
    ca[1] = text
  end
  if cfg.capath and luv.fs.stat(cfg.capath) then ca[#ca + 1] = cfg.capath end
  ctx.settings.ca = ca
  return true
end

-- ---- words -----------------------------------------------------------------------------------------

-- The strings that v is or has, as a set; false and an error for one that `allowed` has not.
local function words(v, allowed, what)
  local set = {}
  for _, word in ipairs(type(v) == "table" and v or {v}) do
    if not allowed[check(word, "string", 2, "set" .. what)] then
      return nil, "invalid " .. what .. " (" .. word .. ")"
    end
    set[word] = true
  end
  return set
end

local verify_words = {none = true, peer = true, client_once = true, fail_if_no_peer_cert = true}
local ext_words = {lsec_continue = true, lsec_ignore_purpose = true, crl_check = true, crl_check_chain = true}

local function ciphers(cfg)
  for _, field in ipairs{"ciphers", "ciphersuites"} do
    if cfg[field] and not cipher.plausible(check(cfg[field], "string", 2, "setcipher")) then
      return nil, "error setting cipher list (no cipher match)"
    end
  end
  return true
end

local function curves(cfg)
  if cfg.curveslist then
    for name in cfg.curveslist:gmatch("[^:]+") do if known.curves[name] then return true end end
    return nil, 'unknown elliptic curve in "' .. cfg.curveslist .. '"'
  elseif cfg.curve and not known.curves[cfg.curve] and cfg.curve ~= "auto" then
    return nil, "elliptic curve '" .. tostring(cfg.curve) .. "' not supported"
  end
  return true
end

-- ---- ALPN -------------------------------------------------------------------------------------------

local function protocol_list(v)
  local list = {}
  for _, name in ipairs(v) do
    if type(name) ~= "string" then return nil end
    if #name == 0 then return nil, "invalid ALPN name (empty string)" end
    if #name > 255 then return nil, "invalid ALPN name (length > 255)" end
    list[#list + 1] = name
  end
  if not list[1] then return nil, "invalid ALPN list (empty)" end
  return list
end

local function alpn(ctx, cfg)
  local v = cfg.alpn
  local kind = type(v)
  if ctx.mode == "client" then
    if kind ~= "string" and kind ~= "table" then return nil, "invalid ALPN parameter" end
    local list, message = protocol_list(kind == "string" and {v} or v)
    ctx.settings.alpn = list
    return list, message
  end
  if kind == "function" then
    ctx.alpn = function(offered)
      local answer = v(offered)
      if type(answer) == "string" then answer = {answer} end
      return type(answer) == "table" and protocol_list(answer) or {}
    end
    return true
  end
  if kind ~= "table" then return nil, "invalid ALPN parameter" end
  local list, message = protocol_list(v)
  ctx.alpn = list and function() return list end
  return list, message
end

-- ---- what it comes to ---------------------------------------------------------------------------------

local function verification(ctx)
  local peer = ctx.verify.peer
  local ext = ctx.verifyext
  local lenient = ext.lsec_continue
  local s = ctx.settings
  local must = ctx.verify.fail_if_no_peer_cert
  if ctx.mode == "client" then s.verify = peer and not lenient and "chain" or false
  elseif not peer then s.client_auth = "none"
  elseif lenient then s.client_auth = must and "require" or "request"
  else s.client_auth = must and "verify" or "optional" end
end

function class.__index.setverifyext(object, ...)
  local ctx = handle.check(class, object, 1, "setverifyext")
  local set, message = words({...}, ext_words, "verify option")
  if not set then return false, message end
  ctx.verifyext, ctx.config = set, nil
  verification(ctx)
  return true
end

-- The settings with some others.
local function settings(ctx, more)
  local t = {}
  for k, v in pairs(ctx.settings) do t[k] = v end
  for k, v in pairs(more) do t[k] = v end
  if not t.cert[1] then t.cert, t.key, t.password = nil, nil, nil end
  return t
end

-- The protocol that a server speaks with a client that offers some: the first of its own.
local function chosen(ctx, offered)
  local theirs = {}
  for _, name in ipairs(offered) do theirs[name] = true end
  for _, name in ipairs(ctx.alpn(offered)) do if theirs[name] then return name end end
end

-- The config for a client that offers these protocols.
local function speaking(ctx, offered)
  local name = ctx.alpn and chosen(ctx, offered) or nil
  local key = name or false
  ctx.speaking[key] = ctx.speaking[key] or assert(luv.tls.config(settings(ctx, {alpn = name, handshake = false})))
  return ctx.speaking[key]
end

-- What a server does when it has heard what the client wants: map and strict are those of conn:sni.
-- Luv holds the function for as long as there is the config, which the context has: hence weakly.
local function chooser(ctx, map, strict)
  local weak = setmetatable({ctx = ctx}, {__mode = "v"})
  return function(hello)
    local ctx = weak.ctx
    local other = hello.server_name and map and context.of(map[hello.server_name])
    if hello.server_name and map and not other and strict then return nil, "unrecognized name" end
    return speaking(other or ctx, hello.alpn)
  end
end

-- The config of a connection: of a client, to the server of that name; of a server, with its map of names.
function context.config(ctx, name, map, strict)
  if not ctx.config then
    local more = {handshake = false, server = ctx.mode == "server" or nil}
    if ctx.alpn then more.choose = chooser(ctx) end
    local config, message = luv.tls.config(settings(ctx, more))
    if not config then return nil, message end
    ctx.config, ctx.speaking = config, {}
  end
  if map then return luv.tls.config(settings(ctx, {handshake = false, server = true, choose = chooser(ctx, map, strict)})) end
  return name and ctx.config:named(name) or ctx.config
end

-- What of LuaSec is not here.
local function refused(cfg)
  if cfg.dhparam and type(cfg.dhparam) ~= "function" then return "invalid DH parameter type" end
  if cfg.psk then return "invalid PSK configuration" end
end

local function mismatch(ctx, message)
  if message:find("does not match", 1, true) then return "private key does not match public key" end
  return "error loading private key (" .. (message:match("key [^:]*: (.*)") or message) .. ")"
end

-- ctx = ssl.newcontext(cfg)
function context.new(cfg)
  local ctx = {settings = {cert = {}, key = {}, ca = {}}, speaking = {}}
  local protocol = check(cfg.protocol, "string", 1, "create")
  if not protocols[protocol] then return nil, "invalid protocol (" .. protocol .. ")" end
  ctx.mode = check(cfg.mode, "string", 2, "setmode")
  local ok, message = load_pairs(ctx, cfg)
  if ok then ok, message = locations(ctx, cfg) end
  if ok then ok, message = ciphers(cfg) end
  if ok then ctx.verify, message = words(cfg.verify, verify_words, "verify option") ok = ctx.verify end
  if ok then ctx.options, message = words(cfg.options, known.options, "option") ok = ctx.options end
  if not ok then return nil, message end
  if cfg.depth then check(cfg.depth, "number", 2, "setdepth") end
  message = refused(cfg)
  if message then return nil, message end
  ok, message = curves(cfg)
  if ok then ctx.verifyext, message = words(cfg.verifyext, ext_words, "verify option") ok = ctx.verifyext end
  if not ok then return nil, message end
  if cfg.alpn and (ctx.mode == "client" or ctx.mode == "server") then
    ok, message = alpn(ctx, cfg)
    if not ok then return nil, message end
  end
  versions(ctx, protocol, ctx.options)
  verification(ctx)
  if ctx.options.no_ticket then ctx.settings.session_cache = false end
  if ctx.mode == "client" or ctx.settings.cert[1] then
    ok, message = context.config(ctx)
    if not ok then return nil, mismatch(ctx, message) end
  end
  return handle.new(class, ctx)
end

return context
