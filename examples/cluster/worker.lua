-- worker.lua - one of the workers of cluster/run.lua: joins, and does what it is called for.
--
--   lua worker.lua ENDPOINT NAME [SERVER'S PUBLIC KEY]

local luv = require("luv")
local endpoint, name, key = arg[1], arg[2], arg[3]

local opts = {heartbeat = 2, insecure = not key, curve = key and {server = key} or nil}
local root = assert(luv.proxy.connect(endpoint, opts, 20))

local worker = {}

-- How many primes there are from `first` to `last`.
function worker:count(first, last)
  local n = 0
  for i = first, last do
    local prime = i > 1
    for k = 2, math.floor(math.sqrt(i)) do
      if i % k == 0 then prime = false break end
    end
    n = n + (prime and 1 or 0)
    if i % 1000 == 0 then luv.sleep(0) end
  end
  return n
end

local done = root.hub:join(name, luv.share(worker))
io.stderr:write(name, " goes home after ", tostring(done), " jobs\n")
root:close()
