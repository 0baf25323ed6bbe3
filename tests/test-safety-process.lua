-- What the process and others see: descriptors that children get, what fork and the end of
-- the process do, objects that a late answer must not reach, messages that change what is not theirs.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local hot = dofile(tap.dir .. "lib/hot.lua")
local luv = require("luv")

local function descriptors() return #luv.fs.readdir("/proc/self/fd") end

tap.test("connect on a socket that is connecting leaks no descriptor", function()
  local t = luv.net.tcp()
  t:bind("127.0.0.1", 0)
  local first = luv.spawn(function() t:connect("no-such-host.invalid", 9) end)
  luv.sleep(0)
  local before = descriptors()
  for _ = 1, 30 do t:connect("localhost", 9) end
  tap.ok(descriptors() < before + 5, "descriptors")
  t:close()
  first:join()
end)

tap.test("a bound unix socket that waits for a full server is not a child's", function()
  local name = "@luv-safety-" .. luv.os.getpid()
  local server, held = luv.pipe.create(), {}
  server:bind(name)
  server:listen(1)
  repeat
    held[#held + 1] = luv.pipe.create()
  until not held[#held]:connect(name, 0) or #held > 200
  local mine = luv.pipe.create()
  mine:bind(name .. "-mine")
  -- fibers run, and the server accepts, only once it waits
  local f = luv.spawn(function() return mine:connect(name, 0.2) end)
  luv.fiber.yield()
  local p = luv.process.spawn("ls", {"-l", "/proc/self/fd", stdout = "pipe"})
  tap.equal(p.stdout:read_all():find("socket:", 1, true), nil)
  p:close()
  luv.pcall(f.join, f, 1)
  for _, s in ipairs(held) do s:close() end
  server:close() mine:close()
end)

tap.test("a name that is resolved late connects no other socket", function()
  local target = luv.net.udp()
  target:bind("127.0.0.1", 0)
  local port = target:getsockname().port
  for _ = 1, 150 do
    local u, fibers, fresh = luv.net.udp(), {}, {}
    for k = 1, 3 do fibers[k] = luv.spawn(function() u:connect("localhost.", port) end) end
    luv.sleep(0)
    u:close()
    luv.sleep(0)
    for k = 1, 6 do fresh[k] = luv.net.udp() end
    for k = 1, 3 do fibers[k]:join(2) end
    for k = 1, 6 do
      tap.equal(fresh[k]:getpeername(), nil)
      fresh[k]:close()
    end
  end
  target:close()
end)

tap.test("a child with another uid leaves the parent dumpable", function()
  if not tap.jit then tap.skip("needs ffi to ask") end
  if luv.fs.stat("/proc/self").uid ~= 0 then tap.skip("only root can") end
  local ffi = require("ffi")
  ffi.cdef("int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long);")
  tap.equal(ffi.C.prctl(3, 0, 0, 0, 0), 1)
  luv.process.spawn("true", {uid = 65534, gid = 65534}):wait()
  tap.equal(ffi.C.prctl(3, 0, 0, 0, 0), 1)
end)

tap.test("a child of fork ends as it says, after files and threads were used", function()
  for _, before in ipairs{"", "luv.fs.unlink('/nonexistent/x')", "luv.thread.create(function() end):join()"} do
    local script = "local luv = require('luv')\n" .. before .. [[

      local ok, posix = pcall(require, 'posix.unistd')
      local fork, wait
      if ok then
        fork, wait = posix.fork, function(pid) local _, why, code = require('posix.sys.wait').wait(pid) return why, code end
      else
        ok, posix = pcall(require, 'ffi')
        if not ok then print('none') os.exit(0) end
        posix.cdef('int fork(void); int waitpid(int, int *, int);')
        fork = posix.C.fork
        wait = function(pid)
          local st = posix.new('int[1]')
          posix.C.waitpid(pid, st, 0)
          return st[0] % 128 == 0 and 'exited' or 'killed', math.floor(st[0] / 256)
        end
      end
      local pid = fork()
      if pid == 0 then os.exit(7) end
      print(wait(pid))
    ]]
    local r = luv.process.run(tap.interpreter, {"-e", script})
    if r.stdout == "none\n" then tap.skip("neither lua-posix nor ffi") end
    tap.equal(r.stdout, "exited\t7\n")
    tap.equal(r.code, 0)
  end
end)

tap.test("the process ends as it says while detached threads use files", function()
  local script = [[
    local luv = require("luv")
    for _ = 1, 4 do
      luv.thread.create(function()
        local luv = require("luv")
        local name = os.tmpname()
        while true do
          luv.fs.writefile(name, "x") luv.fs.unlink(name)
          local p = luv.fs.poll("/proc/self/stat", 1) p:next() p:close()
        end
      end):detach()
    end
    luv.sleep(0.03)
    os.exit(5)
  ]]
  for _ = 1, 8 do
    local r = luv.process.run(tap.interpreter, {"-e", script})
    tap.equal(r.code, 5, r.stderr)
    tap.equal(r.signal, 0)
  end
end)

tap.test("closing a process whose finaliser closes it, too", function()
  for n = 1, 6 do
    local p = luv.process.spawn("true", {stdin = "pipe"})
    p:wait()
    luv.pcall(hot.run, function() p:close() end, function() p:close() end, n)
    p:close()
  end
end)

-- ---- messages -----------------------------------------------------------------------------------

tap.test("a message gives no table of this program another metatable", function()
  for _, name in ipairs{"_G", "string", "luv", "math"} do
    local m = string.char(1, 0, 1, 18, 17, 0, #name) .. name
    local t = name == "luv" and luv or name == "_G" and _G or _G[name]
    local before = getmetatable(t)
    local ok = luv.codec.decode(m)
    tap.equal(ok, nil)
    tap.equal(getmetatable(t), before)
    tap.equal((luv.cancelled(t)), false)
  end
end)

tap.test("what a hook takes away, and makes in its place, is not taken for one another", function()
  for _ = 1, 30 do
    local root = {}
    for i = 1, 50 do root[i] = {i} end
    root[51] = setmetatable({}, {__codec = function()
      for i = 1, 50 do root[i] = false end
      collectgarbage()
      local made = {}
      for i = 1, 200 do made[i] = {"new", i} end
      return "made", made
    end})
    local out = luv.codec.decode(luv.codec.encode(root), {functions = true, hooks = {made = function(v) return v end}})
    for i = 1, 200 do tap.same(out[51][i], {"new", i}) end
    for i = 1, 50 do tap.same(out[i], {i}) end
  end
end)

tap.test("a hook that waits, and closes the channel or the pool that the value is for", function()
  local function closing(o) return setmetatable({}, {__codec = function() luv.sleep(0.001) o:close() return "x", 1 end}) end
  for _ = 1, 5 do
    local pool = luv.thread.pool(1)
    luv.spawn(function() luv.pcall(pool.call, pool, function() end, closing(pool)) end):join(2)
    pool:close()
    local ch = luv.thread.chan(0)
    luv.spawn(function() luv.pcall(ch.put, ch, closing(ch), 0.01) end):join(2)
    ch:close()
  end
  luv.pcall(function() luv.dump() end)
end)

tap.test("a dump while a fiber waits in pool:call", function()
  local pool = luv.thread.pool(1)
  local f = luv.spawn(function() return pool:call(function() local s = 0 for i = 1, 3e6 do s = s + i end return s end) end)
  luv.sleep(0.002)
  tap.match(luv.dump(), "fiber")
  tap.equal(f:join(10), 4500001500000)
  pool:close()
end)

tap.test("values of channels of threads, taken in the midst of each other", function()
  local a, b = luv.thread.chan(10000), luv.thread.chan(10000)
  for i = 1, 600 do a:put("a" .. i) b:put("b" .. i) end
  local n = 0
  for i = 1, 600 do
    local function get() return a:get() end
    local v
    if i % 20 == 0 then v = hot.run(get, function() n = n + 1 tap.match(b:get(0) or "b", "^b") end, 1) else v = get() end
    tap.equal(v, "a" .. i)
  end
  a:close() b:close()
end)

tap.done()
