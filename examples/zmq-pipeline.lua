-- A pipeline across processes: a ventilator gives numbers to workers, each a process of
-- its own, and a sink gathers what they make of them.
--
--   lua zmq-pipeline.lua [workers] [numbers]
--
-- The script starts itself once per worker, and tells it where to find both ends.

local luv = require("luv")
local zmq = luv.zmq
local ctx = zmq.create()

if arg[1] == "worker" then
  local tasks = assert(ctx:socket(zmq.PULL):connect(arg[2]))
  local results = assert(ctx:socket(zmq.PUSH):connect(arg[3]))
  results:send("ready")
  while true do
    local n = tasks:recv()
    if n == "end" then break end
    results:send(tostring(n * n))
  end
  os.exit(0) -- what is not sent yet is sent first
end

local WORKERS, N = tonumber(arg[1] or 2), tonumber(arg[2] or 1000)
local ventilator, sink = ctx:socket(zmq.PUSH), ctx:socket(zmq.PULL)
local dir = os.tmpname()
os.remove(dir)
assert(ventilator:bind("ipc://" .. dir .. ".tasks"))
assert(sink:bind("ipc://" .. dir .. ".results"))

local function quote(s) return "'" .. s:gsub("'", "'\\''") .. "'" end

local first = 0
while arg[first - 1] do first = first - 1 end
for _ = 1, WORKERS do
  os.execute(table.concat({quote(arg[first]), quote(arg[0]), "worker",
    quote(ventilator:last_endpoint()), quote(sink:last_endpoint()), "&"}, " "))
end
-- PUSH shares out among those that are there: all the work would go to the first.
for _ = 1, WORKERS do assert(sink:recv(10) == "ready") end

luv.spawn(function()
  for n = 1, N do ventilator:send(tostring(n)) end
end)
local sum = 0
for _ = 1, N do sum = sum + assert(sink:recv(10)) end
for _ = 1, WORKERS do ventilator:send("end") end
print("sum of squares", sum)
assert(sum == N * (N + 1) * (2 * N + 1) / 6)
ventilator:close()
sink:close()
ctx:close()
