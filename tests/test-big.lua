-- Sizes and counts on both sides of 2^31 and 2^32: files, streams, datagrams, calls of Go.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local fs = luv.fs

local MiB, GiB = 2^20, 2^30
local BOTH_SIDES = {2^31 - 1, 2^31, 2^31 + 5, 2^32 - 1, 2^32, 2^32 + 5}

-- Free bytes of memory, those of files that can be dropped included.
local function memory()
  for line in io.lines("/proc/meminfo") do
    local n = line:match("^MemAvailable:%s*(%d+)")
    if n then return n * 1024 end
  end
  return luv.os.mem_free()
end

local function need(bytes)
  if memory() < bytes + GiB then tap.skip(("needs %.0f GiB of memory"):format(bytes / GiB + 1)) end
end

-- A folder in memory, since a disk would take minutes.
local function with_shm(bytes, fn)
  local s = fs.statfs("/dev/shm")
  if not s or s.bavail * s.bsize < bytes then tap.skip("/dev/shm has no room for it") end
  need(bytes)
  local dir = fs.mkdtemp("/dev/shm/luv-big-XXXXXX")
  if not dir then tap.skip("/dev/shm cannot be written") end
  local r = tap.pack(luv.pcall(fn, dir))
  assert(fs.rmrf(dir))
  if not r[1] then error(r[2], 0) end
end

-- A file of n zeros that takes no room.
local function sparse(path, n)
  local f = assert(fs.open(path, "w+"))
  tap.equal(f:truncate(n), f)
  return f
end

-- More than 2^31 bytes, and more pieces than one call of the kernel takes.
local function pieces()
  local piece, t = ("0123456789abcdef"):rep(MiB / 16), {}
  for i = 1, 2100 do t[i] = piece end
  t[#t + 1] = "THE END"
  return t, 2100 * MiB + 7
end

tap.test("positions, sizes and offsets of a file", function()
  local dir = assert(fs.mkdtemp(fs.tmpdir() .. "/luv-big-XXXXXX"))
  local r = tap.pack(luv.pcall(function()
    for _, n in ipairs(BOTH_SIDES) do
      local f = sparse(dir .. "/x", n)
      tap.equal(f:stat().size, n)
      tap.equal(fs.stat(dir .. "/x").size, n)
      tap.equal(f:seek("end"), n)
      tap.equal(f:write("end"), 3)
      tap.equal(f:seek("cur"), n + 3)
      tap.equal(f:write("END", n), 3)
      tap.same(tap.pack(f:read(10, n - 1)), {n = 2, 4, "\0END"})
      tap.equal(f:seek("set", n), n)
      tap.same(tap.pack(f:read(2)), {n = 2, 2, "EN"})
      local out = assert(fs.open(dir .. "/out", "w+"))
      tap.equal(fs.sendfile(out, f, n - 2, n), 5)
      tap.same(tap.pack(out:read(9, 0)), {n = 2, 5, "\0\0END"})
      out:close()
      f:close()
    end
  end))
  assert(fs.rmrf(dir))
  assert(r[1], r[2])
end)

tap.test("one write of a table of more than 2^31 bytes to a file", function()
  local t, size = pieces()
  with_shm(size, function(dir)
    local f = assert(fs.open(dir .. "/x", "w+"))
    tap.equal(f:write(t), size)
    tap.equal(f:stat().size, size)
    tap.equal(f:seek("cur"), size)
    tap.same(tap.pack(f:read(100, size - 8)), {n = 2, 8, "fTHE END"})
    f:close()
    tap.equal(fs.writefile(dir .. "/x", t), true)
    tap.equal(fs.stat(dir .. "/x").size, size)
    tap.equal(fs.copyfile(dir .. "/x", "/dev/null"), true)
  end)
end)

tap.test("one write of a table of more than 2^31 bytes to a stream", function()
  local t, size = pieces()
  local a, b = luv.net.socketpair()
  local writer = luv.spawn(function()
    local n = a:write(t)
    a:close()
    return n
  end)
  local got, last = 0, ""
  for n, data in function() return b:read() end do got, last = got + n, (last .. data):sub(-7) end
  tap.equal(got, size)
  tap.equal(last, "THE END")
  tap.equal(writer:join(), size)
  b:close()
end)

tap.test("strings of 2^31 bytes and more, where Lua has them", function()
  if tap.jit then tap.skip("LuaJIT has none") end
  local n = 2^31 + 5
  need(4 * n)
  with_shm(2 * n, function(dir)
    sparse(dir .. "/x", n):close()
    local s = assert(fs.readfile(dir .. "/x"))
    tap.equal(#s, n)
    local f = assert(fs.open(dir .. "/x", "w+"))
    tap.equal(f:write(s), n)
    tap.equal(f:write("END"), 3)
    tap.same(tap.pack(f:read(10, n - 1)), {n = 2, 4, "\0END"})
    f:close()
    assert(fs.unlink(dir .. "/x"))
    local u = luv.net.udp()
    tap.fails("EMSGSIZE", u:send(s, "127.0.0.1", 9))
    u:close()
    for _, call in ipairs{luv.os.getenv, luv.net.getaddrinfo, luv.process.spawn, luv.signal.create} do
      tap.raises("bad argument #1 to '%w+' %(string of 2147483653 bytes, 1073741824 at most%)", call, s)
    end
    tap.raises("bad argument #2 to 'spawn' %(string of 2147483653", luv.process.spawn, "true", {args = {s}})
    tap.match(luv.process.run("wc", {"-c", input = s}).stdout, "^2147483653%s")
  end)
end)

tap.test("what would be too long for a string of LuaJIT is refused, or cut", function()
  if not tap.jit then tap.skip("Lua 5.1 has strings of any length") end
  local dir = assert(fs.mkdtemp(fs.tmpdir() .. "/luv-big-XXXXXX"))
  sparse(dir .. "/x", 2^31 + 5):close()
  tap.fails("EFBIG", fs.readfile(dir .. "/x"))
  assert(fs.rmrf(dir))
  local a, b = luv.net.socketpair()
  b:write("xy")
  tap.fails("EMSGSIZE", a:read_exactly(2^31))
  tap.fails("EMSGSIZE", a:read_exactly(2^40))
  tap.equal(select(2, a:read(2^40)), "xy")
  a:close() b:close()
end)

tap.done()
