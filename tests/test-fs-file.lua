-- luv.file at its worst: several fibers at one position, giving up in the middle, closing
-- while another reads, pipes, large offsets, files that shrink or do not fit.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local fs = luv.fs

local function both(name, fn)
  tap.both(name, function()
    local dir = assert(fs.mkdtemp(fs.tmpdir() .. "/luv-file-XXXXXX"))
    local r = tap.pack(luv.pcall(fn, dir))
    assert(fs.rmrf(dir))
    if not r[1] then error(r[2], 0) end
  end)
end

local function fifo(dir)
  local path = dir .. "/fifo"
  assert(os.execute("mkfifo " .. path) == 0)
  return path
end

both("ten fibers read one file: each byte goes to one of them, once", function(dir)
  local parts, fibers, sum = {}, {}, 0
  for i = 1, 5000 do parts[i] = string.format("%08d", i) end
  fs.writefile(dir .. "/x", parts)
  local f, seen = assert(fs.open(dir .. "/x")), {}
  for i = 1, 10 do
    fibers[i] = luv.spawn(function()
      while true do
        local n, s = f:read(800)
        if not n then return tap.equal(select(1, s), "EOF: end of file: " .. dir .. "/x") end
        for piece in s:gmatch("........") do seen[#seen + 1] = tonumber(piece) end
        if i % 2 == 0 then luv.fiber.yield() end
      end
    end)
  end
  for _, b in ipairs(fibers) do b:join() end
  f:close()
  for _, n in ipairs(seen) do sum = sum + n end
  tap.equal(#seen, 5000)
  tap.equal(sum, 5000 * 5001 / 2)
end)

both("writers at one position do not overwrite each other", function(dir)
  local f, fibers = assert(fs.open(dir .. "/x", "w")), {}
  for i = 1, 50 do
    fibers[i] = luv.spawn(function() tap.equal(f:write(string.char(64 + i % 26):rep(i == 7 and 300000 or 1000)), i == 7 and 300000 or 1000) end)
  end
  for _, b in ipairs(fibers) do b:join() end
  f:close()
  tap.equal(fs.stat(dir .. "/x").size, 49 * 1000 + 300000)
end)

both("sendfile takes its turn among writers at one position", function(dir)
  local s = ("i"):rep(2 ^ 21)
  fs.writefile(dir .. "/in", s)
  local i, o = assert(fs.open(dir .. "/in")), assert(fs.open(dir .. "/out", "w+"))
  local a = luv.spawn(function() return fs.sendfile(o, i) end)
  local b = luv.spawn(function() return o:write(("w"):rep(2 ^ 21)) end)
  local c = luv.spawn(function() return fs.sendfile(o, i, 1) end)
  tap.equal(a:join(), 2 ^ 21)
  tap.equal(b:join(), 2 ^ 21)
  tap.equal(c:join(), 2 ^ 21 - 1)
  tap.equal(o:seek(), 3 * 2 ^ 21 - 1)
  local _, all = o:read(2 ^ 23, 0)
  tap.ok(all == s .. ("w"):rep(2 ^ 21) .. s:sub(2))
  o:close()
  local p = assert(fs.open(dir .. "/out", "a"))
  tap.equal(fs.sendfile(p, i, 0, 3), 3)
  tap.equal(p:seek(), 3 * 2 ^ 21 + 2)
  p:close(); i:close()
end)

both("sendfile between files: what it reads from is closed, it is given up", function(dir)
  fs.writefile(dir .. "/in", ("x"):rep(2 ^ 24))
  local i, o = assert(fs.open(dir .. "/in")), assert(fs.open(dir .. "/out", "w"))
  local writer = luv.spawn(function() return o:write(("w"):rep(2 ^ 23)) end)
  local sender = luv.spawn(function() return fs.sendfile(o, i) end)
  luv.fiber.yield()
  luv.sleep(0)
  tap.equal(i:close(), i)
  local n, _, code = sender:join(10)
  tap.ok(n or code == "ECANCELED" or code == "EBADF", tostring(code))
  tap.equal(writer:join(10), 2 ^ 23)
  i = assert(fs.open(dir .. "/in"))
  luv.timeout(10, function() tap.ok(fs.sendfile(o, i, 0, nil, 0) == nil) end)
  tap.equal(o:close(10), o)
  local wrong = assert(fs.open("/dev/full", "w"))
  tap.equal(tap.fails("ENOSPC", fs.sendfile(wrong, i)), "ENOSPC: no space left on device: " .. dir .. "/in -> /dev/full")
  wrong:close(); i:close()
end)

both("the end of a file while it is appended to, and its descriptor, do not wait", function(dir)
  local f = assert(fs.open(dir .. "/x", "a"))
  local writer = luv.spawn(function() return f:write(("x"):rep(2 ^ 24)) end)
  luv.fiber.yield()
  luv.sleep(0)
  tap.ok(f:seek("end") <= 2 ^ 24)
  tap.ok(f:fileno() > 2)
  tap.equal(writer:join(), 2 ^ 24)
  tap.equal(f:seek("end"), 2 ^ 24)
  f:close()
end)

both("over 4 GB, and up to 2^53", function(dir)
  local f = assert(fs.open(dir .. "/big", "w+"))
  local at = 5 * 2 ^ 30 + 3
  tap.equal(f:write("far", at), 3)
  tap.equal(f:stat().size, at + 3)
  tap.equal(select(2, f:read(10, at - 2)), "\0\0far")
  tap.equal(f:seek("end"), at + 3)
  tap.equal(f:seek("set", 2 ^ 53), 2 ^ 53)
  tap.fails("EOF", f:read())
  tap.raises("bad argument #2 to 'read' %(a whole number of 0 to 2%^53", f.read, f, 1, 2 ^ 54)
  f:close()
end)

both("a read of far more than there is takes memory for what there is", function(dir)
  local s = ("0123456789abcdef"):rep(200000) -- 3.2 MB
  fs.writefile(dir .. "/x", s)
  local f = assert(fs.open(dir .. "/x"))
  local n, got = f:read(2 ^ 52)
  tap.equal(n, #s)
  tap.ok(got == s)
  f:close()
end)

both("strings with zeros and a table of a thousand strings", function(dir)
  local t = {}
  for i = 1, 2000 do t[i] = "\0" .. i .. ("\0"):rep(i % 100) end
  local f = assert(fs.open(dir .. "/x", "w+"))
  local all = table.concat(t)
  tap.equal(f:write(t), #all)
  tap.ok(select(2, f:read(2 ^ 20, 0)) == all)
  f:close()
end)

both("a file that shrinks while it is read", function(dir)
  fs.writefile(dir .. "/x", ("x"):rep(100000))
  local f, g = assert(fs.open(dir .. "/x")), assert(fs.open(dir .. "/x", "r+"))
  tap.equal(f:read(60000), 60000)
  g:truncate(70000)
  tap.equal(f:read(60000), 10000)
  g:truncate(100)
  tap.fails("EOF", f:read(60000))
  f:close()
  g:close()
end)

both("a pipe: a reader that gave up loses nothing", function(dir)
  local path = fifo(dir)
  local f = assert(fs.open(path, "r+"))
  tap.fails("ETIMEDOUT", f:read(10, nil, 0.02))
  tap.fails("ETIMEDOUT", f:read(10, nil, 0))
  local w = assert(io.open(path, "w"))
  w:write("0123456789")
  w:close()
  tap.equal(select(2, f:read(4, nil, 10)), "0123")
  tap.equal(select(2, f:read(100, nil, 10)), "456789")
  local reader = luv.spawn(function() return f:read(5, nil, 10) end)
  luv.sleep(0.01)
  f:write("tail\n")
  tap.equal(select(2, reader:join()), "tail\n")
  tap.fails("ESPIPE", f:seek("set"))
  f:close()
end)

both("closing while another fiber reads", function(dir)
  local path = fifo(dir)
  local f, other = assert(fs.open(path, "r+")), assert(fs.open(path, "r+"))
  local reader = luv.spawn(function() return f:read() end)
  local second = luv.spawn(function() return f:read() end)
  luv.sleep(0.01)
  luv.spawn(function() luv.sleep(0.02); other:write("end") end)
  tap.equal(f:close(10), f)
  tap.fails("ECANCELED", reader:join())
  tap.fails("ECANCELED", second:join())
  tap.fails("EBADF", f:read())
  other:close()
end)

both("closing what hangs does not hang, with a limit", function(dir)
  local path = fifo(dir)
  local f, other = assert(fs.open(path, "r+")), assert(fs.open(path, "r+"))
  local reader = luv.spawn(function() return f:read() end)
  luv.sleep(0.01)
  local n, _, code = f:close(0.02)
  tap.ok(n == f or code == "ETIMEDOUT", tostring(code))
  tap.equal(f:closed(), true)
  tap.fails("ECANCELED", reader:join())
  other:write("x")
  other:close()
end)

both("cancel and timeout release a fiber at once; a late open is closed", function(dir)
  local path = fifo(dir)
  local count = #fs.scandir("/proc/self/fd")
  local took = tap.timed(function()
    tap.fails("ETIMEDOUT", luv.timeout(0.02, fs.open, path, "r"))
    tap.fails("ETIMEDOUT", fs.open(path, "r", nil, 0.02))
    local f = luv.spawn(function() fs.open(path) end)
    luv.sleep(0.01)
    f:cancel()
    tap.ok(not luv.pcall(f.join, f))
  end)
  tap.ok(took < 5, took)
  local w = assert(fs.open(path, "r+")) -- lets the three get through
  for _ = 1, 500 do
    if fs.stats().running + fs.stats().queued == 0 then break end
    luv.sleep(0.01)
  end
  w:close()
  tap.equal(#fs.scandir("/proc/self/fd"), count)
end)

both("giving up a write in the middle leaves the file sound", function(dir)
  local f = assert(fs.open(dir .. "/x", "w"))
  local s = ("x"):rep(2 ^ 20)
  for i = 1, 20 do
    local b = luv.spawn(function() f:write(s) end)
    for _ = 1, i % 4 do luv.fiber.yield() end
    b:cancel()
    luv.pcall(b.join, b)
    s = s:sub(1, -2)
  end
  tap.equal(f:write("end"), 3)
  collectgarbage()
  local at = f:seek()
  f:close()
  tap.equal(fs.stat(dir .. "/x").size, at)
end)

both("an error between open and close: the collector closes", function(dir)
  fs.writefile(dir .. "/x", "data")
  collectgarbage()
  local count = #fs.scandir("/proc/self/fd")
  for i = 1, 50 do
    luv.pcall(function()
      local f = assert(fs.open(dir .. "/x", i % 2 == 0 and "r" or "a"))
      f:write("more")
      error("in between")
    end)
  end
  for _ = 1, 200 do
    collectgarbage()
    luv.sleep(0.005)
    if #fs.scandir("/proc/self/fd") <= count then break end
  end
  tap.equal(#fs.scandir("/proc/self/fd"), count)
end)

both("ten thousand operations at once", function(dir)
  fs.writefile(dir .. "/x", "data")
  local n, wait = 0, {}
  for i = 1, 10000 do
    wait[i] = luv.spawn(function()
      local size = i % 2 == 0 and #assert(fs.readfile(dir .. "/x")) or assert(fs.stat(dir .. "/x")).size
      n = n + size
    end)
  end
  for _, f in ipairs(wait) do f:join() end
  tap.equal(n, 40000)
end)

both("lines of a large file in bounded memory; read goes on after the last", function(dir)
  local f = assert(fs.open(dir .. "/x", "w+"))
  local piece = {}
  for i = 1, 10000 do piece[i] = "line " .. i .. " " .. ("."):rep(90) .. "\n" end
  piece = table.concat(piece)
  for _ = 1, 10 do f:write(piece) end
  f:seek("set")
  collectgarbage()
  local before, most, n, nextline = collectgarbage("count"), 0, 0, f:lines()
  while n < 99999 do
    assert(nextline())
    n = n + 1
    if n % 5000 == 0 then collectgarbage(); most = math.max(most, collectgarbage("count")) end
  end
  tap.ok(most - before < 1000, "KB: " .. most - before)
  tap.equal(select(2, f:read(11)), "line 10000 ")
  f:close()
end)

both("sendfile to a socket whose peer is slow; other writers wait", function(dir)
  local s = ("0123456789abcdef"):rep(200000)
  fs.writefile(dir .. "/x", s)
  local f = assert(fs.open(dir .. "/x"))
  local a, b = tap.connected()
  local sender = luv.spawn(function() return fs.sendfile(a, f, 0) end)
  luv.sleep(0.01)
  local writer = luv.spawn(function() a:write("after"); a:shutdown() end)
  luv.sleep(0.02)
  local all = b:read_all()
  tap.equal(sender:join(), #s)
  writer:join()
  tap.equal(#all, #s + 5)
  tap.ok(all == s .. "after")
  f:close(); a:close(); b:close()
end)

both("sendfile to a socket: cancelled, closed", function(dir)
  fs.writefile(dir .. "/x", ("x"):rep(2 ^ 24))
  local f = assert(fs.open(dir .. "/x"))
  local a, b = luv.net.socketpair()
  tap.fails("ETIMEDOUT", fs.sendfile(a, f, 0, nil, 0.05))
  local sender = luv.spawn(function() return fs.sendfile(a, f) end)
  luv.sleep(0.02)
  a:close()
  tap.fails("ECANCELED", sender:join(10))
  f:close(); b:close()
end)

-- Who opens a file on which somebody has a lease waits for it, up to 45 seconds. On LuaJIT alone,
-- which can ask for one.
tap.test("a lease on a file stops its reader, and nobody else", function()
  if not tap.jit then tap.skip("needs ffi") end
  local ffi = require("ffi")
  ffi.cdef("int fcntl(int fd, int cmd, ...);")
  local SETLEASE, SETSIG, WRLCK, UNLCK, SIGURG = 1024, 10, 1, 2, 23
  local dir = assert(fs.mkdtemp(fs.tmpdir() .. "/luv-file-XXXXXX"))
  fs.writefile(dir .. "/x", "data")
  local f, ticks = assert(fs.open(dir .. "/x", "r+")), 0
  local function lease(how) return ffi.C.fcntl(f:fileno(), SETLEASE, ffi.cast("int", how)) end
  ffi.C.fcntl(f:fileno(), SETSIG, ffi.cast("int", SIGURG))
  local held = lease(WRLCK) == 0
  if held then
    local ticker = luv.spawn(function() while true do luv.sleep(0.001) ticks = ticks + 1 end end)
    local took = tap.timed(function() tap.fails("ETIMEDOUT", fs.open(dir .. "/x", "r", nil, 0.1)) end)
    tap.fails("ETIMEDOUT", fs.readfile(dir .. "/x", 0.05))
    lease(UNLCK)
    ticker:cancel()
    tap.ok(took < 20 and ticks > 0, took)
    tap.equal(fs.readfile(dir .. "/x"), "data")
  end
  f:close()
  fs.rmrf(dir)
  if not held then tap.skip("no leases here") end
end)

tap.done()
