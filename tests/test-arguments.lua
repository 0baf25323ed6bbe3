-- Arguments that are left over: a function with optional ones raises, and has done nothing.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

local function surplus(at, fn, ...)
  tap.raises("bad argument #" .. at .. " to '[%w_]+' %(no more arguments expected, got %a+%)", fn, ...)
end

tap.test("functions of luv and its modules", function()
  surplus(2, luv.net.tcp, "inet", true)
  surplus(2, luv.net.udp, "inet", true)
  surplus(2, luv.chan, 1, 2)
  surplus(2, luv.semaphore, 1, 2)
  surplus(2, luv.thread.chan, 1, 2)
  surplus(2, luv.pipe.pair, true, 1)
  surplus(3, luv.pipe.create, nil, true, 1)
  surplus(2, luv.poll.create, 0, "r")
  surplus(3, luv.codec.decode, "", {}, 1)
  local file = luv.fs.open("/dev/null")
  surplus(6, luv.fs.sendfile, file, file, nil, nil, nil, 1)
  file:close()
  surplus(2, luv.zmq.create, 1, 1)
  surplus(5, luv.net.getaddrinfo, "localhost", 80, nil, 1, 1)
  surplus(5, luv.net.getnameinfo, "127.0.0.1", 80, nil, 1, 1)
  surplus(5, luv.net.resolve, "x.test", "A", nil, 1, 1)
end)

tap.test("nil is not left over", function()
  luv.net.tcp(nil):close()
  luv.chan(1, nil):close()
  local a, b = luv.net.socketpair()
  tap.equal(a:write("x", 1, nil, nil), 1)
  tap.equal((b:read(nil, nil, nil)), 1)
  a:close() b:close()
end)

tap.both("streams: nothing is read, and nothing written", function()
  local a, b = luv.net.socketpair()
  surplus(3, a.write, a, "hello", 1, 2)
  surplus(3, a.write, a, {"hello"}, 1, {})
  surplus(2, a.shutdown, a, 1, 2)
  a:write("one\ntwo\n")
  surplus(3, b.read, b, 1, 1, 1)
  surplus(3, b.read_exactly, b, 1, 1, 1)
  surplus(3, b.read_line, b, 100, 1, 1)
  surplus(4, b.read_until, b, "\n", 100, 1, 1)
  surplus(3, b.read_all, b, 100, 1, 1)
  tap.equal(b:read_line(), "one")
  tap.equal((b:read()), 4)
  a:close() b:close()
end)

tap.both("sockets", function()
  local s, port = tap.listen()
  local c = luv.net.tcp()
  surplus(4, c.connect, c, "127.0.0.1", port, 1, 1)
  surplus(5, c.bind, c, "127.0.0.1", 0, nil, 1, 1)
  surplus(2, s.listen, s, 1, 1)
  surplus(3, s.accept, s, nil, 1, 1)
  tap.equal(c:connect("127.0.0.1", port), c)
  local d = s:accept()
  surplus(3, d.keepalive, d, true, 60, 1)
  surplus(2, d.send_buffer_size, d, 65536, 1)
  surplus(2, d.recv_buffer_size, d, nil, 1)
  c:close() d:close() s:close()
  local u = luv.net.udp()
  surplus(5, u.bind, u, "127.0.0.1", 0, nil, nil, 1)
  surplus(4, u.connect, u, "127.0.0.1", 1, 1, 1)
  surplus(5, u.send, u, "x", "127.0.0.1", 9, 1, 1)
  surplus(2, u.recv, u, 1, 1)
  u:close()
  local p = luv.pipe.create()
  surplus(3, p.bind, p, "x", {}, 1)
  surplus(3, p.connect, p, "x", 1, 1)
  surplus(2, p.listen, p, 1, 1)
  p:close()
end)

tap.both("what fibers wait for", function()
  local ch, m, sem, wg, ev, cond = luv.chan(1), luv.mutex(), luv.semaphore(1), luv.waitgroup(), luv.event(), luv.cond()
  surplus(3, ch.put, ch, 1, 1, 1)
  surplus(2, ch.get, ch, 1, 1)
  surplus(2, m.lock, m, 1, 1)
  surplus(3, sem.acquire, sem, 1, 1, 1)
  surplus(2, sem.release, sem, 1, 1)
  surplus(2, wg.add, wg, 1, 1)
  surplus(2, wg.wait, wg, 1, 1)
  surplus(2, ev.wait, ev, 1, 1)
  surplus(3, cond.wait, cond, nil, 1, 1)
  tap.equal(#ch, 0)
  tap.equal(sem:value(), 1)
  tap.equal(wg:count(), 0)
  local f = luv.spawn(function() return 7 end)
  surplus(2, f.join, f, 1, 1)
  tap.equal(f:join(), 7)
  local t = luv.timer.create()
  surplus(3, t.start, t, 1, 1, 1)
  surplus(2, t.next, t, 1, 1)
  tap.equal(t:due_in(), 0)
  for _, o in ipairs{ch, m, sem, wg, ev, cond, t} do o:close() end
end)

tap.test("threads, ØMQ", function()
  local t = luv.thread.create(function() return 1 end)
  surplus(2, t.join, t, 1, 1)
  tap.equal(t:join(), 1)
  local ch = luv.thread.chan(1)
  surplus(3, ch.put, ch, 1, 1, 1)
  surplus(2, ch.get, ch, 1, 1)
  ch:close()
  surplus(2, luv.thread.pool, 1, 1)
  local ctx = luv.zmq.create()
  surplus(2, ctx.socket, ctx, "PAIR", 1)
  local s = ctx:socket("PAIR")
  surplus(3, s.send, s, "x", 1, 1)
  surplus(2, s.recv, s, 1, 1)
  surplus(6, luv.zmq.proxy, s, s, nil, nil, nil, 1)
  surplus(3, s.unbind, s, "tcp://127.0.0.1:1", 1, 1)
  surplus(2, s.close, s, 1, 1)
  s:close() ctx:close()
end)

-- ---- every function that the docs have ---------------------------------------------------

-- A required argument, by the name of its parameter: nothing may be done with it.
local some = {
  path = "/nope/luv", from = "/nope/luv", to = "/nope/luv", new = "/nope/luv", target = "/nope/luv",
  template = "/nope/luvXXXXXX", perm = "644", uid = 0, gid = 0, atime = 0, mtime = 0, data = "x",
  len = 0, n = 1, delimiter = "\n", name = "x.test", type = "A", host = "127.0.0.1", address = "127.0.0.1", port = 80, what = "r",
}

-- {owner, name, parameters}: of a module "fslib", of a class "luv.file". Those that take any number are left out.
local function documented()
  local list, p = {}, io.popen("cat " .. tap.dir .. "../docs/*.lua")
  local class, variables = nil, {}
  for line in p:lines() do
    class = line:match("^%-%-%-@class ([%w%.]+)") or class
    local variable = line:match("^local (%w+) = {}$")
    local owner, name, parameters = line:match("^function (%w+)[.:]([%w_]+)%((.*)%) end$")
    if variable then variables[variable] = class end
    if name and not parameters:find("...", 1, true) then
      local f = {owner = owner == "luv" and "luv" or variables[owner], name = name, n = 0}
      for parameter in parameters:gmatch("[%w_]+") do
        f.n = f.n + 1
        f[f.n] = some[parameter]
      end
      list[#list + 1] = f
    end
  end
  p:close()
  return list
end

local functions = documented()

-- They take what 2012 had before their first argument, want objects first, or are Lua's own.
local others = {["luv.pipelib.create"] = true, ["luv.zmqlib.create"] = true,
                ["luv.zmqlib.proxy"] = true, ["luv.fslib.sendfile"] = true,
                ["luv.coroutinelib.create"] = true, ["luv.coroutinelib.wrap"] = true,
                ["luv.coroutinelib.running"] = true, ["luv.coroutinelib.status"] = true}

local wrong
local function refuses(f, fn, ...)
  local args = tap.pack(...)
  for i = 1, f.n do args[args.n + i] = f[i] end
  args[args.n + f.n + 1] = "more"
  local ok, err = luv.pcall(fn, unpack(args, 1, args.n + f.n + 1))
  local want = "bad argument #" .. f.n + 1 .. " to '[%w_]+' %(no more arguments expected, got string%)"
  if ok or not tostring(err):find(want) then wrong[#wrong + 1] = f.owner .. "." .. f.name .. ": " .. tostring(err) end
end

tap.both("all functions of the modules", function()
  local count = 0
  wrong = {}
  for _, f in ipairs(functions) do
    local module = f.owner == "luv" and luv or luv[f.owner:match("^luv%.(%w+)lib$")]
    if module and not others[f.owner .. "." .. f.name] then
      refuses(f, module[f.name])
      count = count + 1
    end
  end
  tap.equal(table.concat(wrong, "\n"), "")
  tap.ok(count > 120, count)
end)

-- One of each class, with the classes that its methods are documented in, and what closes all.
local function objects()
  local ctx, at, work = luv.zmq.create(), {}, os.tmpname()
  local pair = ctx:socket("PAIR")
  local function add(class, o, parent) at[#at + 1] = {tap.ok(o, class), class, parent or "luv.object", "luv.object"} end
  local a, b = luv.net.socketpair()
  add("luv.tcp", a, "luv.stream")
  local pty = luv.tty.pty()
  if pty then add("luv.tty", pty, "luv.stream") end
  add("luv.chan", luv.chan(1)) add("luv.cond", luv.cond()) add("luv.event", luv.event())
  add("luv.fiber", luv.fiber.create(print)) add("luv.file", luv.fs.open(work)) add("luv.dir", luv.fs.opendir("/"))
  add("luv.fs.event", luv.fs.watch(work)) add("luv.fs.poller", luv.fs.poll(work, 1000))
  add("luv.hash", luv.hash("md5")) add("luv.idle", luv.idle.create()) add("luv.mutex", luv.mutex())
  add("luv.pipe", luv.pipe.create(), "luv.stream") add("luv.poll", luv.poll.create(a:fileno()))
  add("luv.process", luv.process.spawn("true")) add("luv.semaphore", luv.semaphore(1))
  add("luv.signal", luv.signal.create("USR2")) add("luv.tcp", b, "luv.stream")
  add("luv.thread", luv.thread.create(function() end)) add("luv.thread.chan", luv.thread.chan(1))
  add("luv.thread.pool", luv.thread.pool(1)) add("luv.timer", luv.timer.create())
  add("luv.udp", luv.net.udp()) add("luv.unixgram", luv.net.unixgram()) add("luv.waitgroup", luv.waitgroup())
  add("luv.zmq.context", ctx) add("luv.zmq.socket", pair) add("luv.zmq.monitor", pair:monitor())
  return at, function()
    for i = #at, 1, -1 do
      local o = at[i][1]
      if getmetatable(o) == "luv.thread" then o:join()
      elseif getmetatable(o) == "luv.process" then o:wait() o:close()
      elseif getmetatable(o) == "luv.fiber" then o:cancel() o:ready()
      elseif getmetatable(o) ~= "luv.hash" then o:close() end
    end
    os.remove(work)
  end
end

tap.test("all methods", function()
  local all, close = objects()
  local count = 0
  wrong = {}
  for _, at in ipairs(all) do
    local seen = {}
    for i = 2, #at do
      for _, f in ipairs(functions) do
        local method = f.owner == at[i] and not seen[f.name] and at[1][f.name]
        if method then
          refuses(f, method, at[1])
          seen[f.name] = true
          count = count + 1
        end
      end
    end
  end
  close()
  tap.equal(table.concat(wrong, "\n"), "")
  tap.ok(count > 200, count)
end)

tap.done()
