-- Directories: streams and walks of many entries, trees that change under them, links that
-- lead out, names of all kinds.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local fs = luv.fs

-- Thousands of files: in memory, if there is such a place.
local place = fs.access("/dev/shm", "wx") and "/dev/shm" or fs.tmpdir()

local function both(name, fn)
  tap.both(name, function()
    local dir = assert(fs.mkdtemp(place .. "/luv-dir-XXXXXX"))
    local r = tap.pack(luv.pcall(fn, dir))
    assert(fs.rmrf(dir))
    if not r[1] then error(r[2], 0) end
  end)
end

local function fill(dir, n) -- empty files, made fast
  assert(os.execute("cd " .. dir .. " && seq -f f%g " .. n .. " | xargs touch") == 0)
end

both("a stream of 6,000 entries in bounded memory, each told once", function(dir)
  fill(dir, 6000)
  local d, seen, n, most = assert(fs.opendir(dir)), {}, 0, 0
  collectgarbage()
  local before = collectgarbage("count")
  while true do
    local name, type = d:next(10)
    if not name then tap.equal(type, "EOF: end of file: " .. dir) break end
    n = n + 1
    seen[tonumber(name:sub(2))] = true
  end
  d:close()
  tap.equal(n, 6000)
  tap.equal(#seen, 6000)
  d = assert(fs.opendir(dir))
  seen = nil
  while d:next() do
    n = n + 1
    if n % 2000 == 0 then collectgarbage(); most = math.max(most, collectgarbage("count")) end
  end
  d:close()
  tap.ok(most - before < 1000, "KB: " .. most - before)
end)

both("several fibers take from one stream; it is dropped in the middle", function(dir)
  fill(dir, 2000)
  local d, n, fibers = assert(fs.opendir(dir)), 0, {}
  for i = 1, 7 do
    fibers[i] = luv.spawn(function()
      while d:next() do
        n = n + 1
        if n % 3 == 0 then luv.fiber.yield() end
      end
    end)
  end
  for _, f in ipairs(fibers) do f:join() end
  tap.equal(n, 2000)
  d:close()
  d = fs.opendir(dir)
  for _ = 1, 10 do d:next() end
  d = nil
  collectgarbage()
end)

both("closing a stream that another fiber waits for", function(dir)
  fill(dir, 6000)
  local d = assert(fs.opendir(dir))
  local f = luv.spawn(function()
    while true do
      local name, _, code = d:next()
      if not name then return code end
      luv.fiber.yield()
    end
  end)
  luv.fiber.yield()
  luv.sleep(0)
  d:close()
  local code = f:join(10)
  tap.ok(code == "ECANCELED" or code == "EBADF", tostring(code))
end)

both("timeouts of next lose no entry", function(dir)
  fill(dir, 3000)
  local d, n = assert(fs.opendir(dir)), 0
  while true do
    local name, _, code = d:next(n % 3 == 0 and 0 or 1e-6)
    if name then n = n + 1
    elseif code == "EOF" then break
    else
      tap.equal(code, "ETIMEDOUT")
      luv.sleep(0)
    end
  end
  tap.equal(n, 3000)
  d:close()
end)

both("a walk: every file once, the directory before what is in it, no link followed", function(dir)
  for i = 1, 20 do
    assert(fs.mkdirp(dir .. "/t/" .. i .. "/sub"))
    fill(dir .. "/t/" .. i .. "/sub", 50)
  end
  fs.symlink(dir, dir .. "/t/loop")
  local step, seen, n = assert(fs.walk(dir .. "/t/")), {}, 0
  while true do
    local path, type = step()
    if not path then break end
    tap.ok(not seen[path], path)
    seen[path] = type
    n = n + 1
    local parent = path:match("^(.*)/[^/]*$")
    tap.ok(parent == dir .. "/t" or seen[parent] == "directory", path)
  end
  tap.equal(n, 20 * 52 + 1)
  tap.equal(seen[dir .. "/t/loop"], "link")
  tap.equal(seen[dir .. "/t/7/sub/f50"], "file")
  tap.fails("ENOENT", fs.walk(dir .. "/none"))
  tap.fails("ENOTDIR", fs.walk(dir .. "/t/7/sub/f1"))
end)

both("a tree that is removed under a walk and a scandir", function(dir)
  for i = 1, 50 do assert(fs.mkdirp(dir .. "/t/" .. i)); fill(dir .. "/t/" .. i, 20) end
  local remover = luv.spawn(function() for i = 50, 1, -1 do assert(fs.rmrf(dir .. "/t/" .. i)) end end)
  for i = 1, 50 do
    local list, _, code = fs.scandir(dir .. "/t/" .. i)
    tap.ok(list or code == "ENOENT", code)
    local step = fs.walk(dir .. "/t")
    while step and step() do luv.fiber.yield() end
  end
  remover:join()
  tap.same(fs.scandir(dir .. "/t"), {})
end)

both("rmrf removes links, not what they point to", function(dir)
  fs.mkdir(dir .. "/out")
  fs.writefile(dir .. "/out/keep", "kept")
  fs.mkdirp(dir .. "/t/sub")
  fs.symlink(dir .. "/out", dir .. "/t/sub/link")
  fs.symlink(dir .. "/out", dir .. "/l")
  tap.equal(fs.rmrf(dir .. "/t"), true)
  tap.equal(fs.rmrf(dir .. "/l/"), true)
  tap.fails("ENOENT", fs.lstat(dir .. "/l"))
  tap.equal(fs.readfile(dir .. "/out/keep"), "kept")
  tap.fails("EPERM", fs.rmrf("//"))
  tap.fails("ENOENT", fs.rmrf(""))
  for _, dots in ipairs{"/.", "/..", "/out/../", "/out/."} do tap.fails("EINVAL", fs.rmrf(dir .. dots)) end
  tap.equal(fs.readfile(dir .. "/out/keep"), "kept")
end)

-- Somebody exchanges a directory for a link out, and back, while the tree is removed.
both("rmrf is not led out by a link that comes in between", function(dir)
  fs.mkdir(dir .. "/out")
  for i = 1, 200 do fs.writefile(dir .. "/out/" .. i, "") end
  for _ = 1, 2 do
    for i = 1, 20 do fs.mkdirp(dir .. "/t/" .. i .. "/x") end
    local going = true
    local racer = luv.spawn(function()
      while going do
        for i = 1, 20 do
          local p = dir .. "/t/" .. i
          fs.rename(p, p .. "-")
          fs.symlink(dir .. "/out", p)
          fs.unlink(p)
          fs.rename(p .. "-", p)
        end
      end
    end)
    local ok, _, code = fs.rmrf(dir .. "/t")
    going = false
    racer:join()
    tap.ok(ok or code == "ENOTEMPTY" or code == "EPERM" or code == "ENOTDIR", code)
    fs.rmrf(dir .. "/t")
  end
  tap.equal(#fs.readdir(dir .. "/out"), 200)
end)

both("a tree a thousand levels deep: mkdirp is refused by the kernel, rmrf goes down", function(dir)
  local long = dir .. ("/d"):rep(1000)
  tap.equal(fs.mkdirp(long), true)
  fs.writefile(long .. "/f", "x")
  local count = #fs.scandir("/proc/self/fd")
  tap.equal(fs.rmrf(dir .. "/d"), true)
  tap.equal(#fs.scandir("/proc/self/fd"), count)
  tap.fails("ENAMETOOLONG", fs.mkdirp(dir .. ("/d"):rep(5000)))
end)

both("names that are not UTF-8, hold newlines, begin with a dash", function(dir)
  local names = {"\255\254", "a\nb", "-rf", " ", "*", "\27[1m"}
  for _, name in ipairs(names) do tap.equal(fs.writefile(dir .. "/" .. name, name), true) end
  table.sort(names)
  local got = fs.readdir(dir)
  table.sort(got)
  tap.same(got, names)
  for _, name in ipairs(names) do
    tap.equal(fs.readfile(dir .. "/" .. name), name)
    local f = assert(fs.open(dir .. "/" .. name, "a"))
    f:close()
  end
end)

tap.done()
