-- allocvalues.lua - files, values, threads, messages and processes while allocations fail: see alloc.lua.

local luv = require("luv")
local act, folder, tools = ...
local equal, rest, long = tools.equal, tools.rest, tools.long

-- ---- files ---------------------------------------------------------------------------------------

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
  for name, _, message in assert(luv.fs.walk(folder .. "/d")) do
    if message then error(message) end
    seen[#seen + 1] = name:match("[^/]*$")
  end
  equal(#seen, 3)
  assert(luv.fs.rmrf(folder .. "/d"))
end)

act("locks and watches", function()
  local path = folder .. "/l"
  local f = assert(luv.fs.open(path, "w+"))
  assert(f:lock("exclusive"))
  local w = assert(luv.fs.watch(folder))
  assert(f:write("x"))
  assert(luv.fs.writefile(folder .. "/m", "x"))
  local name, what = w:next(5)
  if not name then error(what) end
  w:close()
  assert(f:lock(nil))
  assert(f:close())
  local d, n = assert(luv.fs.opendir(folder)), 0
  while true do
    local entry, message, code = d:next()
    if not entry then if code == "EOF" then break end error(message) end
    n = n + 1
  end
  d:close()
  equal(n, 2)
end)

act("sendfile", function()
  local path = folder .. "/n"
  assert(luv.fs.writefile(path, long))
  local f = assert(luv.fs.open(path))
  local a, b = assert(luv.net.socketpair())
  luv.scope(function(s)
    s:spawn(function()
      equal(assert(luv.fs.sendfile(a, f, 0, #long)), #long)
      a:close()
    end)
    equal(#assert(b:read_all()), #long)
  end)
  b:close()
  f:close()
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

act("req, rep, router, proxy, monitor", function()
  number = number + 1
  local ctx, n = assert(luv.zmq.create()), number
  local front, back = assert(ctx:socket("ROUTER")), assert(ctx:socket("DEALER"))
  local req, rep = assert(ctx:socket("REQ")), assert(ctx:socket("REP"))
  local m = assert(req:monitor())
  assert(front:bind("inproc://front-" .. n))
  assert(back:bind("inproc://back-" .. n))
  assert(rep:connect("inproc://back-" .. n))
  assert(req:connect("inproc://front-" .. n))
  luv.scope(function(s)
    local proxy = s:spawn(function()
      local ok, err, message = pcall(luv.zmq.proxy, front, back)
      if not luv.cancelled(err) then error(ok and message or err, 0) end
    end)
    s:spawn(function() assert(rep:send(assert(rep:recv()):upper())) end)
    assert(req:send("question"))
    equal(assert(req:recv()), "QUESTION")
    proxy:cancel()
  end)
  m:close()
  for _, o in ipairs{front, back, req, rep} do o:close() end
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

act("hashes", function()
  local h = assert(luv.hash("sha256"))
  h:update("abc", "def")
  equal(#h:digest(), 32)
  equal(luv.base64.decode(luv.base64.encode(long)), long)
end)
