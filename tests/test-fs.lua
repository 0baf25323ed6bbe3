-- luv.fs: each operation of libuv on files, once as it should go.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local fs = luv.fs

local function with_dir(fn)
  return function()
    local dir = assert(fs.mkdtemp(fs.tmpdir() .. "/luv-fs-XXXXXX"))
    local r = tap.pack(luv.pcall(fn, dir))
    assert(fs.rmrf(dir))
    if not r[1] then error(r[2], 0) end
  end
end

local function both(name, fn) tap.both(name, with_dir(fn)) end

both("open, write, read, seek, close", function(dir)
  local f = assert(fs.open(dir .. "/x", "w+", "600"))
  tap.match(tostring(f), "^userdata<luv%.file>: 0x%x+$")
  tap.equal(f:path(), dir .. "/x")
  tap.ok(f:fileno() > 2)
  tap.equal(f:write("hello\n"), 6)
  tap.equal(f:write({"wor", "", "ld", 7}), 6)
  tap.equal(f:write("J", 0), 1)
  tap.equal(f:seek(), 12, "the position")
  tap.equal(f:seek("set"), 0)
  tap.same(tap.pack(f:read(5)), {n = 2, 5, "Jello"})
  tap.same(tap.pack(f:read(3, 6)), {n = 2, 3, "wor"})
  tap.same(tap.pack(f:read()), {n = 2, 7, "\nworld7"})
  tap.fails("EOF", f:read())
  tap.same(tap.pack(f:read(0)), {n = 2, 0, ""})
  tap.equal(f:seek("end", -1), 11)
  tap.same(tap.pack(f:read(100)), {n = 2, 1, "7"})
  tap.equal(f:seek("cur", -2), 10)
  tap.fails("EINVAL", f:seek("set", -1))
  tap.equal(f:write(""), 0)
  tap.equal(f:closed(), false)
  tap.equal(f:close(), f)
  tap.equal(f:closed(), true)
  tap.equal(f:close(), f)
  tap.fails("EBADF", f:read())
  tap.fails("EBADF", f:write("x"))
  tap.fails("EBADF", f:stat())
  tap.fails("EBADF", f:seek())
end)

both("stat, chmod, chown, utime, truncate, sync, datasync of an open file", function(dir)
  local f = assert(fs.open(dir .. "/x", "w"))
  f:write("123456")
  tap.equal(f:truncate(4), f)
  tap.equal(f:sync(), f)
  tap.equal(f:datasync(), f)
  tap.equal(f:chmod("640"), f)
  tap.equal(f:utime(100.25, 200.5), f)
  local s = assert(f:stat())
  tap.equal(f:chown(s.uid, s.gid), f)
  tap.equal(s.size, 4)
  tap.equal(s.mode % 4096, 416)
  tap.equal(s.type, "file")
  tap.equal(s.is_file, true)
  tap.equal(s.is_directory, false)
  tap.equal(s.mtime, 200.5)
  tap.equal(s.mtime_ns, 500000000)
  tap.equal(s.atime, 100.25)
  f:close()
end)

both("modes: those of io.open, and exclusive ones", function(dir)
  local p = dir .. "/m"
  tap.fails("ENOENT", fs.open(p, "r"))
  tap.fails("ENOENT", fs.open(p, "r+"))
  assert(fs.open(p, "wx")):close()
  tap.fails("EEXIST", fs.open(p, "wx"))
  tap.fails("EEXIST", fs.open(p, "ax+"))
  local a = assert(fs.open(p, "a"))
  a:write("one")
  tap.equal(a:seek(), 3)
  a:seek("set")
  a:write("two", 0)
  a:write("three")
  a:close()
  tap.equal(fs.readfile(p), "onetwothree")
  local f = assert(fs.open(p, "rb+"))
  f:write("ONE")
  tap.equal(select(2, f:read()), "twothree")
  f:close()
  assert(fs.open(p, "w")):close()
  tap.fails("EOF", assert(fs.open(p)):read())
  tap.raises("bad argument #2 to 'open' %(a mode as", fs.open, p, "q")
end)

both("perm is a string in octal, or a number", function(dir)
  for i, perm in ipairs{"604", 388, "0604"} do
    local p = dir .. "/" .. i
    assert(fs.open(p, "w", perm)):close()
    tap.equal(fs.stat(p).mode % 4096, 388)
    tap.equal(fs.chmod(p, 448), true)
    tap.equal(fs.stat(p).mode % 4096, 448)
  end
end)

both("names: mkdir, rmdir, rename, link, symlink, readlink, realpath, unlink", function(dir)
  local d, x, y, z = dir .. "/d", dir .. "/d/x", dir .. "/d/y", dir .. "/d/z"
  tap.equal(fs.mkdir(d), true)
  tap.equal(fs.writefile(x, "data"), true)
  tap.equal(fs.rename(x, y), true)
  tap.equal(fs.link(y, x), true)
  tap.equal(fs.stat(y).nlink, 2)
  tap.equal(fs.symlink("y", z, "r"), true)
  tap.equal(fs.readlink(z), "y")
  tap.equal(fs.realpath(z), fs.realpath(dir) .. "/d/y")
  tap.equal(fs.stat(z).type, "file")
  tap.equal(fs.lstat(z).type, "link")
  tap.equal(fs.lstat(z).is_symbolic_link, true)
  tap.fails("ENOTEMPTY", fs.rmdir(d))
  for _, p in ipairs{x, y, z} do tap.equal(fs.unlink(p), true) end
  tap.equal(fs.rmdir(d), true)
  tap.fails("ENOENT", fs.stat(d))
end)

both("attributes by name: utime, lutime, chown, lchown, access, statfs", function(dir)
  local p, l = dir .. "/p", dir .. "/l"
  fs.writefile(p, "")
  fs.symlink("p", l)
  tap.equal(fs.utime(p, 1, 2.5), true)
  tap.equal(fs.lutime(l, 3, 4), true)
  tap.equal(fs.stat(l).mtime, 2.5)
  tap.equal(fs.lstat(l).mtime, 4)
  local s = fs.stat(p)
  tap.equal(fs.chown(p, s.uid, s.gid), true)
  tap.equal(fs.lchown(l, s.uid, -1), true)
  tap.equal(fs.access(p), true)
  tap.equal(fs.access(p, "rw"), true)
  tap.fails("ENOENT", fs.access(dir .. "/none", "f"))
  local v = assert(fs.statfs(dir))
  tap.ok(v.blocks >= v.bfree and v.bsize >= 512)
end)

both("statx: birth time, attributes, of a link", function(dir)
  local before = os.time()
  fs.writefile(dir .. "/x", "data")
  fs.symlink("x", dir .. "/l")
  local x, s = assert(fs.statx(dir .. "/x")), fs.stat(dir .. "/x")
  for _, name in ipairs{"dev", "ino", "mode", "nlink", "uid", "gid", "size", "mtime", "mtime_ns", "ctime", "type", "is_file", "blksize"} do
    tap.equal(x[name], s[name], name)
  end
  if x.birthtime then
    tap.ok(x.birthtime >= before - 1 and x.birthtime <= x.ctime + 0.001, "born " .. x.birthtime)
    tap.ok(x.birthtime_ns)
  else tap.equal(x.birthtime_ns, nil) end
  tap.equal(type(x.attributes), "table")
  local mounted = fs.readfile("/proc/self/mountinfo")
  if x.mount_id then tap.ok(("\n" .. mounted):find("\n" .. x.mount_id .. " ", 1, true) or not mounted:find(" / / ", 1, true)) end
  tap.equal(fs.statx(dir .. "/l").type, "file")
  tap.equal(fs.statx(dir .. "/l", {follow = true}).type, "file")
  tap.equal(fs.statx(dir .. "/l", {follow = false}).type, "link")
  tap.equal(fs.statx("/proc/self/status").birthtime, nil, "of /proc")
  tap.equal(tap.fails("ENOENT", fs.statx(dir .. "/none")), "ENOENT: no such file or directory: " .. dir .. "/none")
  tap.raises("bad argument #2 to 'statx' %(table expected", fs.statx, dir, 1)
end)

both("lock", function(dir)
  local a, b = assert(fs.open(dir .. "/x", "w+")), assert(fs.open(dir .. "/x", "r+"))
  tap.equal(a:lock("exclusive"), a)
  tap.fails("ETIMEDOUT", b:lock("shared", 0))
  a:close()
  tap.equal(b:lock("shared", 0), b)
  b:close()
end)

both("copyfile with its flags", function(dir)
  local a, b = dir .. "/a", dir .. "/b"
  fs.writefile(a, ("x"):rep(100000))
  tap.equal(fs.copyfile(a, b), true)
  tap.equal(fs.readfile(b), ("x"):rep(100000))
  local message = tap.fails("EEXIST", fs.copyfile(a, b, {excl = true}))
  tap.equal(message, "EEXIST: file already exists: " .. a .. " -> " .. b)
  tap.equal(fs.copyfile(a, b, {ficlone = true}), true)
end)

both("mkdtemp, mkstemp", function(dir)
  local d = assert(fs.mkdtemp(dir .. "/dXXXXXX"))
  tap.equal(fs.stat(d).type, "directory")
  local f, path = fs.mkstemp(dir .. "/fXXXXXX")
  f:write("temp")
  f:close()
  tap.equal(fs.readfile(path), "temp")
  tap.fails("EINVAL", fs.mkstemp(dir .. "/f"))
end)

both("scandir, readdir, opendir: names and types", function(dir)
  fs.mkdir(dir .. "/sub")
  fs.writefile(dir .. "/file", "")
  fs.symlink("file", dir .. "/link")
  tap.same(fs.scandir(dir), {{name = "file", type = "file"}, {name = "link", type = "link"}, {name = "sub", type = "directory"}})
  tap.same(fs.readdir(dir), {"file", "link", "sub"})
  local d, seen = assert(fs.opendir(dir)), {}
  while true do
    local name, type = d:next()
    if not name then break end
    seen[name] = type
  end
  tap.same(seen, {file = "file", link = "link", sub = "directory"})
  tap.fails("EOF", d:next())
  d:close()
  tap.fails("EBADF", d:next())
end)

both("readfile, writefile, lines, mkdirp, walk, rmrf", function(dir)
  local p = dir .. "/a/b//c/"
  tap.equal(fs.mkdirp(p, "700"), true)
  tap.equal(fs.mkdirp(p), true)
  tap.equal(fs.stat(p).mode % 4096, 448)
  tap.equal(fs.writefile(dir .. "/a/b/t", {"one\n", "\r\n", "three\0\n", "four"}), true)
  local nextline, got = assert(fs.lines(dir .. "/a/b/t")), {}
  for i = 1, 4 do got[i] = nextline() end
  tap.same(got, {"one", "", "three\0", "four"})
  tap.fails("EOF", nextline())
  tap.fails("EBADF", nextline())
  local step, list = assert(fs.walk(dir .. "/a")), {}
  while true do
    local path, type = step()
    if not path then break end
    list[#list + 1] = path:sub(#dir + 2) .. " " .. type
  end
  table.sort(list)
  tap.same(list, {"a/b directory", "a/b/c directory", "a/b/t file"})
  tap.equal(fs.rmrf(dir .. "/a"), true)
  tap.fails("ENOENT", fs.stat(dir .. "/a"))
  tap.equal(fs.rmrf(dir .. "/a"), true, "what is not there")
end)

both("sendfile to a file, at an offset", function(dir)
  fs.writefile(dir .. "/in", "0123456789")
  local i, o = assert(fs.open(dir .. "/in")), assert(fs.open(dir .. "/out", "w"))
  o:write("<")
  tap.equal(fs.sendfile(o, i, 2, 5), 5)
  tap.equal(fs.sendfile(o, i, 8), 2)
  tap.equal(fs.sendfile(o, i, 10), 0)
  tap.equal(fs.sendfile(o, i, 0, 0), 0)
  o:write(">")
  o:close()
  i:close()
  tap.equal(fs.readfile(dir .. "/out"), "<2345689>")
end)

tap.both("cwd, chdir, exepath, tmpdir, homedir", function()
  local was = assert(fs.cwd())
  tap.equal(fs.chdir("/"), true)
  tap.equal(fs.cwd(), "/")
  assert(fs.chdir(was))
  tap.equal(fs.cwd(), was)
  tap.equal(fs.stat(fs.exepath()).type, "file")
  tap.match(fs.tmpdir(), "^/")
  tap.match(fs.homedir(), "^/")
end)

both("watch: next; poll: next", function(dir)
  local w, p = assert(fs.watch(dir)), assert(fs.poll(dir .. "/x", 10))
  fs.writefile(dir .. "/x", "1")
  local name, what = w:next(10)
  tap.equal(name, "x")
  tap.equal(what.rename, true)
  tap.equal(what.created, true)
  local before, now, text = nil, nil, "1"
  repeat -- the pool takes its first look when it comes to that
    text = text .. "1"
    fs.writefile(dir .. "/x", text)
    before, now = p:next(0.1)
  until before
  tap.equal(now.type, "file")
  w:close()
  p:close()
  tap.fails("EBADF", w:next())
  tap.fails("EBADF", p:next())
end)

both("in a thread; files and the like do not go there", function(dir)
  fs.writefile(dir .. "/x", "data")
  local t = luv.thread.spawn(function(path)
    local fs = require("luv").fs
    local f = assert(fs.open(path, "a"))
    assert(f:write(" of a thread") == 12)
    f:close()
    return fs.stat(path).size, fs.readfile(path)
  end, dir .. "/x")
  tap.same(tap.pack(t:join()), {n = 2, 16, "data of a thread"})
  local f, d, w, p = assert(fs.open(dir .. "/x")), assert(fs.opendir(dir)), assert(fs.watch(dir)), assert(fs.poll(dir, 1000))
  for name, o in pairs{["luv.file"] = f, ["luv.dir"] = d, ["luv.fs.event"] = w, ["luv.fs.poller"] = p} do
    local err = tap.raises(name:gsub("%.", "%%."), luv.thread.spawn, function() end, {deep = {o}})
    tap.match(err, "deep")
    o:close()
  end
end)

tap.both("stats", function()
  local before = assert(fs.stats())
  tap.ok(before.threads >= 1 and before.running >= 0 and before.queued >= 0)
  fs.statfs("/")
  tap.equal(fs.stats().pooled, before.pooled + 1)
  tap.equal(before.inline, os.getenv("LUV_FS_INLINE") ~= "0")
  local here = fs.stats().in_place
  fs.stat("/")
  tap.ok(before.inline or fs.stats().in_place == here)
end)

tap.done()
