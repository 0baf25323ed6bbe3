-- run.lua - a coordinator and its workers, on machines of their own: network namespaces where this may make
-- them, else processes.
--
--   lua run.lua [WORKERS [JOBS]]
--
-- A worker joins with an object of its own, which the coordinator then calls for each job: a call that fails
-- since the worker is gone gives the job back to the queue, and only what a call has returned counts. So nothing is
-- lost, and nothing counts twice. One worker is killed on the way, and another one comes.

local luv = require("luv")
local workers, jobs = tonumber(arg[1]) or 3, tonumber(arg[2]) or 30
local here = arg[0]:match("^.*/") or "./"
local SPAN = 10000

local function say(...) io.stderr:write(string.format(...), "\n") end

-- ---- the jobs ---------------------------------------------------------------------------------

local queue, results, left = luv.chan(jobs), {}, luv.waitgroup()
local joined = luv.waitgroup() -- nobody begins before all are there
left:add(jobs)
joined:add(workers)

local milestone = luv.event() -- a third of them is done

local function finished(job, by, n)
  assert(results[job.number] == nil, "done twice")
  results[job.number] = n
  left:done()
  local count = 0
  for _ in pairs(results) do count = count + 1 end
  say("%3d of %d: job %d by %s", count, jobs, job.number, by)
  if count >= jobs / 3 then milestone:set() end
  if count == jobs then queue:close() end
end

local hub = {}

-- Called by a worker: gives it jobs, until there are none left or it is gone; how many it has done.
function hub:join(name, worker)
  say("%s has joined", name)
  if joined:count() > 0 then joined:done() end
  local done = 0
  while true do
    local job = queue:get()
    if not job then return done end
    local ok, n, _, code = pcall(function() return worker:count(job.first, job.last) end)
    if not ok or not n then
      say("%s is lost (%s): job %d goes back", name, ok and code or "cancelled", job.number)
      queue:try_put(job)
      return done
    end
    finished(job, name, n)
    done = done + 1
  end
end

-- ---- the machines -------------------------------------------------------------------------------

local function sh(command) return luv.process.run("sh", {"-c", command .. " >/dev/null 2>&1"}).code == 0 end

-- A network namespace with a cable to this one: the address of this end, and what to run a command in it with.
local function new_machine(i)
  local ns, here, there, net = "luv" .. luv.os.getpid() .. "-" .. i, "lv" .. luv.os.getpid() % 10000 .. "." .. i, "eth0", ("10.%d.%d"):format(luv.os.getpid() % 199 + 20, i)
  local ok = sh("test $(id -u) = 0") and sh("ip netns add " .. ns) and sh(("ip link add %s type veth peer name %s netns %s"):format(here, there, ns)) and
    sh(("ip addr add %s.1/24 dev %s && ip link set %s up"):format(net, here, here)) and
    sh(("ip netns exec %s sh -c 'ip addr add %s.2/24 dev %s && ip link set %s up'"):format(ns, net, there, there))
  local function remove() sh("ip link del " .. here .. "; ip netns del " .. ns) end
  if not ok then
    remove()
    return nil
  end
  return {address = net .. ".1", name = ns, remove = remove}
end

local processes, machines = {}, {}

local function start(i, port, key)
  local machine = new_machine(i)
  local address = machine and machine.address or "127.0.0.1"
  machines[i] = machine
  local command = {arg[-1], here .. "worker.lua", ("tcp://%s:%s"):format(address, port), "worker-" .. i, key}
  if machine then command = {"ip", "netns", "exec", machine.name, unpack(command)} end
  local options = {stdout = "inherit", stderr = "inherit", ends_with_parent = true, unpack(command, 2)}
  processes[i] = assert(luv.process.spawn(command[1], options))
  say("worker-%d starts %s", i, machine and "in a network namespace" or "as a process")
end

-- ---- all of it ----------------------------------------------------------------------------------

local public, secret
if luv.zmq.has("curve") then public, secret = luv.zmq.curve_keypair() end
local server = assert(luv.proxy.serve("tcp://0.0.0.0:*", {hub = hub},
  {heartbeat = 2, curve = secret and {secret = secret}, insecure = not secret, allow = {"hub"}}))
local port = server:endpoint():match("(%d+)$")

for i = 1, workers do start(i, port, public) end
joined:wait()
for i = 1, jobs do queue:put({number = i, first = (i - 1) * SPAN + 1, last = i * SPAN}) end
milestone:wait()
say("worker-1 is killed, another one comes")
processes[1]:kill("SIGKILL")
start(workers + 1, port, public)
left:wait()

local sum = 0
for i = 1, jobs do sum = sum + results[i] end
for i = 2, workers + 1 do processes[i]:wait(10) end
for _, p in pairs(processes) do p:kill("SIGKILL") p:wait() end
for _, m in pairs(machines) do m.remove() end
server:close()
print("jobs", #results)
print("primes up to " .. jobs * SPAN, sum)
