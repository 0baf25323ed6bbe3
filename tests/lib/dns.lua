-- dns.lua - a small DNS server over luv.net.udp, which can also misbehave.
--
-- dns.serve(luv, zone[, options]) → server; zone[name][type] is a list of what the
-- constructors below make. server.address is for luv.net.resolve, server.asked counts
-- questions, server:close() ends it. options.answer(packet) → list of packets changes what is
-- sent; options.tcp: truncates over UDP, answers over TCP.

local dns = {}

local TYPES = {A = 1, NS = 2, CNAME = 5, PTR = 12, MX = 15, TXT = 16, AAAA = 28, SRV = 33}
local NAMES = {}
for name, n in pairs(TYPES) do NAMES[n] = name end

local function u16(n) return string.char(math.floor(n / 256) % 256, n % 256) end
dns.u16 = u16

local function encode_name(name)
  return (name:gsub("%.$", ""):gsub("([^.]+)%.?", function(label) return string.char(#label) .. label end)) .. "\0"
end
dns.encode_name = encode_name

function dns.A(address)
  return {"A", string.char(address:match("(%d+)%.(%d+)%.(%d+)%.(%d+)"))}
end
function dns.AAAA(hex) return {"AAAA", (hex:gsub("%x%x", function(h) return string.char(tonumber(h, 16)) end))} end
function dns.MX(preference, host) return {"MX", u16(preference) .. encode_name(host)} end
function dns.SRV(priority, weight, port, host)
  return {"SRV", u16(priority) .. u16(weight) .. u16(port) .. encode_name(host)}
end
function dns.TXT(...)
  local parts = {}
  for _, s in ipairs{...} do parts[#parts + 1] = string.char(#s) .. s end
  return {"TXT", table.concat(parts)}
end
function dns.NS(host) return {"NS", encode_name(host)} end
function dns.PTR(host) return {"PTR", encode_name(host)} end
function dns.CNAME(host) return {"CNAME", encode_name(host)} end

-- The question of a query: its id, the name, the type, its bytes.
local function question(packet)
  local labels, at = {}, 13
  while packet:byte(at) and packet:byte(at) > 0 do
    local n = packet:byte(at)
    labels[#labels + 1] = packet:sub(at + 1, at + n)
    at = at + n + 1
  end
  local kind = (packet:byte(at + 1) or 0) * 256 + (packet:byte(at + 2) or 0)
  return packet:sub(1, 2), table.concat(labels, "."):lower(), NAMES[kind] or kind, packet:sub(13, at + 4)
end

local function header(id, flags, answers) return id .. u16(flags) .. u16(1) .. u16(answers) .. u16(0) .. u16(0) end

local function record(name, r)
  return name .. u16(TYPES[r[1]]) .. u16(1) .. u16(0) .. u16(60) .. u16(#r[2]) .. r[2]
end

-- The answer to a packet. Owner names of a CNAME's target are said in full.
function dns.reply(zone, packet)
  local id, name, kind, asked = question(packet)
  local node = zone[name]
  if not node then return header(id, 0x8183, 0) .. asked end
  if node.rcode then return header(id, 0x8180 + node.rcode, 0) .. asked end
  local parts, owner, count = {}, "\192\12", 0
  if node.alias and kind ~= "CNAME" then
    parts[1] = record(owner, dns.CNAME(node.alias))
    owner, node, count = encode_name(node.alias), zone[node.alias] or {}, 1
  end
  for _, r in ipairs(node[kind] or {}) do
    parts[#parts + 1] = record(owner, r)
    count = count + 1
  end
  return header(id, 0x8180, count) .. asked .. table.concat(parts)
end

-- Nothing but the header and the question, with the bit that says so.
local function truncated(packet)
  local id, _, _, asked = question(packet)
  return header(id, 0x8380, 0) .. asked
end

local function serve_tcp(luv, zone, listener)
  while true do
    local c = listener:accept()
    if not c then return end
    luv.spawn(function()
      while true do
        local size = c:read_exactly(2)
        if not size then break end
        local packet = c:read_exactly(size:byte(1) * 256 + size:byte(2))
        if not packet then break end
        local reply = dns.reply(zone, packet)
        c:write(u16(#reply) .. reply)
      end
      c:close()
    end)
  end
end

-- A socket and, if `tcp`, a listener, at the same port: one that is free for both.
local function sockets(luv, tcp)
  while true do
    local socket = assert(luv.net.udp():bind("127.0.0.1", 0))
    local port = socket:getsockname().port
    if not tcp then return socket, port end
    local listener = luv.net.tcp():bind("127.0.0.1", port)
    if listener:listen() then return socket, port, listener end
    socket:close()
    listener:close()
  end
end

function dns.serve(luv, zone, options)
  options = options or {}
  local socket, port, listener = sockets(luv, options.tcp)
  local server = {address = "127.0.0.1:" .. port, asked = 0, questions = {}}
  if listener then luv.spawn(serve_tcp, luv, zone, listener) end
  local answer = options.answer or function(packet) return {dns.reply(zone, packet)} end
  if options.tcp then answer = function(packet) return {truncated(packet)} end end
  luv.spawn(function()
    while true do
      local packet, from = socket:recv()
      if not packet then return end
      server.asked = server.asked + 1
      local _, name, kind = question(packet)
      server.questions[#server.questions + 1] = kind .. " " .. name
      for _, p in ipairs(answer(packet) or {}) do socket:send(p, from) end
    end
  end)
  function server.close()
    socket:close()
    if listener then listener:close() end
    luv.sleep(0)
  end
  return server
end

return dns
