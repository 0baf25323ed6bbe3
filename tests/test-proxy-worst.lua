-- luv.proxy at its worst: owners that end, many callers, large messages, depth, finalisers, collection, and
-- random programs beside the same in one state.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local thread, proxy = luv.thread, luv.proxy

local function work(fn, ...) return assert(thread.create(fn, ...)):join() end

-- A thread that hands out one object, and ends when told to.
local function owner(make)
  local back, stop = thread.chan(1), thread.chan(1)
  local t = thread.create(function()
    back:put(luv.share(make()))
    if stop:get() == "error" then error("the owner's") end
  end)
  return back:get(), function(how)
    stop:put(how or "end")
    return pcall(t.join, t)
  end, t
end

for _, how in ipairs{"ends", "errors", "is cancelled"} do
  tap.test("the owner " .. how .. " in the midst of calls", function()
    local p, stop, t = owner(function()
      local o = {n = 0}
      function o:quick() self.n = self.n + 1; return self.n end
      function o:hang() luv.sleep(1000) end
      return o
    end)
    local ends, quick = {}, 0
    for i = 1, 20 do ends[i] = luv.spawn(function() return (select(3, p:hang())) end) end
    local busy = luv.spawn(function()
      while true do
        local n, _, code = p:quick()
        if not n then return code end
        quick = quick + 1
      end
    end)
    while quick < 100 do luv.sleep(0.001) end
    if how == "is cancelled" then t:cancel() pcall(t.join, t) else stop(how == "errors" and "error" or "end") end
    for i = 1, 20 do tap.equal(ends[i]:join(), "EOF") end
    tap.equal(busy:join(), "EOF")
  end)
end

tap.test("the owner closes the object, and its fiber is cancelled, in the midst of a call", function()
  local chan = luv.chan()
  local f = luv.spawn(function()
    luv.sleep(0.05)
    chan:close()
  end)
  tap.same({work(function(c) return c:get() end, chan)}, {nil, "EOF: end of file", "EOF"})
  f:join()
  local o = luv.share({})
  function o:hang() o.fiber = luv.self(); luv.sleep(1000) end
  luv.spawn(function()
    while not o.fiber do luv.sleep(0.005) end
    o.fiber:cancel("enough")
  end)
  tap.equal(work(function(p)
    local ok, err = pcall(p.hang, p)
    return not ok and select(2, luv.cancelled(err))
  end, o), "enough")
end)

tap.test("1,000 callers wait on one", function()
  local o, go = luv.share({n = 0}), luv.event()
  function o:wait() self.n = self.n + 1; go:wait(); return self.n end
  luv.spawn(function()
    while o.n < 1000 do luv.sleep(0.005) end
    go:set()
  end)
  tap.equal(work(function(p)
    local all, sum = {}, 0
    for i = 1, 1000 do all[i] = luv.spawn(function() return p:wait() end) end
    for i = 1, 1000 do sum = sum + all[i]:join() end
    return sum
  end, o), 1000 * 1000)
end)

tap.test("a proxy in a table of proxies in a batch, of a proxy, as an upvalue of a proxied function", function()
  local o = luv.share({})
  function o:make(n) return luv.share({n = n, get = function(self) return self.n end}) end
  function o:sum(list) local s = 0; for _, x in ipairs(list) do s = s + x:get() end; return s end
  local p, stop = owner(function()
    local held = {}
    local o = {}
    function o:keep(x) held[#held + 1] = x; return #held end
    function o:give(i) return held[i] end
    function o:fn(x) return luv.share(function(n) return x:get() + n end) end
    return o
  end)
  tap.equal(work(function(o, p)
    local a, b = o:make(1), o:make(2)
    assert(luv.proxy.batch(function() return o:sum({a, b, o:make(0) and a}) end) == 4)
    assert(p:keep(a) == 1 and p:give(1) == a)           -- a third state's
    assert(p:fn(b)(10) == 12)
    return o:sum({p:give(1), b})
  end, o, p), 3)
  p = nil
  stop()
end)

tap.test("10,000 arguments do not go, 6,000 do; 100 MB do", function()
  local o = luv.share({})
  function o:count(...) return select("#", ...), (select(select("#", ...), ...)) end
  function o:echo(s) return s end
  function o:list() local t = {}; for i = 1, 6000 do t[i] = i end; return unpack(t) end
  local n, last, ok, size, results = work(function(p)
    local t = {}
    for i = 1, 6000 do t[i] = i end
    local n, last = p:count(unpack(t))
    for i = 6001, 7900 do t[i] = i end
    local ok = pcall(function() return p:count(unpack(t), {}) end)
    local big = ("x"):rep(100 * 1024 * 1024)
    local size = #p:echo(big)
    return n, last, ok, size, select("#", p:list())
  end, o)
  tap.same({n, last, size, results}, {6000, 6000, 100 * 1024 * 1024, 6000})
  tap.equal(type(ok), "boolean")
end)

tap.test("recursion between two threads, 1,000 deep", function()
  local a = luv.share({})
  function a:down(other, n) return n == 0 and 0 or 1 + other:down(self, n - 1) end
  tap.equal(work(function(a)
    local b = luv.share({})
    function b:down(other, n) return n == 0 and 0 or 1 + other:down(self, n - 1) end
    return a:down(b, 1000)
  end, a), 1000)
end)

tap.test("a ring of threads", function()
  local function link()
    return owner(function()
      local o = {}
      function o:set(next) self.next = next end
      function o:pass(n) return n == 0 and 0 or 1 + self.next:pass(n - 1) end
      return o
    end)
  end
  local a, stop_a = link()
  local b, stop_b = link()
  local c, stop_c = link()
  a:set(b) b:set(c) c:set(a)
  tap.equal(a:pass(100), 100)
  local all = {}
  for i = 1, 30 do all[i] = luv.spawn(function() return a:pass(i) end) end
  for i = 1, 30 do tap.equal(all[i]:join(), i) end
  stop_a() stop_b() stop_c()
end)

tap.test("automatic proxies of things that wait", function()
  local timer, event, sem, wg = luv.timer.create(), luv.event(), luv.semaphore(0), luv.waitgroup()
  timer:start(5, 5)
  wg:add(1)
  luv.spawn(function() luv.sleep(0.02) event:set() sem:release() wg:done() end)
  tap.same({work(function(timer, event, sem, wg)
    local n = timer:next() + timer:next()
    return n >= 2, event:wait() ~= nil, sem:acquire() ~= nil, wg:wait() ~= nil, (select(3, sem:acquire(1, 0)))
  end, timer, event, sem, wg)}, {true, true, true, true, "ETIMEDOUT"})
  timer:close()
end)

tap.test("a snapshot of a table that changes; a metatable that lies", function()
  local t = luv.share({1, 2, 3})
  local f = luv.spawn(function() for i = 1, 2000 do t[i % 100 + 1] = i; if i % 10 == 0 then luv.sleep(0) end end end)
  tap.equal(work(function(p)
    for _ = 1, 50 do
      local n = 0
      for _, v in luv.proxy.pairs(p) do n = n + (v and 1 or 0) end
      assert(n >= 3 and n <= 100)
    end
    return true
  end, t), true)
  f:join()
  local liar = luv.share(setmetatable({}, {
    __index = function(_, k) if k == "boom" then error("index") end; return k .. "!" end,
    __newindex = function() error("newindex") end,
    __call = "no function",
    __len = false,
    __eq = function() error("eq") end,
    __tostring = function() error("tostring") end,
    __metatable = "hidden",
    __codec = function() error("codec") end,
    __gc = true, __mode = "kv",
  }))
  tap.same({work(function(p)
    return p.x, (pcall(function() return p.boom end)), (pcall(function() p.y = 1 end)), (pcall(p)), p == p, tostring(p):match("^proxy<table>")
  end, liar)}, {"x!", false, false, false, true, "proxy<table>"})
end)

tap.test("finalisers that call proxies, and let go of them", function()
  local o, seen = luv.share({other = luv.share({})}), 0
  function o:note() seen = seen + 1 end
  local outcome = work(function(p)
    local told, other = nil, p.other
    for i = 1, 200 do
      local u = newproxy(true)
      getmetatable(u).__gc = function()
        local ok, err = pcall(function() p:note() end)
        if not ok then told = tostring(err) end
        if i % 50 == 0 then luv.proxy.release(other) end
      end
      u = nil
      pcall(function() if i % 20 == 0 then collectgarbage() end end)
    end
    collectgarbage()
    return told or "nothing"
  end, o)
  tap.match(outcome, "cannot wait in a finalizer")
end)

tap.test("collection of everything at every step", function()
  local o = luv.share({})
  function o:make(n) collectgarbage(); return luv.share({n = n}) end
  function o:take(x) collectgarbage(); return x.n end
  tap.equal(work(function(p)
    local sum = 0
    for i = 1, 40 do
      collectgarbage()
      local x = p:make(i)
      collectgarbage()
      sum = sum + p:take(x)
      if i % 3 == 0 then luv.proxy.release(x) end
    end
    return sum
  end, o), 820)
end)

local function resident()
  collectgarbage()
  collectgarbage()
  for line in io.lines("/proc/self/status") do
    local kb = line:match("^VmRSS:%s+(%d+)")
    if kb then return tonumber(kb) end
  end
end

tap.test("references made and dropped: memory is flat, nothing is left", function()
  local o, rounds = luv.share({}), os.getenv("LUV_HOSTILE") and 2 or 20
  function o:make() return luv.share({}) end
  o.resident = luv.share(resident)
  local grown = work(function(p, rounds)
    local function go(n)
      local f = {}
      for i = 1, 10 do f[i] = luv.spawn(function() for k = 1, n do local x = p:make(); if k % 2 == 0 then luv.proxy.release(x) end end end) end
      for i = 1, 10 do f[i]:join() end
      collectgarbage()
      collectgarbage()
    end
    go(500)
    go(500)
    local before = p.resident()
    for _ = 1, rounds do go(500) end
    return p.resident() - before
  end, o, rounds)
  tap.ok(grown < 8000, grown .. " KB more after " .. rounds * 5000 .. " references")
  for _ = 1, 300 do
    collectgarbage()
    if luv.stats().proxies.held == 0 then break end
    luv.sleep(0.01)
  end
  tap.equal(luv.stats().proxies.held, 0)
end)

-- ---- random programs ------------------------------------------------------------------------

-- The same program, on objects that live in one state or in several: results and the objects' contents are
-- compared. A program is a list of steps on a few accounts; each account knows some others.
local function make_accounts(place, n)
  local list = {}
  for i = 1, n do list[i] = place(i) end
  return list
end

local function new_account(i)
  local a = {id = i, n = 0, friends = {}}
  function a:add(x) self.n = (self.n * 31 + x) % 1000003; return self.n end
  function a:befriend(k, other) self.friends[k] = other; return other ~= nil end
  function a:forward(k, depth, x)
    local f = self.friends[k]
    if not f then return nil, "no friend" end
    if depth == 0 then return f:add(x) end
    return f:forward(k, depth - 1, x + self.n)
  end
  function a:friend(k) return self.friends[k] end
  function a:fail(x) error({id = self.id, x = x}) end
  function a:echo(t) return t, self end
  return a
end

-- Performs the program, and returns what it came to as text. Objects are told by their ids.
local function perform(list, seed, steps)
  local out, x = {}, seed
  local function random(n)
    x = (x * 16807) % 2147483647
    return x % n + 1
  end
  for _ = 1, steps do
    local kind, a, b, k = random(8), list[random(#list)], list[random(#list)], random(3)
    local r
    if kind <= 2 then r = a:add(random(100))
    elseif kind == 3 then r = a:befriend(k, b)
    elseif kind == 4 then r = tostring(a:forward(k, random(4) - 1, random(50)))
    elseif kind == 5 then
      local f = a:friend(k)
      r = f and f.id .. ":" .. f.n
    elseif kind == 6 then
      local _, e = pcall(a.fail, a, random(9))
      r = e.id .. "!" .. e.x
    elseif kind == 7 then
      local t, self = a:echo({random(9), b, {x = a}})
      r = t[1] .. " " .. t[2].id .. " " .. tostring(self == a) .. tostring(t[3].x == a) .. tostring(t[2] == b)
    else
      a.n = a.n + random(10)
      r = a.n
    end
    out[#out + 1] = tostring(r)
  end
  for i = 1, #list do out[#out + 1] = list[i].n end
  return table.concat(out, "\n")
end

tap.test("random programs over 4 threads come to the same as in one state", function()
  local steps = os.getenv("LUV_HOSTILE") and 30 or 150
  for seed = 1, 12 do
    local here = perform(make_accounts(new_account, 8), seed * 7919, steps)
    local asks, backs, threads = {}, {}, {}
    for i = 1, 4 do
      local ask, back = thread.chan(1), thread.chan(1)
      asks[i], backs[i] = ask, back
      threads[i] = thread.create(function()
        for id in ask:iter() do back:put(luv.share(new_account(id))) end
      end)
    end
    local list = make_accounts(function(i)
      if i % 5 == 0 then return luv.share(new_account(i)) end
      asks[i % 5]:put(i)
      return backs[i % 5]:get()
    end, 8)
    local there = work(perform, list, seed * 7919, steps)
    tap.equal(there, here, "seed " .. seed)
    list = nil
    for i = 1, 4 do asks[i]:close() end
    for i = 1, 4 do threads[i]:join() end
  end
end)

tap.done()
