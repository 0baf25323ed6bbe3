-- luv.proxy, luv.share: objects that stay where they are, called from other threads.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local thread, proxy = luv.thread, luv.proxy

-- Runs fn(...) in a thread; what it returned.
local function work(fn, ...) return assert(thread.create(fn, ...)):join() end

local function account()
  local a = luv.share({n = 0, name = "account"})
  function a:add(x) self.n = self.n + x; return self.n end
  function a:fail(e) error(e, 0) end
  function a:slow(s) luv.sleep(s); return "slept" end
  return a
end

tap.both("methods, calls, fields, assignment, length run where the object lives", function()
  local a, here = account(), thread.self():id()
  a.where = luv.share(function() return luv.thread.self():id() end)
  local r = {work(function(p)
    local out = {p.n, p:add(5), p.n, p.name, p.where(), p.nothing}
    p.list = {1, {2}}
    p[7] = "seven"
    p.name = nil
    return out[1], out[2], out[3], out[4], out[5], out[6] == nil, p.list[2][1], p[7], p.name == nil, #p.list
  end, a)}
  tap.same(r, {0, 5, 5, "account", here, true, 2, "seven", true, 2})
  tap.same(a.list, {1, {2}})
  tap.equal(a.n, 5)
end)

tap.test("operators are the object's, as its metatable has them", function()
  local meta = {}
  local function new(n) return luv.share(setmetatable({n = n}, meta)) end
  local function n(v) return type(v) == "table" and v.n or v end
  meta.__add = function(a, b) return n(a) + n(b) end
  meta.__sub = function(a, b) return n(a) - n(b) end
  meta.__mul = function(a, b) return n(a) * n(b) end
  meta.__div = function(a, b) return n(a) / n(b) end
  meta.__mod = function(a, b) return n(a) % n(b) end
  meta.__pow = function(a, b) return n(a) ^ n(b) end
  meta.__unm = function(a) return -a.n end
  meta.__concat = function(a, b) return n(a) .. "/" .. n(b) end
  meta.__lt = function(a, b) return a.n < b.n end
  meta.__le = function(a, b) return a.n <= b.n end
  meta.__call = function(self, x, ...) return self.n, x, select("#", ...) end
  meta.__index = function(_, k) return "no " .. k end
  tap.same({work(function(a, b)
    local x, y, z = a(1, nil, nil)
    return a + b, a - 1, 2 * b, a / b, a % b, a ^ 2, -a, a .. b, a .. "x", a < b, a <= b, a > b, x, y, z, a.field
  end, new(7), new(2))}, {9, 6, 4, 3.5, 1, 49, -7, "7/2", "7/x", false, false, true, 7, 1, 2, "no field"})
  tap.raises("arithmetic", work, function(p) return p + 1 end, luv.share({}))
end)

tap.both("a proxy that comes home is the object, and an object has one proxy", function()
  local a = account()
  local list = luv.share({})
  function list:same(x) return x == a, rawequal(x, a) end
  function list:give() return a, {a, {a}} end
  local same, raw, one, key, back = work(function(p, l)
    local x, t = l:give()
    local same, raw = l:same(p)
    return same, raw, x == p and t[1] == p and rawequal(t[2][1], p), ({[x] = 1})[p], p
  end, a, list)
  tap.same({same, raw, one, key}, {true, true, true, 1})
  tap.equal(back, a)
end)

tap.both("what cannot be copied stays: objects of luv, userdata, C functions, coroutines, fibers", function()
  local sock, file = luv.net.tcp(), assert(io.tmpfile())
  local co = coroutine.create(function(a) while true do a = coroutine.yield(a * 2) end end)
  local step = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)
  local f = luv.spawn(function() luv.sleep(0.01); return "done", 2 end)
  local ch, mutex = luv.chan(1), luv.mutex()
  local got = {work(function(t, file, co, step, f)
    file:write("one\ntwo\n")
    file:seek("set")
    t.chan:put("from afar")
    local locked = t.mutex:with(luv.share(function() return t.mutex:locked() end))
    assert(t.sock:bind("127.0.0.1", 0)):listen()
    return file:read("*l"), file:read("*l"), co(21), co(4), step(), step(), t.sock:getsockname().port > 0, locked, f:join()
  end, {sock = sock, chan = ch, mutex = mutex}, file, co, step, f)}
  tap.same(got, {"one", "two", 42, 8, 1, 2, true, true, "done", 2})
  tap.equal(ch:get(), "from afar")
  tap.equal(step(), 3)
  file:close()
  sock:close()
end)

tap.both("as upvalue, result, in a pool, and through a channel of threads", function()
  local a, ch, pool = account(), thread.chan(2), thread.pool(1)
  tap.equal(work(function() return a:add(2) end), 2)
  tap.equal(pool:call(function(p) return p:add(3) end, a), 5)
  ch:put(a)
  ch:put({a})
  tap.equal(work(function() return ch:get():add(1) + ch:get()[1]:add(1) end), 13)
  ch:put(a)
  tap.equal(ch:get(), a)
  -- what a thread makes, and hands out while it lives
  local back, stop = thread.chan(1), thread.chan(1)
  local t = thread.create(function()
    local counter = luv.share({n = 40})
    function counter:next() self.n = self.n + 1; return self.n end
    back:put(counter)
    return stop:get()
  end)
  local p = back:get()
  tap.equal(proxy.is(p), true)
  tap.equal(p:next() + p:next(), 83)
  tap.equal(proxy.owner(p):id(), t:id())
  tap.match(tostring(p), "^proxy<table>: 0x%x+ of thread " .. t:id())
  stop:put(1)
  t:join()
  pool:close()
end)

tap.test("share(obj, false) and automatic(false): the rule of 2012", function()
  local a, sock = account(), luv.net.tcp()
  luv.share(a, false)
  luv.share(a.add, false)
  tap.equal(work(function(t) t.n = 9; return type(t) end, a), "table")
  tap.equal(a.n, 0)
  tap.equal(proxy.automatic(), true)
  tap.equal(proxy.automatic(false), true)
  local ok, err = pcall(function()
    tap.raises("cannot pass argument 2: field 'db': luv.tcp", thread.create, function() end, {db = sock})
    luv.share(a)
    tap.equal(work(function(p) return type(p), p:add(1) end, a), "userdata")
  end)
  proxy.automatic(true)
  tap.ok(ok, err)
  tap.raises("cannot encode argument 1: luv.tcp", luv.codec.encode, sock)
  tap.raises("table, function, userdata or coroutine expected", luv.share, 5)
  tap.raises("boolean expected", luv.share, {}, 1)
  tap.raises("boolean expected", proxy.automatic, 1)
  sock:close()
end)

tap.both("pairs, ipairs, get: copies", function()
  local t = luv.share({10, 20, 30, x = "y", deep = {1}})
  local sum, keys, items, copy, deep = work(function(p)
    local sum, keys, items = 0, 0, ""
    for i, v in luv.proxy.ipairs(p) do sum = sum + i * v end
    for _ in luv.proxy.pairs(p) do keys = keys + 1 end
    for i, v in luv.proxy.ipairs(p) do items = items .. i .. "=" .. v .. " " end
    local c = luv.proxy.get(p)
    c.x = "changed"
    return sum, keys, items, type(c), c.deep[1]
  end, t)
  tap.same({sum, keys, items, copy, deep}, {140, 5, "1=10 2=20 3=30 ", "table", 1})
  tap.equal(t.x, "y")
  for _, fn in pairs{proxy.pairs, proxy.ipairs, proxy.get, proxy.release, proxy.owner} do tap.raises("luv.proxy expected", fn, {}) end
  local sock = luv.net.tcp()
  tap.raises("cannot return", work, function(p) return luv.proxy.get(p) end, sock)
  sock:close()
end)

tap.both("errors: the value, and the owner's traceback", function()
  local a = account()
  local text, kind, trace, code, none, other = work(function(p)
    local ok, e = pcall(p.fail, p, "plain")
    local _, t = pcall(p.fail, p, {code = 7})
    return e, type(t), luv.proxy.traceback(t), t.code, luv.proxy.traceback("another"), luv.proxy.traceback()
  end, a)
  tap.same({text, kind, code, none}, {"plain", "table", 7, nil})
  tap.match(trace, "stack traceback.*test%-proxy%.lua")
  tap.equal(other, trace)
  tap.equal(proxy.traceback(), nil)
  local ok, e = pcall(work, function(p) p:fail({n = 1}) end, a)
  tap.same({ok, e}, {false, {n = 1}})
  tap.raises("attempt to call", work, function(p) p.name() end, a)
  tap.raises("attempt to call", work, function(p) p:nothing() end, a)
  if tap.jit then
    a.cdata = luv.share(function() return require("ffi").new("int[1]") end)
    tap.raises("cannot return argument 1: cdata", work, function(p) p.cdata() end, a)
    tap.raises("cannot pass argument 2: field 'x': cdata", work, function(p) p:add({x = require("ffi").new("int[1]")}) end, a)
  end
end)

tap.both("a call that waits, waits alone; the owner goes on", function()
  local a = account()
  local took = tap.clock()
  local n = work(function(p)
    local all, n = {}, 0
    for i = 1, 50 do all[i] = luv.spawn(function() return p:slow(0.05) end) end
    while p:add(1) < 20 do end
    for i = 1, 50 do if all[i]:join() == "slept" then n = n + 1 end end
    return n
  end, a)
  tap.equal(n, 50)
  tap.ok(tap.clock() - took < 2, "one after another")
end)

tap.both("calls of one fiber begin in order", function()
  local seen = luv.share({})
  function seen:note(i) self[#self + 1] = i end
  work(function(p) for i = 1, 200 do p:note(i) end end, seen)
  for i = 1, 200 do tap.equal(seen[i], i) end
end)

tap.both("a callback into the caller, in a callback, and so on", function()
  local a = luv.share({})
  function a:down(other, n) return n == 0 and 0 or 1 + other:down(self, n - 1) end
  tap.equal(work(function(p)
    local b = luv.share({})
    function b:down(other, n) return n == 0 and 0 or 1 + other:down(self, n - 1) end
    return p:down(b, 200)
  end, a), 200)
end)

tap.both("luv.timeout and cancel end the call where it runs", function()
  local a, ended = luv.share({}), {}
  function a:hang(name)
    local ok, err = pcall(luv.sleep, 100)
    ended[#ended + 1] = name .. " " .. tostring(luv.cancelled(err))
    error(err, 0)
  end
  function a:here() return true end
  work(function(p)
    local r, _, code = luv.timeout(0.01, function() p:hang("timeout") end)
    assert(r == nil and code == "ETIMEDOUT")
    local f = luv.spawn(function() p:hang("cancel") end)
    luv.sleep(0.01)
    f:cancel()
    assert(not pcall(f.join, f))
    luv.spawn(function() p:hang("end") end)
    luv.sleep(0.01)
    return p:here()
  end, a)
  for _ = 1, 200 do if #ended < 3 then luv.sleep(0.01) end end
  table.sort(ended)
  tap.same(ended, {"cancel true", "end true", "timeout true"})
end)

tap.test("when the owner has ended: nil, EOF", function()
  local back, stop, hangs = thread.chan(1), thread.chan(1), thread.chan(1)
  local t = thread.create(function()
    local o = luv.share({f = 1})
    function o:hang() hangs:put("hangs"); luv.sleep(100) end
    back:put(o)
    stop:get()
  end)
  local p = back:get()
  local f = p.hang
  local waiting = luv.spawn(function() return p:hang() end)
  tap.equal(hangs:get(), "hangs")
  stop:put("end")
  tap.fails("EOF", waiting:join())
  t:join()
  tap.fails("EOF", f(p))
  tap.raises("^EOF: ", function() return p.f end)
  tap.raises("^EOF: ", function() p.f = 1 end)
  tap.raises("^EOF: ", function() return p + 1 end)
  -- and what it hands out as it ends
  local o = work(function() return luv.share({1}) end)
  tap.raises("^EOF: ", function() return o[1] end)
  local g = work(function() return luv.net.tcp() end)
  tap.equal(proxy.is(g), true)
  tap.raises("^EOF: ", function() g:close() end)
end)

-- Collects here and there until no other state holds anything of this one's.
local function held(n)
  for _ = 1, 300 do
    collectgarbage()
    if luv.stats().proxies.held == n then break end
    luv.sleep(0.01)
  end
  return luv.stats().proxies.held
end

tap.both("life: release, collection, the end of a thread; counts in stats", function()
  tap.equal(held(0), 0)
  local ask, answer = thread.chan(1), thread.chan(1)
  local t = thread.create(function()
    for p in ask:iter() do
      if p == "forget" then collectgarbage() collectgarbage() p = nil else
        local n = p.n
        luv.proxy.release(p)
        luv.proxy.release(p)
        local ok, err = pcall(function() return p.n end)
        answer:put({n, ok, err, tostring(p)})
        p = nil
      end
    end
  end)
  local weak = setmetatable({}, {__mode = "v"})
  do
    local a = account()
    weak[1] = a
    ask:put(a)
  end
  local r = answer:get()
  tap.equal(r[1], 0)
  tap.equal(r[2], false)
  tap.match(r[3], "has been released")
  tap.match(r[4], "released")
  tap.equal(held(0), 0)
  collectgarbage()
  tap.equal(weak[1], nil)
  ask:close()
  t:join()
  -- by collection, and by the end of the thread
  local a, done, go = account(), thread.chan(1), thread.chan(1)
  t = thread.create(function(p)
    p:add(1)
    p = nil
    done:put(1)
    while not go:try_get() do collectgarbage(); luv.sleep(0.001) end
    return nil
  end, a)
  done:get()
  tap.equal(held(0), 0)
  go:put(1)
  t:join()
  t = thread.create(function(p) done:put(1); go:get(); return p:add(1) end, a)
  done:get()
  tap.ok(luv.stats().proxies.held >= 1)
  go:put(1)
  t:join()
  t = nil
  tap.equal(held(0), 0)
  tap.same({luv.stats().proxies.calls, luv.stats().proxies.served}, {0, 0})
end)

tap.both("batch: one message, promises as objects and arguments, values at the end", function()
  local o = account()
  o.inner = luv.share({v = 42})
  function o.inner:get() return self.v end
  function o:child() return self.inner end
  function o:both(a, b, t) return a + b + (t and t.x or 0) end
  work(function(p)
    local batch = luv.proxy.batch
    local a, b, t, c, n = batch(function(x)
      local a = p:add(x)
      local b = p:add(a)
      local child = p:child()
      p.field = {7, 8}
      return a, b, {child:get(), child, {#p.field, p.nothing}}, "const", nil, p:both(a, b, {x = 1}) * 2 - 1
    end, 5)
    assert(a == 5 and b == 10 and c == "const" and n == nil)
    assert(t[1] == 42 and t[2] == p.inner and t[3][1] == 2 and t[3][2] == nil)
    assert(select(6, batch(function() return 1, 2, 3, 4, 5, p:both(1, 2) end)) == 3)
    -- an error stops what depends on it, and nothing else
    local ok, e = pcall(batch, function()
      local x = p:fail("oops")
      p:add(x)
      p:add(100)
      p:fail("later")
    end)
    assert(not ok and e == "oops", e)
    assert(luv.proxy.traceback(e):find("stack traceback"))
    assert(p.n == 110, p.n)
    -- fn's own error sends nothing
    assert(select(2, pcall(batch, function() p:add(1) error("mine", 0) end)) == "mine")
    assert(p.n == 110)
    local kept
    batch(function() kept = p:add(1) end)
    assert(not pcall(function() return kept.x end))
    assert(not pcall(function() batch(function() batch(function() end) end) end))
    assert(select("#", batch(function() end)) == 0)
    -- what cannot go leaves the batch as it was
    if jit then
      assert(batch(function()
        local ok = pcall(p.both, p, 1, {require("ffi").new("int[1]")})
        return not ok, p:add(1)
      end))
    end
  end, o)
end)

tap.both("batch: calls that wait, more owners than one, other fibers", function()
  local o, back, stop = account(), thread.chan(1), thread.chan(1)
  local t = thread.create(function()
    local q = luv.share({n = 1})
    function q:add(x) self.n = self.n + x; return self.n end
    back:put(q)
    stop:get()
  end)
  local q = back:get()
  local r = {work(function(p, q)
    return luv.proxy.batch(function()
      local other = luv.spawn(function() return p:add(1000) end):join()
      return p:slow(0.01), q:add(1), p:add(1), other
    end)
  end, o, q)}
  tap.same(r, {"slept", 2, 1001, 1000})
  tap.raises("another owner", work, function(p, q) luv.proxy.batch(function() p:add(q:add(1)) end) end, o, q)
  q = nil
  stop:put(1)
  t:join()
end)

tap.test("threads that wait for each other through proxies: the report has the chain", function()
  local out, err, rc = tap.run([[
    local luv = require("luv")
    local a, ch, give = luv.share({}), luv.chan(), luv.thread.chan(1)
    function a:get() return ch:get() end
    local t = luv.thread.create(function(a)
      local b = luv.share({})
      function b:call() return a:get() end
      give:put(b)
      luv.event():wait()
    end, a)
    local b = give:get()
    local f = luv.spawn(function() return b:call() end)
    print(pcall(f.join, f))
    print(pcall(t.join, t))
  ]])
  tap.match(out .. err, "deadlock: all fibers are asleep.*waits for proxy call by fiber %d+ of thread.*which waits for")
  tap.ok(rc == 0 or rc == 1, "it hangs")
end)

tap.test("threads that have a proxy, come, and end at once are no deadlock", function()
  local a = account()
  local n = os.getenv("LUV_HOSTILE") and 20 or 400
  for i = 1, n do tap.equal(thread.create(function() return a ~= nil end):join(), true) end
  for i = 1, n / 4 do
    local all = {}
    for k = 1, 4 do all[k] = thread.create(function(p) return p:add(1) end, a) end
    for k = 1, 4 do all[k]:join() end
  end
  tap.equal(a.n, n)
end)

tap.test("a dump says whose call is waited for", function()
  local a, text = account(), nil
  a.look = luv.share(function() return luv.thread.self():id() end)
  text = work(function(p)
    local f = luv.spawn(function() return p:slow(0.3) end)
    luv.sleep(0.1)
    local text = luv.dump()
    f:join()
    return text
  end, a)
  tap.match(text, "proxy call by fiber %d+ of thread " .. thread.self():id())
end)

tap.test("an owner whose script has ended serves the threads that the process waits for", function()
  local out, err, rc = tap.run([[
    local luv = require("luv")
    local o = luv.share({n = 0, ch = luv.chan(1)})
    function o:add(x) luv.sleep(0.01); collectgarbage(); self.n = self.n + x; return self.n end
    luv.spawn(function() for v in o.ch:iter() do print("got", v) end end)
    luv.thread.create(function(p)
      luv.sleep(0.05)
      print("one", p:add(1))
      p.ch:put("value")
      local inner = luv.share({f = function() return "inner" end})
      local t = luv.thread.create(function(p, q) luv.sleep(0.05); print("two", p:add(1), q.f()) end, p, inner)
    end, o)
  ]])
  tap.equal(err, "")
  tap.equal(out, "one\t1\ngot\tvalue\ntwo\t2\tinner\n")
  tap.equal(rc, 0)
  out, err, rc = tap.run([[
    local luv = require("luv")
    local o = luv.share({})
    function o:hang() luv.sleep(1000) end
    luv.thread.create(function(p) p:hang() end, o)
    luv.thread.create(function(p)
      luv.sleep(0.1)
      luv.signal.kill(luv.os.getpid(), "INT")
      print((select(3, p:hang())))
    end, o)
  ]])
  tap.ok(rc ~= 124 and rc ~= 137, "it hangs")
end)

tap.test("LUV_DEBUG=leaks names what is held as its state ends, and by whom", function()
  local _, err, rc = tap.run([[
    local luv = require("luv")
    local back, stop = luv.thread.chan(1), luv.thread.chan(1)
    local t = luv.thread.create(function()
      back:put(luv.share({}))
      stop:get()
    end)
    local p = back:get()
    stop:put(1)
    t:join()
    luv.proxy.release(p)
  ]], "export LUV_DEBUG=leaks")
  tap.equal(rc, 0)
  tap.match(err, "^luv: table 0x%x+ is still held by thread 1\n$")
end)

tap.done()
