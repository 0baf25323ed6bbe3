-- luv.codec: values into a string and back, what is refused and how, and strings that lie.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local codec = luv.codec
local encode, decode = codec.encode, codec.decode
local test, both, equal, ok, fails, raises = tap.test, tap.both, tap.equal, tap.ok, tap.fails, tap.raises

local function again(...) return decode(encode(...)) end
local function refused(path, ...) return raises("cannot encode " .. path .. "$", encode, ...) end
local function changed(s, at, c) return s:sub(1, at - 1) .. c .. s:sub(at + 1) end

-- ---- data -----------------------------------------------------------------------------

both("codec.encode and codec.decode: scalars, in their number", function()
  local got = tap.pack(again(nil, true, false, "", "x", nil, 1.5, nil))
  equal(got.n, 8)
  equal(got[1], nil); equal(got[2], true); equal(got[3], false); equal(got[4], "")
  equal(got[5], "x"); equal(got[7], 1.5); equal(got[8], nil)
  equal(select("#", again()), 0)
  equal(select("#", again(nil)), 1)
end)

test("codec: every number, exactly", function()
  local zero = 0
  local numbers = {0, 1, 127, 128, 255, 16383, 16384, 2 ^ 31, 2 ^ 32 + 1, 2 ^ 49 - 1, 2 ^ 49, 2 ^ 49 + 1,
    2 ^ 53, 2 ^ 53 - 1, 2 ^ 63, 2 ^ 64, 1e308, 5e-324, 0.1, math.pi, 1 / 3, math.huge, 1.7976931348623157e308}
  for _, n in ipairs(numbers) do
    equal(again(n), n)
    equal(again(-n), -n)
  end
  equal(1 / again(-1 / math.huge), -math.huge, "minus zero")
  equal(1 / again(zero), math.huge, "zero")
  local nan = again(zero / zero)
  ok(nan ~= nan, "nan is nan")
  for _ = 1, 20000 do
    local n = (math.random() - 0.5) * 2 ^ math.random(-1000, 1000)
    if again(n) ~= n then error(("%.17g"):format(n)) end
    n = math.random(-2 ^ 30, 2 ^ 30) * 2 ^ math.random(0, 22)
    if again(n) ~= n then error(("%.17g"):format(n)) end
  end
end)

test("codec: strings of every length, with every byte", function()
  local all = {}
  for i = 0, 255 do all[i + 1] = string.char(i) end
  all = table.concat(all)
  for n = 0, 300 do
    local s = all:rep(2):sub(1, n)
    equal(again(s), s)
  end
  local long = all:rep(5000)
  equal(again(long), long)
  local a, b, c = again({long, long}, long)
  ok(a[1] == long and a[2] == long and b == long and c == nil)
  ok(#encode({long, long, long}) < #long + 100, "a long string stands in the message once")
end)

test("codec: tables of every shape", function()
  local t = {1, 2, 3, [0] = "zero", [-1] = "minus", [2.5] = "half", [true] = "yes", [false] = "no", a = {b = {}}}
  tap.same(again(t), t)
  tap.same(again({nil, 2, nil, 4}), {nil, 2, nil, 4})
  tap.same(again({}), {})
  tap.same(again({[0] = 1}), {[0] = 1})
  tap.same(again({[1e15] = 1, [-1e300] = 2}), {[1e15] = 1, [-1e300] = 2})
  local sparse, backwards, mixed = {}, {}, {}
  for i = 0, 30 do sparse[2 ^ i] = i end
  for i = 1000, 1, -1 do backwards[i] = i end
  for i = 1, 1000 do mixed[i], mixed["k" .. i] = i, {i} end
  for i = 100, 200 do mixed[i] = nil end
  tap.same(again(sparse), sparse)
  ok(#encode(sparse) < 1000, "holes take no room")
  tap.same(again(backwards), backwards)
  tap.same(again(mixed), mixed)
  for n = 0, 300 do
    local list, map = {}, {}
    for i = 1, n do list[i], map["k" .. i] = i, i end
    tap.same(again(list), list)
    tap.same(again(map), map)
    equal(#again(list), n)
  end
end)

test("codec: cycles and shared references, in keys too", function()
  local t, shared = {}, {}
  t.self, t[t], t[shared], t.a, t.b = t, "key", shared, shared, {shared}
  local u, again_shared = again(t, shared)
  ok(u.self == u and u ~= t)
  equal(u[u], "key")
  ok(u.a == u.b[1] and u[u.a] == u.a and u.a == again_shared)
  local a, b = again(t, t)
  ok(a == b, "between arguments")
  local keys = again({[{1}] = {2}, [{3}] = 4})
  local sum = 0
  for k, v in pairs(keys) do sum = sum + k[1] + (type(v) == "table" and v[1] or v) end
  equal(sum, 10)
end)

test("codec: a list of 100,000, a table 100,000 deep", function()
  local list, at = {}, nil
  at = list
  for i = 1, 100000 do
    at.n, at.next = i, {}
    at = at.next
  end
  local n = 0
  at = again(list)
  while at.next do
    n = n + 1
    equal(at.n, n)
    at = at.next
  end
  equal(n, 100000)
  fails("EMSGSIZE", decode(encode(list), {depth = 1000}))
  local key = {}
  for _ = 1, 10000 do key = {[key] = "k", list = {1, {2}}} end
  n = 0
  at = again(key)
  while next(at) do
    equal(at.list[2][1], 2)
    local deeper
    for k in pairs(at) do if type(k) == "table" then deeper = k end end
    at, n = deeper, n + 1
  end
  equal(n, 10000)
end)

test("codec: more than a million levels are refused", function()
  local t = {}
  for _ = 1, 1000001 do t = {t} end
  raises("nested too deep", encode, t)
end)

test("codec: thousands of arguments", function()
  local t = {}
  for i = 1, 5000 do t[i] = {i} end
  local got = {again(unpack(t))}
  equal(#got, 5000)
  equal(got[5000][1], 5000)
  for i = 5001, 7001 do t[i] = i end
  raises("more than 7000 values", encode, unpack(t))
end)

test("codec: 100 MB", function()
  local s = ("0123456789"):rep(10000000)
  local m = encode({s, "end"})
  s = nil
  collectgarbage()
  local t = decode(m)
  ok(#t[1] == 100000000 and t[2] == "end")
  m, t = nil, nil
  collectgarbage()
  collectgarbage()
end)

-- ---- by reference -----------------------------------------------------------------------

test("codec: libraries pass by name, whatever a script has done to them", function()
  for _, v in ipairs({_G, string, table, math, io, os, debug, coroutine, package, package.loaded, luv, luv.timer,
      luv.zmq, luv.codec, print, string.format, os.time, io.write, io.stdout, require, luv.sleep, luv.codec.encode,
      luv.fiber.yield}) do
    ok(again(v) == v, tostring(v))
  end
  local format, sleep, timer = string.format, luv.sleep, luv.timer
  string.format, luv.sleep, luv.timer = nil, print, nil
  local good, err = pcall(function()
    local f, s, t = again(format, sleep, timer)
    ok(f == format and s == sleep and t == timer)
  end)
  string.format, luv.sleep, luv.timer = format, sleep, timer
  if not good then error(err, 0) end
  local renamed = {my = {fmt = string.format}}
  ok(again(renamed).my.fmt == string.format)
  if tap.jit then
    local ffi = require("ffi")
    ok(again(ffi) == ffi and again(bit.band) == bit.band and again(ffi.new) == ffi.new)
  end
end)

-- LuaJIT has eight of them as bytecode: string.len, math.deg, math.rad, table.foreach and so on.
test("codec: every function of the standard libraries passes by name", function()
  for _, lib in ipairs{"string", "table", "math", "io", "os", "debug", "coroutine", "package", "bit", "jit"} do
    for name, f in pairs(_G[lib] or {}) do
      if type(f) == "function" and name ~= "tmpname" then ok(again(f) == f, lib .. "." .. name) end -- tap has its own
    end
  end
  local len, deg, remove = string.len, math.deg, table.remove
  equal(#encode(len, deg, remove) < 100, true)
  local a, b, c = luv.thread.create(function() return len == string.len, deg == math.deg, remove == table.remove end):join()
  ok(a and b and c)
end)

test("codec: methods of luv's classes pass by name", function()
  local t = luv.timer.create()
  ok(again(t.start) == t.start and again(t.close) == t.close)
  local f = luv.fiber.create(function() end)
  ok(again(f.join) == f.join)
  t:close()
end)

test("codec: a function of a script under a standard name is a script's", function()
  local original = os.tmpname
  os.tmpname = function() return "mine" end
  local f = again(os.tmpname)
  os.tmpname = original
  equal(f(), "mine")
end)

test("codec: contexts of ØMQ pass by reference", function()
  local ctx = luv.zmq.create(0)
  local m = encode({ctx, ctx}, ctx)
  local t, other = decode(m)
  ok(t[1] == t[2] and t[1] == other and other ~= ctx)
  local a, b = ctx:socket(luv.zmq.PUSH), other:socket(luv.zmq.PULL)
  a:bind("inproc://codec")
  b:connect("inproc://codec")
  a:send("through the same context")
  equal(b:recv(), "through the same context")
  a:close()
  b:close()
  ctx:close()
  ok(other:closed())
  fails("EBADF", decode(m))
  refused("argument 1: field %[1%]: luv.zmq.context that is closed", {ctx})
end)

test("codec: a string keeps no context alive", function()
  local m = encode((luv.zmq.create(0)))
  for _ = 1, 3 do collectgarbage() end
  for _ = 1, 50 do luv.run("nowait") end
  fails("EBADF", decode(m))
  local ctx = luv.zmq.create(0)
  m = encode(ctx)
  local at = m:find("context", 1, true) + 7
  ok(fails("ESRCH", decode(changed(m, at, string.char((m:byte(at) + 1) % 256)))):find("another process"))
  ctx:close()
end)

-- ---- functions --------------------------------------------------------------------------

both("codec: functions with upvalues, varargs and recursion", function()
  local base, missing, last = 10, nil, "last"
  local function sum(...)
    local n = base
    for i = 1, select("#", ...) do n = n + (select(i, ...) or 100) end
    return n, missing, last
  end
  local a, b, c = again(sum)(1, nil, 3)
  equal(a, 114); equal(b, nil); equal(c, "last")
  local function factorial(n) return n < 2 and 1 or n * factorial(n - 1) end
  equal(again(factorial)(10), 3628800)
  local function plain() return 1 end
  equal(again(plain)(), 1)
  local even, odd
  function even(n) if n == 0 then return true end return odd(n - 1) end
  function odd(n) if n == 0 then return false end return even(n - 1) end
  equal(again({even = even}).even(7), false)
  local f, g = again(plain, plain)
  ok(f == g, "one function stays one")
end)

test("codec: shared upvalues stay shared", function()
  local n, other = 0, {}
  local function inc() n = n + 1; other[#other + 1] = n; return n end
  local function get() return n, other end
  local function set(v) n = v end
  local t = again({inc = inc, {get = get}, set})
  equal(t.inc(), 1)
  equal(t.inc(), 2)
  equal((t[1].get()), 2)
  equal(#select(2, t[1].get()), 2)
  t[2](40)
  equal(t.inc(), 41)
  equal(n, 0, "a copy")
  local made = {}
  for i = 1, 3 do
    local v = i
    made[i] = {set = function(x) v = x end, get = function() return v end}
  end
  made = again(made)
  made[1].set("one")
  equal(made[1].get(), "one"); equal(made[2].get(), 2); equal(made[3].get(), 3)
  local x = 1
  local function outer() return function() x = x + 1; return x end, function() return x end end
  local bump, read = outer()
  bump, read, outer = again(bump, read, outer)
  equal(bump(), 2); equal(read(), 2)
  equal((outer())(), 3); equal(read(), 3)
end)

test("codec: shared upvalues live through collections", function()
  local fns = {}
  for i = 1, 200 do
    local cell, junk = {i}, ("x"):rep(i)
    fns[i] = {function() return cell, junk end, function(v) cell = v end}
  end
  local m = encode(fns)
  collectgarbage("setpause", 50)
  collectgarbage("setstepmul", 1000)
  for _ = 1, 5 do
    local list = decode(m)
    for i = 1, 200 do list[i][2]({-i}) end
    collectgarbage()
    for i = 1, 200 do equal(list[i][1]()[1], -i) end
  end
  collectgarbage("setpause", 200)
  collectgarbage("setstepmul", 200)
end)

test("codec: a function gets the globals of where it is decoded", function()
  local function global() return tostring(here) end
  setfenv(global, {tostring = tostring, here = "environment"})
  equal(global(), "environment")
  rawset(_G, "here", "globals")
  equal(again(global)(), "globals")
  rawset(_G, "here", nil)
end)

test("codec: the seal", function()
  local n = 1
  local m = encode(function() n = n + 1; return n end)
  equal(decode(m)(), 2)
  for _, at in ipairs({#m, #m - 31, #m - 40, math.floor(#m / 2), 10}) do
    local value, message, code = decode(changed(m, at, string.char((m:byte(at) + 1) % 256)))
    ok(value == nil and (code == "EACCES" or code == "EPROTO"), message)
  end
  fails("EACCES", decode(changed(m, #m, string.char((m:byte(#m) + 1) % 256))))
  equal(decode(changed(m, #m, "x"), {functions = true})(), 2)
  ok(fails("EACCES", decode(m, {functions = false})):find("functions are refused"))
  fails("EACCES", decode(encode(print), {functions = false}))
  tap.same(decode(encode({1}), {functions = false}), {1})
end)

test("codec: what is no bytecode of this interpreter is never loaded", function()
  local m = encode(function() return "a constant" end)
  local at = m:find("\27L", 1, true)
  fails("EPROTO", decode(changed(m, at, "r"), {functions = true}))
  fails("EPROTO", decode(changed(m, at + 3, "\9"), {functions = true}))
end)

-- ---- between processes ---------------------------------------------------------------------

local function child(lua, script, input)
  local file, program = tap.tempfile(input), tap.tempfile(
    'package.cpath = ' .. ("%q"):format(package.cpath) ..
    ' local luv = require("luv") local f = io.open(arg[1], "rb") local s = f:read("*a") f:close() ' .. script)
  local out, err, rc = tap.shell(lua .. " " .. program .. " " .. file)
  os.remove(file)
  os.remove(program)
  equal(rc, 0, err)
  return out
end

test("codec: data is the same for both interpreters, functions are not", function()
  local cycle = {list = {1, 2.5, -3, "x", true}, [0] = "zero", [1.5] = {}}
  cycle.self = cycle
  local ran = 0
  for _, lua in ipairs({"lua5.1", "luajit"}) do
    if tap.has(lua) then
      ran = ran + 1
      local out = child(lua, [[local t, n, fmt = luv.codec.decode(s)
        assert(t.self == t and t.list[2] == 2.5 and t[0] == "zero" and next(t[1.5]) == nil and fmt == string.format)
        io.write(luv.codec.encode(t, nil, n, fmt))]], encode(cycle, nil, string.format))
      local t, _, n, fmt = decode(out)
      ok(t.self == t and n == nil and fmt == string.format)
      tap.same(t.list, cycle.list)
      out = child(lua, [[io.write(table.concat({tostring(luv.codec.decode(s)), select(2, luv.codec.decode(s)),
        tostring((select(2, luv.codec.decode(s, {functions = true}))))}, "\n"))]], encode(function() return 1 end))
      ok(out:find("^nil\nEACCES"), out)
      local jit = lua == "luajit"
      if jit == tap.jit then ok(out:find("\nnil$"), out)
      else ok(out:find("\nEPROTONOSUPPORT: protocol not supported: bytecode of Lua.*, and this is Lua"), out) end
    end
  end
  ok(ran > 0)
end)

-- ---- __codec ---------------------------------------------------------------------------------

local Point = {}
Point.__index = Point
local function point(x, y) return setmetatable({x = x, y = y}, Point) end

test("codec: metatables by __codec, with a function", function()
  Point.__codec = function(p)
    return function(v)
      local class = require("luv").points
      return setmetatable({x = v[1], y = v[2]}, class)
    end, {p.x, p.y}
  end
  luv.points = Point
  local p = point(1, 2)
  local t, q = again({p, p, inner = {point(3, p)}}, p)
  luv.points = nil
  ok(t[1] == t[2] and t[1] == q and getmetatable(q) == Point and q ~= p)
  equal(q.y, 2)
  ok(t.inner[1].y == q and getmetatable(t.inner[1]) == Point)
end)

test("codec: metatables by __codec, with a name", function()
  Point.__codec = function(p) return "test-codec.point", {p.x, p.y} end
  local hook = function(v) return point(v[1], v[2]) end
  local m = encode(point(5, 6))
  ok(fails("ENOSYS", decode(m)):find("test%-codec.point"))
  rawset(_G, "test-codec.point", hook)
  equal(decode(m).y, 6)
  rawset(_G, "test-codec.point", nil)
  debug.getregistry()["test-codec.point"] = hook
  equal(decode(m).y, 6)
  fails("EACCES", decode(m, {functions = false}))
  fails("EACCES", decode(changed(m, #m, string.char((m:byte(#m) + 1) % 256))))
  debug.getregistry()["test-codec.point"] = nil
  local unsealed = changed(m, #m, string.char((m:byte(#m) + 1) % 256))
  equal(decode(unsealed, {hooks = {["test-codec.point"] = hook}}).x, 5)
end)

test("codec: userdata by __codec", function()
  local u = newproxy(true)
  getmetatable(u).__codec = function(o) return tostring, o == u end
  equal(again(u), "true")
  local a = again({u, u})
  equal(a[1], "true"); equal(a[2], "true")
end)

test("codec: without __codec a metatable is left behind", function()
  local t = again(setmetatable({a = 1}, {__index = error, __newindex = error, __len = error}))
  equal(t.a, 1)
  equal(getmetatable(t), nil)
end)

test("codec: a __codec that goes wrong", function()
  local function with(hook) return setmetatable({}, {__codec = hook}) end
  raises("argument 2: field 'p': __codec: .*oops", encode, 1, {p = with(function() error("oops") end)})
  raises("__codec: a function or a name expected, got nil", encode, with(function() end))
  raises("__codec: a function or a name expected, got table", encode, with(function(o) return o, o end))
  raises("refers to itself through __codec", encode, with(function(o) return tostring, {o} end))
  raises("__codec: coroutine", encode, with(function() return tostring, coroutine.create(function() end) end))
  raises("attempt to call", encode, with(true))
  local m = encode(with(function() return function() error("cannot be made") end, 1 end))
  ok(fails("EINVAL", decode(m)):find("__codec: .*cannot be made"))
  local t = {}
  setmetatable(t, {__codec = function(o) o[1] = nil; for i = 2, 200 do o[i] = i end return tostring, 1 end})
  equal(again({t, 7})[2], 7)
end)

test("codec: a __codec may encode, and be collected", function()
  local function hook(o) collectgarbage(); return string.upper, encode(o.v) .. "x" end
  local list = {}
  for i = 1, 50 do list[i] = setmetatable({v = "v" .. i}, {__codec = hook}) end
  local got = again(list)
  for i = 1, 50 do equal(got[i], (encode("v" .. i) .. "x"):upper()) end
end)

test("codec: a cancellation is still one", function()
  local f = luv.spawn(function() luv.sleep(10) end)
  luv.fiber.yield()
  f:cancel("why")
  local _, err = luv.pcall(f.join, f)
  local copy, same = again(err, {err})
  local is, reason = luv.cancelled(copy)
  ok(is and reason == "why" and same[1] == copy)
end)

-- ---- what is refused -----------------------------------------------------------------------

test("codec: what cannot be encoded is named with the whole path", function()
  local thread, timer, fiber = coroutine.create(function() end), luv.timer.create(), luv.fiber.create(function() end)
  local function up() return timer end
  refused("argument 2: field 'db': luv.timer", 1, {db = timer})
  refused("argument 1: upvalue 'timer': luv.timer", up)
  refused("argument 1: field %[2%]: field 'f': upvalue 'timer': luv.timer", {1, {f = up}})
  refused("argument 3: coroutine", nil, nil, thread)
  refused("argument 1: luv.fiber", fiber)
  refused("argument 1: luv.thread", luv.self())
  refused("argument 1: a key: coroutine", {[thread] = 1})
  refused("argument 1: a key: field %[1%]: userdata", {[{newproxy()}] = 1})
  refused("argument 1: field %[boolean%]: userdata", {[true] = newproxy()})
  refused("argument 1: C function", (string.gmatch("", "")))
  refused("argument 1: field 'w': C function", {w = coroutine.wrap(function() end)})
  if tap.jit then refused("argument 1: cdata", require("ffi").new("int[1]")) end
  local deep = thread
  for _ = 1, 1000 do deep = {x = deep} end
  refused("argument 1: field 'x': .*%(%d+ more%): .*field 'x': coroutine", deep)
  timer:close()
end)

test("codec: a refusal leaves nothing behind", function()
  local thread, big, ctx = coroutine.create(function() end), ("x"):rep(1000000), luv.zmq.create(0)
  collectgarbage()
  collectgarbage()
  for _ = 1, 3000 do ok(not pcall(encode, big, ctx, {1, {thread}})) end
  ctx:close()
  local rss = io.open("/proc/self/statm"):read("*a"):match("^%d+ (%d+)") * 4 / 1024
  ok(rss < 700, rss .. " MB")
end)

test("codec.encode, codec.decode: wrong arguments", function()
  raises("bad argument #1 to 'decode' %(string expected, got no value%)", decode)
  raises("bad argument #1 to 'decode' %(string expected, got number%)", decode, 1)
  raises("bad argument #2 to 'decode' %(table expected, got boolean%)", decode, "", true)
  raises("#2 to 'decode' %(no option is called 'function'%)", decode, "", {["function"] = true})
  raises("#2 to 'decode' %(options have names%)", decode, "", {true})
  raises("#2 to 'decode' %(functions: true or false expected%)", decode, "", {functions = 1})
  for _, wrong in ipairs({-1, 0 / 0, "1", {}, true}) do
    raises("depth: a number of 0 or more expected", decode, "", {depth = wrong})
    raises("size: a number of 0 or more expected", decode, "", {size = wrong})
  end
  raises("hooks: a table of functions expected", decode, "", {hooks = print})
end)

test("codec: limits", function()
  local m = encode({{{1}}})
  ok(decode(m, {depth = 3, size = #m}))
  ok(fails("EMSGSIZE", decode(m, {depth = 2})):find("nested more than 2 deep"))
  equal(decode(encode(1), {depth = 0}), 1)
  fails("EMSGSIZE", decode(encode({}), {depth = 0}))
  fails("EMSGSIZE", decode(m, {size = #m - 1}))
  ok(decode(m, {depth = math.huge, size = math.huge}))
end)

-- ---- strings that lie ------------------------------------------------------------------------

test("codec: a string cut anywhere", function()
  local t = {1, 2.5, "x", ("long"):rep(20), {a = {}}, print, [true] = -7}
  t.self = t
  local upvalue = 5
  for _, m in ipairs({encode(t, ("long"):rep(20)), encode(function() return upvalue end, t)}) do
    for n = 0, #m - 1 do
      for _, functions in ipairs({true, false}) do
        local value, message, code = decode(m:sub(1, n), {functions = functions})
        if value ~= nil or not code then error("cut at " .. n .. ": " .. tostring(value) .. tostring(message)) end
      end
    end
    fails("EPROTO", decode(encode(t) .. "x"))
  end
end)

test("codec: lies about length, count, place and kind", function()
  local huge = "\255\255\255\255\255\255\255\255\127"
  for _, body in ipairs({
    "\1\6" .. huge, "\1\8" .. huge .. "\0\0\0\0", "\1\8\0\255\255\255\255", "\1\8\255\255\255\255\7\0\0\0\0",
    huge, "\1\6\255\255\255\255\255\255\255\255\255\255\255\1", "\1\16\0", "\1\16" .. huge, "\1\63", "\1\19",
    "\1\8\1\0\0\0\0", "\1\8\0\1\0\0\0\0\1", "\1\8\0\1\0\0\0\3\0\0\0\0\0\0\248\127\1", "\1\7\1x", "\1\12\129x\1", "\1\10\0\0\0\0",
    "\1\18\129", "\1\17" .. huge, "\1\14\3abc\0\0\0\0\0\0\0\0\1", "\1\3\0\0\0", "\1\127x", "\2\129", "\1\129\129",
  }) do
    local value, message, code = decode("\1\0" .. body)
    if value ~= nil or code ~= "EPROTO" then error(("%q: "):format(body) .. tostring(value) .. tostring(message)) end
  end
  fails("ENOSYS", decode("\1\0\1\17\6string\4nono"))
  fails("EMSGSIZE", decode("\1\0\200\63" .. ("\0"):rep(8136)))
  fails("EPROTONOSUPPORT", decode("\2\0\0"))
  fails("EPROTO", decode("\1\4\0"))
  fails("EPROTO", decode(""))
end)

test("codec: counts that lie in nested tables take no memory", function()
  local head, filler = "\8\200\208\7\0\0\0\0", ("\0"):rep(125000) -- a table of 125,000 items
  local m = "\1\0\1" .. head:rep(1000) .. filler
  collectgarbage()
  local before = collectgarbage("count")
  collectgarbage("stop")
  fails("EPROTO", decode(m))
  local used = collectgarbage("count") - before
  collectgarbage("restart")
  ok(used < 64 * #m / 1024, used .. " KB for " .. #m .. " bytes")
end)

-- The byte strings of the fuzz tests, in short: those run much longer (bridge/codec_test.go).
test("codec: messages with bytes changed", function()
  local t = {1, 2.5, "x", ("long"):rep(20), {a = {}}, print, [true] = -7, f = {{}, {}}}
  t.self = t
  local m = encode(t, t, ("long"):rep(20))
  for i = 1, 20000 do
    local s = m
    for _ = 1, math.random(3) do s = changed(s, math.random(3, #s), string.char(math.random(0, 255))) end
    local value, message, code = decode(s)
    if value == nil and message and not (code and message:find("^" .. code .. ": ")) then error(i .. ": " .. message) end
  end
end)

tap.done()
