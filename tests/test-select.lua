-- luv.select: every kind of case, fairness, what losers lose (nothing), mistakes.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local select_ = luv.select

local function settle() for _ = 1, 3 do luv.fiber.yield() end end

tap.both("the case that is ready, with the results of its call", function()
  local a, b, c = luv.chan(1), luv.chan(1), luv.chan()
  a:put("x")
  tap.same(tap.pack(select_{{b, "get"}, {a, "get"}}), {n = 2, 2, "x"})
  tap.same(tap.pack(select_{{c, "get"}, {b, "put", "y"}}), {n = 2, 2, b})
  tap.same(tap.pack(select_{{a}, {b}}), {n = 2, 2, "y"})
  b:close()
  local i, v, _, code = select_{{a}, {b}}
  tap.same({i, v, code}, {2, nil, "EOF"})
end)

tap.both("waits for the first; the losers are untouched", function()
  local a, b = luv.chan(), luv.chan()
  luv.spawn(function() luv.sleep(0.002); b:put(1); a:put(2) end)
  tap.same({select_{{a, "get"}, {b, "get"}}}, {2, 1})
  tap.same({select_{{a, "get"}, {b, "get"}}}, {1, 2})
  luv.spawn(function() luv.sleep(0.002); tap.equal(b:get(), "two") end)
  tap.same({select_{{a, "put", "one"}, {b, "put", "two"}}}, {2, b})
  tap.fails("ETIMEDOUT", a:get(0))
end)

tap.both("a select does not meet itself, two selects meet", function()
  local ch = luv.chan()
  tap.fails("ETIMEDOUT", select_{{ch, "put", 1}, {ch, "get"}, timeout = 0.005})
  local f = luv.spawn(function() return select_{{ch, "get"}} end)
  tap.same({select_{{ch, "put", "v"}, timeout = 5}}, {1, ch})
  tap.same({f:join()}, {1, "v"})
end)

tap.both("every primitive", function()
  local m, s, g, e, c = luv.mutex():lock(), luv.semaphore(0), luv.waitgroup():add(), luv.event(), luv.cond()
  local s2 = luv.semaphore(0)
  local cases = {{m, "lock"}, {s2, "acquire", 2}, {g}, {e, "wait"}, {c, "wait"}, {s, "acquire", 1}, {s, "acquire", 1}}
  local function during(fn, index)
    local f = luv.spawn(function() local i = select_(cases); return i end)
    settle()
    fn()
    tap.equal(f:join(5), index)
  end
  local f = luv.spawn(function() return (select_{{s, "acquire"}, {s, "acquire"}}) end)
  settle()
  s:release(2)
  tap.ok(f:join(5))
  tap.equal(s:value(), 1, "the loser took none")
  tap.equal(s:try_acquire(), s)
  during(function() s2:release(2) end, 2)
  tap.equal(s2:value(), 0)
  during(function() e:set() end, 4)
  e:clear()
  during(function() c:signal() end, 5)
  during(function() g:done() end, 3)
  g:add()
  during(function() m:unlock() end, 1)
  tap.equal(m:locked(), false, "it was the fiber's that is dead now")
  s:close()
end)

tap.both("a mutex that a select has locked is its fiber's", function()
  local m = luv.mutex()
  tap.same({select_{{m, "lock"}}}, {1, m})
  m:unlock()
  m:lock()
  local f = luv.spawn(function() select_{{m, "lock"}}; m:unlock(); return "ok" end)
  settle()
  m:unlock()
  tap.equal(f:join(), "ok")
end)

tap.both("sockets, timers, fibers", function()
  local a, b = luv.net.socketpair()
  local ch = luv.chan()
  local t = luv.timer.create():start(2, 1000)
  tap.equal((select_{{ch}, {a, "read"}, {t}}), 3)
  t:stop()
  luv.spawn(function() luv.sleep(0.002); b:write("hello") end)
  tap.same({select_{{ch}, {a, "read"}, timeout = 5}}, {2, 5, "hello"})
  tap.same({select_{{luv.spawn(function() luv.sleep(0.002); return 1, 2 end)}, {a, "read"}}}, {1, 1, 2})
  b:write("rest")
  tap.same({a:read_exactly(4)}, {"rest"})
  local dead = luv.spawn(function() luv.sleep(0.002); error("it died") end)
  tap.raises("it died", select_, {{dead}, {ch}})
  a:close()
  b:close()
  t:close()
end)

tap.both("ØMQ and accept", function()
  local ctx = luv.zmq.create()
  local p, q = ctx:socket(luv.zmq.PAIR), ctx:socket(luv.zmq.PAIR)
  p:bind("inproc://select")
  q:connect("inproc://select")
  local ch = luv.chan()
  tap.fails("ETIMEDOUT", select_{{p, "recv"}, {ch}, timeout = 0.005})
  luv.spawn(function() luv.sleep(0.002); q:send("m") end)
  tap.same({select_{{ch}, {p, "recv"}, timeout = 5}}, {2, "m"})
  luv.spawn(function() luv.sleep(0.002); q:send{"a", "", "c"}; q:send{"d", "e"} end)
  tap.same({select_{{ch}, {p, "recv"}, timeout = 5}}, {2, "a", "", "c"})
  tap.same({select_{{p, "recv_multipart"}, {ch}, timeout = 5}}, {1, {"d", "e"}})
  tap.same({(select_{{p, "recv", 0.002}, {ch}})}, {1})
  tap.same({select_{{ch}, {q, "send", {"x", "y"}}}}, {2, q})
  tap.same({p:recv()}, {"x", "y"})
  local server, port = tap.listen()
  luv.spawn(function() luv.net.tcp():connect("127.0.0.1", port):close() end)
  local i, client = select_{{p, "recv"}, {server, "accept"}, timeout = 5}
  tap.equal(i, 2)
  client:close()
  server:close()
  p:close()
  q:close()
  ctx:close()
end)

tap.both("threads, and what they share", function()
  local up, other = luv.thread.chan(), luv.thread.chan(1)
  local t = luv.thread.create(function(up, n)
    local luv = require("luv")
    luv.sleep(0.005)
    up:put("from the thread")
    luv.sleep(0.005)
    return n, "done"
  end, up, 7)
  tap.same({select_{{t}, {other}, {up}, timeout = 20}}, {3, "from the thread"})
  tap.same({select_{{up, "get"}, {t}, {other, "get"}, timeout = 20}}, {2, 7, "done"})
  tap.same({select_{{up, "get"}, {other, "put", {"a"}}}}, {2, other})
  tap.same({other:get()}, {{"a"}}, "put once")
  other:put("full")
  tap.fails("ETIMEDOUT", select_{{other, "put", "loser"}, {up}, timeout = 0.01})
  tap.equal(other:get(), "full")
  tap.fails("ETIMEDOUT", other:get(0.01)) -- the loser has put nothing
  other:put("still here")
  tap.same({select_{{other, "get"}, {up}, timeout = 5}}, {1, "still here"})
  local dead = luv.thread.create(function() error({code = 5}, 0) end)
  local ok, err = luv.pcall(select_, {{dead}, {up}})
  tap.same({ok, err}, {false, {code = 5}})
end)

tap.test("cases of one thread channel, of two in either order, from several threads", function()
  local a, b, done = luv.thread.chan(2), luv.thread.chan(2), luv.thread.chan(100)
  local one = luv.thread.create(function(a) require("luv").sleep(0.005); a:put("x") end, a)
  tap.same({select(2, select_{{a, "get"}, {a, "get"}, timeout = 20})}, {"x"})
  one:join()
  local function taker(first, second, done)
    local luv = require("luv")
    local n = 0
    while true do
      local _, v, _, code = luv.select{{first, "get"}, {second, "get"}}
      if code then return n end
      n = n + 1
    end
  end
  local t, u = luv.thread.create(taker, a, b), luv.thread.create(taker, b, a)
  for i = 1, 3000 do (i % 3 == 0 and a or b):put(i) end
  while #a > 0 or #b > 0 do luv.sleep(0.001) end
  a:close()
  tap.equal(t:join(20) + u:join(20), 3000)
  b:close()
  done:close()
end)

tap.both("two files, each with its own read", function()
  local path = tap.tempfile(("0123456789"):rep(10))
  local f, g = assert(luv.fs.open(path)), assert(luv.fs.open(path))
  for _ = 1, 10 do
    local i, n, data = select_{{f, "read", 3, 20}, {g, "read", 5, 31}, timeout = 5}
    tap.same({n, data}, i == 1 and {3, "012"} or {5, "12345"})
  end
  f:close()
  g:close()
  os.remove(path)
end)

tap.both("files and watched files: the loser's bytes stay", function()
  local path = tap.tempfile("first line\nrest")
  local ch, f = luv.chan(1), assert(luv.fs.open(path))
  ch:put("ready")
  for _ = 1, 20 do
    f:seek("set", 0)
    local i, n, data = select_{{ch, "get"}, {f, "read", 11}, timeout = 5}
    if i == 1 then ch:put("again") else tap.same({n, data}, {11, "first line\n"}) end
    tap.same({f:read(4)}, i == 1 and {4, "firs"} or {4, "rest"})
  end
  f:close()
  local w = assert(luv.fs.poll(path, 5))
  tap.fails("ETIMEDOUT", select_{{w}, {luv.chan()}, timeout = 0.02})
  w:close()
  os.remove(path)
end)

tap.both("a timer that ticked while another case won has lost no tick", function()
  local t, ch = luv.timer.create():start(1, 1), luv.chan(1)
  local ticks, others, last = 0, 0
  local stop = luv.hrtime() + 3e7
  while luv.hrtime() < stop do
    if #ch == 0 then ch:put(1) end
    local i, n = select_{{t}, {ch}}
    if i == 1 then ticks = ticks + n else others = others + 1 end
    luv.sleep(0)
  end
  last = luv.hrtime()
  tap.ok(ticks >= 1 and ticks <= 30 + (last - stop) / 1e6 + 1, "ticks: " .. ticks)
  tap.ok(others > 0)
  t:close()
end)

tap.both("default does not wait, timeout 0 fails", function()
  local ch, a, b = luv.chan(1), luv.net.socketpair()
  tap.same(tap.pack(select_{{ch}, default = true}), {n = 1})
  tap.same(tap.pack(select_{{ch}, {a, "read"}, default = true}), {n = 1})
  tap.fails("ETIMEDOUT", select_{{ch}, {a, "read"}, timeout = 0})
  b:write("x")
  local i
  for _ = 1, 1000 do
    i = select_{{ch}, {a, "read"}, default = true}
    if i then break end
  end
  tap.equal(i, 2)
  ch:put(1)
  tap.same({select_{{ch}, default = true}}, {1, 1})
  tap.same(tap.pack(select_{{ch, "get", 0.005}, {a, "read"}})[1], 1, "a case's own timeout")
  a:close()
  b:close()
end)

tap.test("fair among ready ones", function()
  local cases, count = {}, {0, 0, 0}
  for i = 1, 3 do cases[i] = {luv.chan(3000), "get"} end
  for i = 1, 3 do for _ = 1, 3000 do cases[i][1]:put(i) end end
  for _ = 1, 3000 do local i = select_(cases); count[i] = count[i] + 1 end
  for i = 1, 3 do tap.ok(count[i] > 800 and count[i] < 1200, "case " .. i .. ": " .. count[i]) end
end)

tap.both("cancel, timeout around, close of one of the objects", function()
  local a, b = luv.chan(), luv.event()
  local f = luv.spawn(function() select_{{a}, {b}} end)
  settle()
  f:cancel()
  tap.raises("cancelled", f.join, f)
  tap.fails("ETIMEDOUT", luv.timeout(0.005, select_, {{a}, {b}}))
  f = luv.spawn(function() return select_{{a}, {b}} end)
  settle()
  b:close()
  local i, v, _, code = f:join()
  tap.same({i, v, code}, {2, nil, "ECANCELED"})
  tap.fails("ETIMEDOUT", a:put(1, 0))
end)

tap.both("mistakes raise, and leave nothing behind", function()
  local ch, a, b = luv.chan(), luv.net.socketpair()
  tap.raises("table expected", select_)
  tap.raises("1 to 100000 cases", select_, {})
  tap.raises("case 1: a table", select_, {1})
  tap.raises("case 2: it has to begin", select_, {{ch}, {1}})
  tap.raises("case 1: the object has no such method", select_, {{ch, "nothing"}})
  tap.raises("case 1: the name", select_, {{ch, 1}})
  for _, m in ipairs{"write", "shutdown", "connect", "close", "readable"} do
    tap.raises("cannot be selected", select_, {{ch}, {a, m, "x"}})
  end
  tap.raises("bad argument #1 to 'read'", select_, {{ch}, {a, "read", "x"}})
  tap.raises("seconds of 0", select_, {{ch}, timeout = -1})
  tap.fails("ETIMEDOUT", a:read(nil, 0))
  a:close()
  b:close()
end)

tap.done()
