-- copyfile and sendfile of what is not as long as its size says.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local fs = luv.fs

local function both(name, fn)
  tap.both(name, function()
    local dir = assert(fs.mkdtemp(fs.tmpdir() .. "/luv-copy-XXXXXX"))
    local r = tap.pack(luv.pcall(fn, dir))
    assert(fs.rmrf(dir))
    if not r[1] then error(r[2], 0) end
  end)
end

-- Of /proc, whose sizes are 0, and of /sys, whose sizes are a page.
local odd = {"/proc/self/mountinfo", "/proc/version"}
local sys = "/sys/kernel/mm/transparent_hugepage/enabled"
if fs.access(sys, "r") then odd[#odd + 1] = sys end

both("copyfile: a file of /proc or /sys is copied whole", function(dir)
  for _, path in ipairs(odd) do
    tap.equal(fs.copyfile(path, dir .. "/to", nil, 5), true, path)
    tap.equal(tap.slurp(dir .. "/to"), tap.slurp(path), path)
    tap.equal(fs.unlink(dir .. "/to"), true)
  end
end)

both("sendfile: from there to a file, to the end of one, to a socket, to a pipe", function(dir)
  for _, path in ipairs(odd) do
    local want, from = tap.slurp(path), assert(fs.open(path))
    for _, mode in ipairs{"w", "a"} do
      local to = assert(fs.open(dir .. "/" .. mode, mode))
      tap.equal(fs.sendfile(to, from, 0, nil, 5), #want, path)
      to:close()
      tap.equal(tap.slurp(dir .. "/" .. mode), want, path)
      fs.unlink(dir .. "/" .. mode)
    end
    local a, b = luv.net.socketpair()
    tap.equal(fs.sendfile(a, from, 0, nil, 5), #want, path)
    tap.equal(b:read_exactly(#want), want)
    tap.equal(fs.sendfile(a, from, 3, 4, 5), 4, path)
    tap.equal(b:read_exactly(4), want:sub(4, 7))
    a:close() b:close() from:close()
    local p = assert(luv.process.spawn("cat", {stdin = "pipe", stdout = "pipe"}))
    from = assert(fs.open(path))
    tap.equal(fs.sendfile(p.stdin, from, 0, nil, 5), #want, path)
    p.stdin:close()
    tap.equal(p.stdout:read_all(), want)
    p:wait()
    p.stdout:close() from:close()
  end
end)

both("copyfile: a file that is cut meanwhile ends there, one that grows where it ends then", function(dir)
  local f = assert(fs.open(dir .. "/from", "w+"))
  f:truncate(400e6)
  local copy = luv.spawn(fs.copyfile, dir .. "/from", dir .. "/to")
  repeat luv.sleep(0) until (fs.stat(dir .. "/to") or {size = 0}).size > 0
  f:truncate(1000)
  tap.equal(copy:join(10), true)
  tap.ok(fs.stat(dir .. "/to").size <= 400e6)
  f:truncate(0)
  f:write("grown", 0)
  tap.equal(fs.copyfile(dir .. "/from", dir .. "/to"), true)
  tap.equal(tap.slurp(dir .. "/to"), "grown")
  f:close()
end)

both("copyfile: given up, it ends, and no half copy stays", function(dir)
  tap.fails("ETIMEDOUT", fs.copyfile("/dev/zero", dir .. "/to", nil, 0.05))
  local limit = tap.clock() + 10
  while fs.stats().running > 0 and tap.clock() < limit do luv.sleep(0.01) end
  tap.equal(fs.stats().running, 0)
  tap.fails("ENOENT", fs.stat(dir .. "/to"))
end)

both("copyfile: onto itself, onto a link, onto a device, of a folder", function(dir)
  fs.writefile(dir .. "/a", "data", {perm = "640"})
  fs.link(dir .. "/a", dir .. "/same")
  tap.equal(fs.copyfile(dir .. "/a", dir .. "/same"), true)
  tap.equal(tap.slurp(dir .. "/a"), "data")
  fs.symlink("real", dir .. "/link")
  fs.writefile(dir .. "/real", "something longer")
  tap.equal(fs.copyfile(dir .. "/a", dir .. "/link"), true)
  tap.equal(fs.lstat(dir .. "/link").type, "link")
  tap.equal(tap.slurp(dir .. "/real"), "data")
  tap.equal(fs.stat(dir .. "/real").mode % 512, tonumber("640", 8))
  local before = fs.stat("/dev/null")
  tap.equal(fs.copyfile(dir .. "/a", "/dev/null"), true)
  tap.fails("ENOSPC", fs.copyfile(dir .. "/a", "/dev/full"))
  tap.equal(fs.stat("/dev/null").mode, before.mode)
  tap.equal(fs.stat("/dev/full").type, "char")
  tap.fails("EISDIR", fs.copyfile(dir, dir .. "/none"))
  tap.fails("ENOENT", fs.stat(dir .. "/none"))
  tap.fails("ENOENT", fs.copyfile(dir .. "/none", dir .. "/x"))
  tap.fails("ENOENT", fs.copyfile(dir .. "/a", dir .. "/none/x"))
end)

both("copyfile: a full file system", function(dir)
  fs.writefile(dir .. "/a", ("x"):rep(300000))
  local _, err, rc = tap.shell("mkdir " .. dir .. "/m && mount -t tmpfs -o size=64k none " .. dir .. "/m")
  if rc ~= 0 then tap.skip("no file system can be mounted here: " .. err) end
  local r = tap.pack(luv.pcall(function()
    tap.fails("ENOSPC", fs.copyfile(dir .. "/a", dir .. "/m/a"))
    tap.fails("ENOENT", fs.stat(dir .. "/m/a"))
  end))
  tap.shell("umount " .. dir .. "/m")
  assert(r[1], r[2])
end)

tap.done()
