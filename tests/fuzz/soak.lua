-- soak.lua - hours of work in minutes: memory and descriptors stay flat.
--
--   lua tests/fuzz/soak.lua [SECONDS [CONNECTIONS]]
--
-- 5,000 connections echo, end, and are made again; half of them end by a reset (SO_LINGER 0), at random
-- moments. Beside them files, processes, threads, proxies and ØMQ are at work. Prints a line per
-- thirtieth of the time; exit code 1 when the last fifth needs more than the second did, or if
-- anything is left over at the end.

local here = arg[0]:match("^.*/") or "./"
if not os.getenv("LUA_CPATH") then package.cpath = here .. "../../?.so;" .. package.cpath end
local luv = require("luv")
local random = assert(loadfile(here .. "random.lua"))(here)

local seconds, connections = tonumber(arg[1]) or 900, tonumber(arg[2]) or 5000
local begun = luv.hrtime()
local stop = begun + seconds * 1e9
local counts = {connections = 0, resets = 0, refused = 0, bytes = 0, files = 0, processes = 0, threads = 0, messages = 0, calls = 0}
local function going() return luv.hrtime() < stop end
local function count(what, n) counts[what] = counts[what] + (n or 1) end
local function descriptors() return #luv.fs.readdir("/proc/self/fd") end

-- ---- connections ---------------------------------------------------------------------------

local server = luv.net.tcp():bind("127.0.0.1", 0):listen(4096)
local port = server:getsockname().port

local function echo(c)
  while true do
    local n, data = c:read()
    if not n or not c:write(data, 10) then break end
  end
  c:close()
end

local function accept()
  while true do
    local c, _, code = server:accept()
    if c then luv.spawn(echo, c) elseif code == "ECANCELED" or code == "EBADF" then return end
  end
end

-- Returns whether the connection goes on.
local function exchange(c, r)
  local text = ("%d "):format(r(1000000)):rep(r(200))
  if not c:write(text, 10) then return end
  if r(20) == 1 then return end -- ends with an answer on its way
  local data = c:read_exactly(#text, 10)
  if data and data ~= text then error("an echo of other bytes") end
  if data then count("bytes", #text) end
  luv.sleep(r(1000) / 1000)
  return data
end

local function client(seed)
  local r = random(seed)
  luv.sleep(r(2000) / 1000)
  while going() do
    local c = luv.net.tcp()
    if c:connect("127.0.0.1", port, 10) then
      count("connections")
      local n = r(5)
      while n > 0 and exchange(c, r) do n = n - 1 end
    else count("refused") end
    if r(2) == 1 then
      c:close_reset()
      count("resets")
    else c:close() end
    luv.sleep(r(100) / 1000)
  end
end

-- ---- beside them ------------------------------------------------------------------------------

local home = assert(luv.fs.mkdtemp(luv.fs.tmpdir() .. "/luv-soak-XXXXXX"))

local function files(n)
  local path = home .. "/" .. n
  while going() do
    local text = ("line\n"):rep(1000)
    assert(luv.fs.writefile(path, text))
    assert(luv.fs.readfile(path) == text)
    local f = assert(luv.fs.open(path))
    f:read(100, 50)
    f:close()
    luv.fs.unlink(path)
    count("files")
    luv.sleep(0.01)
  end
end

local function processes()
  while going() do
    local p = luv.process.run("cat", {input = "text"})
    assert(p and p.stdout == "text")
    count("processes")
    luv.sleep(0.1)
  end
end

local function threads()
  while going() do
    local t = luv.thread.create(function(n)
      local luv = require("luv")
      luv.sleep(0.001)
      return {n, ("x"):rep(n)}
    end, 1000)
    assert(#t:join()[2] == 1000)
    count("threads")
    luv.sleep(0.1)
  end
end

local context = luv.zmq.create()
local function zmq(endpoint)
  local pull, push = context:socket("PULL"), context:socket("PUSH")
  assert(pull:bind(endpoint))
  assert(push:connect(pull:last_endpoint()))
  local sender = luv.spawn(function()
    while going() do
      push:send({"frame", ("z"):rep(2000)}, 1)
      luv.sleep(0.001)
    end
  end)
  while going() do
    local a, b = pull:recv(1)
    if a == "frame" and #b == 2000 then count("messages") end
  end
  sender:join()
  push:close()
  pull:close()
end

local shared = luv.share({n = 0})
function shared:make() return luv.share({}) end
function shared:add(x) self.n = self.n + x; return self.n end

-- Calls objects that are made for it, and lets go of them, in every way there is.
local function use(p)
  for i = 1, 50 do
    local made = p:make()
    made.x = i
    if made.x ~= i then error("another value") end
    p:add(1)
    if i % 3 == 0 then luv.proxy.release(made) end
  end
  pcall(luv.timeout, 0.0001, function() while true do p:add(1) end end)
  return 50
end

local function proxies()
  while going() do
    count("calls", luv.thread.create(use, shared):join())
    luv.sleep(0.1)
  end
end

local function remote()
  while going() do
    local there = assert(luv.proxy.serve("tcp://127.0.0.1:*", {shared = shared}))
    local root = assert(luv.proxy.connect(there:endpoint(), nil, 30))
    count("calls", use(root.shared))
    if counts.calls % 2 == 0 then root:close() end
    there:close()
    luv.sleep(0.1)
  end
end

-- ---- the figures -----------------------------------------------------------------------------

local samples = {}
local function sample()
  local s = {rss = luv.os.rss() / 1048576, fds = descriptors(), lua = collectgarbage("count") / 1024,
             fibers = luv.stats().fibers.total, handles = luv.stats().handles.total}
  samples[#samples + 1] = s
  print(("%5d s: RSS %.1f MB, Lua %.1f MB, %d descriptors, %d fibers, %d handles; %d connections, %d resets, %d refused, " ..
    "%d files, %d processes, %d threads, %d messages, %d calls"):format((luv.hrtime() - begun) / 1e9, s.rss, s.lua, s.fds, s.fibers,
    s.handles, counts.connections, counts.resets, counts.refused, counts.files, counts.processes, counts.threads, counts.messages, counts.calls))
  io.stdout:flush()
end

local function mean(what, from, to)
  local sum = 0
  for i = from, to do sum = sum + samples[i][what] end
  return sum / (to - from + 1)
end

local function rises(what, unit, slack)
  local fifth = math.floor(#samples / 5)
  local early, late = mean(what, fifth + 1, 2 * fifth), mean(what, #samples - fifth + 1, #samples)
  print(("%s: %.1f %s in the second fifth, %.1f in the last"):format(what, early, unit, late))
  return late > early * 1.05 + slack
end

luv.spawn(luv.sleep, 0):join()
luv.process.run("true")
local before = descriptors()
local workers = {}
local function work(fn, ...) workers[#workers + 1] = luv.spawn(fn, ...) end
local accepting = luv.spawn(accept)
for i = 1, connections do work(client, i) end
for i = 1, 4 do work(files, i) end
work(processes)
work(threads)
work(proxies)
work(remote)
work(zmq, "inproc://soak")
work(zmq, "tcp://127.0.0.1:*")
while going() do
  luv.sleep(seconds / 30)
  sample()
end
for _, f in ipairs(workers) do f:join(60) end
server:close()
accepting:join(5)
context:close()
luv.fs.rmrf(home)
for _ = 1, 100 do
  collectgarbage()
  luv.sleep(0.05)
  if luv.stats().fibers.total == 0 and descriptors() <= before + 12 then break end
end
local left, fds = luv.stats().fibers.total, descriptors()
print(("at the end: %d fibers, %d descriptors, before %d"):format(left, fds, before))
local bad = left > 0 or fds > before + 12 -- what libzmq, inotify and the like keep
if rises("rss", "MB", 8) then bad = true end
if rises("fds", "descriptors", 50) then bad = true end
os.exit(bad and 1 or 0)
