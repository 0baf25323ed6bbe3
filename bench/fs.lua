-- fs.lua - files, in the shapes of bench/limit/fs.c:  lua fs.lua KIND DIR N FIBERS
-- KIND lfs is the walk with lfs, lfs-stat and io-read what a script of one thread does that has nothing else.

local luv = require("luv")
local fs = luv.fs
local kind, dir, n, fibers = arg[1], arg[2], tonumber(arg[3]), tonumber(arg[4])
local path = dir .. "/" .. ((kind == "bulk" or kind == "write") and kind or "file")
local left = n

local work = {}

function work.stat()
  while left > 0 do
    left = left - 1
    assert(fs.stat(path))
  end
end

function work.read()
  while left > 0 do
    left = left - 1
    local f = assert(fs.open(path))
    assert(f:read(4096))
    f:close()
  end
end

function work.write()
  local piece = ("x"):rep(2 ^ 20)
  while left > 0 do
    left = left - 1
    local f = assert(fs.open(path, "w"))
    assert(f:write(piece) == 2 ^ 20)
    f:close()
  end
end

function work.cached()
  local f = assert(fs.open(path))
  for _ = 1, n do assert(f:read(4096, 0)) end
  f:close()
end

local most = 0

local f = kind == "bulk" and assert(fs.open(path, "w+"))

function work.bulk()
  local piece = ("x"):rep(2 ^ 20)
  for i = 0, n - 1 do assert(f:write(piece, i * 2 ^ 20)) end
  for i = 0, n - 1 do
    assert(f:read(2 ^ 20, i * 2 ^ 20) == 2 ^ 20)
    most = math.max(most, collectgarbage("count"))
  end
end

function work.walk()
  local step = assert(fs.walk(dir))
  n = 0
  while step() do n = n + 1 end
end

-- Joins the names and asks for the type of each: lfs.dir tells no more than names.
local function below(lfs, at)
  for name in lfs.dir(at) do
    if name ~= "." and name ~= ".." then
      n = n + 1
      local sub = at .. "/" .. name
      if lfs.symlinkattributes(sub, "mode") == "directory" then below(lfs, sub) end
    end
  end
end

function work.lfs()
  n = 0
  below(require("lfs"), dir)
end

work["lfs-stat"] = function()
  local attributes = require("lfs").attributes
  for _ = 1, n do assert(attributes(path)) end
end

work["io-read"] = function()
  for _ = 1, n do
    local f = assert(io.open(path))
    assert(#f:read(4096) == 4096)
    f:close()
  end
end

local all, start, cpu = {}, luv.hrtime(), os.clock()
for i = 1, fibers do all[i] = luv.spawn(work[kind]) end
for _, f in ipairs(all) do f:join() end
local s = (luv.hrtime() - start) / 1e9
if kind == "bulk" then print(("mbps %.0f heap %.0f"):format(2 * n / s, most / 1024))
else print(("rate %.0f cpu %.0f"):format(n / s, (os.clock() - cpu) * 1e9 / n)) end
if kind == "bulk" or kind == "write" then assert(os.remove(path)) end
