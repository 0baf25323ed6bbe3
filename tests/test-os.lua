-- luv.os: the machine, memory and usage, the environment, the process.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local sys = luv.os

local function sh(command)
  local p = assert(io.popen(command))
  local out = p:read("*a")
  p:close()
  return (out:gsub("\n$", ""))
end

-- Calls a function of the list whose argument is wrong in each of the ways.
local function refuses(name, position, ...)
  for _, bad in ipairs{{}, print, true, coroutine.create(function() end)} do
    local args = {...}
    args[position] = bad
    tap.raises("bad argument #" .. position .. " to '" .. name .. "'", sys[name], unpack(args))
  end
end

-- ---- the machine ---------------------------------------------------------------------

tap.both("uname and hostname are what the system says", function()
  local u = assert(sys.uname())
  tap.equal(u.sysname, sh("uname -s"))
  tap.equal(u.release, sh("uname -r"))
  tap.equal(u.version, sh("uname -v"))
  tap.equal(u.machine, sh("uname -m"))
  tap.equal(sys.hostname(), sh("uname -n"))
end)

tap.test("uptime, loadavg, gettimeofday", function()
  local up = sys.uptime()
  local file = tap.slurp("/proc/uptime"):match("^%S+")
  tap.ok(math.abs(up - tonumber(file)) < 30, "uptime " .. up .. ", /proc/uptime " .. file)
  local avg = tap.pack(sys.loadavg())
  tap.equal(avg.n, 3)
  for i = 1, 3 do tap.ok(avg[i] >= 0, "load " .. avg[i]) end
  local before = os.time()
  local s, us = sys.gettimeofday()
  tap.ok(s >= before and s <= os.time(), "seconds " .. s)
  tap.ok(us >= 0 and us < 1e6 and us == math.floor(us), "microseconds " .. us)
end)

tap.test("cpu_info and available_parallelism", function()
  local cpus, n = sys.cpu_info(), sys.available_parallelism()
  tap.ok(#cpus >= n and n >= 1, #cpus .. " CPUs, for us " .. n)
  tap.equal(#cpus, tonumber(sh("grep -c ^cpu[0-9] /proc/stat")))
  for _, cpu in ipairs(cpus) do
    tap.equal(type(cpu.model), "string")
    tap.ok(cpu.speed >= 0, "MHz")
    local sum = 0
    for _, key in ipairs{"user", "nice", "sys", "idle", "irq"} do sum = sum + cpu.times[key] end
    tap.ok(sum > 0, "time of a CPU")
  end
end)

tap.test("interface_addresses: the loopback, and whatever there is", function()
  local list = sys.interface_addresses()
  for _, a in ipairs(list) do
    tap.ok(#a.name > 0, "name")
    tap.equal(type(a.is_internal), "boolean")
    tap.match(a.mac, "^%x%x:%x%x:%x%x:%x%x:%x%x:%x%x$")
    if a.family == "inet" then
      tap.match(a.address, "^%d+%.%d+%.%d+%.%d+$")
      tap.match(a.netmask, "^%d+%.%d+%.%d+%.%d+$")
    else
      tap.equal(a.family, "inet6")
      tap.match(a.address, ":")
      tap.match(a.netmask, "^[%x:]+$")
    end
    if a.address == "127.0.0.1" then
      tap.equal(a.is_internal, true)
      tap.equal(a.netmask, "255.0.0.0")
    end
    -- It is an address of this machine: one can listen there.
    local server = luv.net.tcp()
    tap.ok(server:bind(a.address, 0), a.address)
    server:close()
  end
end)

-- ---- memory and usage ----------------------------------------------------------------

tap.test("mem_total, mem_free, mem_constrained, rss", function()
  local total = sys.mem_total()
  tap.ok(total > 2 ^ 24 and total == math.floor(total), "total " .. total)
  tap.ok(sys.mem_free() > 0 and sys.mem_free() <= total, "free " .. sys.mem_free())
  local limit = sys.mem_constrained()
  tap.ok(limit >= 0 and limit <= total, "limit " .. limit)
  local before = sys.rss()
  tap.ok(before > 2 ^ 20 and before < total, "resident " .. before)
  local kept = ("x"):rep(2 ^ 25)
  tap.ok(sys.rss() > before + 2 ^ 24, #kept .. " bytes more")
end)

tap.test("rusage grows with what is done", function()
  local a, b = assert(sys.rusage())
  local keys = 0
  for key, v in pairs(a) do
    keys = keys + 1
    tap.ok(type(v) == "number" and v >= 0, key)
  end
  tap.equal(keys, 16)
  tap.ok(a.maxrss * 1024 > 2 ^ 20 and a.minflt > 0)
  for _ = 1, 1e6 do
    for _ = 1, 1000 do b = tostring(_) end
    b = sys.rusage()
    if b.utime + b.stime > a.utime + a.stime then return end
  end
  error("work took no time")
end)

-- ---- the names of 2012 ---------------------------------------------------------------

tap.test("mem_free, mem_total, cpu_info, interface_addresses stand in luv too", function()
  tap.equal(luv.mem_total(), sys.mem_total())
  tap.ok(luv.mem_free() > 0)
  tap.equal(#luv.cpu_info(), #sys.cpu_info())
  tap.ok(luv.cpu_info()[1].times.idle >= 0)
  tap.equal(#luv.interface_addresses(), #sys.interface_addresses())
end)

-- ---- the environment -----------------------------------------------------------------

local every = {}
for i = 1, 255 do every[i] = string.char(i) end
every = table.concat(every)

tap.both("setenv, getenv, unsetenv: byte for byte, and C sees it", function()
  for _, value in ipairs{"", "x", "a=b=c", "two\nlines", every, ("long"):rep(50000)} do
    tap.equal(sys.setenv("LUV_TEST", value), true)
    tap.equal(sys.getenv("LUV_TEST"), value)
    tap.equal(os.getenv("LUV_TEST"), value)
    tap.equal(sys.environ().LUV_TEST, value)
  end
  sys.setenv("LUV_TEST", "for the child")
  tap.equal(sh('echo "$LUV_TEST"'), "for the child")
  tap.equal(sys.unsetenv("LUV_TEST"), true)
  tap.equal(sys.unsetenv("LUV_TEST"), true)
  tap.equal(os.getenv("LUV_TEST"), nil)
  tap.equal(sys.environ().LUV_TEST, nil)
  tap.match(tap.fails("ENOENT", sys.getenv("LUV_TEST")), ": LUV_TEST$")
end)

tap.test("a name may hold any byte but zero and '='", function()
  local name = every:gsub("=", "")
  tap.equal(sys.setenv(name, "strange"), true)
  tap.equal(sys.environ()[name], "strange")
  tap.equal(sys.getenv(name), "strange")
  tap.equal(sys.unsetenv(name), true)
end)

tap.test("environ is all of it", function()
  local env, lines = sys.environ(), 0
  for name, value in pairs(env) do
    tap.equal(sys.getenv(name), value, name)
    lines = lines + 1
  end
  tap.ok(lines >= 1, "variables " .. lines)
  env.LUV_NOT_SET = "the table is a copy"
  tap.equal(sys.environ().LUV_NOT_SET, nil)
end)

tap.test("wrong names and values are mistakes", function()
  for _, name in ipairs{"", "a=b", "=", "a\0b", "\0"} do
    tap.raises("bad argument #1 to 'getenv'", sys.getenv, name)
    tap.raises("bad argument #1 to 'setenv'", sys.setenv, name, "x")
    tap.raises("bad argument #1 to 'unsetenv'", sys.unsetenv, name)
  end
  tap.raises("bad argument #2 to 'setenv' %(string without zeros expected%)", sys.setenv, "LUV_TEST", "a\0b")
  tap.raises("bad argument #2 to 'setenv' %(string expected, got no value%)", sys.setenv, "LUV_TEST")
  tap.raises("bad argument #2 to 'setenv' %(string expected, got number%)", sys.setenv, "LUV_TEST", 1)
  tap.raises("bad argument #1 to 'getenv' %(string expected, got no value%)", sys.getenv)
  refuses("getenv", 1)
  refuses("setenv", 1, "x", "x")
  refuses("setenv", 2, "x", "x")
  refuses("unsetenv", 1)
  tap.equal(os.getenv("LUV_TEST"), nil)
end)

tap.test("homedir and tmpdir follow the environment", function()
  local home, tmp = sys.getenv("HOME"), sys.getenv("TMPDIR")
  sys.setenv("HOME", "/some/home")
  sys.setenv("TMPDIR", "/some/tmp/")
  tap.equal(sys.homedir(), "/some/home")
  tap.equal(sys.tmpdir(), "/some/tmp")
  sys.unsetenv("HOME")
  local user = sys.passwd()
  if user then tap.equal(sys.homedir(), user.homedir) end
  if home then sys.setenv("HOME", home) end
  if tmp then sys.setenv("TMPDIR", tmp) else sys.unsetenv("TMPDIR") end
end)

tap.test("threads: one environment, changed by all at once", function()
  local all = {}
  for id = 1, 4 do
    all[id] = luv.thread.create(function()
      for n = 1, 100 do
        local name = "LUV_TEST_" .. id .. "_" .. n
        luv.os.setenv(name, name)
        luv.os.setenv(name, name:rep(2))
        if luv.os.environ()[name] ~= name:rep(2) then error("lost " .. name) end
      end
      return luv.os.getpid()
    end)
  end
  for id = 1, 4 do tap.equal(all[id]:join(), sys.getpid()) end
  for id = 1, 4 do
    for n = 1, 100 do
      local name = "LUV_TEST_" .. id .. "_" .. n
      tap.equal(sys.getenv(name), name:rep(2))
      sys.unsetenv(name)
    end
  end
end)

-- Opening a state reads the environment by C's getenv, as os.getenv does. Seconds: LUV_TEST_SECONDS.
tap.test("threads that open while others change the environment", function()
  local out, err, rc = tap.run([[
    local luv = require("luv")
    local stop, seconds = luv.thread.chan(2), tonumber(os.getenv("LUV_TEST_SECONDS") or 0.4)
    luv.os.setenv("LUV_TEST", "there")
    local changers = {}
    for id = 1, 2 do
      changers[id] = luv.thread.create(function()
        local turns = 0
        repeat
          for i = 1, 300 do luv.os.setenv("LUV_TEST_" .. id .. "_" .. i, ("x"):rep(i % 7)) end
          for i = 1, 300 do luv.os.unsetenv("LUV_TEST_" .. id .. "_" .. i) end
          turns = turns + 1
        until stop:try_get()
        return turns
      end)
    end
    local begun, missed = luv.hrtime(), 0
    while luv.hrtime() - begun < seconds * 1e9 do
      luv.thread.create(function() return require("luv").fs.stat("/"), luv.os.tmpdir() end):join()
      for _ = 1, 1000 do if os.getenv("LUV_TEST") ~= "there" then missed = missed + 1 end end
      if luv.os.environ().LUV_TEST ~= "there" then error("lost") end
    end
    stop:put(true)
    stop:put(true)
    print(changers[1]:join() > 0, changers[2]:join() > 0, missed, os.getenv("LUV_TEST_1_1"))
  ]])
  tap.equal(rc, 0, err)
  tap.match(out, "^true\ttrue\t%d+\tnil\n$")
end)

tap.test("thousands of variables, and back", function()
  local before = 0
  for _ in pairs(sys.environ()) do before = before + 1 end
  for i = 1, 3000 do sys.setenv("LUV_TEST_" .. i, tostring(i)) end
  local all, n = sys.environ(), 0
  for _ in pairs(all) do n = n + 1 end
  tap.equal(n, before + 3000)
  for i = 1, 3000, 97 do tap.equal(all["LUV_TEST_" .. i], tostring(i)) end
  for i = 3000, 1, -1 do sys.unsetenv("LUV_TEST_" .. i) end
  for _ in pairs(sys.environ()) do n = n - 1 end
  tap.equal(n, 3000)
end)

-- ---- the process ---------------------------------------------------------------------

tap.both("getpid and getppid", function()
  tap.equal(sh("echo $PPID"), tostring(sys.getpid()))
  tap.equal(tap.slurp("/proc/self/status"):match("PPid:%s*(%d+)"), tostring(sys.getppid()))
end)

tap.test("passwd is who runs this", function()
  local p, message, code = sys.passwd()
  if not p then return tap.fails("ENOENT", p, message, code) end
  tap.equal(tostring(p.uid), sh("id -u"))
  tap.equal(p.username, sh("id -un"))
  for _, key in ipairs{"shell", "homedir"} do tap.equal(type(p[key]), "string", key) end
  tap.equal(type(p.gid), "number")
end)

tap.test("priority: read, set, names, errors", function()
  local script = [[
    local luv = require("luv")
    local sys = luv.os
    local pid = sys.getpid()
    print(sys.priority(0, sys.priority()) == sys.priority(pid), sys.priority(pid, "below_normal"),
      sys.priority(nil, 12), sys.priority(0, "low"), sys.priority())
    print(luv.thread.create(function() return luv.os.priority() end):join())
  ]]
  local out = tap.run(script)
  tap.equal(out, "true\t10\t12\t19\t19\n19\n")
  tap.fails("ESRCH", sys.priority(2 ^ 30))
  tap.fails("ESRCH", sys.priority(2 ^ 30, 5))
  tap.raises("bad argument #2 to 'priority' %(low, below_normal", sys.priority, 0, "lowest")
  for _, bad in ipairs{-21, 20, 0.5, 0 / 0, math.huge} do
    tap.raises("bad argument #2 to 'priority'", sys.priority, 0, bad)
  end
  for _, bad in ipairs{-1, 2 ^ 31, 1.5, 0 / 0, "1"} do tap.raises("bad argument #1 to 'priority'", sys.priority, bad) end
  refuses("priority", 1)
  refuses("priority", 2, 0, 0)
end)

tap.test("priority: what is not allowed is a value", function()
  if sh("id -u") == "0" then tap.skip("root may do it") end
  local _, message, code = sys.priority(0, "highest")
  tap.ok(code == "EACCES" or code == "EPERM" or sys.priority() == -20, message)
  if not code then tap.skip("this user may do it") end
end)

tap.both("random: so many bytes, all kinds, never the same", function()
  for _, n in ipairs{0, 1, 16, 255, 256, 257, 70000} do tap.equal(#sys.random(n), n) end
  tap.ok(sys.random(16) ~= sys.random(16))
  local seen, kinds = {}, 0
  for c in sys.random(2 ^ 14):gmatch(".") do
    if not seen[c] then
      seen[c] = true
      kinds = kinds + 1
    end
  end
  tap.ok(kinds > 240, "different bytes " .. kinds)
  tap.equal(#sys.random(2 ^ 24), 2 ^ 24)
  for _, bad in ipairs{-1, 2 ^ 24 + 1, 0.5, 0 / 0, math.huge, "16"} do
    tap.raises("bad argument #1 to 'random'", sys.random, bad)
  end
  tap.raises("bad argument #1 to 'random' %(number expected, got no value%)", sys.random)
  refuses("random", 1)
end)

tap.test("title: what ps shows", function()
  local out, err = tap.run([[
    local luv = require("luv")
    local function shown() return (io.open("/proc/self/cmdline"):read("*a"):match("^%Z*")) end
    print(luv.os.title() == arg[-1], shown() == arg[-1])
    print(luv.os.title("my luv"), shown())
    print(luv.thread.create(function() return luv.os.title() end):join())
    local long = luv.os.title(("much too long "):rep(10000))
    print(#long > 0, #long < 100000, ("much too long "):rep(10000):sub(1, #long) == long, shown() == long)
    print(#luv.os.title(""), io.open("/proc/self/comm") ~= nil)
    print(arg[0]:match("lua") ~= nil)
  ]])
  tap.equal(out, "true\ttrue\nmy luv\tmy luv\nmy luv\ntrue\ttrue\ttrue\ttrue\n0\ttrue\ntrue\n", err)
  tap.raises("bad argument #1 to 'title'", sys.title, "a\0b")
  tap.raises("bad argument #1 to 'title' %(string expected, got number%)", sys.title, 5)
  refuses("title", 1)
end)

tap.test("all can be given away", function()
  local f = luv.codec.decode(luv.codec.encode(sys.getpid))
  tap.equal(f, sys.getpid)
end)

tap.done()
