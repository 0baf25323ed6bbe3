-- Being seen: luv.dump, SIGQUIT, luv.watchdog, the figures of luv.stats, LUV_DEBUG=leaks; and
-- luv.backend_fd, luv.backend_timeout, for a loop that drives luv.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

tap.both("a dump names fibers, states, what they wait for, and where", function()
  local m, ch = luv.mutex():lock(), luv.chan()
  local server = tap.listen()
  local all = {
    luv.spawn(function() m:lock() end):name("locker"),
    luv.spawn(function() ch:get() end):name("getter"),
    luv.spawn(function() server:accept() end):name("acceptor"),
    luv.spawn(function() luv.select{{ch}, {m, "lock"}} end):name("chooser"),
  }
  local a, b = luv.net.socketpair()
  all[5] = luv.spawn(function() a:read() end):name("reader")
  all[6] = luv.spawn(function() all[1]:join() end):name("joiner")
  luv.sleep(0.002)
  local text = luv.dump()
  tap.match(text, "main chunk: ")
  tap.match(text, "'locker', [%d.]+ s old: waiting for [%d.]+ s, for mutex on luv.mutex 0x%x+, locked by ")
  tap.match(text, "'getter'[^\n]*for chan get on luv.chan 0x")
  tap.match(text, "'acceptor'[^\n]*for accept on luv.tcp 0x%x+ %(127.0.0.1 port %d+%)")
  tap.match(text, "'chooser'[^\n]*for select of 1 chan get on luv.chan 0x%x+, 2 mutex on luv.mutex 0x%x+, locked by ")
  tap.match(text, "'reader'[^\n]*for read on luv.%a+ 0x%x+")
  tap.match(text, "'joiner'[^\n]*for join of fiber " .. all[1]:id())
  tap.match(text, "test%-dump.lua:%d+")
  local path = tap.tempfile()
  tap.equal(luv.dump(path), true)
  tap.match(tap.slurp(path), "'locker'")
  os.remove(path)
  tap.fails("ENOENT", luv.dump("/nowhere/at/all"))
  tap.raises("string expected", luv.dump, {})
  for _, f in ipairs(all) do f:cancel() end
  server:close()
  a:close()
  b:close()
  luv.sleep(0.002)
end)

tap.both("of all threads: those that wait, that compute, and that have no luv", function()
  local up, back = luv.thread.chan(3), luv.thread.chan()
  local waiter = luv.thread.create(function(up, back)
    local luv = require("luv")
    luv.spawn(luv.sleep, 60):name("deep")
    up:put(1)
    back:get()
  end, up, back):name("waiter")
  local busy = luv.thread.create(function(up, back)
    if rawget(_G, "jit") then require("jit").off() end -- compiled code looks at no hook
    local luv = require("luv")
    up:put(1)
    while not back:closed() do end
  end, up, back):name("busy")
  local over = tap.tempfile()
  local bare = luv.thread.create(function(over)
    while true do
      local f = io.open(over) -- until the file is gone
      if not f then return end
      f:close()
    end
  end, over):name("bare")
  up:get()
  up:get()
  local text
  for _ = 1, 50 do -- a thread that has no CPU for so long does not answer in time
    text = luv.dump(nil, "all")
    if text:find("main chunk: running.*test%-dump.lua:%d+") and text:find("'deep'[^\n]*for sleep") and
       text:find("for thread get on luv.thread.chan") then break end
  end
  tap.match(text, "luv: thread %d+ 'main': .*'waiter': 1 fibers.*for thread get on luv.thread.chan")
  tap.match(text, "fiber %d+ 'deep'[^\n]*for sleep")
  tap.match(text, "luv: thread %d+ 'busy': 0 fibers.*main chunk: running.*test%-dump.lua:%d+")
  tap.match(text, "luv: thread %d+ 'bare': has not opened luv")
  os.remove(over)
  local path = tap.tempfile()
  tap.equal(luv.dump(path, "all"), true)
  tap.match(tap.slurp(path), "'deep'")
  os.remove(path)
  tap.raises('bad argument #2 to \'dump\' %(nil or "all" expected', luv.dump, nil, "most")
  bare:cancel()
  back:close()
  luv.pcall(bare.join, bare)
  waiter:join()
  busy:join()
  for _ = 1, 50 do
    text = luv.dump(nil, "all")
    if not text:find("'waiter'") then break end
    luv.sleep(0.01)
  end
  tap.equal(text:find("'waiter'"), nil, "it has ended")
end)

tap.test("all threads ask each other at once", function()
  local list = {}
  for i = 1, 4 do
    list[i] = luv.thread.create(function()
      local luv, n = require("luv"), 0
      for _ = 1, 20 do n = n + #luv.dump(nil, "all"); luv.sleep(0) end
      return n
    end)
  end
  for _ = 1, 20 do luv.dump(nil, "all") end
  for i = 1, 4 do tap.ok(list[i]:join() > 1000) end
end)

-- A script in the background that gets SIGQUIT once it has said that it is ready. When it has
-- had time to answer, told() is true.
local function quit(body)
  local ready, sent = os.tmpname(), os.tmpname()
  os.remove(sent)
  local path = tap.tempfile("local luv = require('luv') function told() return io.open('" .. sent .. "') ~= nil end\n" .. body)
  local _, err, rc = tap.shell("(" .. tap.command(path) .. ") >" .. ready .. " & pid=$!; " ..
    "i=0; while ! grep -q ready " .. ready .. " && [ $i -lt 400 ]; do sleep 0.05; i=$((i+1)); done; " ..
    "child=$pid; for p in $(cat /proc/$pid/task/$pid/children); do child=$p; done; " ..
    "sleep 0.05; kill -QUIT $child; sleep 0.3; echo >" .. sent .. "; wait $pid")
  os.remove(path)
  os.remove(sent)
  os.remove(ready)
  return err, rc
end

local say = "print('ready') io.stdout:flush() "

tap.test("SIGQUIT: while the loop is blocked, and the process goes on", function()
  local err, rc = quit("luv.spawn(function() luv.sleep(60) end):name('sleeper') " .. say ..
    "repeat luv.sleep(0.5) until told() os.exit(7)")
  tap.match(err, "'sleeper'[^\n]*waiting for [%d.]+ s, for sleep")
  tap.equal(rc, 7)
end)

tap.test("SIGQUIT: while a fiber spins", function()
  local err, rc = quit("luv.spawn(function() " .. say .. "while not told() do end end)" ..
    ":name('spinner'):join() luv.sleep(0.01) os.exit(7)")
  if tap.jit then tap.match(err, "luv: SIGQUIT: thread 1 runs fiber 1; its dump follows")
  else tap.match(err, "'spinner'[^\n]*running") end
  tap.match(err, "luv: thread 1 'main': %d fibers")
  tap.equal(rc, 7)
end)

tap.test("SIGQUIT: all threads answer, asleep or not", function()
  local err, rc = quit([[
    local up, back = luv.thread.chan(9), luv.thread.chan()
    local function waits(up, back) local luv = require("luv") up:put(1) back:get() end
    local function computes(up, back)
      if rawget(_G, "jit") then require("jit").off() end
      local luv = require("luv") up:put(1)
      while not back:closed() do end
    end
    luv.thread.create(waits, up, back):name("waits")
    luv.thread.create(computes, up, back):name("computes")
    up:get() up:get() ]] .. say .. "repeat luv.sleep(0.02) until told() back:close() os.exit(7)")
  tap.match(err, "luv: thread %d 'main'")
  tap.match(err, "luv: thread %d 'waits'")
  tap.match(err, "luv: thread %d 'computes'")
  tap.equal(rc, 7)
end)

tap.test("SIGQUIT: while the main chunk computes, and while everything is at work", function()
  local err, rc = quit((tap.jit and "jit.off() " or "") .. say .. "while not told() do end os.exit(7)")
  tap.match(err, "main chunk: running")
  tap.equal(rc, 7)
  err, rc = quit([[
    local ch, m = luv.chan(3), luv.mutex()
    for i = 1, 20 do
      luv.spawn(function() while true do ch:put(i) m:with(luv.sleep, 0) end end)
      luv.spawn(function() while true do luv.select{{ch, "get"}, {ch, "put", 1}} luv.timeout(0.001, m.lock, m) luv.pcall(m.unlock, m) end end)
    end ]] .. say .. "repeat luv.sleep(0.02) until told() os.exit(7)")
  tap.match(err, "luv: thread 1 'main': 40 fibers")
  tap.equal(rc, 7)
end)

tap.test("SIGQUIT: in code that has a debug hook, which goes on afterwards", function()
  local err, rc = quit((tap.jit and "jit.off() " or "") .. [[
    local calls = 0
    local function hook() calls = calls + 1 end
    debug.sethook(hook, "", 100)]] .. say .. [[
    while not told() do end
    local before, fn, _, count = calls, debug.gethook()
    for i = 1, 1000 do before = before + 0 end
    os.exit(fn == hook and count == 100 and calls > before and 7 or 8)]])
  tap.match(err, "main chunk: running")
  tap.equal(rc, 7)
end)

-- The shell words that send SIGQUIT to the process whose number is in a file, once it catches it, for
-- as long as it lives.
local function pester(pid)
  return "(until [ -s " .. pid .. " ]; do sleep 0.01; done; p=$(cat " .. pid .. "); " ..
    "until grep -q '^SigCgt.*[4-7c-f]$' /proc/$p/status || ! [ -e /proc/$p ]; do sleep 0.005; done; " ..
    "while kill -QUIT $p; do sleep 0.03; done) 2>/dev/null & "
end

tap.test("SIGQUIT, every few milliseconds, while all primitives are at work", function()
  local files, seen = {"test-sync.lua", "test-chan-many.lua 200", "test-scope.lua"}
  for _, n in ipairs{20, 100, 400} do files[#files + 1] = "fuzz/fuzz.lua --child 1 --only sync --count " .. n end
  for _, file in ipairs(files) do -- the longer ones only where so busy a machine had sent no signal by then
    local pid = tap.tempfile()
    local out, err, rc = tap.shell(pester(pid) .. "sh -c 'echo $$ >" .. pid .. "; LUA_CPATH=\"" .. package.cpath .. "\" exec " ..
      tap.interpreter .. " " .. tap.dir .. file .. "'")
    os.remove(pid)
    tap.equal(rc, 0, file .. ": " .. out:gsub("\nok[^\n]*", ""))
    seen = file:find("fuzz") and err:find("luv: thread 1 'main': %d+ fibers")
    if seen then break end
  end
  tap.ok(seen, "a dump")
end)

tap.test("the watchdog warns, with a traceback, once per turn", function()
  local _, err, rc = tap.run([[
    if type(rawget(_G, "jit")) == "table" then jit.off() end
    local luv = require("luv")
    assert(luv.watchdog() == 0)
    assert(luv.watchdog(30) == 0 and luv.watchdog() == 30)
    luv.spawn(function()
      local t = luv.hrtime() + 3e8
      while luv.hrtime() < t do end
    end):join()
    local slow = luv.stats().slow
    assert(#slow == 1, #slow)
    assert(slow[1].who:find("^fiber %d+$") and slow[1].ms >= 30 and slow[1].traceback:find(":7: in"), slow[1].traceback)
    luv.watchdog(0)
    local t = luv.hrtime() + 1e8
    while luv.hrtime() < t do end
    assert(#luv.stats().slow == 1)]])
  tap.equal(rc, 0, err)
  tap.match(err, "luv: watchdog: fiber %d+ has kept its thread for %d+ ms.*:7: in")
  local _, count = err:gsub("luv: watchdog", "")
  tap.equal(count, 1)
  tap.raises("number expected", luv.watchdog, "x")
  tap.raises("milliseconds expected", luv.watchdog, -1)
end)

tap.both("stats: the delay of the ready queue, bytes", function()
  local before = luv.stats()
  for _ = 1, 10 do
    luv.spawn(function() luv.sleep(0.005); local t = luv.hrtime() + 2e6; while luv.hrtime() < t do end end)
  end
  luv.sleep(0.03)
  local a, b = luv.net.socketpair()
  a:write("12345")
  b:read_exactly(5)
  a:close()
  b:close()
  luv.sleep(0)
  local d = luv.stats().ready_delay
  tap.ok(d.samples > before.ready_delay.samples, "samples")
  tap.ok(d.p50 >= 0 and d.p50 <= d.p99 and d.p99 <= d.max, tap.dump(d))
  tap.ok(d.max >= 0.01, "the others had 2 ms each: " .. d.max)
  local bytes = luv.stats().bytes
  tap.equal(bytes.read - before.bytes.read, 5)
  tap.equal(bytes.written - before.bytes.written, 5)
end)

tap.test("handles that the collector closes are counted, and reported with their line", function()
  local _, err, rc = tap.run([[
    local luv = require("luv")
    local a = luv.net.tcp()
    a = luv.net.tcp():close()
    collectgarbage() collectgarbage()
    assert(luv.stats().gc_closed == 1, luv.stats().gc_closed)]], "export LUV_DEBUG=leaks")
  tap.equal(rc, 0, err)
  tap.match(err, "luv: [^\n]*:2: nobody has closed this luv.tcp\n$")
end)

tap.test("another loop drives luv", function()
  local woken, n = 0, 0
  local a, b = luv.net.socketpair()
  tap.ok(luv.backend_fd() >= 0)
  local f = luv.spawn(function() luv.sleep(0.02); woken = woken + 1 end)
  local g = luv.spawn(function() a:read(); woken = woken + 1 end)
  tap.equal(luv.backend_timeout(), 0, "fibers are ready")
  luv.run("nowait")
  local ms = luv.backend_timeout()
  tap.ok(ms > 0 and ms <= 21, ms)
  b:write("x")
  while woken < 2 and n < 1e6 do luv.run("nowait"); n = n + 1 end
  tap.equal(woken, 2)
  f:join()
  g:join()
  luv.run("nowait")
  tap.equal(luv.backend_timeout(), -1)
  a:close()
  b:close()
end)

-- The foreign loop is poll(2), which LuaJIT can call: it only wakes when there is something to do.
tap.test("a loop of poll(2) drives luv: timers, sockets, other threads", function()
  if not tap.jit then tap.skip("needs the FFI") end
  local ffi = require("ffi")
  ffi.cdef("struct luv_test_pollfd { int fd; short events, revents; }; int poll(struct luv_test_pollfd *, unsigned long, int);")
  local p = ffi.new("struct luv_test_pollfd[1]", {{luv.backend_fd(), 1, 0}})
  local a, b = luv.net.socketpair()
  local up, slept, read, got = luv.thread.chan(), 0, 0, 0
  local all = {
    luv.spawn(function() for _ = 1, 5 do luv.sleep(0.01); slept = slept + 1 end end),
    luv.spawn(function() for _ = 1, 3 do a:read(1); read = read + 1 end end),
    luv.spawn(function() for _ = 1, 3 do luv.sleep(0.01); b:write("x") end end),
    luv.spawn(function() for _ = 1, 3 do up:get(); got = got + 1 end end),
  }
  local t = luv.thread.create(function(up)
    local luv = require("luv")
    for i = 1, 3 do luv.sleep(0.02); up:put(i) end
  end, up)
  local rounds = 0
  while slept < 5 or read < 3 or got < 3 do
    luv.run("nowait")
    if slept == 5 and read == 3 and got == 3 then break end -- nothing is left to wake it
    ffi.C.poll(p, 1, luv.backend_timeout())
    rounds = rounds + 1
    if rounds > 2000 then error("it spins: " .. slept .. " " .. read .. " " .. got) end
  end
  for i = 1, #all do all[i]:join() end
  t:join()
  a:close()
  b:close()
end)

tap.done()
