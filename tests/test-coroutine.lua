-- luv.coroutine is Lua's own: in a fiber it gives what it gives in the main chunk; then
-- coroutines that wait.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local native = coroutine

local function none() end
local function echo(...) return ... end

local cases = {
  ["resume passes values both ways"] = function(co)
    local c = co.create(function(a, b)
      local x, y = co.yield(a + b, nil, "first")
      return x .. y, nil
    end)
    local r = {tap.pack(co.resume(c, 1, 2)), tap.pack(co.resume(c, "x", "y"))}
    return r, co.status(c)
  end,
  ["status: suspended, dead"] = function(co)
    local c = co.create(none)
    local before = co.status(c)
    co.resume(c)
    return before, co.status(c)
  end,
  ["status: running, normal"] = function(co)
    local outer, seen = nil, {}
    outer = co.create(function()
      seen[1] = co.status(outer)
      co.resume(co.create(function() seen[2] = co.status(outer) end))
    end)
    co.resume(outer)
    return seen
  end,
  ["status after an error"] = function(co)
    local c = co.create(function(e) error(e) end)
    co.resume(c, "x")
    return co.status(c)
  end,
  ["resume of a dead one"] = function(co)
    local c = co.create(none)
    co.resume(c)
    return co.resume(c)
  end,
  ["resume of itself"] = function(co)
    local c
    c = co.create(function() return co.resume(c) end)
    return co.resume(c)
  end,
  ["resume of a normal one"] = function(co)
    local outer
    outer = co.create(function()
      return co.resume(co.create(function() return co.resume(outer) end))
    end)
    return co.resume(outer)
  end,
  ["resume after an error"] = function(co)
    local c = co.create(function(e) error(e) end)
    return tap.pack(co.resume(c, "x")), tap.pack(co.resume(c))
  end,
  ["errors: string, nil, table, false"] = function(co)
    local t = {}
    local r, raise = {}, function(e) error(e, 0) end
    for i, v in ipairs{"s", t, false} do r[i] = tap.pack(co.resume(co.create(raise), v)) end
    r[4] = tap.pack(co.resume(co.create(raise), nil))
    return r, r[2][2] == t
  end,
  ["error with position"] = function(co)
    return co.resume(co.create(function() error("oops") end))
  end,
  ["wrap: values"] = function(co)
    local f = co.wrap(function(...) while true do co.yield(select("#", ...), ...) end end)
    return tap.pack(f(1, nil, 3)), tap.pack(f())
  end,
  ["wrap: error"] = function(co)
    return pcall(co.wrap(function() error("oops", 0) end))
  end,
  ["wrap: error, called in Lua"] = function(co)
    local f = co.wrap(function() error("oops") end)
    return pcall(function() local r = f(); return r end)
  end,
  ["wrap: table error"] = function(co)
    local t = {}
    local ok, e = pcall(co.wrap(function() error(t) end))
    return ok, e == t
  end,
  ["wrap: dead"] = function(co)
    local f = co.wrap(none)
    f()
    return pcall(function() local r = f(); return r end)
  end,
  ["wrap as an iterator"] = function(co)
    local sum = 0
    for i in co.wrap(function() for i = 1, 10 do co.yield(i) end end) do sum = sum + i end
    return sum
  end,
  ["nested generators"] = function(co)
    local function walk(t)
      if type(t) ~= "table" then co.yield(t) return end
      for _, v in ipairs(t) do
        for x in co.wrap(function() walk(v) end) do co.yield(x) end
      end
    end
    local found = {}
    for x in co.wrap(function() walk{1, {2, {3, {4}}, 5}, {{6}}} end) do found[#found + 1] = x end
    return found
  end,
  ["running inside is the coroutine"] = function(co)
    local c
    c = co.create(function() return co.running() == c end)
    return co.resume(c)
  end,
  ["running in a nested one"] = function(co)
    local a, b
    a = co.create(function()
      b = co.create(function() return co.running() == b end)
      local _, inner = co.resume(b)
      return inner, co.running() == a
    end)
    return co.resume(a)
  end,
  ["yield across a sort is an error"] = function(co)
    local ok = co.resume(co.create(function()
      table.sort({2, 1}, function() co.yield() end)
    end))
    return ok
  end,
  ["200 values through"] = function(co)
    local t = {}
    for i = 1, 200 do t[i] = i end
    local f = co.wrap(function(...) return co.yield(...) end)
    return select("#", f(unpack(t))), select("#", f(unpack(t)))
  end,
  ["5000 values through"] = function(co)
    local t = {}
    for i = 1, 5000 do t[i] = i end
    local f = co.wrap(function(...) return co.yield(...) end)
    return select("#", f(unpack(t))), (select(5000, f(unpack(t))))
  end,
  ["wrong arguments"] = function(co)
    return (pcall(co.create)), (pcall(co.create, 1)), (pcall(co.resume)), (pcall(co.resume, 1)),
      (pcall(co.wrap, nil)), (pcall(co.status, {}))
  end,
  ["globals are shared"] = function(co)
    return co.resume(co.create(function() return getfenv(0) == _G end))
  end,
  ["many, interleaved"] = function(co)
    local all, sum = {}, 0
    for i = 1, 100 do all[i] = co.wrap(function() for k = 1, 5 do co.yield(i * k) end end) end
    for _ = 1, 5 do for i = 1, 100 do sum = sum + all[i]() end end
    return sum
  end,
}

local function luvs(case) return tap.pack(case(luv.coroutine)) end

local places = {
  {"main chunk", luvs},
  {"fiber", function(case) return tap.fiber(luvs, case) end},
  {"pcall in a fiber", function(case)
    return tap.fiber(function() return select(2, assert(luv.pcall(luvs, case))) end)
  end},
  {"coroutine in a fiber", function(case)
    return tap.fiber(function() return luv.coroutine.wrap(luvs)(case) end)
  end},
}

local names = {}
for name in pairs(cases) do names[#names + 1] = name end
table.sort(names)
for _, name in ipairs(names) do
  tap.test("as the native: " .. name, function()
    local want = tap.pack(cases[name](native))
    for _, place in ipairs(places) do tap.same(place[2](cases[name]), want, place[1]) end
  end)
end

-- ---- coroutines that wait -----------------------------------------------------------

tap.test("running: nil in the main chunk, a thread in a fiber", function()
  tap.equal(luv.coroutine.running(), nil)
  local co = tap.fiber(luv.coroutine.running)
  tap.equal(type(co), "thread")
end)

tap.test("running is the same inside a pcall", function()
  tap.fiber(function()
    local a = luv.coroutine.running()
    local _, b = luv.pcall(luv.coroutine.running)
    tap.equal(a, b)
    luv.coroutine.wrap(function()
      local c = luv.coroutine.running()
      tap.equal(select(2, luv.pcall(luv.coroutine.running)), c)
    end)()
  end)
end)

tap.both("a generator that sleeps", function()
  local got = {}
  local next_value = luv.coroutine.wrap(function()
    for i = 1, 5 do luv.sleep(0.001); luv.coroutine.yield(i); luv.sleep(0.001) end
  end)
  local i = next_value()
  while i do
    got[#got + 1] = i
    i = next_value()
  end
  tap.same(got, {1, 2, 3, 4, 5})
end)

tap.test("a coroutine that sleeps lets other fibers run", function()
  local other = 0
  local f = luv.spawn(function() for _ = 1, 5 do luv.sleep(0.002); other = other + 1 end end)
  tap.fiber(function()
    local co = luv.coroutine.create(function() luv.sleep(0.03); return "woke" end)
    tap.same(tap.pack(luv.coroutine.resume(co)), {n = 2, true, "woke"})
    tap.equal(luv.coroutine.status(co), "dead")
  end)
  f:join()
  tap.equal(other, 5)
end)

tap.test("status of a coroutine that waits is normal, and it cannot be resumed", function()
  local co, status, ok, msg
  local f = luv.spawn(function()
    co = luv.coroutine.create(function() luv.sleep(0.02); return 7 end)
    return luv.coroutine.resume(co)
  end)
  luv.sleep(0.005)
  status = luv.coroutine.status(co)
  ok, msg = luv.coroutine.resume(co)
  tap.same(tap.pack(f:join()), {n = 2, true, 7})
  tap.equal(status, "normal")
  tap.equal(ok, false)
  tap.match(msg, "cannot resume")
end)

tap.test("a coroutine started in one fiber and gone on with in another, waiting in both", function()
  local co = coroutine.create(function()
    pcall(luv.sleep, 0.002)
    local x = coroutine.yield("in the first")
    pcall(luv.sleep, 0.002)
    return x
  end)
  tap.same(tap.pack(tap.fiber(coroutine.resume, co)), {n = 2, true, "in the first"})
  collectgarbage()
  tap.same(tap.pack(tap.fiber(coroutine.resume, co, "x")), {n = 2, true, "x"})
  tap.equal(coroutine.status(co), "dead")
end)

tap.test("a coroutine started in a fiber, gone on with in the main chunk", function()
  local f = luv.coroutine.wrap(function()
    for i = 1, 3 do luv.sleep(0.001); luv.coroutine.yield(i) end
    return "end"
  end)
  tap.equal(tap.fiber(f), 1)
  tap.equal(f(), 2)
  tap.equal(tap.fiber(f), 3)
  tap.equal(f(), "end")
end)

tap.test("a native coroutine in the main chunk may wait: it runs the loop in place", function()
  local ran = false
  luv.spawn(function() ran = true end)
  local ok, v = native.resume(native.create(function() luv.sleep(0.005); return "x" end))
  tap.equal(ok, true)
  tap.equal(v, "x")
  tap.equal(ran, true)
end)

tap.test("a native coroutine in a fiber may yield and be resumed", function()
  local got = tap.fiber(function()
    local t = {}
    for i in native.wrap(function() for i = 1, 3 do native.yield(i) end end) do
      t[#t + 1] = i
      luv.sleep(0)
    end
    return t
  end)
  tap.same(got, {1, 2, 3})
end)

tap.test("they are Lua's own", function()
  for name, fn in pairs(luv.coroutine) do
    if name ~= "__name" then tap.equal(fn, coroutine[name], name) end
  end
end)

tap.done()
