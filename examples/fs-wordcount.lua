-- fs-wordcount.lua - the words of many files, counted in parallel:
--
--   lua5.1 examples/fs-wordcount.lua DIRECTORY [FIBERS]
--
-- One fiber walks the tree and puts paths into a list; the others read the files. While
-- one waits for the disk the others count.

local luv = require("luv")
local fs = luv.fs

local dir, fibers = arg[1] or ".", tonumber(arg[2]) or 16
local paths, walked, more = {}, false, luv.fiber.cond()

luv.spawn(function()
  local step = assert(fs.walk(dir))
  while true do
    local path, type = step()
    if not path then break end
    if type == "file" then
      paths[#paths + 1] = path
      more:signal()
    end
  end
  walked = true
  more:broadcast()
end)

local function next_path()
  while #paths == 0 and not walked do more:wait() end
  return table.remove(paths)
end

local files, words = 0, 0

local function count(path)
  local file, n = assert(fs.open(path)), 0
  for line in file:lines() do -- a line at a time: a file may be larger than memory
    n = n + select(2, line:gsub("%S+", ""))
  end
  file:close()
  files, words = files + 1, words + n
end

local function work()
  while true do
    local path = next_path()
    if not path then return end
    count(path)
  end
end

local all = {}
for i = 1, fibers do all[i] = luv.spawn(work) end
for _, fiber in ipairs(all) do fiber:join() end
print(files .. " files", words .. " words")
