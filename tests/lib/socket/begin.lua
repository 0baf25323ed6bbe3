-- begin.lua - runs one of the scripts beside it, with LuaSocket or with luv.socket: it prints the results of
-- hundreds of calls, which are to be the same. test-socket-same.lua compares them.
--
--     lua5.1 begin.lua real|luv stream|state|datagram|module

local which, name = arg[1], arg[2]
local dir = arg[0]:match("^.*/") or "./"
local real = which == "real"
local socket = require(real and "socket" or "luv.socket")
local unix = require(real and "socket.unix" or "luv.socket.unix")

-- What is another one each time: pattern -> what is printed.
local hidden = {}
local function hide(pattern, as) hidden[pattern] = as end

local function show(v)
  if type(v) == "string" then return ("%q"):format(#v > 600 and (v:sub(1, 20) .. "...#" .. #v) or v) end
  if type(v) == "userdata" then return (tostring(v):gsub("0x%x+", "PTR")) end
  if type(v) == "function" then return "function" end
  if type(v) ~= "table" then return tostring(v) end
  local keys = {}
  for k in pairs(v) do keys[#keys + 1] = k end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(keys) do keys[i] = (type(k) == "userdata" and "ud" or tostring(k)) .. "=" .. show(v[k]) end
  return "{" .. table.concat(keys, ",") .. "}"
end

-- Prints how many results there are, and which.
local function P(label, ...)
  local out = {}
  for i = 1, select("#", ...) do out[i] = show((select(i, ...))) end
  local s = label .. ": " .. select("#", ...) .. " " .. table.concat(out, " ")
  for pattern, as in pairs(hidden) do s = s:gsub(pattern, as) end
  print((s:gsub("[^%s\"]*%.lua:%d+:", "SCRIPT:")))
end

local function E(label, fn, ...) P(label, pcall(fn, ...)) end

-- A client, its other end, and the server.
local function pair()
  local s = assert(socket.bind("127.0.0.1", 0))
  local _, port = s:getsockname()
  local c = assert(socket.connect("127.0.0.1", port))
  local d = assert(s:accept())
  hide(port, "PORT")
  hide((select(2, c:getsockname())), "CPORT")
  return c, d, s
end

-- What has been sent on the loopback has come.
local function settle() socket.sleep(0.03) end

assert(loadfile(dir .. name .. ".lua"))(P, E, pair, settle, socket, unix, hide)
