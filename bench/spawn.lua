-- spawn.lua - children, in the shapes of bench/limit/spawn.c:  lua spawn.lua KIND N

local luv = require("luv")
local spawn = luv.process.spawn
local kind, n = arg[1], tonumber(arg[2])

local work = {}

-- One child after the other; each is waited for.
function work.children()
  for _ = 1, n do assert(assert(spawn("/bin/true")):wait() == 0) end
end

-- So many MB through cat, in pieces of 64 KB, both ways at once, a fiber for each.
function work.cat()
  local cat = assert(spawn("cat", {stdin = "pipe", stdout = "pipe"}))
  local to, from, piece = cat.stdin, cat.stdout, ("x"):rep(65536)
  luv.spawn(function()
    for _ = 1, n * 16 do assert(to:write(piece)) end
    to:close()
  end)
  local total = luv.spawn(function()
    local total, got = 0, from:read()
    while got do
      total = total + got
      got = from:read()
    end
    return total
  end):join()
  assert(total == n * 2 ^ 20 and cat:wait() == 0)
end

-- Signals to ourselves, as many as there are; the kernel may make one of several.
function work.signals()
  local w, count = luv.signal.create("USR1"), 0
  for i = 1, n do
    luv.signal.raise("USR1")
    if i % 100 == 0 then count = count + w:next() end
  end
  return count
end

local start = luv.hrtime()
local count = work[kind]() or n
local seconds = (luv.hrtime() - start) / 1e9
print(string.format("rate %.2f us %.2f count %d", n / seconds, seconds / n * 1e6, count))
