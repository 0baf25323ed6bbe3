-- luv.proxy.serve and connect: objects of other processes, over ØMQ.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local proxy = luv.proxy

local function account()
  local a = {n = 0, name = "account"}
  function a:add(x) self.n = self.n + x; return self.n end
  function a:fail(e) error(e, 0) end
  function a:slow(s) luv.sleep(s); return "slept" end
  function a:each(fn, n) local s = 0; for i = 1, n do s = s + fn(i) end; return s end
  function a:same(x) return x == self end
  function a:make(n) return luv.share({n = n}) end
  return a
end

-- A server with these objects, and a client of it; both end when fn has returned.
local function together(objects, opts, fn, client)
  local srv = assert(proxy.serve("tcp://127.0.0.1:*", objects, opts))
  local root = assert(proxy.connect(srv:endpoint(), client, 10))
  local ok, err = pcall(fn, root, srv)
  root:close()
  srv:close()
  luv.sleep(0.01)
  if not ok then error(err, 0) end
end

-- A script in a process of its own, which is killed itself, not a shell around it.
local function start(path, stdout)
  return assert(luv.process.spawn("sh", {"-c", "LUA_CPATH=" .. tap.quote(package.cpath) .. " exec " .. tap.interpreter .. " " .. tap.quote(path),
    stdin = "pipe", stdout = stdout, stderr = "inherit", ends_with_parent = true}))
end

-- The same server in a process of its own: its endpoint, and the process.
local function elsewhere(opts)
  local path = tap.tempfile(([[
    local luv = require("luv")
    local a = {n = 0}
    function a:add(x) self.n = self.n + x; return self.n end
    function a:hang() luv.sleep(1000) end
    function a:call(fn, ...) return fn(...) end
    function a:pid() return luv.os.getpid() end
    local srv = assert(luv.proxy.serve("tcp://127.0.0.1:*", {a = a}, %s))
    io.write(srv:endpoint(), "\n") io.flush()
    luv.stdin:read_line()
    print(a.n) io.flush()
    srv:close()
  ]]):format(opts or "nil"))
  local p = start(path, "pipe")
  return assert(p.stdout:read_line(nil, 10)), p, function()
    p:kill("SIGKILL")
    p:wait()
    for _, name in ipairs{"stdin", "stdout"} do p[name]:close() end
    p:close()
    os.remove(path)
  end
end

tap.test("methods, calls, fields, operators, iteration, copies", function()
  local a = account()
  local v = setmetatable({n = 3}, {__add = function(x, y) return (type(x) == "table" and x.n or x) + (type(y) == "table" and y.n or y) end,
                                   __lt = function(x, y) return x.n < y.n end, __concat = function(x, y) return "v" .. tostring(y) end})
  together({a = a, double = function(x) return x * 2 end, v = v, list = {10, 20, 30}}, nil, function(root, srv)
    local p = root.a
    tap.equal(proxy.is(p), true)
    tap.same({p:add(5), p.n, root.double(21), p.nothing, #root.list}, {5, 5, 42, nil, 3})
    p.field = {1, {2}}
    tap.same(a.field, {1, {2}})
    tap.same({root.v + 1, 1 + root.v, root.v .. "x", root.v < root.v}, {4, 4, "vx", false})
    local sum, keys = 0, 0
    for i, x in proxy.ipairs(root.list) do sum = sum + i * x end
    for _ in proxy.pairs(root.list) do keys = keys + 1 end
    tap.same({sum, keys, proxy.get(root.list)[3]}, {140, 3, 30})
    tap.equal(p:same(p), true)
    tap.equal(p, root.a)
    tap.equal(p:make(7).n, 7)
    tap.same({pcall(p.fail, p, {code = 3})}, {false, {code = 3}})
    tap.match(proxy.traceback(), "stack traceback")
    tap.raises("attempt to call", function() p:none() end)
    -- functions do not travel: they are called where they are
    local seen = {}
    tap.equal(p:each(function(i) seen[#seen + 1] = i; return i end, 3), 6)
    tap.same(seen, {1, 2, 3})
    tap.equal(type(p.add), "userdata")
    tap.match(tostring(p), "proxy: object")
    tap.equal(#srv:peers(), 1)
    tap.equal(srv:peers()[1].address, "127.0.0.1")
    tap.equal(proxy.owner(p).address, srv:endpoint())
    proxy.release(p)
    tap.raises("released", function() return p.n end)
  end)
end)

tap.test("calls that wait, wait alone; luv.timeout and cancel end them there", function()
  local a, ended = account(), {}
  function a:hang() local ok, e = pcall(luv.sleep, 1000); ended[#ended + 1] = luv.cancelled(e); error(e, 0) end
  together({a = a}, nil, function(root)
    local all, t = {}, tap.clock()
    for i = 1, 30 do all[i] = luv.spawn(function() return root.a:slow(0.05) end) end
    for i = 1, 30 do tap.equal(all[i]:join(), "slept") end
    tap.ok(tap.clock() - t < 1.4)
    tap.fails("ETIMEDOUT", luv.timeout(0.05, function() root.a:hang() end))
    local f = luv.spawn(function() root.a:hang() end)
    luv.sleep(0.05)
    f:cancel()
    pcall(f.join, f)
    for _ = 1, 200 do if #ended < 2 then luv.sleep(0.01) end end
    tap.same(ended, {true, true})
    tap.equal(root.a:add(1), 1)
  end)
end)

tap.test("to a proxy of a thread's object, and from a thread by a proxy of it", function()
  local back, stop = luv.thread.chan(1), luv.thread.chan(1)
  local t = luv.thread.create(function()
    local o = luv.share({n = 1})
    function o:add(x) self.n = self.n + x; return self.n end
    back:put(o)
    stop:get()
  end)
  local o = back:get()
  together({o = o}, nil, function(root)
    tap.equal(root.o:add(2), 3)
    tap.equal(luv.thread.create(function(p) return p:add(4), luv.proxy.is(p) end, root.o):join(), 7)
  end)
  o = nil
  stop:put(1)
  t:join()
end)

tap.test("release and collection let go; what a peer has is dropped with it", function()
  local weak = setmetatable({}, {__mode = "v"})
  local a = account()
  function a:give() local t = luv.share({}); weak[#weak + 1] = t; return t end
  local function gone(n)
    for _ = 1, 200 do
      collectgarbage()
      local left = 0
      for _ in pairs(weak) do left = left + 1 end
      if left == n then return true end
      luv.sleep(0.01)
    end
  end
  together({a = a}, nil, function(root)
    local x, y, z = root.a:give(), root.a:give(), root.a:give()
    root.a:add(1)
    tap.ok(gone(3))
    proxy.release(x)
    tap.ok(gone(2))
    y = nil
    tap.ok(gone(1))
    root:close()
    tap.ok(gone(0))
    tap.fails("EOF", root.a:add(1))
    tap.raises("^EOF", function() return z.x end)
  end)
end)

tap.test("the end of a server is told at once; where nobody listens, and what is refused", function()
  local srv = assert(proxy.serve("tcp://127.0.0.1:*", {a = account()}))
  local root = assert(proxy.connect(srv:endpoint(), nil, 10))
  local waiting = luv.spawn(function() return root.a:slow(1000) end)
  luv.sleep(0.05)
  srv:close()
  tap.fails("EOF", waiting:join())
  tap.equal(srv:closed(), true)
  tap.equal(srv:close(), srv)
  tap.fails("ETIMEDOUT", proxy.connect(srv:endpoint(), nil, 0.2))
  tap.raises("needs curve", proxy.serve, "tcp://*:*", {})
  tap.raises("needs curve", proxy.connect, "tcp://192.0.2.1:5")
  tap.raises("no option is called 'wrong'", proxy.connect, "tcp://127.0.0.1:5", {wrong = 1})
  tap.raises("string expected", proxy.connect, 5)
  tap.raises("table of objects", proxy.serve, "tcp://127.0.0.1:*", 5)
  tap.raises("is no object", proxy.serve, "tcp://127.0.0.1:*", {x = 1})
  tap.raises("heartbeat", proxy.serve, "tcp://127.0.0.1:*", {}, {heartbeat = 0})
  tap.equal((proxy.serve("tcp://127.0.0.1:x", {})), nil)
  local open = assert(proxy.serve("tcp://0.0.0.0:*", {}, {insecure = true}))
  open:close()
end)

tap.test("ipc", function()
  local path = os.tmpname()
  os.remove(path)
  local srv = assert(proxy.serve("ipc://" .. path, {a = account()}))
  local root = assert(proxy.connect("ipc://" .. path, nil, 10))
  tap.equal(root.a:add(3), 3)
  root:close()
  srv:close()
end)

tap.test("CURVE: keys, who may come, whose key a peer has", function()
  if not luv.zmq.has("curve") then tap.skip("this libzmq has no CURVE") end
  local public, secret = luv.zmq.curve_keypair()
  local mine, my_secret = luv.zmq.curve_keypair()
  local srv = assert(proxy.serve("tcp://0.0.0.0:*", {a = account()}, {curve = {secret = secret, clients = {mine}}}))
  local endpoint = srv:endpoint():gsub("0%.0%.0%.0", "127.0.0.1")
  local root = assert(proxy.connect(endpoint, {curve = {server = public, public = mine, secret = my_secret}}, 10))
  tap.equal(root.a:add(1), 1)
  tap.equal(srv:peers()[1].key, mine)
  local other, other_secret = luv.zmq.curve_keypair()
  local r, _, code = proxy.connect(endpoint, {curve = {server = public, public = other, secret = other_secret}}, 5)
  tap.equal(r, nil)
  tap.ok(code == "EACCES" or code == "ETIMEDOUT", code)
  r, _, code = proxy.connect(endpoint, {curve = {server = mine}}, 1)
  tap.equal(r, nil)
  tap.equal((proxy.connect(endpoint, nil, 0.5)), nil)
  tap.equal(root.a:add(1), 2)
  root:close()
  srv:close()
end)

tap.test("allow: by name, and by a function for each call", function()
  local a, b = account(), account()
  together({a = a, b = b}, {allow = {"a"}}, function(root)
    tap.equal(root.a:add(1), 1)
    tap.equal(root.b, nil)
  end)
  local asked = {}
  local function allow(peer, name, method)
    luv.sleep(0.001)
    asked[#asked + 1] = name .. "." .. tostring(method)
    return peer.address == "127.0.0.1" and not (name == "a" and method == "fail") and method ~= "secret"
  end
  a.child = luv.share({n = 1})
  together({a = a, b = b}, {allow = allow}, function(root)
    tap.equal(root.a:add(1), 2)
    tap.raises("EACCES", function() root.a:fail("x") end)
    tap.raises("EACCES", function() return root.a.secret end)
    tap.raises("EACCES", function() return root.a.child.secret end)
    tap.raises("EACCES", function() root.b.secret = 1 end)
    tap.equal(root.a.child.n, 1)
  end)
  tap.match(table.concat(asked, " "), "^a.add a.add a.fail")
end)

tap.test("limits: references, calls, the size of a message; others go on", function()
  local a = account()
  function a:many(n) local t = {}; for i = 1, n do t[i] = luv.share({}) end; return t end
  local srv = assert(proxy.serve("tcp://127.0.0.1:*", {a = a}, {limits = {references = 50, calls = 5, message = 100000}}))
  local one, two = assert(proxy.connect(srv:endpoint(), nil, 10)), assert(proxy.connect(srv:endpoint(), nil, 10))
  tap.equal(#one.a:many(20), 20)
  tap.raises("ENOBUFS", function() one.a:many(60) end)
  collectgarbage()
  local codes, all = {}, {}
  one.a:slow(0)
  for i = 1, 10 do all[i] = luv.spawn(function() return (select(3, one.a:slow(0.1))) end) end
  for i = 1, 10 do codes[#codes + 1] = all[i]:join() end
  tap.ok(#codes >= 4, #codes)
  for _, code in ipairs(codes) do tap.equal(code, "EAGAIN") end
  tap.equal(two.a:add(1), 1)
  tap.equal((select(3, one.a:add(("x"):rep(200000)))), "ECONNRESET")
  tap.equal(two.a:add(1), 2)
  two:close()
  srv:close()
end)

tap.test("any bytes at all on the endpoint do no harm", function()
  local a = account()
  together({a = a}, nil, function(root, srv)
    local ctx = luv.zmq.create(1)
    local x = 1
    local function random(n) x = (x * 16807) % 2147483647; return x % n end
    local hello = "\4\1\1\136\39\0" -- no record, nearly
    for i = 1, 60 do
      local d = ctx:socket(luv.zmq.DEALER)
      d.linger = 0
      d:connect(srv:endpoint())
      for _ = 1, 5 do
        local n, bytes = random(60), {}
        for k = 1, n do bytes[k] = string.char(random(256)) end
        d:send(i % 3 == 0 and {hello, table.concat(bytes)} or i % 3 == 1 and hello .. table.concat(bytes) or table.concat(bytes) .. "x")
      end
      if i % 10 == 0 then tap.equal(root.a:add(1) > 0, true) end
      d:close()
    end
    ctx:close()
    tap.ok(root.a:add(1) > 0)
  end)
end)

-- Records by hand, as docs/proxy.md has them.
local function varint(n)
  local s = ""
  while n > 127 do s, n = s .. string.char(n % 128 + 128), math.floor(n / 128) end
  return s .. string.char(n)
end

local function rec(kind, a, b, c, objects, bytes)
  local s = string.char(kind) .. varint(a) .. varint(b) .. varint(c) .. varint(#objects)
  for _, id in ipairs(objects) do s = s .. varint(id < 0 and -id * 2 + 1 or id * 2) end
  s = s .. (bytes or "")
  return varint(#s) .. s
end

tap.test("numbers of another's objects, old ones, ones it never had, counts that lie", function()
  local a = account()
  together({a = a}, nil, function(root, srv)
    tap.equal(root.a:make(1).n, 1)
    local ctx = luv.zmq.create(1)
    local d = ctx:socket(luv.zmq.DEALER)
    d.linger = 0
    d:connect(srv:endpoint())
    d:send(rec(1, 1, 5000, 0, {}))
    tap.ok(#d:recv(10) > 0)
    local nothing = luv.codec.encode()
    for _, id in ipairs{2, 3, 77, 2 ^ 40} do
      d:send(rec(3, id, id, 0, {}, nothing))
      local body = d:recv(10)
      while not body:find("ESRCH") do body = d:recv(10) end
    end
    d:send(rec(3, 9, 1, 1, {-5, -2 ^ 30}, nothing))
    d:send(rec(6, 1, 1000, 0, {}) .. rec(6, 99, 1, 0, {}) .. rec(5, 12345, 0, 0, {}) .. rec(4, 5, 0, 0, {}, nothing))
    d:send(rec(3, 10, 1, 99, {}, nothing) .. rec(3, 11, 1, 1, {}, "\1\0\1\15garbage"))
    tap.ok(#d:recv(10) > 0)
    tap.equal(root.a:add(1), 1)
    d:send(rec(77, 0, 0, 0, {}))
    d:close()
    ctx:close()
    tap.equal(root.a:add(1), 2)
  end)
end)

tap.test("between processes: a peer that is killed, and one that stops, are noticed within two heartbeats", function()
  local endpoint, p, finish = elsewhere("{heartbeat = 1}")
  local root = assert(proxy.connect(endpoint, {heartbeat = 1}, 10))
  tap.equal(root.a:add(4), 4)
  tap.ok(root.a:pid() ~= luv.os.getpid())
  tap.equal(root.a:call(function(x) return x + 1 end, 6), 7)
  local waiting = luv.spawn(function() return root.a:hang() end)
  luv.sleep(0.05)
  local t = tap.clock()
  p:kill("SIGKILL")
  tap.fails("ECONNRESET", waiting:join())
  tap.ok(tap.clock() - t < 2, "killed: " .. tap.clock() - t)
  tap.fails("ECONNRESET", root.a:add(1))
  finish()
  endpoint, p, finish = elsewhere("{heartbeat = 1}")
  root = assert(proxy.connect(endpoint, {heartbeat = 1}, 10))
  waiting = luv.spawn(function() return root.a:hang() end)
  luv.sleep(0.05)
  t = tap.clock()
  p:kill("SIGSTOP")
  tap.fails("ECONNRESET", waiting:join())
  tap.ok(tap.clock() - t < 2.5, "stopped: " .. tap.clock() - t)
  finish()
end)

tap.test("a client that is killed, or stops, is forgotten, and what it had", function()
  local weak = setmetatable({}, {__mode = "v"})
  local a, ended = account(), false
  function a:give() weak[1] = luv.share({}); return weak[1] end
  function a:hang() local _, e = pcall(luv.sleep, 1000); ended = luv.cancelled(e); error(e, 0) end
  local srv = assert(proxy.serve("tcp://127.0.0.1:*", {a = a}, {heartbeat = 0.6}))
  for _, signal in ipairs{"SIGKILL", "SIGSTOP"} do
    local path = tap.tempfile(([[
      local luv = require("luv")
      local root = assert(luv.proxy.connect(%q, {heartbeat = 0.6}, 10))
      local x = root.a:give()
      luv.spawn(function() root.a:hang() end)
      luv.sleep(1000)
    ]]):format(srv:endpoint()))
    ended = false
    local p = start(path, "inherit")
    for _ = 1, 1000 do if not weak[1] then luv.sleep(0.01) end end
    luv.sleep(0.1)
    local t = tap.clock()
    p:kill(signal)
    while not (ended and #srv:peers() == 0) and tap.clock() - t < 10 do luv.sleep(0.01) end
    tap.ok(tap.clock() - t < 2, signal .. ": " .. tap.clock() - t)
    collectgarbage()
    collectgarbage()
    tap.equal(weak[1], nil)
    p:kill("SIGKILL")
    p:wait()
    p.stdin:close()
    p:close()
    os.remove(path)
  end
  srv:close()
end)

tap.test("a peer that is cut off, its packets dropped, is noticed within two heartbeats", function()
  local ns, link = "luvt" .. luv.os.getpid(), "lt" .. luv.os.getpid() % 100000
  local net = ("10.%d.%d"):format(luv.os.getpid() % 199 + 20, luv.os.getpid() % 250)
  local function sh(command) return select(3, tap.shell(command)) == 0 end
  local ok = sh("test $(id -u) = 0 && ip netns add " .. ns) and
    sh(("ip link add %s type veth peer name eth0 netns %s && ip addr add %s.1/24 dev %s && ip link set %s up"):format(link, ns, net, link, link)) and
    sh(("ip netns exec %s sh -c 'ip addr add %s.2/24 dev eth0 && ip link set eth0 up'"):format(ns, net))
  local a, ended = account(), false
  function a:hang() local _, e = pcall(luv.sleep, 1000); ended = luv.cancelled(e); error(e, 0) end
  local function run()
    local srv = assert(proxy.serve("tcp://" .. net .. ".1:*", {a = a}, {heartbeat = 1, insecure = true}))
    local path, log = tap.tempfile(([[
      local luv = require("luv")
      local root = assert(luv.proxy.connect(%q, {heartbeat = 1, insecure = true}, 10))
      print(select(3, root.a:hang()))
    ]]):format(srv:endpoint())), os.tmpname()
    local p = assert(luv.process.spawn("ip", {"netns", "exec", ns, "sh", "-c", "LUA_CPATH=" .. tap.quote(package.cpath) .. " exec " ..
      tap.interpreter .. " " .. tap.quote(path) .. " >" .. log, ends_with_parent = true}))
    for _ = 1, 1000 do if #srv:peers() == 0 then luv.sleep(0.01) end end
    luv.sleep(0.2)
    assert(sh("ip link set " .. link .. " down"))
    local t = tap.clock()
    while not (ended and #srv:peers() == 0) and tap.clock() - t < 10 do luv.sleep(0.01) end
    tap.ok(tap.clock() - t < 3, "the server: " .. tap.clock() - t)
    tap.ok(p:wait(10), "the client")
    tap.match(tap.slurp(log), "ECONNRESET")
    p:close()
    srv:close()
    os.remove(path)
  end
  local fine, err = true, nil
  if ok then fine, err = pcall(run) end
  sh("ip link del " .. link .. "; ip netns del " .. ns)
  if not ok then tap.skip("no network namespaces here") end
  tap.ok(fine, err)
end)

tap.test("an endpoint that is taken again is not the old session", function()
  local endpoint, p, finish = elsewhere()
  local root = assert(proxy.connect(endpoint, nil, 10))
  tap.equal(root.a:add(1), 1)
  finish()
  luv.sleep(0.05)
  local srv = assert(proxy.serve(endpoint, {a = account()}))
  tap.fails("ECONNRESET", root.a:add(1))
  root = assert(proxy.connect(endpoint, nil, 10))
  tap.equal(root.a:add(1), 1)
  root:close()
  srv:close()
end)

tap.done()
