-- clients.lua - clients that were written for LuaSocket, on LuaSocket itself or on luv.
--
--   lua bench/clients.lua redis|http luv|plain|copas PORT FIBERS COUNT
--
-- plain is one after the other, as blocking code is. Prints requests per second, and the CPU of each.

local what, impl, port, fibers, count = arg[1], arg[2], tonumber(arg[3]), tonumber(arg[4]), tonumber(arg[5])
local luv = impl == "luv" and require("luv").install{socket = true} or nil
local copas = impl == "copas" and require("copas") or nil
local socket = require("socket")

local work = {}

function work.redis()
  local c = require("redis").connect("127.0.0.1", port)
  c:set("key", ("v"):rep(100))
  return function() assert(c:get("key")) end
end

-- How socket.http is used under copas: each call that may block is copas' own.
local function yielding()
  local s = socket.tcp()
  s:settimeout(0)
  return {
    connect = function(_, host, p) return copas.connect(s, host, p) end,
    send = function(_, ...) return copas.send(s, ...) end,
    receive = function(_, ...) return copas.receive(s, ...) end,
    settimeout = function() return 1 end,
    close = function() return s:close() end,
  }
end

function work.http()
  local http, ltn12 = require("socket.http"), require("ltn12")
  local url, create = "http://127.0.0.1:" .. port .. "/", copas and yielding or nil
  return function()
    local t = {}
    local ok, code = http.request{url = url, create = create, sink = ltn12.sink.table(t)}
    assert(ok and code == 200 and #table.concat(t) == 1024, code)
  end
end

local done = 0

local function share()
  local one = work[what]()
  for _ = 1, count / fibers do one() end
  done = done + 1
end

local function all()
  if copas then
    for _ = 1, fibers do copas.addthread(share) end
    while done < fibers do copas.step() end -- its loop has no end
    return
  end
  if not luv then return share() end
  local list = {}
  for i = 1, fibers do list[i] = luv.spawn(share) end
  for i = 1, fibers do list[i]:join() end
end

local start, cpu = socket.gettime(), os.clock()
all()
local seconds = socket.gettime() - start
print(("rate %.1f cpu %.3f"):format(count / seconds, (os.clock() - cpu) / count * 1e6))
