-- child.lua - runs programs one after another in this process, and says what is wrong with each.
--
-- Lines on stdout: "program N" before each, "finding N" with indented text, "acts N", "done".

local here, options = ...
if not os.getenv("LUV_CPATH") and not os.getenv("LUA_CPATH") then
  package.cpath = here .. "../../?.so;" .. package.cpath
end
local luv = require("luv")
local program = assert(loadfile(here .. "program.lua"))(here)

program.names = {"channels", "sync", "streams", "lines", "files", "zmq", "timers", "codec", "threads"}
if options.only then program.names = {options.only} end
options.only_kinds, options.counts = program.names, {decodes = 0}
program.kinds = {}
for i, name in ipairs(program.names) do
  program.kinds[name] = assert(loadfile(here .. name .. ".lua"))(here)
end

local function say(...)
  io.stdout:write(table.concat({...}, " "), "\n")
  io.stdout:flush()
end

local function held()
  local s = luv.stats()
  local h = {fibers = s.fibers.total, operations = s.operations, external = s.external, timers = s.timers,
             descriptors = #luv.fs.readdir("/proc/self/fd")}
  for kind, n in pairs(s.handles) do if kind ~= "total" then h[kind] = n end end
  return h
end

-- What its descriptors are, for who reads of a leak.
local function links()
  local list = {}
  for _, n in ipairs(luv.fs.readdir("/proc/self/fd")) do list[#list + 1] = n .. " " .. tostring(luv.fs.readlink("/proc/self/fd/" .. n)) end
  return " (" .. table.concat(list, ", ") .. ")"
end

local function more(before)
  local now, text = held(), nil
  for k, n in pairs(now) do
    if n > (before[k] or 0) then text = (text and text .. ", " or "left over: ") .. k .. " " .. (before[k] or 0) .. " -> " .. n end
  end
  return text
end

-- What a program has left when all it had is garbage.
local function leak(before)
  local text
  for try = 1, 60 do
    collectgarbage()
    collectgarbage()
    for _ = 1, 3 do luv.run("nowait") end
    text = more(before)
    if not text then return end
    if try == 3 and rawget(_G, "jit") then require("jit").flush() end -- compiled code keeps what it names
    if try > 3 then luv.sleep(0.005 * try) end
  end
  return text:find("descriptors", 1, true) and text .. links() or text
end

local home = assert(luv.fs.mkdtemp(luv.fs.tmpdir() .. "/luv-fuzz-XXXXXX"))
options.home, options.context = home, assert(luv.zmq.create())

local function one(seed)
  say("program", seed)
  local acts, findings = program.run(seed, options)
  return acts, findings
end

-- What luv makes once, when it is first asked for.
local function warm()
  local a, b = luv.net.socketpair()
  a:wait("r", 0.001)
  luv.select{{a, "wait", "r"}, timeout = 0.001}
  a:close() b:close()
  luv.fs.stat("/nonexistent/x")
  luv.fs.watch(home):close()
  local u = luv.net.udp():bind("127.0.0.1", 0)
  u:recv(0.001)
  u:close()
  luv.thread.create(function() end):join()
  luv.process.run("true")
  local pull, push = options.context:socket(luv.zmq.PULL), options.context:socket(luv.zmq.PUSH)
  pull:bind("inproc://warm")
  push:connect("inproc://warm")
  pull:recv(0.001)
  push:close()
  pull:close()
end

warm()
collectgarbage()
local first = options.seed or options.child
local before
local total, bad = 0, 0
local stop = luv.hrtime() + options.seconds * 1e9
for seed = first, first + options.count - 1 do
  before = before or held()
  local acts, findings = one(seed)
  total = total + acts
  local left = leak(before)
  if left then findings[#findings + 1] = left end
  if left then before = held() end
  for _, text in ipairs(findings) do
    say("finding", seed)
    say("  " .. text:gsub("\n", "\n  "))
    bad = bad + 1
  end
  if luv.hrtime() > stop and not options.seed then break end
end
luv.fs.rmrf(home)
say("acts", total)
for name, n in pairs(options.counts) do say("count", name, n) end
say("done")
os.exit(bad == 0 and 0 or 1)
