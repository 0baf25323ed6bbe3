-- A wait works anywhere: below pcall, in metamethods, iterators, coroutines, require, and what C
-- modules call back, nested in each other; ended by events, errors, cancel, timeouts and close.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local places = dofile(tap.dir .. "lib/places.lua")
local c = tap.c_module("cboundary")
local checked = os.getenv("ASAN_OPTIONS") or os.getenv("TSAN_OPTIONS")

local function need_c() if not c then tap.skip("no C compiler") end end

if c then
  places.at["C module"] = function(fn) return (c.call(fn)) end
  places.at["C module, deep"] = function(fn) return (c.deep(20000, fn)) end
  places.names[#places.names + 1] = "C module"
  places.names[#places.names + 1] = "C module, deep"
end

-- ---- each place ----------------------------------------------------------------------------

for _, name in ipairs(places.names) do
  local at = places.at[name]

  tap.both("a wait in " .. name .. ": its result, an error, nothing left", function()
    tap.equal(at(function() luv.sleep(0.001) return "v" end), "v")
    local mine = {}
    local ok, e = pcall(at, function() luv.sleep(0.001) error(mine, 0) end)
    tap.equal(ok, false)
    tap.equal(e, mine)
    -- LuaJIT calls no handler within a handler
    if name ~= "handler" then tap.equal(at(function() return at(function() luv.sleep(0) return 7 end) end), 7) end
    luv.sleep(0)
  end)

  tap.test("a wait in " .. name .. " is cancelled, times out, is closed", function()
    local f = luv.spawn(function() return pcall(at, function() luv.sleep(60) return 1 end) end)
    luv.fiber.yield()
    tap.equal(f:status(), "waiting")
    tap.equal((f:waiting()), "sleep")
    f:cancel("enough")
    local ok, e = f:join(5)
    tap.equal(ok, false)
    tap.same({luv.cancelled(e)}, {true, "enough"})
    tap.fiber(function()
      tap.fails("ETIMEDOUT", luv.timeout(0.002, at, function() luv.sleep(60) return 1 end))
    end)
    local a, b = luv.net.socketpair()
    f = luv.spawn(function() return at(function() return (select(3, a:read())) end) end)
    luv.fiber.yield()
    a:close()
    tap.equal(f:join(5), "ECANCELED")
    b:close()
  end)
end

-- ---- what a fiber that waits there is to others ------------------------------------------------

tap.test("traceback, dump, waiting and stats look at the innermost Lua thread", function()
  local function innermost() luv.sleep(60) return 1 end
  local function outermost() return (places.at.pcall(function()
    return places.at.coroutine(function() return places.at.wrap(innermost) end)
  end)) end
  local f = luv.spawn(outermost):name("diver")
  luv.fiber.yield()
  local text = f:traceback()
  local function line(fn) return "test%-anywhere%.lua:" .. debug.getinfo(fn, "S").linedefined .. ": in function" end
  tap.match(text, line(innermost))
  tap.match(text, "places%.lua")
  tap.match(text, line(outermost))
  tap.match(text, "sleep")
  local dump = luv.dump()
  tap.match(dump, "'diver'[^\n]*waiting for %d+%.%d+ s, for sleep")
  tap.match(dump, line(innermost))
  tap.equal(luv.stats().fibers.waiting, 1)
  f:cancel()
  pcall(f.join, f)
end)

tap.test("in its turn the fiber is itself: self, name, locals, running", function()
  local f
  f = luv.spawn(function()
    local co = coroutine.running()
    luv.self().locals.key = "value"
    return places.at.gsub(function()
      luv.sleep(0.001)
      local inside = coroutine.running() == co and luv.self() == f and luv.self().locals.key == "value"
      return inside and places.at.coroutine(function()
        local here = coroutine.running()
        luv.sleep(0.001)
        return here ~= co and coroutine.running() == here and luv.self() == f
      end)
    end)
  end)
  tap.equal(f:join(), true)
end)

tap.test("every kind of wait, below gsub in a fiber", function()
  local function below(fn) return tap.fiber(places.at.gsub, fn) end
  local ch, e, m, sem, wg = luv.chan(), luv.event(), luv.mutex(), luv.semaphore(0), luv.waitgroup()
  local f = luv.spawn(function() luv.sleep(0.002) ch:put(1) e:set() sem:release() wg:done() end)
  wg:add(1)
  tap.equal(below(function() return ch:get() end), 1)
  tap.equal(below(function() return e:wait() == e end), true)
  tap.equal(below(function() return sem:acquire() == sem end), true)
  tap.equal(below(function() return wg:wait() == wg end), true)
  f:join()
  m:lock()
  f = luv.spawn(places.at.gsub, function() return m:with(function() return "locked" end) end)
  luv.fiber.yield()
  m:unlock()
  tap.equal(f:join(), "locked")
  tap.equal(below(function() return (luv.select{{ch, "get"}, {luv.event()}, timeout = 0.001} or "none") end), "none")
  tap.equal(below(function() return luv.scope(function(s)
    s:spawn(luv.sleep, 0.001)
    return "scope"
  end) end), "scope")
  f = luv.spawn(places.at.gsub, function() return luv.self():suspend() and "resumed" end)
  luv.fiber.yield()
  f:resume()
  tap.equal(f:join(), "resumed")
  local t = luv.timer.create():start(2)
  tap.equal(below(function() return t:next() end), 1)
  t:close()
  local order = {}
  f = luv.spawn(places.at.sort, function() order[1] = "a" luv.fiber.yield() order[#order + 1] = "c" return 1 end)
  luv.spawn(function() order[#order + 1] = "b" end)
  f:join()
  tap.equal(table.concat(order), "abc")
end)

tap.test("calls into Go below C: control plane, names, files, processes, threads, ØMQ", function()
  local function go(level)
    if level > 0 then
      return places.at[level % 2 == 0 and "gsub" or "pcall"](function() return go(level - 1) end)
    end
    local server = assert(luv.net.tcp():bind("127.0.0.1", 0)):listen()
    local client = assert(luv.net.tcp():connect("localhost", server:getsockname().port))
    local peer = server:accept()
    client:write("x")
    tap.equal(peer:read_exactly(1), "x")
    for _, o in ipairs{server, client, peer} do o:close() end
    tap.equal((luv.net.getaddrinfo("127.0.0.1")), "127.0.0.1")
    tap.equal(luv.process.run("cat", {input = "piped"}).stdout, "piped")
    tap.equal(luv.thread.create(function(n) return n * 2 end, 21):join(), 42)
    local ctx = luv.zmq.create()
    local pull, push = ctx:socket(luv.zmq.PULL), ctx:socket(luv.zmq.PUSH)
    pull:bind("inproc://anywhere")
    push:connect("inproc://anywhere")
    push:send("m")
    tap.equal(pull:recv(), "m")
    pull:close() push:close() ctx:close()
    local path = os.tmpname()
    luv.fs.writefile(path, "text")
    tap.equal(luv.fs.readfile(path), "text")
    luv.fs.unlink(path)
    collectgarbage()
    return "all"
  end
  for _, level in ipairs{0, 1, 2, 7, 40} do tap.equal(tap.fiber(go, level), "all") end
end)

-- ---- in each other -------------------------------------------------------------------------------

-- Numbers that depend on the seed alone, so that a run can be compared with one that never waits.
local function dice(seed)
  return function(n)
    seed = (seed * 1103515245 + 12345) % 2147483648
    return math.floor(seed / 65536) % n + 1
  end
end

local nestable = {}
for _, name in ipairs(places.names) do
  if name ~= "handler" and name ~= "hook" then nestable[#nestable + 1] = name end
end

local function nest(roll, depth, wait, log)
  local name = nestable[roll(#nestable)]
  local fails = roll(4) == 1
  local ok, v = pcall(places.at[name], function()
    wait(roll)
    if depth > 1 then log[#log + 1] = nest(roll, depth - 1, wait, log) end
    wait(roll)
    log[#log + 1] = name
    if fails then error("from " .. name .. depth, 0) end
    return name .. depth
  end)
  log[#log + 1] = tostring(ok) .. tostring(v)
  return v
end

local function run_nests(seed, wait)
  local roll, log = dice(seed), {}
  for _ = 1, 3 do nest(roll, roll(5), wait, log) end
  return table.concat(log, " ")
end

local function nests(fibers, rounds)
  local function at_random(roll)
    local what = roll(12)
    if what < 4 then luv.sleep(roll(3) / 1000)
    elseif what < 7 then luv.sleep(0)
    elseif what == 7 then luv.sleep(0)
    elseif what == 8 and roll(40) == 1 then collectgarbage() end
  end
  local function never(roll) if roll(12) == 8 then roll(40) elseif false then roll() end end
  -- the same dice for both: what `wait` rolls must not depend on what it does
  local function wait(roll) local r = roll(1000) at_random(dice(r)) end
  local function skip(roll) roll(1000) end
  local kb
  for round = 1, rounds do
    local all = {}
    for i = 1, fibers do all[i] = luv.spawn(run_nests, round * 100000 + i, wait) end
    for i = 1, fibers do tap.equal(all[i]:join(), run_nests(round * 100000 + i, skip)) end
    all = nil
    collectgarbage() collectgarbage()
    local now = luv.stats().stacks.total
    if round == 2 then kb = now end
    if round > 2 then tap.ok(now <= kb + fibers / 10, now .. " stacks after " .. kb) end
  end
end

tap.test("fibers in random nests, compared with the same code that never waits", function()
  nests(tonumber(os.getenv("LUV_TEST_NESTS")) or (checked and 150 or 600), 3)
end)

tap.test("nested to Lua's own limit, 60 fibers at once", function()
  local deepest
  local function down(level, at)
    if level == 0 then luv.sleep(0.001) return 0 end
    return 1 + at(function() return down(level - 1, at) end)
  end
  local all = {}
  for i = 1, 60 do
    all[i] = luv.spawn(down, 150, places.at[i % 3 == 0 and "gsub" or i % 3 == 1 and "pcall" or "sort"])
  end
  for i = 1, 60 do tap.equal(all[i]:join(), 150) end
  -- where Lua gives up it says so, and the process goes on
  if tap.jit then return end -- which knows no limit for C: without luv such a program crashes
  local ok, e = tap.fiber(pcall, down, 100000, places.at.gsub)
  tap.equal(ok, false)
  tap.match(tostring(e), "overflow")
end)

tap.test("a coroutine begun in one fiber, waiting, is not resumed by another; then it is", function()
  local co = coroutine.create(function()
    luv.sleep(0.003)
    coroutine.yield("first")
    luv.sleep(0.003)
    return "second"
  end)
  local a = luv.spawn(coroutine.resume, co)
  luv.fiber.yield()
  local b = luv.spawn(coroutine.resume, co)
  tap.equal((b:join()), false)
  tap.equal(coroutine.status(co), "normal")
  tap.same(tap.pack(a:join()), {n = 2, true, "first"})
  tap.same(tap.pack(luv.spawn(coroutine.resume, co):join()), {n = 2, true, "second"})
end)

tap.test("the Lua thread of a waiting fiber is resumed by another: an error, or its end; never a crash", function()
  for _, at in ipairs{function(fn) return fn() end, places.at.pcall, places.at.gsub} do
    local thread
    local f = luv.spawn(function()
      thread = coroutine.running()
      return at(function() luv.sleep(0.002) return 1 end)
    end)
    luv.fiber.yield()
    tap.fiber(function() pcall(coroutine.resume, thread, "x") luv.sleep(0.001) end)
    pcall(f.join, f)
  end
  tap.equal(tap.fiber(function() luv.sleep(0) return "sound" end), "sound")
end)

-- ---- where nothing can wait ------------------------------------------------------------------------

tap.both("a finalizer cannot wait: a clear error, whoever set the collector off", function()
  local said = {}
  local function object()
    local u = newproxy(true)
    getmetatable(u).__gc = function()
      said[#said + 1] = tostring(select(2, pcall(luv.sleep, 0.001)))
      said[#said + 1] = tostring(select(2, pcall(function() return luv.spawn(luv.sleep, 0):join() end)))
    end
  end
  object()
  collectgarbage() collectgarbage()
  tap.equal(#said, 2)
  places.at.pcall(function() object() collectgarbage() collectgarbage() luv.sleep(0) return 1 end)
  -- by the scheduler: what it makes for a fiber that is about to go on
  local a, b = luv.net.socketpair()
  local reader = luv.spawn(function() while a:read() do end end)
  for _ = 1, 50 do
    object()
    b:write(("x"):rep(20000))
    luv.fiber.yield()
  end
  b:close()
  reader:join()
  a:close()
  collectgarbage() collectgarbage()
  for _, e in ipairs(said) do tap.ok(e:find("cannot wait", 1, true), e) end
  tap.ok(#said >= 100, #said .. " said")
  luv.sleep(0.001)
end)

tap.test("a debug hook: it waits on Lua 5.1, and says that it cannot on LuaJIT", function()
  local said
  tap.fiber(function()
    debug.sethook(function() said = said or {pcall(luv.sleep, 0.001)} end, "", 1)
    for _ = 1, 100 do end
    debug.sethook()
    luv.sleep(0)
  end)
  if tap.jit then tap.match(tostring(said[2]), "cannot wait in a finalizer or a debug hook")
  else tap.equal(said[1], true) end
end)

-- ---- callbacks of luv's own ---------------------------------------------------------------------------

tap.test("what luv calls back may wait: __codec on both sides, on_error, pools", function()
  local function waits(v) luv.sleep(0.001) return v end
  local Point = {}
  luv_test_point = function(t) luv.sleep(0.001) return setmetatable(t, Point) end
  Point.__codec = function(p) luv.sleep(0.001) return "luv_test_point", {x = p.x} end
  local s = tap.fiber(luv.codec.encode, setmetatable({x = 3}, Point))
  tap.equal(tap.fiber(luv.codec.decode, s).x, 3)
  tap.equal(luv.codec.decode(luv.codec.encode(setmetatable({x = 4}, Point))).x, 4)
  local ch = luv.thread.chan()
  local getters = {}
  for i = 1, 5 do getters[i] = luv.spawn(function() return ch:get().x end) end
  luv.fiber.yield()
  for i = 1, 5 do ch:put(setmetatable({x = i}, Point)) end
  local sum = 0
  for i = 1, 5 do sum = sum + getters[i]:join() end
  tap.equal(sum, 15)
  ch:close()
  local pool = luv.thread.pool(2)
  local results = {}
  for i = 1, 4 do
    results[i] = luv.spawn(places.at.gsub, function()
      return pool:call(function(n)
        local l = require("luv")
        return (("x"):gsub(".", function() l.sleep(0.001) return n end))
      end, i)
    end)
  end
  for i = 1, 4 do tap.equal(results[i]:join(), tostring(i)) end
  pool:close()
  local told
  luv.on_error(function(e) told = places.at.gsub(function() luv.sleep(0.001) return e end) end)
  luv.spawn(error, "for the handler", 0)
  luv.sleep(0.02)
  luv.on_error(nil)
  tap.equal(told, "for the handler")
  luv_test_point = nil
  tap.equal(waits(1), 1)
end)

-- ---- C stacks ---------------------------------------------------------------------------------------

tap.test("stack_size: asked, set, refused", function()
  local old = luv.stack_size()
  tap.equal(luv.stack_size(300000), old)
  tap.equal(luv.stack_size(), 303104)
  tap.equal(tap.fiber(places.at.gsub, function() luv.sleep(0) return 1 end), 1)
  luv.stack_size(old)
  tap.raises("bad argument #1 to 'stack_size' %(number expected, got string%)", luv.stack_size, "big")
  for _, n in ipairs{0, -1, 65535, 2^31, 0/0, math.huge} do
    tap.raises("65536 to 1073741824 bytes expected", luv.stack_size, n)
  end
end)

tap.test("a C module that takes 200 KB of its stack, and waits", function()
  need_c()
  local all = {}
  for i = 1, 20 do all[i] = luv.spawn(c.deep, 200000, function() luv.sleep(0.001) return i end) end
  for i = 1, 20 do tap.equal(all[i]:join(), i) end
end)

local function rss()
  for line in io.lines("/proc/self/status") do
    local kb = line:match("VmRSS:%s+(%d+)")
    if kb then return tonumber(kb) end
  end
end

tap.test("30,000 fibers wait below C at once; their memory is given back", function()
  local n = checked and 2000 or 30000
  local peak
  for _ = 1, 2 do
    local all, ch = {}, luv.event()
    for i = 1, n do all[i] = luv.spawn(string.gsub, "x", ".", function() ch:wait() end) end
    luv.fiber.yield()
    tap.equal(luv.stats().fibers.waiting, n)
    peak = rss()
    ch:set()
    for i = 1, n do tap.equal(all[i]:join(), "x") end
    all = nil
    ch:close()
  end
  collectgarbage() collectgarbage()
  luv.sleep(0.15)
  luv.sleep(0.15)
  if not checked then tap.ok(peak - rss() > n * 4, (peak - rss()) .. " KB less") end
end)

tap.test("where no stack can be mapped the wait raises, and says what to do", function()
  if checked then tap.skip("a sanitizer maps terabytes") end
  local out, err, rc = tap.run([[
    local luv = require("luv")
    luv.stack_size(64 * 1024 * 1024)
    local refused, fine, ch = 0, 0, luv.event()
    for i = 1, 200 do
      luv.spawn(function()
        local ok, e = pcall(function() return ch:wait() end)
        if ok then fine = fine + 1
        else refused = refused + 1 message = e end
      end)
    end
    if jit then
      for i = 1, 200 do
        luv.spawn(function()
          local ok, e = pcall(string.gsub, "x", ".", function() ch:wait() end)
          if ok then fine = fine + 1 else refused = refused + 1 message = e end
        end)
      end
    end
    repeat luv.sleep(0.001) until luv.stats().fibers.waiting + refused == (jit and 400 or 200)
    ch:set()
    luv.sleep(0.1)
    print(refused > 0, fine > 0, (message or ""):match("attempt to yield across"), (message or ""):match("luv.stack_size"))
    print(luv.spawn(function() return pcall(luv.sleep, 0) end):join())]], "ulimit -v 4000000")
  tap.equal(rc, 0, err:sub(1, 400))
  tap.equal(out, "true\ttrue\tattempt to yield across\tluv.stack_size\ntrue\ttrue\n")
end)

tap.test("a C stack that overflows names the fiber before the process dies", function()
  need_c()
  if checked then tap.skip("a sanitizer has the signal") end
  local so = os.tmpname()
  tap.shell(tap.cc("cboundary", so))
  local out, err, rc = tap.run(([[
    local c = package.loadlib(%q, "luaopen_cboundary")()
    local luv = require("luv")
    luv.spawn(function()
      luv.self():name("digger")
      c.call(c.overflow)
    end):join()]]):format(so), "ulimit -c 0")
  tap.ok(rc ~= 0, out)
  tap.match(err, "C stack overflow in fiber 1 'digger'")
end)

-- ---- other loops, and the end -------------------------------------------------------------------------

tap.test("two states on one OS thread: one waits inside a function that a fiber of the other called", function()
  need_c()
  local code = [[
    package.cpath = ...
    local luv = require("luv")
    local n = 0
    for i = 1, 20 do
      luv.spawn(function()
        local _, e = pcall(function()
          for _ = 1, 3 do ("ab"):gsub(".", function() luv.sleep(0.0005) n = n + 1 end) end
        end)
        if e then print(e) end
      end)
    end
    luv.run()
    luv.net.tcp():close()
    return n, luv.thread.create(function() return 5 end):join()]]
  local ticks = 0
  local f = luv.spawn(function() for _ = 1, 5 do luv.sleep(0.001) ticks = ticks + 1 end end)
  tap.fiber(function()
    for _ = 1, 3 do
      local n, five = c.state(code, package.cpath)
      tap.equal(n, "120")
      tap.equal(five, "5")
      pcall(luv.sleep, 0.001)
      local a, b = places.at.gsub(function() return c.state(code, package.cpath) end)
      tap.equal(a, "120", b)
    end
  end)
  f:join()
  tap.equal(ticks, 5)
end)

tap.test("luv.run(\"nowait\") drives fibers that wait below C", function()
  local n = 0
  local f = luv.spawn(function()
    for _ = 1, 5 do places.at.gsub(function() luv.sleep(0.001) n = n + 1 return 1 end) end
  end)
  local until_ = luv.hrtime() + 2e9
  while n < 5 and luv.hrtime() < until_ do luv.run("nowait") end
  tap.equal(n, 5)
  f:join()
end)

tap.test("a deadlock names the fibers that wait below C", function()
  local ok, e = pcall(function()
    local a, b
    a = luv.spawn(function() return places.at.gsub(function() return b:join() end) end):name("first")
    b = luv.spawn(function() return places.at.gsub(function() return a:join() end) end):name("second")
    luv.fiber.yield()
    local got, err = pcall(a.join, a)
    a:cancel() b:cancel()
    pcall(a.join, a) pcall(b.join, b)
    error(err, 0)
  end)
  tap.equal(ok, false)
  tap.match(e, "deadlock: all fibers are asleep")
  tap.match(e, "'first': waits for join at [^\n]*%.lua:%d+")
  tap.match(e, "'second': waits for join")
end)

local crowd = [[
  local luv = require("luv")
  for i = 1, 2000 do
    luv.spawn(function()
      return (("x"):gsub(".", function()
        local u = newproxy(true)
        getmetatable(u).__gc = function() n = (n or 0) + 1 end
        luv.sleep(60)
        return u and "y"
      end))
    end)
  end
  luv.fiber.yield()
]]

local ends = {
  {"the end of the script", "print('end')", 0, "end\n"},
  {"os.exit in the main chunk", "io.write('exit\\n') io.flush() os.exit(3)", 3, "exit\n"},
  {"os.exit in a fiber below C", [[luv.spawn(function() pcall(function() luv.sleep(0.001) io.write("exit\n") io.flush() os.exit(4) end) end):join()]], 4, "exit\n"},
  {"os.exit(…, true) in a fiber below C", [[luv.spawn(function() pcall(function() luv.sleep(0.001) io.write("exit\n") io.flush() os.exit(5, true) end) end):join()]], 5, "exit\n"},
  {"an error", "error('broken')", 1, ""},
  {"an error in a fiber that is joined", "luv.spawn(pcall, function() luv.sleep(0) end) luv.spawn(function() error('x') end):join()", 1, ""},
}

for _, case in ipairs(ends) do
  tap.test("thousands below C, and " .. case[1], function()
    local out, err, rc = tap.run(crowd .. case[2])
    tap.equal(rc, case[3], err:sub(1, 600))
    tap.equal(out, case[4])
  end)
end

tap.test("Ctrl-C while thousands wait below C", function()
  local out, err, rc = tap.run(crowd .. [[
    os.execute("(sleep 0.1; kill -INT " .. luv.os.getpid() .. ") &")
    print(pcall(luv.sleep, 10))
    print(luv.spawn(function() return pcall(luv.sleep, 0) end):join())]])
  tap.equal(rc, 0, err:sub(1, 600))
  tap.match(out, "false\t[^\n]*interrupted!\ntrue\ttrue\n")
end)

tap.done()
