-- allocfibers.lua - what fibers do, and between them, while allocations fail: see alloc.lua. Each act
-- checks what it gets, and raises what it is refused.

local luv = require("luv")
local act, _, tools = ...
local equal = tools.equal

-- ---- fibers ---------------------------------------------------------------------------------

act("fibers", function()
  local order = {}
  luv.scope(function(s)
    for i = 1, 3 do
      s:spawn(function()
        luv.fiber.yield()
        luv.sleep(0)
        order[#order + 1] = i
      end)
    end
  end)
  equal(table.concat(order, " "), "1 2 3")
  local f = luv.fiber.create(function(...) return select("#", ...), ... end, 1, nil, "x")
  f:name("named")
  f:ready()
  local n, a, b, c = f:join()
  equal(n, 3) equal(a, 1) equal(b, nil) equal(c, "x")
end)

act("cancel", function()
  local why
  luv.scope(function(s)
    local f = s:spawn(function()
      local ok, err = pcall(luv.sleep, 10)
      if luv.cancelled(err) then why = err.reason else error(err, 0) end
    end)
    luv.sleep(0)
    f:cancel("why")
  end)
  equal(why, "why")
end)

act("below C", function()
  local t = setmetatable({}, {__index = function(_, k) luv.sleep(0) return k .. "!" end})
  equal(t.x, "x!")
  equal(select(2, pcall(function() luv.fiber.yield() return t.y end)), "y!")
  local co = coroutine.wrap(function() coroutine.yield(luv.sleep(0)) return 2 end)
  co()
  equal(co(), 2)
end)

act("time", function()
  local t = luv.timer.create()
  t:start(0.5, 0.5)
  t:next()
  t:next()
  t:close()
  local _, _, code = luv.timeout(0.001, function() luv.sleep(5) end)
  equal(code, "ETIMEDOUT")
end)

-- ---- between fibers --------------------------------------------------------------------------

act("channels", function()
  local sum = 0
  luv.scope(function(s)
    local ch = luv.chan(2)
    s:spawn(function()
      for i = 1, 10 do ch:put(i) end
      ch:close()
    end)
    for v in ch:iter() do sum = sum + v end
  end)
  equal(sum, 55)
end)

act("locks", function()
  local m, s, e, g, c = luv.mutex(), luv.semaphore(1), luv.event(), luv.waitgroup(), luv.cond()
  local n = 0
  luv.scope(function(scope)
    for _ = 1, 3 do
      g:add(1)
      scope:spawn(function()
        m:with(function() luv.sleep(0) n = n + 1 end)
        s:acquire()
        luv.fiber.yield()
        s:release()
        e:wait()
        g:done()
      end)
    end
    luv.sleep(0)
    e:set()
    g:wait()
  end)
  equal(n, 3)
  for _, o in ipairs{m, s, e, g, c} do o:close() end
end)

act("select", function()
  local a, b, t = luv.chan(), luv.chan(1), luv.timer.create()
  t:start(10)
  b:put("b")
  local i, v = luv.select{{a, "get"}, {b, "get"}, {t, "next"}, timeout = 5}
  equal(i, 2) equal(v, "b")
  luv.scope(function(s)
    s:spawn(function() a:put("a") end)
    i, v = luv.select{{t, "next"}, {a, "get"}, {b, "get"}, timeout = 5}
  end)
  equal(i, 2) equal(v, "a")
  for _, o in ipairs{a, b, t} do o:close() end
end)

-- ---- what goes wrong ------------------------------------------------------------------------

act("errors", function()
  local ok, err = luv.spawn(function() return pcall(error, {1}) end):join()
  equal(ok, false) equal(err[1], 1)
  local f = luv.fiber.create(function() luv.sleep(0) error("its own", 0) end)
  ok, err = pcall(luv.scope, function(s)
    s:spawn(function() f:join() end)
    luv.sleep(1)
  end)
  equal(ok, false)
  if not tostring(err):find("not enough memory") then equal(err, "its own") end
  ok, err = pcall(luv.fiber.join, f)
end)

act("many fibers", function()
  local n = 0
  luv.scope(function(s)
    for _ = 1, 100 do s:spawn(function() luv.sleep(0) n = n + 1 end) end
  end)
  equal(n, 100)
end)

act("suspend", function()
  local f = luv.spawn(function() return luv.fiber.current():suspend() and "resumed" end)
  luv.sleep(0)
  f:resume()
  equal(f:join(), "resumed")
  local c, woken = luv.cond(), 0
  luv.scope(function(s)
    for _ = 1, 2 do s:spawn(function() c:wait() woken = woken + 1 end) end
    luv.sleep(0)
    while woken < 2 do c:broadcast() luv.sleep(0) end
  end)
  c:close()
end)

act("select of streams", function()
  local a, b = assert(luv.net.socketpair())
  local c, d = assert(luv.net.socketpair())
  a:write("line\n")
  local i, line = luv.select{{d, "read_line"}, {b, "read_line"}, timeout = 5}
  equal(i, 2) equal(line, "line")
  luv.scope(function(s)
    s:spawn(function() c:write("x") end)
    local _, n, data = luv.select{{b, "read"}, {d, "read"}, {luv.chan(), "get"}, timeout = 5}
    equal(data, "x")
  end)
  for _, o in ipairs{a, b, c, d} do o:close() end
end)
