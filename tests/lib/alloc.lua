-- alloc.lua - a workload of which one allocation after the other fails: for alloc.c.
--
-- Each act is run in a fiber, first as it is, then with its first allocation failing, its
-- second, and so on till there are no more. It ends well, with what it always ends with, or
-- with an error of memory; nothing is left then that was not there before, and all goes on.
-- LUV_ALLOC: lua or luv (see alloc.c). LUV_MAIN: the acts are the main chunk's, not a fiber's.
-- LUV_ONLY: a pattern of names of acts; LUV_FROM: the first allocation; LUV_VERBOSE: all figures.

local luv = require("luv")
local whose, only, main = os.getenv("LUV_ALLOC") or "lua", os.getenv("LUV_ONLY") or "", os.getenv("LUV_MAIN") == "1"

local acts, names = {}, {}
local function act(name, fn)
  names[#names + 1] = name
  acts[name] = fn
end

local function equal(got, want)
  if got ~= want then error("got " .. tostring(got):sub(1, 60) .. ", want " .. tostring(want):sub(1, 60), 2) end
end

-- What lines are left, joined. A for loop would not see why they end.
local function rest(next)
  local lines = {}
  while true do
    local line, message, code = next()
    if not line then return message and code ~= "EOF" and error(message) or table.concat(lines, " ") end
    lines[#lines + 1] = line
  end
end

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

-- ---- streams ---------------------------------------------------------------------------------

local long = ("0123456789abcdef"):rep(20000)

local function with_pair(fn)
  local a, b = assert(luv.net.socketpair())
  luv.scope(function(s) fn(s, a, b) end)
  a:close()
  b:close()
end

act("lines", function()
  with_pair(function(s, a, b)
    s:spawn(function()
      assert(a:write("one\ntwo\n"))
      assert(a:write({"three", "\n", 4, "\n"}))
      a:close()
    end)
    equal(rest(b:lines()), "one two three 4")
  end)
end)

act("many bytes", function()
  with_pair(function(s, a, b)
    s:spawn(function()
      assert(a:write(long))
      assert(a:shutdown())
    end)
    equal(assert(b:read_exactly(1000)), long:sub(1, 1000))
    b:unread("0123")
    equal(assert(b:read_exactly(4)), "0123")
    equal(#assert(b:read_all()), #long - 1000)
  end)
end)

act("tcp", function()
  local server = assert(assert(luv.net.tcp()):bind("127.0.0.1", 0))
  assert(server:listen())
  local port = assert(server:getsockname()).port
  luv.scope(function(s)
    s:spawn(function()
      local peer = assert(server:accept())
      local line = assert(peer:read_line())
      assert(peer:write(line:upper() .. "\n"))
      peer:close()
    end)
    local c = assert(assert(luv.net.tcp()):connect("127.0.0.1", port))
    c:nodelay(true)
    assert(c:write("hello\n"))
    equal(assert(c:read_line()), "HELLO")
    c:close()
  end)
  server:close()
end)

act("a handle", function()
  local a, b = assert(luv.pipe.pair(true))
  local c, d = assert(luv.net.socketpair())
  luv.scope(function(s)
    s:spawn(function() assert(a:write("x", {handle = c})) end)
    local e = assert(b:accept())
    equal(assert(b:read_exactly(1)), "x")
    assert(d:write("through"))
    equal(assert(e:read_exactly(7)), "through")
    e:close()
  end)
  for _, o in ipairs{a, b, c, d} do o:close() end
end)

act("datagrams", function()
  local a, b = assert(luv.net.udp()), assert(luv.net.udp())
  assert(a:bind("127.0.0.1", 0))
  assert(b:bind("127.0.0.1", 0))
  local port = assert(b:getsockname()).port
  luv.scope(function(s)
    s:spawn(function()
      for i = 1, 3 do assert(a:send("datagram " .. i, "127.0.0.1", port)) end
    end)
    for i = 1, 3 do equal(assert(b:recv()), "datagram " .. i) end
  end)
  a:close()
  b:close()
end)

act("poll", function()
  with_pair(function(_, a, b)
    local p = assert(luv.poll.create(b:fileno()))
    equal(assert(p:wait("w")), "w")
    a:write("x")
    equal(assert(p:wait("r", 1)), "r")
    p:close()
  end)
end)

act("names", function()
  local address, port = assert(luv.net.getaddrinfo("127.0.0.1", 80))
  equal(address, "127.0.0.1")
  equal(port, 80)
end)

-- ---- files ---------------------------------------------------------------------------------------

local folder = assert(luv.fs.mkdtemp("/tmp/luv-alloc-XXXXXX"))

local function emptied()
  for _, e in ipairs(assert(luv.fs.scandir(folder))) do luv.fs.unlink(folder .. "/" .. e.name) end
end

act("a file", function()
  local path = folder .. "/f"
  local f = assert(luv.fs.open(path, "w+"))
  assert(f:write("first\nsecond\n"))
  assert(f:write(long))
  local n, data = assert(f:read(5, 0))
  equal(n, 5) equal(data, "first")
  assert(f:seek("set", 0))
  equal(rest(f:lines()), "first second " .. long)
  equal(assert(f:stat()).size, 13 + #long)
  assert(f:close())
  equal(rest(assert(luv.fs.lines(path))), "first second " .. long)
end)

act("whole files", function()
  local path = folder .. "/g"
  assert(luv.fs.writefile(path, long))
  equal(assert(luv.fs.readfile(path)), long)
  assert(luv.fs.writefile(path, "short", {atomic = true}))
  equal(assert(luv.fs.readfile(path)), "short")
  assert(luv.fs.copyfile(path, path .. "2"))
  assert(luv.fs.rename(path .. "2", path .. "3"))
  equal(#assert(luv.fs.realpath(path)) > 0, true)
  assert(luv.fs.unlink(path .. "3"))
end)

act("folders", function()
  local dir = folder .. "/d/e/f"
  assert(luv.fs.mkdirp(dir))
  assert(luv.fs.writefile(dir .. "/x", "x"))
  local seen = {}
  for name, kind in assert(luv.fs.walk(folder .. "/d")) do seen[#seen + 1] = name:match("[^/]*$") .. ":" .. tostring(kind) end
  equal(#seen, 3)
  assert(luv.fs.rmrf(folder .. "/d"))
end)

-- ---- values, threads, messages -------------------------------------------------------------------------

local function same(a, b)
  if type(a) ~= "table" then return equal(a, b) end
  for k, v in pairs(a) do same(v, b[k]) end
end

act("codec", function()
  local t = {1, 2.5, "three", {nested = {true, false}}, key = {1, 2, 3}}
  t.self = t
  local s = assert(luv.codec.encode(t, "more"))
  local back, more = assert(luv.codec.decode(s))
  equal(more, "more")
  equal(back.self, back)
  t.self, back.self = nil, nil
  same(t, back)
  local up = 41
  equal(assert(luv.codec.decode(assert(luv.codec.encode(function() return up + 1 end)), {functions = true}))(), 42)
end)

act("a thread channel", function()
  local ch = luv.thread.chan(4)
  assert(ch:put(1))
  assert(ch:put({"two", {3}}))
  assert(ch:put(("long"):rep(100)))
  assert(ch:put(ch))
  equal(assert(ch:get()), 1)
  same({"two", {3}}, assert(ch:get()))
  equal(assert(ch:get()), ("long"):rep(100))
  local other = assert(ch:get())
  luv.scope(function(s)
    s:spawn(function() equal(luv.select{{other, "get"}, {luv.chan(), "get"}}, 1) end)
    luv.sleep(0)
    assert(ch:put("through"))
  end)
  other:close()
end)

act("a thread", function()
  local t = assert(luv.thread.create(function(a, b) return {a, b}, "done" end, {1}, "x"))
  local v, done = t:join(20)
  if done == "ETIMEDOUT" then error("the thread hangs") end
  equal(done, "done")
  same({{1}, "x"}, v)
end)

act("a pool", function()
  local pool = assert(luv.thread.pool(1))
  local v = pool:call(function(x) return {x} end, "x")
  equal(v[1], "x")
  pool:close()
end)

local number = 0
act("messages", function()
  number = number + 1
  local ctx = assert(luv.zmq.create())
  local a, b = assert(ctx:socket("PAIR")), assert(ctx:socket("PAIR"))
  assert(a:bind("inproc://alloc-" .. number))
  assert(b:connect("inproc://alloc-" .. number))
  luv.scope(function(s)
    s:spawn(function()
      assert(a:send("first"))
      assert(a:send({"second", "part"}))
      assert(a:send({"third", ("x"):rep(3000)}))
    end)
    equal(assert(b:recv()), "first")
    local x, y = assert(b:recv())
    equal(x .. y, "secondpart")
    equal(#assert(b:recv_multipart())[2], 3000)
  end)
  a:close()
  b:close()
  ctx:close()
end)

-- ---- the rest -----------------------------------------------------------------------------------------------

act("a process", function()
  local r = assert(luv.process.run("cat", {input = "through"}))
  equal(r.stdout, "through")
end)

act("a signal", function()
  local s = assert(luv.signal.create("USR2"))
  assert(s:start())
  assert(luv.signal.raise("USR2"))
  assert(s:next())
  s:close()
end)

act("reports", function()
  equal(#luv.dump() > 0, true)
  equal(type(luv.stats().fibers.total), "number")
  equal(luv.hex.encode(luv.base64.encode("abc")), "59574a6a")
end)

-- ---- one failure each ----------------------------------------------------------------------------------------

local function held()
  local s = luv.stats()
  return {fibers = s.fibers.total, handles = s.handles.total, operations = s.operations,
          external = s.external, descriptors = descriptors()}
end

local function left_over(before)
  local found
  for try = 1, 100 do
    collectgarbage()
    luv.run("nowait")
    found = nil
    local now = held()
    for k, n in pairs(now) do
      if n > before[k] then found = k .. " " .. before[k] .. " -> " .. n end
    end
    if not found then return nil end
    if try == 3 and jit then jit.flush() end -- compiled code keeps what it names
    if try > 2 then luv.sleep(0.005) end
  end
  return found
end

local function is_memory(err) return tostring(err):find("not enough memory") or tostring(err):find("out of memory") end

local function describe(err) return type(err) == "table" and (err.reason or err.message) or tostring(err) end

-- What the act came to: true, or an error. The failure may be the main chunk's instead.
local function once(fn, n)
  local f
  local ok, err = pcall(function()
    if n then arm(n, whose) end
    if main then return fn() end
    f = luv.spawn(fn)
    return f:join(20)
  end)
  if f and f:status() ~= "dead" then
    local ended, own = pcall(f.join, f, 20)
    if f:status() ~= "dead" then error("it hangs: " .. luv.dump(), 0) end
    if not ended then err = own end
  end
  return ok, err
end

local function fail_at(name, n)
  local before = held()
  local ok, err = once(acts[name], n)
  local come, count = disarm()
  if not ok and not (come and is_memory(err)) then
    error(("%s, allocation %d: %s"):format(name, n, describe(err)), 0)
  end
  emptied()
  local left = left_over(before)
  if left then error(("%s, allocation %d: left over: %s (%s)"):format(name, n, left, ok and "well" or describe(err)), 0) end
  return come, count
end

local total, bad = 0, 0
for _, name in ipairs(names) do
  if name:find(only) then
    for _ = 1, 2 do
      local ok, err = once(acts[name])
      if not ok then error(name .. ": " .. describe(err), 0) end
    end
    emptied()
    left_over(held())
    local from, t = tonumber(os.getenv("LUV_FROM") or 1), luv.hrtime()
    local n = from
    while true do
      local ok, come = pcall(fail_at, name, n)
      if not ok then
        print("not ok: " .. come)
        bad = bad + 1
        if os.getenv("LUV_FROM") or bad > 30 then break end
      end
      if not come then break end
      n = n + 1
    end
    total = total + n - 1
    if os.getenv("LUV_VERBOSE") then print(name, n - 1, ("%.1f ms each"):format((luv.hrtime() - t) / 1e6 / n)) end
  end
end
luv.fs.rmrf(folder)
print(total .. " failures, " .. bad .. " bad")
if bad > 0 then error("bad") end
