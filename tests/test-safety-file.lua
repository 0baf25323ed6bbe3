-- Files while finalisers act at every allocation: each call does what it was asked to, to the file
-- that it was asked about, and gives the bytes of that.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local hot = dofile(tap.dir .. "lib/hot.lua")
local luv = require("luv")
local fs = luv.fs

local dir = assert(fs.mkdtemp("/tmp/luv-safety-XXXXXX"))
local function path(name) return dir .. "/" .. name end
local A, B = path("a"), path("b")
local a, b = ("A line of a\n"):rep(500), ("B"):rep(4000)
fs.writefile(A, a)
fs.writefile(B, b)

tap.test("a file is read while another is, in place", function()
  for _ = 1, 30 do
    tap.equal(hot.run(function() return fs.readfile(A) end, function() fs.readfile(B) end) == a, true)
    local f = fs.open(A)
    tap.equal(select(2, hot.run(function() return f:read(6000) end, function() fs.readfile(B) end)) == a, true)
    f:close()
  end
end)

tap.test("lines of two files, and of one in turn", function()
  local n, stolen = 0, 0
  local next = fs.lines(A)
  while true do
    local other
    local line = hot.run(next, function() other = next() fs.readfile(B) end, n % 3 + 1)
    if other then tap.equal(other, "A line of a") stolen = stolen + 1 end
    if not line then break end
    tap.equal(line, "A line of a")
    n = n + 1
  end
  tap.equal(n + stolen, 500)
end)

local function closed_at(name, call)
  tap.test("closed in the midst of " .. name, function()
    for n = 1, 8 do
      for _, mode in ipairs{"r", "r+"} do
        local f = assert(fs.open(B, mode))
        luv.pcall(hot.run, function() return call(f) end, function() f:close() end, n)
        local fiber = luv.spawn(function()
          local g = assert(fs.open(B, mode))
          hot.run(function() return luv.timeout(0.5, function() return call(g) end) end, function() g:close() end, n)
          g:close()
        end)
        luv.pcall(fiber.join, fiber, 5)
        f:close()
      end
    end
  end)
end
closed_at("a write of a number", function(f) return f:write(12345.678) end)
local long = ("B"):rep(100000)
closed_at("a write of a table", function(f) return f:write({1.5, long}) end)
closed_at("a read", function(f) return f:read(3000) end)
closed_at("a line", function(f) return f:lines()() end)
closed_at("a seek", function(f) return f:seek("set", -1) end)
closed_at("its path", function(f) return f:path() end)
closed_at("stat", function(f) return f:stat() end)
closed_at("utime", function(f) return f:utime(1.5, 2.5) end)
closed_at("sendfile", function(f) return fs.sendfile(f, f, 0, 10) end)
closed_at("lock", function(f) return f:lock("shared", {offset = 1}) end)
closed_at("a select", function(f)
  return luv.select({f, "read"}, {luv.chan(0), "get"}, {f, "read"})
end)

tap.test("what a fiber asks for is done, not what a finaliser is refused", function()
  local victim, wanted = path("victim"), path("wanted")
  luv.spawn(function()
    for _ = 1, 20 do
      fs.writefile(victim, "precious")
      fs.writefile(wanted, "x")
      hot.run(function() return luv.timeout(5, function() return fs.unlink(wanted) end) end,
              function() pcall(fs.unlink, victim) end)
      tap.ok(fs.access(victim), "the victim")
      tap.equal(fs.access(wanted), nil)
    end
  end):join()
  fs.unlink(victim)
end)

tap.test("entries of a directory: each once, whoever asks", function()
  local folder = path("many")
  fs.mkdir(folder)
  for i = 1, 40 do fs.writefile(folder .. "/" .. i, "") end
  local d, seen = fs.opendir(folder), 0
  while true do
    local stolen
    local name = hot.run(function() return d:next() end, function() stolen = d:next(0) end, 1)
    if stolen then seen = seen + 1 end
    if not name then break end
    seen = seen + 1
  end
  tap.equal(seen, 40)
  d:close()
  for n = 1, 5 do
    d = fs.opendir(folder)
    luv.pcall(hot.run, function() return d:next() end, function() d:close() end, n)
    d:close()
  end
end)

tap.test("a watch that is closed as its event is delivered", function()
  for n = 1, 12 do
    local w = fs.watch(dir)
    local f = luv.spawn(function()
      return hot.run(function() return luv.timeout(0.2, function() return w:next() end) end, function() w:close() end, n)
    end)
    luv.sleep(0)
    fs.writefile(path("touched"), "x")
    luv.pcall(f.join, f, 5)
    w:close()
    w = fs.watch(dir)
    fs.writefile(path("touched"), "x")
    luv.pcall(hot.run, function() return w:next(0) end, function() w:close() end, n)
    w:close()
  end
end)

tap.test("a poller that is closed between its two tables", function()
  for n = 1, 8 do
    local p = fs.poll(path("polled"), 1)
    fs.writefile(path("polled"), ("x"):rep(n))
    luv.sleep(0.005)
    luv.pcall(hot.run, function() return p:next(0.01) end, function() p:close() end, n * 3)
    p:close()
  end
end)

fs.rmrf(dir)
tap.done()
