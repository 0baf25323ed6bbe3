-- sslscript.lua - what a program can see of a connection of LuaSec's, or of luv.ssl's: test-ssl-peers.lua
-- runs it over both, and compares what it prints.
--   lua sslscript.lua luv|luasec client|server MODE FOLDER [PORT]

local impl, side, mode, dir = arg[1], arg[2], arg[3], arg[4]
if impl == "luv" then require("luv").install{socket = true, ssl = true} end
local socket, ssl = require("socket"), require("ssl")
io.stdout:setvbuf("no")

local function text(v)
  if type(v) ~= "table" then return (tostring(v):gsub("0x%x+", "PTR")) end
  local parts = {}
  for k, x in pairs(v) do parts[#parts + 1] = tostring(k) .. "=" .. text(x) end
  table.sort(parts)
  return "{" .. table.concat(parts, ",") .. "}"
end

-- LuaSocket made for debugging has a fourth result, the time that a call has taken.
local function show(what, ...)
  local t, n = {}, select("#", ...)
  for i = 1, n == 4 and 3 or n do
    t[i] = text((select(i, ...)))
    if #t[i] > 300 then t[i] = #t[i] .. " bytes" end
  end
  print(what .. ": " .. table.concat(t, " | "))
end

local params = {mode = side, protocol = "any", verify = "none", options = "all"}
local changes = {
  peer = {verify = "peer", cafile = dir .. "/ca.pem"},
  lenient = {verify = "peer", verifyext = {"lsec_continue", "lsec_ignore_purpose"}},
  distrust = {verify = "peer", cafile = dir .. "/other.pem"},
  client = {key = dir .. "/peer.key", certificate = dir .. "/peer.pem"},
  alpn = {alpn = {"foo", "http/1.1"}},
  tls12 = {protocol = "tlsv1_2"},
  demand = {verify = {"peer", "fail_if_no_peer_cert"}, cafile = dir .. "/ca.pem"},
  ask = {verify = "peer", cafile = dir .. "/ca.pem"},
  choose = {alpn = function(list) show("offered", list) return {"zzz", "http/1.1"} end},
}
for k, v in pairs(changes[mode] or {}) do params[k] = v end
if side == "server" then params.key, params.certificate = dir .. "/own.key", dir .. "/own.pem" end

local function certificate(cert)
  if not cert then return end
  for _, name in ipairs{"digest", "extensions", "getsignaturename", "issuer", "subject", "notbefore", "notafter", "pem", "pubkey", "serial"} do
    show(name, cert[name](cert))
  end
  show("digests", cert:digest("sha256"), cert:digest("sha512"))
  show("digest", cert:digest("md5"))
  show("validat", cert:validat(os.time()), cert:validat(1))
  show("setencode", cert:setencode("utf8"), cert:setencode("x"))
end

local function facts(s)
  show("info", s:info())
  show("field", s:info("cipher"))
  show("getpeerverification", s:getpeerverification())
  show("getalpn", s:getalpn())
  show("getsniname", s:getsniname())
  show("getpeercertificate", s:getpeercertificate(), s:getpeercertificate(9))
  show("index", s:getpeercertificate(0))
  certificate(s:getpeercertificate())
end

local function before(s, sock)
  show("sock", sock:getfd(), select(2, pcall(sock.send, sock, "x")))
  show("tostring", tostring(s))
  show("getfd", s:getfd() > 0)
  show("info", s:info())
  show("send", s:send("x"))
  show("receive", s:receive())
  show("dirty, want, alpn", s:dirty(), s:want(), s:getalpn())
  show("certificate", s:getpeercertificate())
  show("verification", s:getpeerverification())
end

local function after(s)
  show("close", s:close())
  show("tostring", tostring(s))
  show("send", s:send("x"))
  show("receive", s:receive())
  show("getfd", s:getfd())
  show("dirty, want", s:dirty(), s:want())
  show("close", s:close())
  show("verification", s:getpeerverification())
  show("certificate", s:getpeercertificate())
end

local function talk(s)
  show("send", s:send("hello\n"))
  show("receive", s:receive())
  s:settimeout(0.05)
  show("receive", s:receive("*l", "prefix"))
  show("receive", s:receive(10))
  show("want", s:want())
  s:settimeout(20)
  show("send", s:send("big\n"))
  show("receive", s:receive(5, "xx"))
  show("dirty", s:dirty())
  show("receive", #(s:receive()))
  show("dirty", s:dirty())
  show("send", s:send("abcquit\nxyz", 4, 8))
  show("receive", s:receive("*a"))
  show("receive", s:receive("*a"))
  show("receive", s:receive())
end

local function client()
  local sock = assert(socket.connect("127.0.0.1", tonumber(arg[5])))
  local s = assert(ssl.wrap(sock, params))
  before(s, sock)
  s:sni("localhost")
  show("getsniname", s:getsniname())
  s:settimeout(20)
  local ok, why = s:dohandshake()
  show("dohandshake", ok, why)
  if ok then show("dohandshake", s:dohandshake()) end
  if ok then facts(s) talk(s) end
  after(s)
end

local function server()
  local l = assert(socket.bind("127.0.0.1", 0))
  io.stderr:write(select(2, l:getsockname()), "\n")
  local sock = l:accept()
  local s = assert(ssl.wrap(sock, assert(ssl.newcontext(params))))
  if mode == "names" or mode == "strict" then
    s:sni({other = assert(ssl.newcontext{mode = "server", protocol = "any", key = dir .. "/peer.key", certificate = dir .. "/peer.pem"})}, mode == "strict")
  end
  s:settimeout(20)
  local ok, why = s:dohandshake()
  show("dohandshake", ok, mode ~= "strict" and why)
  if ok then facts(s) end
  show("receive", s:receive())
  show("send", s:send("answer\n"))
  after(s)
end

(side == "client" and client or server)()
