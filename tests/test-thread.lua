-- luv.thread: what goes in and comes out, join, cancel, names, channels, pools, the exit.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local thread = luv.thread

local function work(fn, ...) return assert(thread.create(fn, ...)):join() end

-- ---- in and out ---------------------------------------------------------------------------

tap.both("arguments and results: scalars, holes, strings with zeros", function()
  local r = tap.pack(work(function(...) return select("#", ...), ... end, nil, true, 1.5, "a\0b", nil))
  tap.equal(r.n, 6)
  tap.same({r[1], r[2], r[3], r[4], r[5], r[6]}, {5, nil, true, 1.5, "a\0b", nil})
  tap.equal(select("#", work(function() end)), 0)
  tap.equal(work(string.rep, "ab", 2), "abab", "a function of a library")
  tap.equal(thread.spawn(function(x) return x end, 1):join(), 1)
end)

tap.both("tables: cycles, shared references, as arguments and as results", function()
  local t = {list = {1, 2, 3}}
  t.self, t.again = t, t.list
  local r = work(function(t) t.list[4] = t.self == t and t.again == t.list; return t end, t)
  tap.equal(r.self, r)
  tap.equal(r.again, r.list)
  tap.equal(r.list[4], true)
  tap.equal(t.list[4], nil, "the parent's own")
end)

tap.both("upvalues: shared ones, recursion, holes, functions of functions", function()
  local n, none = 5, nil
  local function fact(k) return k < 2 and 1 or k * fact(k - 1) end
  local function up() n = n + 1 end
  local a, b, c, d = work(function()
    up()
    up()
    return n, fact(6), none, (function(...) return select("#", ...) end)(1, nil, nil)
  end)
  tap.same({a, b, c or false, d}, {7, 720, false, 3})
  tap.equal(n, 5)
end)

tap.both("luv and its modules, under whatever name, libraries, contexts, channels", function()
  local uv, str, ctx, ch = luv, string, luv.zmq.create(0), thread.chan(1)
  local pull = ctx:socket(luv.zmq.PULL):bind("inproc://there")
  local sleep = luv.sleep
  tap.equal(work(function(m)
    sleep(0.001)
    local push = ctx:socket(m.PUSH):connect("inproc://there")
    push:send("sent")
    push:close()
    ch:put(str.format("%d", 7))
    return uv == require("luv") and m == uv.zmq and str == string
  end, luv.zmq), true)
  tap.equal(pull:recv(), "sent")
  tap.equal(ch:get(), "7")
  pull:close()
  ctx:close()
end)

tap.test("what cannot be passed is refused before the thread starts, with the path to it", function()
  luv.proxy.automatic(false)
  local before = #thread.list()
  local socket, co = luv.net.tcp(), coroutine.create(function() end)
  local gmatch = ("x"):gmatch(".")
  local fiber
  local function refused(what, ...) tap.raises("cannot pass " .. what .. "$", thread.create, ...) end
  refused("argument 2: field 'db': luv.tcp", function() end, {db = socket})
  refused("argument 2: field %[3%]: coroutine", function() end, {1, 2, co})
  refused("argument 1: upvalue 'socket': luv.tcp", function() return socket end)
  refused("argument 1: upvalue 'gmatch': C function", function() return gmatch end)
  refused("argument 1: upvalue 'fiber': luv.fiber", function() return fiber end and (function()
    fiber = luv.fiber.create(function() end)
    return function() return fiber end
  end)())
  refused("argument 3: luv.mutex", function() end, 1, luv.mutex())
  refused("argument 2: luv.thread", function() end, thread.self())
  tap.raises("function expected", thread.create, 5)
  tap.raises("function expected", thread.create)
  tap.equal(#thread.list(), before)
  socket:close()
  luv.proxy.automatic(true)
end)

tap.test("a result that cannot be passed is an error of the thread", function()
  local t = thread.create(function()
    luv.proxy.automatic(false)
    return luv.net.tcp()
  end)
  tap.raises("cannot return", t.join, t)
end)

tap.test("package.path, cpath and preload are the parent's", function()
  local path, cpath = package.path, package.cpath
  package.path, package.cpath = "./nowhere/?.lua;" .. path, "./nowhere/?.so;" .. cpath
  local greeting = "hello"
  package.preload["thread-test"] = function(name) return {name = name, greeting = greeting} end
  package.preload["thread-c"] = string.len
  local ok, err = pcall(function()
    local p, c, name, hello, len = work(function()
      local m = require("thread-test")
      return package.path, package.cpath, m.name, m.greeting, require("thread-c")
    end)
    tap.equal(p, package.path)
    tap.equal(c, package.cpath)
    tap.equal(name, "thread-test")
    tap.equal(hello, "hello")
    if not tap.jit then tap.equal(len, 8) end
  end)
  package.path, package.cpath = path, cpath
  package.preload["thread-test"], package.preload["thread-c"] = nil, nil
  tap.ok(ok, err)
end)

tap.test("everything works inside: fibers, timers, sockets, further threads, luv.self", function()
  local n, echo, inner, is_self, kind = work(function()
    local done = 0
    local server = luv.net.tcp():bind("127.0.0.1", 0):listen()
    luv.spawn(function()
      local c = server:accept()
      c:write((select(2, c:read())))
      c:close()
    end)
    for i = 1, 10 do luv.spawn(function() luv.sleep(0.001 * i); done = done + 1 end) end
    local c = luv.net.tcp()
    assert(c:connect("127.0.0.1", server:getsockname().port))
    c:write("ping")
    local _, answer = c:read()
    luv.run()
    return done, answer, luv.thread.create(function() return "deep" end):join(),
           luv.self() == luv.thread.self(), tostring(luv.self()):match("^userdata<(.-)>")
  end)
  tap.same({n, echo, inner, is_self, kind}, {10, "ping", "deep", true, "luv.thread"})
end)

-- ---- join -------------------------------------------------------------------------------------

tap.both("join: as often as asked, by several fibers, while other fibers run", function()
  local t = thread.create(function() luv.sleep(0.03); return 1, nil, 3, nil end)
  local ticks, joins = 0, {}
  local ticker = luv.spawn(function() while true do luv.sleep(0.002); ticks = ticks + 1 end end)
  for i = 1, 5 do joins[i] = luv.spawn(function() return select("#", t:join()), t:join() end) end
  for i = 1, 5 do tap.same({joins[i]:join()}, {4, 1, nil, 3, nil}) end
  tap.same({t:join()}, {1, nil, 3, nil})
  tap.ok(ticks >= 2, ticks .. " ticks")
  ticker:cancel()
  luv.pcall(ticker.join, ticker)
end)

tap.both("join with a timeout, cancelled, under luv.timeout: the thread is still there", function()
  local gate = thread.chan()
  local t = thread.create(function() return gate:get() end)
  tap.fails("ETIMEDOUT", t:join(0))
  tap.fails("ETIMEDOUT", t:join(0.01))
  tap.fails("ETIMEDOUT", luv.timeout(0.01, t.join, t))
  local f = luv.spawn(function() t:join() end)
  luv.fiber.yield()
  f:cancel("enough")
  local ok, err = luv.pcall(f.join, f)
  tap.equal(ok, false)
  tap.ok(luv.cancelled(err))
  tap.equal(t:status(), "running")
  gate:put("open")
  tap.equal(t:join(), "open")
  tap.equal(t:status(), "dead")
end)

tap.both("an error is raised by each join, its value kept; the traceback is apart", function()
  local t = thread.create(function() local function inner() error("oops") end inner() end)
  for _ = 1, 2 do tap.raises("test%-thread%.lua:%d+: oops$", t.join, t) end
  tap.match(t:traceback(), "oops\nstack traceback:.*in function 'inner'")
  local e = thread.create(function() error({code = 42, list = {1}}) end)
  local ok, err = luv.pcall(e.join, e)
  tap.equal(ok, false)
  tap.same(err, {code = 42, list = {1}})
  tap.match(e:traceback(), "^%(error object is a table value%)")
  for _, v in ipairs{false, 17} do
    local t2 = thread.create(function(x) error(x, 0) end, v)
    tap.same({luv.pcall(t2.join, t2)}, {false, v})
  end
  tap.equal(thread.create(function() end):traceback(), nil)
end)

tap.test("an error that no join takes: stderr and exit code, or on_error", function()
  local out, err, rc = tap.run([[
    local luv = require("luv")
    local t = luv.thread.create(function() error("lost") end):name("worker")
    luv.sleep(0.2)
    print("goes on")]])
  tap.equal(out, "goes on\n")
  tap.match(err, "luv: thread worker died: .*lost")
  tap.equal(rc, 1)
  out, err, rc = tap.run([[
    local luv = require("luv")
    luv.on_error(function(e, trace, t) print(e, trace:match("traceback") , t:name()) end)
    local t = luv.thread.create(function() error("lost", 0) end):name("worker")
    luv.sleep(0.2)]])
  tap.equal(out, "lost\ttraceback\tworker\n")
  tap.equal(err, "")
  tap.equal(rc, 0)
  out, err, rc = tap.run([[
    local luv = require("luv")
    local t = luv.thread.create(function() error("late", 0) end)
    luv.sleep(0.2)
    print(luv.pcall(t.join, t))]])
  tap.equal(out, "false\tlate\n")
  tap.equal(rc, 0, "a later join takes it")
end)

-- ---- cancel, name, list, detach -------------------------------------------------------------------

tap.both("cancel ends a wait, and luv.cancelled knows the error", function()
  for _, wait in ipairs{function() luv.sleep(60) end, function() luv.thread.chan():get() end,
                        function() luv.spawn(function() luv.sleep(60) end):join() end,
                        function() local a, b = luv.net.socketpair() a:read() b:close() end} do
    local t = thread.create(wait)
    luv.sleep(0.01)
    tap.equal(t:cancel(), t)
    local ok, err = luv.pcall(t.join, t)
    tap.equal(ok, false)
    tap.ok(luv.cancelled(err), tostring(err))
  end
end)

tap.test("cancel before it waits, and cleaning up that waits itself", function()
  local gate = thread.chan()
  local t = thread.create(function()
    local ok, err = luv.pcall(function() gate:put("here") luv.sleep(60) end)
    luv.sleep(0.01)
    return ok, luv.cancelled(err)
  end)
  gate:get()
  t:cancel()
  tap.same({t:join()}, {false, true})
  t:cancel() -- it has ended
end)

tap.test("cancel stops what computes under lua5.1", function()
  if tap.jit then tap.skip("compiled code looks at no hook") end
  local gate = thread.chan()
  for _, fn in ipairs{function() gate:put(1) while true do end end,
                      function() gate:put(1) luv.spawn(function() while true do end end):join() end} do
    local t = thread.create(fn)
    gate:get()
    t:cancel()
    local ok, err = luv.pcall(t.join, t)
    tap.equal(ok, false)
    tap.ok(luv.cancelled(err), tostring(err))
  end
end)

tap.test("name, id, list, self", function()
  local gate = thread.chan()
  local t = thread.create(function()
    local file = io.open("/proc/thread-self/comm")
    local function comm() file:seek("set") return file:read("*l") end
    gate:get()
    return comm(), luv.thread.self():name(), #luv.thread.list(), luv.thread.self():id()
  end)
  tap.equal(t:name(), "luv-" .. t:id())
  tap.equal(t:name("a-name-that-is-too-long"), t)
  tap.equal(t:name(), "a-name-that-is-")
  local found
  for _, other in ipairs(thread.list()) do found = found or other == t end
  tap.equal(found, true)
  tap.match(tostring(t), "^userdata<luv%.thread>: 0x%x+$")
  gate:put(true)
  local comm, name, n, id = t:join()
  tap.equal(comm, "a-name-that-is-")
  tap.equal(name, comm)
  tap.ok(n >= 1)
  tap.equal(id, t:id())
  tap.equal(thread.self(), luv.self())
  tap.equal(thread.self():status(), "running")
  tap.equal(thread.self():name(), "main")
  tap.raises("string expected, got table", t.name, t, {})
  local me = thread.self()
  tap.raises("cannot join itself", me.join, me)
end)

tap.test("a thread can be joined by another one, which finds it in the list", function()
  local gate = thread.chan()
  local t = thread.create(function() return gate:get() end):name("joined")
  local other = thread.create(function()
    for _, each in ipairs(luv.thread.list()) do
      if each:name() == "joined" then gate:put("value"); return each:join() end
    end
  end)
  tap.equal(other:join(), "value")
  tap.equal(t:join(), "value")
end)

tap.test("detach: the end of the script does not wait, a join still can", function()
  local t = thread.create(function() luv.sleep(0.01); return "here" end)
  tap.equal(t:detach(), t)
  tap.equal(t:detach():join(), "here")
  local took = tap.timed(function()
    local _, err, rc = tap.run('require("luv").thread.create(function() luv = require("luv") luv.sleep(30) end):detach()')
    tap.equal(rc, 0, err)
  end)
  tap.ok(took < 10, "took " .. took)
end)

-- ---- channels ----------------------------------------------------------------------------------------

for _, n in ipairs{0, 1, 1000} do
  tap.test("a channel of capacity " .. n .. ": each value once, in order, by itself too", function()
    local ch = thread.chan(n)
    tap.equal(ch:capacity(), n)
    local t = thread.create(function(count)
      for i = 1, count do
        local v = i
        if i % 7 == 0 then v = nil elseif i % 5 == 0 then v = {i} elseif i % 3 == 0 then v = ("x"):rep(i) end
        if ch:put(v) ~= ch then error("put") end
      end
      ch:close()
    end, 500)
    for i = 1, 500 do
      local r = tap.pack(ch:get())
      tap.equal(r.n, 1, "value " .. i)
      if i % 7 == 0 then tap.equal(r[1], nil)
      elseif i % 5 == 0 then tap.equal(r[1][1], i)
      elseif i % 3 == 0 then tap.equal(#r[1], i)
      else tap.equal(r[1], i) end
    end
    tap.fails("EOF", ch:get())
    t:join()
  end)
end

tap.both("put, get, try_put, try_get, timeouts, close, #: as luv.chan", function()
  local ch = thread.chan(1)
  tap.fails("ETIMEDOUT", ch:get(0))
  tap.fails("ETIMEDOUT", ch:try_get())
  tap.fails("ETIMEDOUT", ch:get(0.01))
  tap.equal(ch:put("a", 0), ch)
  tap.equal(#ch, 1)
  tap.fails("ETIMEDOUT", ch:put("b", 0))
  tap.fails("ETIMEDOUT", ch:try_put("b"))
  tap.fails("ETIMEDOUT", ch:put("b", 0.01))
  local putter = luv.spawn(function() return ch:put("c") end)
  luv.fiber.yield()
  tap.equal(putter:waiting(), "thread put")
  tap.equal(ch:closed(), false)
  tap.equal(ch:close(), ch)
  tap.equal(ch:close():closed(), true)
  tap.fails("EOF", putter:join())
  tap.fails("EOF", ch:put("d"))
  tap.fails("EOF", ch:try_put("d"))
  tap.equal(ch:get(), "a")
  tap.fails("EOF", ch:get())
  tap.fails("EOF", ch:try_get())
  local empty = thread.chan()
  local getter = luv.spawn(function() return empty:get() end)
  luv.fiber.yield()
  tap.equal(getter:waiting(), "thread get")
  empty:close()
  tap.fails("EOF", getter:join())
end)

tap.both("cancelled and timed out: a value is neither lost nor sent twice", function()
  local ch = thread.chan()
  local p = luv.spawn(function() ch:put("no") end)
  luv.fiber.yield()
  p:cancel()
  tap.raises("cancelled", p.join, p)
  local g = luv.spawn(function() ch:get() end)
  luv.fiber.yield()
  g:cancel()
  tap.raises("cancelled", g.join, g)
  tap.fails("ETIMEDOUT", ch:put("x", 0))
  tap.fails("ETIMEDOUT", ch:get(0))
end)

tap.test("iter, a channel through a channel, and mistakes", function()
  local ch, sum = thread.chan(2), 0
  thread.create(function() for i = 1, 10 do ch:put(i) end ch:close() end)
  for v in ch:iter() do sum = sum + v end
  tap.equal(sum, 55)
  local requests = thread.chan()
  local server = thread.create(function()
    local next = requests:iter()
    for r in next do r.answer:put(r.n * 2) end
  end)
  tap.fiber(function()
    local answer = thread.chan()
    for i = 1, 5 do
      requests:put({n = i, answer = answer})
      tap.equal(answer:get(), 2 * i)
    end
    requests:close()
    server:join()
  end)
  tap.raises("whole number", thread.chan, -1)
  tap.raises("whole number", thread.chan, 1.5)
  tap.raises("number expected", thread.chan, "x")
  luv.proxy.automatic(false)
  tap.raises("cannot put argument 1: field 's': luv.tcp", ch.put, ch, {s = luv.net.tcp()})
  luv.proxy.automatic(true)
  tap.raises("bad argument #2 to 'put'", ch.put, ch, 1, -1)
  tap.raises("luv.thread.chan expected", ch.get, luv.chan())
  if tap.jit then jit.flush() end
end)

tap.both("many threads on one channel: nothing lost, nothing doubled", function()
  local work, done, makers, takers = thread.chan(3), thread.chan(10), {}, {}
  for k = 1, 4 do
    makers[k] = thread.create(function() for i = 1, 300 do work:put(k * 1000 + i) end end)
    takers[k] = thread.create(function() for v in work:iter() do done:put(v) end end)
  end
  local closer = luv.spawn(function()
    for k = 1, 4 do makers[k]:join() end
    work:close()
    for k = 1, 4 do takers[k]:join() end
    done:close()
  end)
  local seen, n = {}, 0
  local next = done:iter()
  local v = next()
  while v do
    tap.equal(seen[v], nil)
    seen[v], n = true, n + 1
    v = next()
  end
  tap.equal(n, 1200)
  closer:join()
  if tap.jit then jit.flush() end -- compiled code holds on to the iterator
end)

tap.both("select takes a channel or a thread, whichever is first", function()
  local a, b = thread.chan(), thread.chan(1)
  local t = thread.create(function() b:put("b"); return "end" end)
  tap.same({luv.select{{a, "get"}, {b, "get"}}}, {2, "b"})
  tap.same({luv.select{{a}, {t}}}, {2, "end"})
  tap.same({luv.select{{a, "put", 1}, {b, "put", 2}}}, {2, b})
  tap.equal(luv.select{{a}, default = true}, nil)
  tap.fails("ETIMEDOUT", luv.select{{a}, timeout = 0.01})
  tap.equal(b:get(), 2)
  tap.fails("ETIMEDOUT", a:get(0))
end)

-- ---- pools --------------------------------------------------------------------------------------------

tap.both("pool: calls side by side, results, errors, close", function()
  local pool = assert(thread.pool(2))
  local calls = {}
  for i = 1, 10 do calls[i] = luv.spawn(function() return pool:call(function(n) return n * 2, nil, "x" end, i) end) end
  for i = 1, 10 do tap.same({calls[i]:join()}, {2 * i, nil, "x"}) end
  tap.raises("oops$", pool.call, pool, function() error("oops") end)
  local ok, err = luv.pcall(pool.call, pool, function() error({n = 1}) end)
  tap.same({ok, err}, {false, {n = 1}})
  luv.proxy.automatic(false)
  local refused, why = pcall(pool.call, pool, print, luv.mutex())
  luv.proxy.automatic(true)
  tap.equal(refused, false)
  tap.match(why, "cannot pass argument 2: luv.mutex")
  tap.raises("function expected", pool.call, pool, 1)
  tap.equal(pool:call(function() luv.sleep(0.01); return "slept" end), "slept", "and may wait")
  tap.equal(pool:closed(), false)
  tap.equal(pool:close(), pool)
  tap.equal(pool:close():closed(), true)
  tap.fails("EBADF", pool:call(print))
  tap.raises("1 to 1024", thread.pool, 0)
  tap.raises("number expected", thread.pool)
end)

tap.test("a call that is cancelled or timed out runs on without its caller", function()
  local pool, gate = thread.pool(1), thread.chan(1)
  local f = luv.spawn(function() pool:call(function() luv.sleep(0.02); gate:put("done") end) end)
  luv.sleep(0.005)
  f:cancel()
  tap.raises("cancelled", f.join, f)
  tap.equal(gate:get(), "done")
  tap.fails("ETIMEDOUT", luv.timeout(0.005, pool.call, pool, function() luv.sleep(0.02); gate:put("again") end))
  tap.equal(gate:get(), "again")
  pool:close()
end)

-- ---- what a thread makes late ------------------------------------------------------------------------------

tap.test("luv has in a thread what it has elsewhere, field by field, made when it is named", function()
  local want = {}
  for k, v in pairs(luv) do
    want[k] = type(v)
    if type(v) == "table" then
      for name, field in pairs(v) do want[k .. "." .. name] = type(field) end
    end
  end
  local got = luv.thread.create(function(names)
    local luv, got = require("luv"), {}
    for name in pairs(names) do
      local k, field = name:match("^(.-)%.(.*)$")
      got[name] = type(k and luv[k][field] or luv[name])
      if k and rawget(luv, k) == nil then return "no field " .. k end
    end
    if luv.nothing ~= nil then return "nothing" end
    return got
  end, want):join()
  tap.same(got, want)
end)

tap.test("what luv has not made yet can be passed by name, and comes back as itself", function()
  local sleep, bind, fs, stat = luv.sleep, luv.net.tcp, luv.fs, luv.fs.stat
  local back = {luv.thread.create(function()
    local luv = require("luv")
    if sleep ~= luv.sleep or bind ~= luv.net.tcp or fs ~= luv.fs or stat ~= luv.fs.stat then return "others" end
    return luv.zmq, luv.fs.open, luv.hrtime, luv.scope
  end):join()}
  tap.ok(back[1] == luv.zmq and back[2] == luv.fs.open and back[3] == luv.hrtime and back[4] == luv.scope)
end)

-- ---- the exit --------------------------------------------------------------------------------------------

tap.test("the script's end waits for threads; os.exit in one ends the process", function()
  local out, err, rc = tap.run([[
    local luv = require("luv")
    luv.thread.create(function() luv.sleep(0.2); print("done") end)]])
  tap.equal(out .. err, "done\n")
  tap.equal(rc, 0)
  out, err, rc = tap.run([[
    local luv = require("luv")
    luv.thread.create(function() os.exit(7) end)
    luv.sleep(30)]])
  tap.equal(rc, 7, err)
end)

tap.test("on which CPUs the kernel runs a thread, and its nice value", function()
  local main = luv.thread.self()
  local all = assert(main:affinity())
  tap.ok(#all >= 1)
  local ch = luv.thread.chan()
  local t = luv.thread.create(function(ch) return ch:get() end, ch)
  tap.same(t:affinity(), all)
  tap.equal(t:affinity({all[#all]}), t)
  tap.same(t:affinity(), {all[#all]})
  tap.same(main:affinity(), all)
  tap.fails("EINVAL", t:affinity({4095}))
  local was = assert(t:priority())
  tap.equal(t:priority(math.min(was + 3, 19)), t)
  tap.equal(t:priority(), math.min(was + 3, 19))
  tap.equal(main:priority(), was)
  for _, wrong in ipairs{0, "0", {}, {-1}, {1.5}, {"x"}, {4096}} do tap.raises("bad argument #1 to 'affinity'", t.affinity, t, wrong) end
  for _, wrong in ipairs{-21, 20, 1.5, "low"} do tap.raises("bad argument #1 to 'priority'", t.priority, t, wrong) end
  ch:put(1)
  t:join()
  tap.fails("ESRCH", t:affinity())
  tap.fails("ESRCH", t:priority())
  tap.fails("ESRCH", t:priority(5))
  ch:close()
end)

tap.test("a thread sets its own, and at once", function()
  for _ = 1, 20 do
    local t = luv.thread.create(function()
      local luv = require("luv")
      local self = luv.thread.self()
      local cpu = self:affinity()[1]
      self:affinity({cpu}):priority(19) -- which everybody may
      return cpu, self:affinity(), self:priority()
    end)
    local seen = t:affinity() -- before it has begun, or after it has ended
    tap.ok(seen == nil or #seen >= 1)
    local cpu, set, nice = t:join()
    tap.same(set, {cpu})
    tap.equal(nice, 19)
  end
end)

tap.done()
