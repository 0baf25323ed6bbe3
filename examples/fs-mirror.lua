-- fs-mirror.lua - a copy of a directory tree, with a bar on stderr that shows how far it is:
--
--   lua5.1 examples/fs-mirror.lua FROM TO [FIBERS]
--
-- Files that are there already, with the same size and time, are left alone.

local luv = require("luv")
local fs = luv.fs

local from, to = assert(arg[1], "from where?"), assert(arg[2], "to where?")
local fibers = tonumber(arg[3]) or 8

-- ---- what there is to do ----------------------------------------------------------------

local files, links, bytes = {}, {}, 0
assert(fs.mkdirp(to))
local step = assert(fs.walk(from))
while true do
  local path, type, message = step()
  if not path then break end
  if message then io.stderr:write(message, "\n") end
  local name = path:sub(#from + 1):gsub("^/", "")
  if type == "directory" then assert(fs.mkdirp(to .. "/" .. name))
  elseif type == "file" then
    local stat = assert(fs.stat(path))
    files[#files + 1] = {path = path, copy = to .. "/" .. name, stat = stat}
    bytes = bytes + stat.size
  elseif type == "link" then links[#links + 1] = {path = path, copy = to .. "/" .. name} end
end

-- ---- the copying ------------------------------------------------------------------------

local done, at, copied, same = 0, 0, 0, 0

local function mirror(file)
  local there = fs.stat(file.copy)
  if there and there.size == file.stat.size and math.abs(there.mtime - file.stat.mtime) < 1e-5 then same = same + 1
  else
    assert(fs.copyfile(file.path, file.copy))
    assert(fs.utime(file.copy, file.stat.atime, file.stat.mtime))
    copied = copied + 1
  end
  done = done + file.stat.size
end

local function work()
  while at < #files do
    at = at + 1
    mirror(files[at])
  end
end

local function bar()
  local part = bytes > 0 and done / bytes or 1
  io.stderr:write(("\r[%-40s] %3d %%"):format(("#"):rep(math.floor(40 * part)), 100 * part))
end

local ticker = luv.spawn(function()
  while true do
    bar()
    luv.sleep(0.1)
  end
end)

local all = {}
for i = 1, fibers do all[i] = luv.spawn(work) end
for _, fiber in ipairs(all) do fiber:join() end
for _, link in ipairs(links) do
  fs.unlink(link.copy)
  assert(fs.symlink(assert(fs.readlink(link.path)), link.copy))
end
ticker:cancel()
bar()
io.stderr:write("\n")
print(copied .. " copied", same .. " the same", #links .. " links")
