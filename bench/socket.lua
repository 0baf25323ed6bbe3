-- socket.lua - luv.socket beside LuaSocket, and clients of LuaSocket's over it.
--
--   lua socket.lua redis  luv|luasocket PORT FIBERS REQUESTS   prints "rate N cpu N": redis-lua's GET, per second, µs
--   lua socket.lua http   luv|copas     PORT FIBERS REQUESTS   the same: socket.http
--   lua socket.lua big    luv|luasocket PORT receive|send      prints "mbps N": 64 MB
--   lua socket.lua line                                        prints "socket N stream N": µs of CPU
--   lua socket.lua select                                      prints "thousand N ten N": µs, by the clock
--
-- The one rule: the clients are the installed ones, and know nothing of luv.

local mode, which, port, fibers, requests = unpack(arg)
local luv = which ~= "luasocket" and which ~= "copas" and require("luv") or nil
if luv then luv.install{socket = true} end
local socket = require("socket")

-- Runs `client`, which makes so many requests, in each of the fibers.
local function rate(client, each)
  local n, start, cpu = tonumber(requests), socket.gettime(), os.clock()
  each(tonumber(fibers), function() client(math.floor(n / fibers)) end)
  local seconds = socket.gettime() - start
  print(("rate %.0f cpu %.3f"):format(n / seconds, (os.clock() - cpu) * 1e6 / n))
end

local function in_fibers(n, fn)
  for _ = 1, n do luv.spawn(fn) end
  luv.run()
end

local run = {}

function run.redis()
  local redis = require("redis")
  local function client(n)
    local c = redis.connect("127.0.0.1", tonumber(port))
    c:set("key", "value")
    for _ = 1, n do assert(c:get("key") == "value") end
  end
  rate(client, luv and in_fibers or function(_, fn) fn() end)
end

-- A socket for socket.http, of Debian's copas, whose own ones do not connect.
local function wrapped(copas)
  local raw = socket.tcp()
  raw:settimeout(0)
  return {
    settimeout = function() return 1 end,
    connect = function(_, host, at) return copas.connect(raw, host, at) end,
    send = function(_, ...) return copas.send(raw, ...) end,
    receive = function(_, ...) return copas.receive(raw, ...) end,
    close = function() return raw:close() end,
  }
end

function run.http()
  local copas = which == "copas" and require("copas") -- which wants to be first
  local http, ltn12 = require("socket.http"), require("ltn12")
  local create = copas and function() return wrapped(copas) end or nil
  local function client(n)
    for _ = 1, n do
      local body = {}
      local ok, code = http.request{url = "http://127.0.0.1:" .. port .. "/", sink = ltn12.sink.table(body), create = create}
      assert(ok and code == 200 and #table.concat(body) == 1024, code)
    end
  end
  rate(client, luv and in_fibers or function(n, fn)
    local left = n
    for _ = 1, n do copas.addthread(function() fn() left = left - 1 end) end
    while left > 0 do copas.step() end
  end)
end

function run.big()
  local c = assert(socket.connect("127.0.0.1", port))
  local start = socket.gettime()
  c:send(fibers:sub(1, 1))
  if fibers == "send" then
    assert(c:send(("x"):rep(2 ^ 26)) == 2 ^ 26)
    c:shutdown("send")
  end
  local data = c:receive("*a")
  assert(fibers == "send" or #data == 2 ^ 26)
  print(("mbps %.1f"):format(64 / (socket.gettime() - start)))
end

local function used(n, fn)
  local start = os.clock()
  for _ = 1, n do fn() end
  return (os.clock() - start) * 1e6 / n
end

function run.line()
  local s = socket.bind("127.0.0.1", 0)
  local host, at = s:getsockname()
  local function connected()
    local c = socket.connect(host, at)
    c:setoption("tcp-nodelay", true)
    return c, s:accept()
  end
  local c, d = connected()
  local server = luv.net.tcp():bind("127.0.0.1", 0)
  server:listen()
  local a = luv.net.tcp():connect("127.0.0.1", server:getsockname().port)
  local b = server:accept()
  a:nodelay(true)
  luv.spawn(function()
    local text = "a line of some bytes\r\n"
    local ours = used(60000, function() c:send(text) d:receive() end)
    local plain = used(60000, function() a:write(text) b:read_line() end)
    print(("socket %.3f stream %.3f"):format(ours, plain))
  end):join()
end

local function took(n, fn)
  local start = luv.hrtime()
  for _ = 1, n do fn() end
  return (luv.hrtime() - start) / 1e3 / n
end

function run.select()
  local s = socket.bind("127.0.0.1", 0, 1024)
  local host, at = s:getsockname()
  local all, ends, cases = {}, {}, {}
  for i = 1, 1000 do
    all[i] = assert(socket.connect(host, at))
    ends[i] = assert(s:accept())
  end
  ends[777]:send("x")
  for i = 1, 10 do
    local a, b = luv.net.socketpair()
    cases[i], ends[1000 + i] = {a, "wait", "r"}, b
  end
  ends[1007]:write("x")
  socket.sleep(0.05)
  local thousand = took(3000, function() assert(socket.select(all)[1] == all[777]) end)
  print(("thousand %.3f ten %.3f"):format(thousand, took(3000, function() luv.select(cases) end)))
end

run[mode]()
