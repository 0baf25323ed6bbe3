-- What the world refuses, and what a program does wrong, with files.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local fs = luv.fs

local function both(name, fn)
  tap.both(name, function()
    local dir = assert(fs.mkdtemp(fs.tmpdir() .. "/luv-err-XXXXXX"))
    local r = tap.pack(luv.pcall(fn, dir))
    assert(fs.rmrf(dir))
    if not r[1] then error(r[2], 0) end
  end)
end

both("the message ends in the path", function(dir)
  local p = dir .. "/none"
  local want = "ENOENT: no such file or directory: " .. p
  for _, name in ipairs{"open", "stat", "lstat", "unlink", "rmdir", "readlink", "realpath", "statfs", "access",
                        "scandir", "readdir", "opendir", "chdir", "readfile", "lines", "walk", "watch"} do
    tap.equal(tap.fails("ENOENT", fs[name](p)), want, name)
  end
  tap.equal(tap.fails("ENOENT", fs.rename(p, p .. "2")), want .. " -> " .. p .. "2")
  tap.equal(tap.fails("ENOENT", fs.writefile(p .. "/x", "")), want .. "/x")
  tap.equal(tap.fails("ENOENT", fs.writefile(p .. "/x", "", {atomic = true})), want .. "/x")
end)

both("EISDIR, ENOTDIR, ELOOP, ENAMETOOLONG, EEXIST", function(dir)
  fs.writefile(dir .. "/file", "")
  fs.symlink("loop", dir .. "/loop")
  tap.fails("EISDIR", fs.open(dir, "w"))
  tap.fails("EISDIR", fs.readfile(dir))
  tap.fails("EISDIR", fs.writefile(dir, "x", {atomic = true}))
  local d = assert(fs.open(dir))
  tap.match(tap.fails("EISDIR", d:read()), ": /")
  d:close()
  tap.fails("ENOTDIR", fs.stat(dir .. "/file/x"))
  tap.fails("ENOTDIR", fs.scandir(dir .. "/file"))
  tap.fails("ENOTDIR", fs.mkdirp(dir .. "/file"))
  tap.fails("ENOTDIR", fs.mkdirp(dir .. "/file/x"))
  tap.fails("ELOOP", fs.open(dir .. "/loop"))
  tap.fails("ELOOP", fs.stat(dir .. "/loop"))
  tap.fails("ENAMETOOLONG", fs.stat(dir .. "/" .. ("x"):rep(300)))
  tap.fails("ENAMETOOLONG", fs.open(dir .. ("/x"):rep(3000)))
  tap.fails("EEXIST", fs.mkdir(dir))
  tap.fails("ENOENT", fs.stat(""))
end)

both("a file that is open for reading only, or for writing only", function(dir)
  local w = assert(fs.open(dir .. "/x", "w"))
  tap.fails("EBADF", w:read())
  w:close()
  local r = assert(fs.open(dir .. "/x"))
  local _, message, code, written = r:write("data")
  tap.equal(code, "EBADF", message)
  tap.equal(written, 0)
  r:close()
end)

tap.both("wrong arguments raise, with function and argument named", function()
  local zero = "a name cannot hold a zero byte"
  for _, name in ipairs{"open", "stat", "unlink", "scandir", "readfile", "rmrf", "walk", "lines", "watch"} do
    tap.raises("bad argument #1 to '" .. name .. "' %(string expected, got nil%)", fs[name], nil)
    tap.raises("bad argument #1 to '" .. name .. "' %(string expected, got table%)", fs[name], {})
    tap.raises("bad argument #1 to '" .. name .. "' %(" .. zero, fs[name], "a\0b")
  end
  tap.raises("bad argument #2 to 'rename' %(" .. zero, fs.rename, "a", "b\0")
  tap.raises("bad argument #2 to 'rename' %(string expected, got no value%)", fs.rename, "a")
  tap.raises("bad argument #2 to 'chmod' %(permissions as", fs.chmod, "a", "999")
  tap.raises("bad argument #2 to 'mkdir' %(permissions of 0 to 4095", fs.mkdir, "a", 5000)
  tap.raises("bad argument #2 to 'chown' %(an id of", fs.chown, "a", 1.5, 0)
  tap.raises("bad argument #3 to 'utime' %(seconds", fs.utime, "a", 1, 0 / 0)
  tap.raises("bad argument #2 to 'stat' %(seconds of 0 or more", fs.stat, "/", -1)
  tap.raises("bad argument #2 to 'access' %(letters", fs.access, "/", "q")
  tap.raises("bad argument #3 to 'copyfile' %(table expected, got number%)", fs.copyfile, "a", "b", 1)
  tap.raises("bad argument #2 to 'writefile' %(string or table", fs.writefile, "a", true)
  tap.raises("bad argument #2 to 'writefile' %(string expected at index 2", fs.writefile, "a", {"x", {}})
  tap.raises("bad argument #2 to 'poll' %(milliseconds", fs.poll, "/", 0)
  tap.raises("bad argument #1 to 'sendfile'", fs.sendfile, 1, 2)
  local f = assert(fs.open("/proc/self/status"))
  tap.raises("calling 'read' on bad self %(luv.file expected, got table%)", f.read, {})
  tap.raises("bad argument #1 to 'read' %(a whole number", f.read, f, -1)
  tap.raises("bad argument #1 to 'read' %(number expected, got string%)", f.read, f, "*a")
  tap.raises("bad argument #1 to 'seek' %(\"set\"", f.seek, f, "start")
  tap.raises("bad argument #2 to 'seek' %(a whole number", f.seek, f, "set", 0.5)
  tap.raises("bad argument #1 to 'truncate'", f.truncate, f)
  tap.raises("bad argument #1 to 'write' %(string or table expected, got nil%)", f.write, f, nil)
  f:close()
end)

both("EACCES, as a user who is not root", function(dir)
  if not tap.has("setpriv") then tap.skip("no setpriv") end
  local _, me = tap.shell("id -u")
  fs.writefile(dir .. "/secret", "x", {perm = "600"})
  fs.mkdir(dir .. "/closed", "700")
  fs.chmod(dir, "755")
  local script = dir .. "/script.lua"
  fs.writefile(script, ([[
    local luv = require("luv")
    local fs, dir = luv.fs, %q
    local function refused(ok, message, code) assert(not ok and code == "EACCES", tostring(code)); assert(message:find(dir, 1, true)) end
    refused(fs.open(dir .. "/secret"))
    refused(fs.readfile(dir .. "/secret"))
    refused(fs.open(dir .. "/secret", "w"))
    refused(fs.access(dir .. "/secret", "r"))
    refused(fs.stat(dir .. "/closed/x"))
    refused(fs.scandir(dir .. "/closed"))
    refused(fs.mkdir(dir .. "/new"))
    refused(fs.writefile(dir .. "/new", "", {atomic = true}))
    refused(fs.rmrf(dir .. "/secret"))
    local step, told = assert(fs.walk(dir)), false
    while true do
      local path, type, message, code = step()
      if not path then break end
      if path == dir .. "/closed" then refused(nil, message, code); told = true end
    end
    assert(told)
    print("done")]]):format(dir))
  tap.copy_luv(dir .. "/luv.so")
  local out, err = tap.shell("cd / && LUA_CPATH=" .. tap.quote(dir .. "/?.so") ..
    " setpriv --reuid=65534 --regid=65534 --clear-groups " .. tap.interpreter .. " " .. script)
  if err:find("setpriv") then tap.skip("may not change the user: " .. err) end
  tap.equal(out, "done\n", err)
end)

-- What is written in the child below: as much as goes, which is told; the atomic one leaves
-- what was there.
local fill = [[
  local luv, where, code = require("luv"), os.getenv("WHERE"), os.getenv("CODE")
  local fs, s = luv.fs, ("0123456789abcdef"):rep(2 ^ 16)
  local f = assert(fs.open(where .. "/x", "w"))
  local function refused(ok, message, name, written)
    assert(ok == nil and name == code, tostring(name))
    assert(message:find(": " .. where .. "/", 1, true), message)
    return written
  end
  local written = refused(f:write(s))
  assert(written > 100000 and written < 300000 and f:seek() == written, written)
  refused(f:write("more", nil))
  f:close()
  assert(fs.readfile(where .. "/x") == s:sub(1, written))
  assert(refused(fs.writefile(where .. "/x", s, {atomic = true})) == 0)
  assert(#fs.readfile(where .. "/x") == written, "the old file is whole")
  assert(#fs.readdir(where) == 1)
  written = refused(fs.writefile(where .. "/x", s))
  assert(written > 100000 and fs.stat(where .. "/x").size == written)
  print("done")]]

-- Runs it in a mount namespace of its own, with a small file system on `dir`.
local function on_small(dir, options, code, user)
  if not tap.has("unshare") then tap.skip("no unshare") end
  fs.writefile(dir .. "/fill.lua", fill)
  fs.mkdir(dir .. "/m")
  local script = dir .. "/run.sh"
  fs.writefile(script, "mount -t tmpfs -o " .. options .. " none " .. dir .. "/m || exit 77\n" ..
    "export WHERE=" .. dir .. "/m CODE=" .. code .. "\n" .. (user or "") .. tap.command(dir .. "/fill.lua"):gsub("exec ", user and "" or "exec ") .. "\n")
  local out, err, rc = tap.shell("unshare " .. (fs.access("/root", "w") and "-m" or "-rm") .. " sh " .. script)
  if rc == 77 or err:find("unshare") or err:find("setpriv") then tap.skip("may not mount: " .. err:gsub("%s+$", "")) end
  tap.equal(out, "done\n", err)
end

both("ENOSPC half-way: what was written is told, nothing is lost", function(dir)
  on_small(dir, "size=256k", "ENOSPC")
end)

both("EDQUOT half-way", function(dir)
  if not tap.has("setpriv") then tap.skip("no setpriv") end
  tap.copy_luv(dir .. "/luv.so")
  fs.chmod(dir, "755")
  on_small(dir, "size=10m,mode=777,usrquota_block_hardlimit=256k", "EDQUOT",
    "export P=" .. tap.quote(dir .. "/?.so") .. "; setpriv --reuid=65534 --regid=65534 --clear-groups env ")
end)

-- Where no file system has quotas: the kernel's answer is put in its place.
tap.test("EDQUOT, as strace makes it", function()
  local _, _, rc = tap.shell("strace -f -o /dev/null true")
  if rc ~= 0 then tap.skip("no strace") end
  local dir = assert(fs.mkdtemp(fs.tmpdir() .. "/luv-err-XXXXXX"))
  fs.writefile(dir .. "/s.lua", ([[
    local fs = require("luv").fs
    local f = assert(fs.open(%q, "w"))
    assert(f:write({"some", "thing"}) == 9)
    local ok, message, code, written = f:write({"mo", "re"})
    assert(ok == nil and code == "EDQUOT" and written == 0 and f:seek() == 9, tostring(code))
    print(message)]]):format(dir .. "/x"))
  local out, err = tap.shell("export UV_THREADPOOL_SIZE=1; strace -f -o /dev/null -e inject=pwrite64:error=EDQUOT:when=2+ sh -c " ..
    tap.quote(tap.command(dir .. "/s.lua")))
  fs.rmrf(dir)
  tap.match(out, "^EDQUOT: [%w ]+: /.*/x\n$", err)
end)

both("EFBIG half-way, and no signal", function(dir)
  fs.writefile(dir .. "/fill.lua", fill)
  fs.mkdir(dir .. "/m")
  local out, err = tap.shell("ulimit -f 400; export CODE=EFBIG WHERE=" .. dir .. "/m; " .. tap.command(dir .. "/fill.lua"))
  tap.equal(out, "done\n", err)
end)

tap.both("ENOSPC of /dev/full", function()
  local f = assert(fs.open("/dev/full", "w"))
  local _, message, code, written = f:write("x")
  tap.equal(message, "ENOSPC: no space left on device: /dev/full")
  tap.equal(code, "ENOSPC")
  tap.equal(written, 0)
  tap.equal(select(3, f:write(("x"):rep(200000))), "ENOSPC")
  f:close()
  tap.equal(select(4, fs.writefile("/dev/full", "x")), 0)
end)

tap.test("EMFILE", function()
  local out, err = tap.run([[
    local luv = require("luv")
    local fs, files = luv.fs, {}
    while true do
      local f, _, code = fs.open("/proc/self/status")
      if not f then assert(code == "EMFILE", code) break end
      files[#files + 1] = f
    end
    for _, name in ipairs{"readfile", "scandir", "opendir", "walk", "lines", "mkstemp"} do
      local ok, _, code = fs[name](name == "mkstemp" and "/tmp/xXXXXXX" or "/tmp")
      assert(not ok and (code == "EMFILE" or code == "EISDIR"), name .. tostring(code))
    end
    for _, f in ipairs(files) do f:close() end
    assert(fs.readfile("/proc/self/status"))
    print("done")]], "ulimit -n 64")
  tap.equal(out, "done\n", err)
end)

both("atomic writefile: the mode and a link stay; no name is left behind", function(dir)
  local p = dir .. "/x"
  fs.writefile(p, "old", {perm = "640"})
  fs.symlink("x", dir .. "/l")
  tap.equal(fs.writefile(dir .. "/l", {"n", "ew"}, {atomic = true}), true)
  tap.equal(fs.readfile(p), "new")
  tap.equal(fs.stat(p).mode % 4096, 416)
  tap.equal(fs.lstat(dir .. "/l").type, "link")
  tap.same(fs.readdir(dir), {"l", "x"})
end)

both("atomic writefile: what is no plain file stays what it is; a link to nothing", function(dir)
  local list = {fifo = "mkfifo " .. dir .. "/fifo", char = "mknod " .. dir .. "/char c 1 3"}
  for kind, command in pairs(list) do
    local _, _, rc = tap.shell(command)
    if rc ~= 0 then os.remove(dir .. "/" .. kind) end
    if fs.lstat(dir .. "/" .. kind) then
      tap.fails("EINVAL", fs.writefile(dir .. "/" .. kind, "x", {atomic = true}, 5))
      tap.equal(fs.lstat(dir .. "/" .. kind).type, kind)
      fs.unlink(dir .. "/" .. kind)
    end
  end
  local server = assert(luv.pipe.create():bind(dir .. "/socket"))
  fs.symlink("socket", dir .. "/s")
  for _, name in ipairs{"socket", "s"} do
    tap.fails("EINVAL", fs.writefile(dir .. "/" .. name, "x", {atomic = true}, 5))
  end
  tap.equal(fs.lstat(dir .. "/socket").type, "socket")
  server:close()
  fs.unlink(dir .. "/s")
  fs.unlink(dir .. "/socket")
  fs.mkdir(dir .. "/d")
  fs.symlink("d/a", dir .. "/l")
  fs.symlink(dir .. "/d/b", dir .. "/d/a")
  tap.equal(fs.writefile(dir .. "/l", "new", {atomic = true}), true)
  tap.equal(fs.readfile(dir .. "/d/b"), "new")
  tap.same(fs.readdir(dir), {"d", "l"})
  fs.symlink("loop", dir .. "/loop")
  tap.fails("ELOOP", fs.writefile(dir .. "/loop", "x", {atomic = true}))
end)

tap.test("the working directory is removed", function()
  local out, err = tap.run([[
    local luv = require("luv")
    local fs = luv.fs
    local d = assert(fs.mkdtemp("/tmp/luv-cwd-XXXXXX"))
    assert(fs.chdir(d))
    assert(fs.rmdir(d))
    for _, call in ipairs{fs.cwd, function() return fs.open("x", "w") end, function() return fs.writefile("x", "") end,
                          function() return fs.mkdirp("a/b") end, function() return fs.realpath(".") end} do
      local ok, message, code = call()
      assert(ok == nil and code == "ENOENT", tostring(code))
    end
    assert(#fs.scandir(".") == 0)
    assert(fs.chdir("/"))
    print("done")]])
  tap.equal(out, "done\n", err)
end)

-- libuv joins the threads of its pool when the process ends.
for name, script in pairs{
  ["abandoned"] = [[luv.fs.open(fifo, "r", nil, 0.02) print("end")]],
  ["by four fibers"] = [[for i = 1, 4 do luv.spawn(luv.fs.readfile, fifo) end luv.sleep(0.02) print("end")]],
  ["with os.exit"] = [[luv.spawn(luv.fs.open, fifo) luv.sleep(0.02) print("end") os.exit(0)]],
  ["with an error"] = [[luv.spawn(luv.fs.open, fifo) luv.sleep(0.02) print("end") error("failed")]],
} do
  tap.test("an operation that hangs does not hang the exit: " .. name, function()
    local dir = assert(fs.mkdtemp(fs.tmpdir() .. "/luv-hang-XXXXXX"))
    local took, out, _, rc = tap.timed(tap.run, "local luv, fifo = require('luv'), '" .. dir .. "/fifo'\n" .. script,
      "mkfifo " .. dir .. "/fifo")
    fs.rmrf(dir)
    tap.equal(out, "end\n")
    tap.equal(rc, name == "with an error" and 1 or 0)
    tap.ok(took < 20, took)
  end)
end

tap.test("what is being written when the script ends is written", function()
  local dir = assert(fs.mkdtemp(fs.tmpdir() .. "/luv-end-XXXXXX"))
  local out, err, rc = tap.run(([[
    local luv = require("luv")
    local f = assert(luv.fs.open(%q, "w"))
    luv.spawn(function() f:write(("x"):rep(2 ^ 24)) end)
    luv.fiber.yield()
    luv.sleep(0)]]):format(dir .. "/x"))
  tap.equal(rc, 0, out .. err)
  local size = fs.stat(dir .. "/x").size
  fs.rmrf(dir)
  tap.ok(size == 2 ^ 24 or size == 0, size)
end)

tap.done()
