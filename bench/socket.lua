-- socket.lua - luv.socket beside LuaSocket, and beside what it stands on.
--
--   lua socket.lua big luv|plain PORT receive|send    prints "mbps N": 64 MB
--   lua socket.lua line luv                           prints "socket N stream N": µs of CPU
--   lua socket.lua select luv                         prints "thousand N ten N": µs, by the clock

local mode, which, port, way = unpack(arg)
local luv = which == "luv" and require("luv") or nil
if luv then luv.install{socket = true} end
local socket = require("socket")

local run = {}

function run.big()
  local c = assert(socket.connect("127.0.0.1", port))
  local start = socket.gettime()
  c:send(way:sub(1, 1))
  if way == "send" then
    assert(c:send(("x"):rep(2 ^ 26)) == 2 ^ 26)
    c:shutdown("send")
  end
  local data = c:receive("*a")
  assert(way == "send" or #data == 2 ^ 26)
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
