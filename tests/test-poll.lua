-- luv.poll: waiting for descriptors of somebody else's.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local create = luv.poll.create
local cfd = tap.c_module("cfd")

local function need_c() if not cfd then tap.skip("no C compiler") end end

local function close(...)
  for _, fd in ipairs{...} do cfd.close(fd) end
end

tap.both("a pipe: readable when there is something, writable until it is full", function()
  need_c()
  local r, w = cfd.pipe()
  local pr, pw = assert(create(r)), assert(create(w))
  tap.match(tostring(pr), "^userdata<luv%.poll>: 0x%x+$")
  tap.equal(pr:fileno(), r)
  tap.equal(pw:wait("w"), "w")
  tap.equal(pw:wait("rw"), "w")
  tap.fails("ETIMEDOUT", pr:wait("r", 0))
  tap.fails("ETIMEDOUT", pr:wait("r", 0.005))
  luv.spawn(function()
    luv.sleep(0.002)
    cfd.write(w, "hello")
  end)
  tap.equal(pr:wait("r"), "r")
  tap.equal(pr:wait("r"), "r", "still")
  tap.equal(cfd.read(r), "hello")
  tap.fails("ETIMEDOUT", pr:wait("r", 0))
  while cfd.write(w, ("x"):rep(4096)) > 0 do end
  tap.fails("ETIMEDOUT", pw:wait("w", 0.005))
  local f = luv.spawn(function() return pw:wait("w") end)
  luv.sleep(0.001)
  while cfd.read(r) do end
  tap.equal(f:join(5), "w")
  cfd.close(w)
  tap.equal(pr:wait("r", 5), "r", "its end is something to read")
  tap.equal(cfd.read(r), "")
  pr:close()
  pw:close()
  tap.ok(cfd.is_open(r), "never closed by luv")
  cfd.close(r)
end)

tap.both("two fibers wait for different things", function()
  need_c()
  local a, b = cfd.streams()
  local p = assert(create(a))
  while cfd.write(a, ("x"):rep(65536)) > 0 do end
  local order = {}
  local function wait_for(what)
    return luv.spawn(function()
      local is = p:wait(what)
      order[#order + 1] = what .. is
      return "done"
    end)
  end
  local reader, writer = wait_for("r"), wait_for("w")
  local either = luv.spawn(function() return p:wait("rw") end)
  luv.sleep(0.002)
  tap.equal(#order, 0)
  cfd.write(b, "x")
  tap.equal(reader:join(5), "done")
  tap.equal(either:join(5), "r")
  tap.same(order, {"rr"})
  while cfd.read(b) do end
  tap.equal(writer:join(5), "done")
  tap.same(order, {"rr", "ww"})
  tap.equal(p:wait("rw"), "rw")
  p:close()
  close(a, b)
end)

tap.both("inotify: a descriptor of the kernel's", function()
  need_c()
  local dir = assert(luv.fs.mkdtemp(luv.fs.tmpdir() .. "/luv-poll-XXXXXX"))
  local fd = cfd.inotify(dir)
  local p = assert(create(fd))
  local f = luv.spawn(function()
    local names = {}
    while #names < 3 do
      assert(p:wait("r", 10))
      for name in cfd.read(fd):gmatch("file%d") do names[#names + 1] = name end
    end
    return table.concat(names, " ")
  end)
  for i = 1, 3 do
    luv.sleep(0.001)
    luv.fs.writefile(dir .. "/file" .. i, "")
  end
  tap.equal(f:join(), "file1 file2 file3")
  p:close()
  cfd.close(fd)
  assert(luv.fs.rmrf(dir))
end)

-- While luv itself reads and writes through the same descriptor.
tap.both("an object that has fileno(): luv's own, or a table", function()
  local client, peer = tap.connected()
  local p = assert(create(client))
  tap.equal(p:fileno(), client:fileno())
  tap.equal(p:wait("rw"), "w")
  local f = luv.spawn(function() return p:wait("r") end)
  luv.sleep(0.001)
  peer:write("x")
  tap.equal(f:join(5), "r")
  tap.equal(select(2, client:read()), "x")
  local fd = client:fileno()
  local t = create{fileno = function(self) return fd end}
  tap.equal(t:wait("w"), "w")
  t:close()
  local again = create(fd)
  tap.equal(again:wait("w"), "w", "any number of them")
  again:close()
  tap.fails("EBADF", create(luv.net.tcp()))
  tap.fails("EBADF", create(peer:close()))
  p:close()
  client:close()
end)

tap.both("numbers that are no descriptor, files that need no wait", function()
  tap.fails("EBADF", create(99999))
  tap.fails("EBADF", create(2147483647))
  local file = assert(luv.fs.open("/dev/zero"))
  local name = tap.tempfile("x")
  local plain = assert(luv.fs.open(name))
  tap.fails("EPERM", create(plain))
  file:close()
  plain:close()
  os.remove(name)
end)

tap.both("the descriptor is closed meanwhile, and its number is another's", function()
  need_c()
  local r, w = cfd.pipe()
  local p = assert(create(r))
  cfd.close(r)
  tap.fails("EBADF", p:wait("r"))
  tap.fails("EBADF", p:wait("r", 0))
  local r2, w2 = cfd.pipe()
  if r2 ~= r then
    cfd.dup2(r2, r)
  end
  local f = luv.spawn(function() return p:wait("r") end)
  luv.sleep(0.001)
  cfd.write(w2, "x")
  tap.equal(f:join(5), "r")
  -- With a wait in progress: luv's own sockets may get the number, and are not confused.
  cfd.read(r)
  f = luv.spawn(function() return p:wait("r", 0.05) end)
  luv.sleep(0.001)
  cfd.close(r)
  local client, peer = tap.connected()
  peer:write("hello")
  tap.equal(select(2, client:read()), "hello")
  f:join()
  client:close()
  peer:close()
  p:close()
  close(w, w2)
  if r2 ~= r then cfd.close(r2) end
end)

tap.both("close, cancel, luv.timeout, select", function()
  need_c()
  local r, w = cfd.pipe()
  local p = assert(create(r))
  local f = luv.spawn(function() return p:wait("r") end)
  local g = luv.spawn(function() p:wait("r") end)
  luv.sleep(0.001)
  g:cancel()
  tap.raises("cancelled", g.join, g)
  local ok, _, code = luv.timeout(0.005, function() p:wait("r") end)
  tap.equal(ok, nil)
  tap.equal(code, "ETIMEDOUT")
  local c = luv.chan(1)
  c:put("first")
  tap.equal(select(2, luv.select{{p, "wait", "r"}, {c}}), "first")
  cfd.write(w, "x")
  tap.equal(f:join(5), "r")
  local i, what = luv.select{{p, "wait", "r"}, {c}}
  tap.equal(i, 1)
  tap.equal(what, "r")
  cfd.read(r)
  f = luv.spawn(function() return p:wait("r") end)
  luv.sleep(0.001)
  p:close()
  tap.fails("ECANCELED", f:join())
  tap.fails("EBADF", p:wait("r"))
  tap.fails("EBADF", p:fileno())
  tap.equal(p:closed(), true)
  p:close()
  c:close()
  close(r, w)
end)

tap.test("wrong arguments raise", function()
  tap.raises("bad argument #1 to 'create' %(number expected, got no value%)", create)
  tap.raises("bad argument #1 to 'create' %(number expected, got string%)", create, "1")
  tap.raises("bad argument #1 to 'create' %(whole number from 0 to 2147483647 expected%)", create, -1)
  for _, n in ipairs{0.5, 0 / 0, 1 / 0, 2 ^ 31} do tap.raises("whole number", create, n) end
  tap.raises("bad argument #1 to 'create' %(descriptor or object with fileno%(%) expected, got table%)", create, {})
  tap.raises("descriptor or object with fileno%(%) expected, got luv.timer", create, luv.timer.create():close())
  tap.raises("descriptor or object with fileno%(%) expected, got userdata", create, newproxy())
  tap.raises("bad argument #1 to 'create' %(number expected, got string%)", create, {fileno = function() return "x" end})
  tap.raises("my own", create, {fileno = function() error("my own") end})
  local client, peer = tap.connected()
  local p = create(client)
  tap.raises("bad argument #1 to 'wait' %(string expected, got no value%)", p.wait, p)
  tap.raises("bad argument #1 to 'wait' %(\"r\", \"w\" or \"rw\" expected%)", p.wait, p, "wr")
  tap.raises("bad argument #2 to 'wait' %(seconds of 0 or more expected%)", p.wait, p, "r", -1)
  tap.raises("bad self %(luv.poll expected, got no value%)", p.wait)
  p:close()
  client:close()
  peer:close()
end)

tap.test("the foreign flags stay: a blocking descriptor blocks", function()
  need_c()
  local a, b = cfd.datagrams()
  tap.ok(cfd.is_blocking(a))
  local p = create(a)
  tap.equal(p:wait("w"), "w")
  tap.ok(cfd.is_blocking(a))
  p:close()
  close(a, b)
end)

tap.test("a descriptor that is always ready lets the others have their turn", function()
  local client, peer = tap.connected()
  local p = create(client)
  tap.lets_others(function() p:wait("w") end)
  p:close()
  client:close()
  peer:close()
end)

tap.test("the object whose descriptor it is lives as long", function()
  local client, peer = tap.connected()
  local p = create(client)
  client = nil
  if tap.jit then jit.flush() end
  for _ = 1, 3 do collectgarbage() end
  luv.sleep(0)
  peer:write("x")
  tap.equal(p:wait("r", 5), "r")
  p:close()
  peer:close()
end)

tap.test("no Go callback per wait; forgotten ones are closed", function()
  need_c()
  local r, w = cfd.pipe()
  local p = create(r)
  local f = luv.spawn(function()
    local n = 0
    while n < 200 do
      p:wait("r")
      n = n + #cfd.read(r)
    end
  end)
  luv.sleep(0.001)
  local before = luv.stats().go_callbacks
  for _ = 1, 200 do
    cfd.write(w, "x")
    luv.sleep(0)
  end
  f:join(5)
  tap.ok(luv.stats().go_callbacks - before <= 4)
  p, f = nil, nil
  for _ = 1, 300 do create(r) end
  if tap.jit then jit.flush() end
  for _ = 1, 5 do
    collectgarbage()
    luv.sleep(0.001)
  end
  tap.ok((luv.stats().handles["luv.poll"] or 0) < 10)
  close(r, w)
end)

tap.test("EMFILE is a value", function()
  local out, err, rc = tap.run([[
    local luv = require("luv")
    local held = {}
    for _ = 1, 100 do held[#held + 1] = io.open("/dev/null") end
    print(select(3, luv.poll.create(0)))]], "ulimit -n 48")
  tap.equal(rc, 0, err)
  tap.equal(out, "EMFILE\n")
end)

-- ---- sets ---------------------------------------------------------------------------------------------------

local set_of = luv.poll.set

tap.both("a set: which of many are ready, for what", function()
  local set = assert(set_of())
  tap.match(tostring(set), "^userdata<luv%.pollset>: 0x%x+$")
  tap.fails("ETIMEDOUT", set:wait(0))
  local pairs_of = {}
  for i = 1, 300 do
    local a, b = luv.net.socketpair()
    pairs_of[i] = {a, b}
    tap.equal(set:add(a, "r"), set)
  end
  tap.fails("ETIMEDOUT", set:wait(0.005))
  luv.spawn(function()
    luv.sleep(0.002)
    pairs_of[7][2]:write("x")
    pairs_of[200][2]:write("y")
  end)
  local ready, n = set:wait(20)
  tap.ok(n == 1 or n == 2, n)
  luv.sleep(0.005)
  ready, n = set:wait()
  tap.same({n, ready[pairs_of[7][1]], ready[pairs_of[200][1]]}, {2, "r", "r"})
  set:add(pairs_of[7][1], "rw")
  tap.equal(set:wait()[pairs_of[7][1]], "rw")
  set:add(pairs_of[7][1], "w")
  tap.equal(set:wait()[pairs_of[7][1]], "w")
  tap.equal(set:remove(pairs_of[7][1]), set)
  tap.fails("ENOENT", set:remove(pairs_of[7][1]))
  tap.equal(pairs_of[200][1]:read_exactly(1), "y")
  tap.fails("ETIMEDOUT", set:wait(0))
  pairs_of[1][2]:close()
  tap.equal(set:wait(20)[pairs_of[1][1]], "r", "an end is something to read")
  for _, p in ipairs(pairs_of) do p[1]:close() p[2]:close() end
  tap.fails("ETIMEDOUT", set:wait(0)) -- what is closed is not there any more
  set:close()
  tap.fails("EBADF", set:wait(0))
  tap.fails("EBADF", set:add(0, "r"))
end)

tap.both("a set by number, with an object of the script's, more than 256 ready", function()
  local set, all = set_of(), {}
  for i = 1, 300 do
    local a, b = luv.net.socketpair()
    set:add(a:fileno(), "w")
    all[i] = {a, b}
  end
  local ready, n = set:wait()
  tap.equal(n, 256)
  local fd, what = next(ready)
  tap.same({type(fd), what}, {"number", "w"})
  local mine = {fileno = function() return all[1][2]:fileno() end}
  set:add(mine, "rw")
  local found
  for _ = 1, 3 do found = found or set:wait()[mine] end
  tap.equal(found, "w")
  for _, p in ipairs(all) do p[1]:close() p[2]:close() end
  set:close()
end)

tap.both("several wait for one set, one of them in a select; close ends it", function()
  local set, a, b = set_of(), luv.net.socketpair()
  set:add(a, "r")
  local one, two = luv.spawn(set.wait, set), luv.spawn(function() return luv.select{{set}, {b, "read"}} end)
  luv.sleep(0.002)
  b:write("x")
  tap.equal(one:join(20)[a], "r")
  tap.equal(two:join(20), 1)
  tap.equal(a:read_exactly(1), "x")
  local three = luv.spawn(set.wait, set)
  luv.sleep(0.001)
  set:close()
  tap.fails("ECANCELED", three:join(20))
  a:close() b:close()
end)

tap.test("mistakes with sets", function()
  local set = set_of()
  tap.raises("descriptor or object", set.add, set, {}, "r")
  tap.raises("number expected", set.add, set, "1", "r")
  tap.raises("whole number", set.add, set, -1, "r")
  tap.raises("\"r\", \"w\" or \"rw\"", set.add, set, 0, "x")
  tap.raises("luv.pollset", set.wait, luv.idle.create())
  tap.fails("EBADF", set:add(100000, "r"))
  tap.fails("EBADF", set:add(luv.net.tcp(), "r"))
  set:close()
end)

tap.test("a set whose fibers never have to wait lets others run", function()
  local set, a, b = set_of(), luv.net.socketpair()
  set:add(a, "w")
  tap.lets_others(function() set:wait() end)
  set:close() a:close() b:close()
end)

tap.done()
