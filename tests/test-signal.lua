-- Signals: luv.signal's watchers; Ctrl-C in a script that is blocked anywhere in luv, with and
-- without a watcher; SIGPIPE, storms while Go and Lua are busy, and fork without exec.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

-- ---- watchers -------------------------------------------------------------------------------

local signal = luv.signal

-- As tap.run, for a script that a signal is to kill: the shell says so, not on our stderr.
local function killed(script)
  local path = tap.tempfile(script)
  local out, err, rc = tap.shell("( " .. tap.command(path) .. " ); exit $?")
  os.remove(path)
  return out, err, rc
end

tap.test("names and numbers", function()
  tap.equal(signal.number("INT"), 2)
  tap.equal(signal.number("SIGINT"), 2)
  tap.equal(signal.number("sigint"), 2)
  tap.equal(signal.number("chld"), 17)
  tap.equal(signal.number("RTMIN+2"), 36)
  tap.equal(signal.number("SIGRTMAX"), 64)
  tap.equal(signal.name(15), "SIGTERM")
  tap.equal(signal.name(36), "SIGRTMIN+2")
  for n = 1, 31 do tap.equal(signal.number(signal.name(n)), n) end
  for _, name in ipairs{"", "SIG", "FOO", "RTMIN+", "RTMIN2", "RTMIN-1", "RTMAX+1", "INT\0", "RTMI"} do
    tap.fails("EINVAL", signal.number(name))
  end
  for _, n in ipairs{0, -1, 32, 33, 65, 1e9} do tap.fails("EINVAL", signal.name(n)) end
  tap.raises("bad argument #1 to 'number' %(string expected, got nil%)", signal.number, nil)
  tap.raises("bad argument #1 to 'name'", signal.name, 1.5)
end)

tap.both("a watcher tells how often its signal came", function()
  local w = signal.create("USR1")
  tap.match(tostring(w), "^userdata<luv%.signal>: ")
  tap.equal(w:signum(), signal.number("USR1"))
  tap.fails("ETIMEDOUT", w:next(0))
  signal.raise("USR1")
  tap.equal(w:next(), 1)
  for _ = 1, 5 do tap.equal(signal.raise(signal.number("usr1")), true) end
  tap.equal(w:next(1), 5)
  tap.fails("ETIMEDOUT", w:wait(0.001))
  luv.spawn(function() luv.sleep(0.005) signal.raise("SIGUSR1") end)
  tap.equal(w:wait(5), 1)
  w:close()
  tap.equal(w:closed(), true)
  for _, method in ipairs{"next", "start", "stop", "signum"} do tap.fails("EBADF", w[method](w)) end
end)

tap.test("what is no signal, and what cannot be watched", function()
  for _, bad in ipairs{"KILL", "SIGSTOP", 0, -1, 32, 65, 1e9, -1e9} do tap.fails("EINVAL", signal.create(bad)) end
  tap.match(select(2, signal.create("KILL")), "SIGKILL")
  tap.raises("bad argument #1 to 'create' %(unknown signal 'FOO'%)", signal.create, "FOO")
  for _, bad in ipairs{false, {}, print, 1.5, 0/0, 1e300} do
    tap.raises("bad argument #1 to 'create'", signal.create, bad)
    tap.raises("bad argument #1 to 'raise'", signal.raise, bad)
  end
  tap.raises("bad argument #1 to 'create'", signal.create)
  tap.fails("EINVAL", signal.raise(65))
  local w = signal.create("USR2")
  tap.raises("bad argument #1 to 'next'", w.next, w, "soon")
  tap.raises("calling 'next' on bad self", w.next, 1)
  tap.fails("EINVAL", w:start("STOP"))
  signal.raise("USR2")
  tap.equal(w:next(1), 1, "it watches what it did")
  w:close()
end)

tap.test("kill: no such process, and the question whether there is one", function()
  local p = io.popen("echo $$; exec cat >/dev/null", "r")
  local pid = tonumber(p:read("*l"))
  p:close()
  tap.fails("ESRCH", signal.kill(pid))
  tap.fails("ESRCH", signal.kill(2^31 - 1, "TERM"))
  tap.raises("bad argument #1 to 'kill'", signal.kill, "x")
  tap.raises("bad argument #1 to 'kill'", signal.kill, 1e300)
  tap.raises("bad argument #2 to 'kill'", signal.kill, 1, {})
  tap.equal(signal.kill(0, 0), true)
end)

tap.test("stop, start, another signal", function()
  local w, other = signal.create("USR1"), signal.create("USR1")
  signal.raise("USR1")
  tap.equal(w:stop(), w)
  tap.equal(w:next(), 1, "what came before the stop")
  tap.fails("EINVAL", w:next())
  signal.raise("USR1")
  tap.equal(w:start(), w)
  tap.fails("ETIMEDOUT", w:next(0))
  tap.equal(other:next(), 2)
  tap.equal(w:start("USR2"):signum(), 12)
  signal.raise("USR1")
  signal.raise("USR2")
  tap.equal(w:next(), 1)
  tap.equal(other:next(), 1)
  local f = luv.spawn(w.next, w)
  luv.fiber.yield()
  w:stop()
  tap.fails("ECANCELED", f:join())
  f = luv.spawn(other.next, other)
  luv.fiber.yield()
  other:close()
  tap.fails("ECANCELED", f:join())
  w:close()
end)

tap.test("several watchers, several waiters, select, cancel", function()
  local a, b = signal.create("USR1"), signal.create("USR1")
  local told = {}
  for i = 1, 3 do told[i] = luv.spawn(a.next, a) end
  luv.fiber.yield()
  signal.raise("USR1")
  for i = 1, 3 do tap.equal(told[i]:join(), 1) end
  tap.equal(b:next(), 1)
  luv.spawn(function() signal.raise("USR1") end)
  tap.same({luv.select{{a}, {b, "next"}, timeout = 5}}, {1, 1})
  tap.equal(b:next(), 1)
  local f = luv.spawn(a.next, a)
  tap.equal(f:waiting(), nil)
  luv.fiber.yield()
  tap.equal(f:waiting(), "signal")
  f:cancel()
  tap.ok(luv.cancelled(select(2, luv.pcall(f.join, f))))
  tap.fails("ETIMEDOUT", luv.timeout(0.001, a.next, a))
  signal.raise("USR1")
  tap.equal(a:next(), 1, "a wait that was given up takes nothing")
  a:close()
  b:close()
end)

tap.test("a watcher that was forgotten is collected, and the default action is back", function()
  local out, err, rc = killed([[
    local luv = require("luv")
    luv.signal.create("USR1")
    collectgarbage() collectgarbage()
    print(luv.signal.raise("USR1"))]])
  tap.equal(out, "", err)
  tap.equal(rc, 128 + signal.number("USR1"))
end)

tap.test("the default action returns with the close of the last watcher, not before", function()
  local out, err, rc = killed([[
    local luv = require("luv")
    local a, b = luv.signal.create("TERM"), luv.signal.create("TERM")
    a:close()
    luv.signal.raise("TERM")
    print(b:next())
    io.flush()
    b:close()
    luv.signal.raise("TERM")
    print("not reached")]])
  tap.equal(out, "1\n", err)
  tap.equal(rc, 128 + 15)
end)

tap.test("each thread has its own watchers, and all are told", function()
  local w, ready = signal.create("USR2"), luv.thread.chan()
  local threads = {}
  for i = 1, 3 do
    threads[i] = luv.thread.create(function(ready)
      local luv = require("luv")
      local w = luv.signal.create("USR2")
      ready:put(true)
      local n = w:next(10)
      w:close()
      return n
    end, ready)
  end
  for _ = 1, 3 do ready:get() end
  tap.run("") -- children come and go meanwhile
  signal.raise("USR2")
  for i = 1, 3 do tap.equal(threads[i]:join(), 1) end
  tap.equal(w:next(5), 1)
  w:close()
end)

tap.test("luv's own and Go's signals are watched beside their use", function()
  local urg, asked = signal.create("URG"), signal.create("RTMAX-4")
  local t = luv.thread.create(function() local luv = require("luv") for _ = 1, 20 do luv.sleep(0.001) end return luv.dump() end)
  tap.match(luv.dump(), "thread")
  tap.match(t:join(), "thread")
  signal.raise("URG")
  tap.ok(urg:next(5) >= 1)
  urg:close()
  asked:close()
end)

tap.test("SIGCHLD is watched beside io.popen, os.execute and luv.process", function()
  local w = signal.create("CHLD")
  local p = io.popen("echo hello")
  tap.equal(p:read("*a"), "hello\n")
  p:close()
  tap.ok(w:next(5) >= 1)
  w:close()
end)

tap.test("a fault is a fault, watched or not", function()
  for _, name in ipairs{"SEGV", "FPE"} do
    local out, err, rc = tap.run([[
      local luv = require("luv")
      local w = luv.signal.create("]] .. name .. [[")
      luv.signal.raise("]] .. name .. [[")
      print(w:next())
      w:close()
      print("alive")]])
    tap.equal(out, "1\nalive\n", err)
    tap.equal(rc, 0)
  end
end)

-- Raised by a thread as fast as it can, while others compute and Go collects.
tap.test("100,000 signals to ourselves, with Go and Lua at work: none is lost, none crashes", function()
  local n = tonumber(arg[1]) or 100000
  local w = signal.create("USR1")
  local t = luv.thread.create(function(n)
    local signal = require("luv").signal
    for i = 1, n do signal.raise("USR1") end
    return "sent"
  end, n)
  local stop
  local names = luv.spawn(function()
    while not stop do luv.net.getaddrinfo("127.0.0.1", "1") collectgarbage() luv.sleep(0.001) end
  end)
  local told, times = 0, 0
  while told < n do
    local more = tap.ok(w:next(20))
    told, times = told + more, times + 1
  end
  tap.equal(told, n)
  tap.equal(t:join(), "sent")
  stop = true
  names:join()
  tap.fails("ETIMEDOUT", w:next(0.01))
  w:close()
end)

-- ---- Ctrl-C ---------------------------------------------------------------------

local prelude = [[
  local luv = require("luv")
  local function ready()
    local p = io.popen("echo $PPID")
    io.write("ready ", p:read("*l"), "\n")
    io.flush()
    p:close()
  end
]]

-- Runs a script, sends it SIGINT once it has called ready(); `again` is shell code that follows.
-- Returns stderr, the exit code, and the seconds from the first signal to its end.
local function interrupt(script, again)
  local path, out = tap.tempfile(prelude .. script), os.tmpname()
  local shown, err = tap.shell("( " .. tap.command(path) .. " ) >" .. out .. " & job=$!\n" ..
    "n=0; while ! grep -q ready " .. out .. " && [ $n -lt 300 ]; do sleep 0.02; n=$((n+1)); done\n" ..
    "pid=$(sed -n 's/ready //p' " .. out .. "); sleep 0.05\n" ..
    "a=$(date +%s%N); kill -INT $pid" .. (again or "") .. "\n" ..
    "wait $job; rc=$?; b=$(date +%s%N); echo $rc $(( (b - a) / 1000000 ))")
  os.remove(path); os.remove(out)
  local rc, ms = shown:match("(%d+) (%d+)")
  return err, tonumber(rc), tonumber(ms) / 1000
end

local blocked = {
  sleep = "ready() luv.sleep(30)",
  ["join of a sleeping fiber"] = "ready() luv.spawn(luv.sleep, 30):join()",
  accept = "local s = luv.net.tcp():bind('127.0.0.1', 0):listen() ready() s:accept()",
  read = "local a, b = luv.net.socketpair() ready() a:read()",
  ["read in a fiber"] = "local a, b = luv.net.socketpair() ready() luv.spawn(function() a:read_line() end):join()",
  ["write to a peer that never reads"] = "local a, b = luv.net.socketpair() ready() a:write(('x'):rep(8000000))",
  ["timer:next"] = "local t = luv.timer.create():start(30000) ready() t:next()",
  ["join of a thread"] = "local t = luv.thread.create(function() luv.sleep(30) end) ready() t:join()",
  ["get of a thread's channel"] = [[local ch = luv.thread.chan()
    luv.thread.create(function() luv.sleep(30) return ch end)
    ready() ch:get()]],
  ["luv.run"] = "luv.spawn(luv.sleep, 30) ready() luv.run()",
  ["luv.pcall in luv.timeout"] = "ready() luv.timeout(20, function() assert(luv.pcall(luv.sleep, 30)) end)",
  ["a coroutine of the main chunk"] = "ready() coroutine.wrap(function() luv.sleep(30) end)()",
  ["a fiber that spins in yield"] = "ready() luv.spawn(function() while true do luv.fiber.yield() end end):join()",
  ["a fiber that computes"] = [[if jit then jit.off() end
    luv.spawn(function() ready() while true do end end):join()]],
}

local names = {}
for name in pairs(blocked) do names[#names + 1] = name end
table.sort(names)
for _, name in ipairs(names) do
  tap.test("Ctrl-C in " .. name, function()
    local err, rc, seconds = interrupt(blocked[name])
    tap.match(err, "interrupted!")
    tap.match(err, "stack traceback:")
    tap.equal(rc, 1, "exit code")
    tap.ok(seconds < 1, "took " .. seconds .. " s")
  end)
end

tap.test("the interruption can be caught, as in stock Lua; a second Ctrl-C kills", function()
  local err, rc = interrupt("ready() while true do local ok, e = pcall(luv.sleep, 30) io.stderr:write(e, '\\n') end",
    "; sleep 0.4; kill -INT $pid")
  tap.match(err, "interrupted!")
  tap.ok(rc >= 128, "exit code " .. rc)
end)

-- As timeout(1) does it: one to the process, one to its group. The script stays in its main chunk until all
-- have been sent, since the interpreter itself makes SIGINT deadly again when that ends. When the machine was so
-- busy that sending them took longer than the time in which they may not kill, the try says nothing.
local function three_at_once(where)
  local sent = os.tmpname()
  os.remove(sent)
  local err, rc = interrupt(([[
    luv.sleep(0) -- the first wait puts luv's handler there
    ready()
    io.stderr:write(select(2, pcall(function() %s end)), "\n")
    repeat local f = io.open(%q) until f
    os.exit(1)]]):format(where, sent), "; kill -INT $pid; kill -INT $pid; echo $(( $(date +%s%N) - a )) >" .. sent)
  local f = io.open(sent)
  local ns = tonumber(f:read("*l"))
  f:close()
  os.remove(sent)
  return ns < 200e6 and rc, err
end

tap.test("two at once: the second does not kill before the first was told, neither does a third", function()
  for _, where in ipairs{"luv.sleep(30)", "while true do luv.sleep(1) end", "if jit then jit.off() end while true do end"} do
    for _ = 1, 5 do
      local rc, err
      repeat rc, err = three_at_once(where) until rc
      tap.equal(rc, 1, where)
      tap.match(err, "interrupted!", where)
    end
  end
end)

tap.test("with a watcher of SIGINT Ctrl-C is the watcher's; when it closes, luv's again", function()
  local err, rc = interrupt([[
    local w = luv.signal.create("INT")
    ready()
    io.stderr:write("watched ", w:next(), "\n")
    w:close()
    luv.spawn(function() luv.signal.raise("INT") end)
    print(luv.pcall(luv.sleep, 30))
    luv.sleep(0.3)
    luv.signal.raise("INT")
    luv.sleep(30)]])
  tap.match(err, "watched 1")
  tap.equal(rc, 128 + 2, "the second is the default action, as in stock Lua")
end)

tap.test("a watcher that was there before the main chunk first waited", function()
  local err, rc = interrupt([[
    local w = luv.signal.create("INT")
    w:close()
    ready()
    luv.sleep(30)]])
  tap.match(err, "interrupted!")
  tap.equal(rc, 1)
end)

tap.test("a watcher of SIGQUIT takes it; then luv's dump is back", function()
  local out, err, rc = tap.run([[
    local luv = require("luv")
    local w = luv.signal.create("QUIT")
    luv.signal.raise("QUIT")
    print(w:next())
    io.stderr:write("closed\n")
    w:close()
    luv.signal.raise("QUIT")
    luv.sleep(0.05)]])
  tap.equal(out, "1\n", err)
  tap.equal(rc, 0, err)
  tap.match(err, "^closed\n.*main")
end)

-- ---- SIGPIPE and SIGXFSZ, which are not luv's -----------------------------------------------

-- Ends of streams whose other side has gone, each way to write to them.
local to_nobody = [==[
  local luv = require("luv")
  local big = ("x"):rep(4e6)
  local function broken(ok, message, code)
    assert(ok == nil and (code == "EPIPE" or code == "ECONNRESET"), tostring(message))
  end
  local function socket()
    local a, b = luv.net.socketpair()
    b:close()
    return a
  end
  local function pipe()
    local p = assert(luv.process.spawn("true", {stdin = "pipe"}))
    p:wait()
    return p.stdin
  end
  for i, make in ipairs{socket, pipe} do
    broken(make():write("x"))
    broken(make():write({"x", "y"}))
    broken(make():write(big))
    broken(luv.fs.sendfile(make(), assert(luv.fs.open("/proc/self/status")), 0))
    broken(luv.fs.sendfile(make(), assert(luv.fs.open("/etc/passwd")), 0))
  end
  local a, b = luv.pipe.pair(true) -- with an object
  b:close()
  local tcp = luv.net.tcp()
  tcp:bind("127.0.0.1", 0)
  broken(a:write("x", {handle = tcp}))
  local p = luv.process.spawn("sleep", {"0.05", stdin = "pipe"}) -- what is queued when the reader goes
  broken(p.stdin:write(big))
  a, b = luv.net.socketpair()
  luv.spawn(function() luv.sleep(0.05) b:close() end)
  broken(a:write({big, big}))
  os.execute("rm -f " .. FIFO .. " && mkfifo " .. FIFO)
  local reader = luv.process.spawn("sh", {"-c", "exec <" .. FIFO .. "; sleep 0.05"})
  local f = assert(luv.fs.open(FIFO, "w"))
  reader:wait()
  broken(f:write("x"))
  print("alive")
]==]

tap.test("SIGPIPE: none comes of what luv writes, a handler of the host's is not called", function()
  local script = to_nobody:gsub("FIFO", string.format("%q", os.tmpname()))
  local out, err, rc = tap.run(script)
  tap.equal(out, "alive\n", err)
  tap.equal(rc, 0)
  for _, how in ipairs{"trap '' PIPE", ":"} do
    out, err = tap.run(script, how)
    tap.equal(out, "alive\n", how .. ": " .. err)
  end
end)

tap.test("SIGPIPE: of what others write and send it does what it did before", function()
  local _, err, rc = tap.run([[
    local luv = require("luv")
    os.execute("kill -PIPE $PPID")
    luv.sleep(5)]])
  tap.equal(rc, 141, err)
  if not tap.has("head") then tap.skip("no head") end
  for _, body in ipairs{"print(1)", "print(1) luv.sleep(0)", "io.write('1\\n')",
                        "luv.thread.create(function() while true do print(1) end end):join()"} do
    local path = tap.tempfile("local luv = require('luv') while true do " .. body .. " end")
    local codes = os.tmpname()
    tap.shell("( (" .. tap.command(path) .. "); echo $? >" .. codes .. " ) | head -n 1")
    tap.equal(tap.slurp(codes), "141\n", body)
    os.remove(path)
  end
end)

tap.test("SIGXFSZ: luv's own writes fail with EFBIG, also to the standard output", function()
  local path = os.tmpname()
  local script = ([==[
    local luv = require("luv")
    local fs, big = luv.fs, ("x"):rep(100000)
    local function large(ok, message, code) assert(not ok and code == "EFBIG", tostring(message)) end
    fs.writefile(PATH, "")
    local f = assert(fs.open(PATH, "r+"))
    large(f:write("x", 1e6))
    large(f:write({big, big}, 1e6))
    f:close()
    large(fs.writefile(PATH, big))
    large(fs.copyfile(fs.exepath(), PATH))
    local i, o = assert(fs.open(fs.exepath())), assert(fs.open(PATH, "w"))
    large(fs.sendfile(o, i, 0))
    i:close() o:close()
    large(luv.stdout:write(big))
    io.stderr:write("alive\n")]==]):gsub("PATH", string.format("%q", path))
  local _, err, rc = tap.run(script, "ulimit -f 10")
  tap.match(err, "alive\n$")
  tap.equal(rc, 0)
  os.remove(path)
end)

-- ---- storms and fork: with a C helper ---------------------------------------------------

local helper = os.tmpname()
os.remove(helper)
local built = tap.has("cc") and select(3, tap.shell("mkdir " .. helper .. " && cc -shared -fPIC -o " ..
  helper .. "/csignal.so " .. tap.quote(tap.dir .. "lib/csignal.c"))) == 0

local function with_helper(script, setup)
  if not built then tap.skip("no C compiler") end
  return tap.run("package.cpath = '" .. helper .. "/?.so;' .. package.cpath\n" .. script, setup)
end

tap.test("what was blocked when the process started is heard by a watcher, and blocked again after", function()
  local out, err = with_helper([[
    local signal = require("csignal")
    signal.block(10) -- SIGUSR1, in all threads that come
    signal.raise(10)
    local luv = require("luv")
    local function blocked()
      local mask = io.open("/proc/thread-self/status"):read("*a"):match("SigBlk:%s*(%x+)")
      return math.floor(tonumber(mask:sub(-4), 16) / 2^9) % 2
    end
    print(blocked())
    local w, w2 = luv.signal.create("USR1"), luv.signal.create("USR1")
    print(w:next(1), "was pending", blocked())
    luv.signal.kill(luv.os.getpid(), "USR1")
    print(w:next(1))
    w2:close()
    print(blocked())
    w:close()
    print(blocked())
    luv.thread.create(function()
      local w = luv.signal.create("USR1")
      luv.signal.kill(luv.os.getpid(), "USR1")
      print(w:next(1))
      w:close()
    end):join()
    signal.block_all()
    print(#luv.dump(nil, "all") > 0)
    if not jit then
      local t = luv.thread.create(function() while true do end end)
      luv.sleep(0.05)
      t:cancel()
      print((luv.cancelled(select(2, pcall(t.join, t, 5)))))
    else print(true) end]])
  tap.equal(out, "1\n1\twas pending\t0\n1\n0\n1\n1\ntrue\ntrue\n", err)
end)

-- Whatever is done to SIGCHLD; without a descriptor for the child a timer looks.
local lost_child = [[
  local signal = require("csignal")
  local luv = require("luv")
  HOW
  local t = luv.hrtime()
  local p = luv.process.spawn("sh", {"-c", "exit 5", stdin = "inherit", stdout = "inherit", stderr = "inherit"})
  print(p:wait(5))
  local r, _, code = luv.process.run("sleep", {"5", stdin = "inherit"}, 0.2)
  print(r, code)
  print(luv.timeout(3, function() return luv.spawn(function()
    return luv.process.spawn("true", {stdin = "inherit", stdout = "inherit", stderr = "inherit"}):wait() end):join() end))
  print((luv.hrtime() - t) / 1e9 < 2)]]

tap.test("another library takes SIGCHLD: a child's end is heard, a limit holds", function()
  for _, how in ipairs{"luv.process.run('true') signal.default(17)", "luv.process.run('true') signal.handle(17)",
                       "luv.process.run('true') signal.block(17)", "signal.handle(17)"} do
    local out, err = with_helper((lost_child:gsub("HOW", how)))
    tap.equal(out, "5\t0\nnil\tETIMEDOUT\n0\t0\ntrue\n", how .. ": " .. err)
  end
  -- All descriptors but those that run needs are taken as the child is started.
  local out, err = with_helper((lost_child:gsub("HOW", [[
    luv.process.run('true')
    signal.default(17)
    local spawn, files = luv.process.spawn, {}
    luv.process.spawn = function(...)
      repeat files[#files + 1] = io.open("/dev/null") until not io.open("/dev/null")
      local p = spawn(...)
      for i, f in ipairs(files) do f:close() end
      files = {}
      return p
    end]])), "ulimit -n 64")
  tap.equal(out, "5\t0\nnil\tETIMEDOUT\n0\t0\ntrue\n", err)
end)

local storm = [[
  local signal = require("csignal")
  local before = BEFORE
  if before then signal.count_usr1(0) end
  local luv = require("luv")
  if not before then signal.count_usr1(1) end
  local pid = signal.getpid()
  os.execute("{ while kill -USR1 " .. pid .. " && kill -CHLD " .. pid .. " && kill -URG " .. pid ..
    "; do :; done; } >/dev/null 2>&1 &")
  local server = luv.net.tcp():bind("127.0.0.1", 0):listen()
  local port = server:getsockname().port
  luv.spawn(function()
    while true do
      local peer = server:accept()
      if not peer then return end
      luv.spawn(function()
        while true do
          local n, data = peer:read()
          if not n then return peer:close() end
          assert(peer:write(data))
        end
      end)
    end
  end)
  local stop, rounds, lookups, all = luv.hrtime() + 1.5e9, 0, 0, {}
  for i = 1, 8 do
    all[i] = luv.spawn(function()
      while luv.hrtime() < stop do
        local c = assert(luv.net.tcp():connect("127.0.0.1", port))
        for k = 1, 50 do
          local m = i .. "." .. k .. ";"
          assert(c:write(m))
          local ok, back = luv.pcall(c.read_exactly, c, #m)
          assert(ok and back == m, back)
          rounds = rounds + 1
        end
        c:close()
      end
    end)
  end
  all[9] = luv.spawn(function()
    while luv.hrtime() < stop do
      assert(luv.net.getaddrinfo("localhost"))
      lookups = lookups + 1
      collectgarbage()
      luv.sleep(0.001)
    end
  end)
  for _, f in ipairs(all) do f:join() end
  server:close()
  print(rounds > 100, lookups > 10, signal.counted() > 20)
  os.exit(0)
]]

for _, before in ipairs{"true", "false"} do
  tap.test("a storm of SIGUSR1, SIGCHLD and SIGURG; the handler was there before luv: " .. before, function()
    local out, err, rc = with_helper((storm:gsub("BEFORE", before)))
    tap.equal(rc, 0, err:sub(1, 500))
    tap.equal(out, "true\ttrue\ttrue\n")
  end)
end

tap.test("after a fork without exec every call raises, and both processes end well", function()
  local out, err, rc = with_helper([[
    local signal, luv = require("csignal"), require("luv")
    local t = luv.timer.create():start(1)
    local a, b = luv.net.socketpair()
    local f = luv.spawn(luv.sleep, 0.05)
    luv.sleep(0.002)
    local calls = {
      {luv.sleep, 0.01}, {luv.spawn, print}, {luv.net.tcp}, {t.next, t}, {a.read, a}, {a.write, a, "x"},
      {f.join, f}, {luv.run}, {luv.timer.create}, {luv.self}, {luv.stats}, {a.close, a}, {luv.timeout, 1, print},
      {luv.fiber.yield}, {luv.net.getaddrinfo, "localhost"}}
    local pid = signal.fork()
    if pid == 0 then
      for i, c in ipairs(calls) do
        local ok, e = pcall(unpack(c))
        if ok or not tostring(e):find("luv: used after fork", 1, true) then
          print("child: call " .. i .. " gave " .. tostring(ok) .. " " .. tostring(e))
        end
      end
      print("child done")
      return
    end
    print("child's code", signal.wait(pid))
    b:write("alive")
    print(a:read_exactly(5), f:join())]])
  tap.equal(rc, 0, err:sub(1, 500))
  tap.equal(out, "child done\nchild's code\t0\nalive\ttrue\n")
end)

tap.test("fork with a context, sockets and traffic: the child's calls raise, the parent goes on", function()
  local out, err, rc = with_helper([[
    local signal, luv = require("csignal"), require("luv")
    local ctx = luv.zmq.create(1)
    local pull, push = ctx:socket(luv.zmq.PULL), ctx:socket(luv.zmq.PUSH)
    pull:bind("tcp://127.0.0.1:*")
    push:connect(pull:last_endpoint())
    push:send("before")
    print(pull:recv())
    io.flush()
    local pid = signal.fork()
    if pid == 0 then
      for i, c in ipairs{{push.send, push, "x"}, {pull.recv, pull}, {ctx.socket, ctx, 1}, {push.close, push}, {ctx.close, ctx}} do
        local ok, e = pcall(unpack(c))
        if ok or not tostring(e):find("luv: used after fork", 1, true) then print("child: call " .. i, ok, e) end
      end
      print("child done")
      return
    end
    print("child's code", signal.wait(pid))
    push:send("after")
    print(pull:recv())
    push:close() pull:close() ctx:close()]])
  tap.equal(rc, 0, err:sub(1, 500))
  tap.equal(out, "before\nchild done\nchild's code\t0\nafter\n")
end)

tap.test("require for the first time in a forked child works or says so", function()
  local out, err, rc = with_helper([[
    local signal = require("csignal")
    local pid = signal.fork()
    if pid == 0 then
      local luv = require("luv")
      print("child", luv.sleep(0.01))
      return
    end
    print("code", signal.wait(pid))]])
  tap.equal(rc, 0, err:sub(1, 500))
  tap.equal(out, "child\ttrue\ncode\t0\n")
end)

if built then tap.shell("rm -rf " .. helper) end
tap.done()
