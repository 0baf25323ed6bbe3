-- anywhere.lua - what a wait costs below C, beside the same wait in the open.
--
--   lua anywhere.lua            prints "open N pcall N gsub N sort N": CPU nanoseconds per wait
--   lua anywhere.lua memory     prints "bytes N": how much the process grows by a fiber that waits
--                               below gsub, with 10,000 of them
--   lua anywhere.lua idle       the same of a fiber that reads from an idle connection, which
--                               counts with it; the other end is in another process
--
-- The one rule: the four stand in the same fiber, in turn, and the best of several passes counts.

local luv = require("luv")

local WAITS, PASSES, FIBERS = 100000, 5, 10000

local function waits()
  local sleep = luv.sleep
  for _ = 1, WAITS do sleep(0) end
end

-- Its cost is shared by all the waits that are made in it.
local places = {
  open = function() waits() end,
  pcall = function() pcall(waits) end,
  gsub = function() ("x"):gsub(".", function() waits() end) end,
  sort = function()
    local done
    table.sort({2, 1}, function(a, b)
      if not done then done = true waits() end
      return a < b
    end)
  end,
}

local function pass(place)
  local start = os.clock()
  place()
  return (os.clock() - start) * 1e9 / WAITS
end

local function time()
  local best = {}
  for _ = 1, PASSES do
    for name, place in pairs(places) do best[name] = math.min(best[name] or math.huge, pass(place)) end
  end
  print(string.format("open %.2f pcall %.2f gsub %.2f sort %.2f", best.open, best.pcall, best.gsub, best.sort))
end

-- Pages in use.
local function resident()
  local file = assert(io.open("/proc/self/statm"))
  local _, pages = file:read("*n", "*n")
  file:close()
  return pages * 4096
end

local function grown(make)
  collectgarbage()
  collectgarbage()
  local before, all = resident(), {}
  for i = 1, FIBERS do all[i] = make(i) end
  luv.sleep(0.01)
  collectgarbage()
  print(string.format("bytes %.0f", (resident() - before) / FIBERS))
end

local function memory()
  local never = luv.event()
  local function wait() ("x"):gsub(".", function() never:wait() end) end
  grown(function() return luv.spawn(wait) end)
end

-- The descriptors of a process are limited, so the peers are a child that only accepts.
local peer = [[
local luv = require("luv")
local server = luv.pipe.create()
assert(server:bind(arg[1], {unlink = true}))
assert(server:listen(1024))
print("ready")
io.stdout:flush()
local all = {}
while true do all[#all + 1] = assert(server:accept()) end
]]

local function idle()
  local path, script = os.tmpname(), os.tmpname()
  local f = assert(io.open(script, "w"))
  f:write(peer)
  f:close()
  local child = assert(luv.process.spawn(arg[-1] or "lua", {script, path, stdout = "pipe"}))
  assert(child.stdout:read_line() == "ready")
  local function read(i)
    local c = luv.pipe.create()
    assert(c:connect(path))
    c:read()
  end
  grown(function(i)
    if i % 100 == 0 then luv.sleep(0) end
    return luv.spawn(read)
  end)
  child:kill("KILL")
  os.remove(path)
  os.remove(script)
end

local modes = {memory = memory, idle = idle}
luv.spawn(modes[arg[1]] or time):join()
os.exit(0)
