-- file:lock: shared and exclusive, ranges, between open files of one process, of threads and of processes.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local fs = luv.fs

local function both(name, fn)
  tap.both(name, function()
    local path = os.tmpname()
    local files = {}
    local function open(mode)
      local f = assert(fs.open(path, mode or "r+"))
      files[#files + 1] = f
      return f
    end
    local r = tap.pack(luv.pcall(fn, open, path))
    for _, f in ipairs(files) do f:close() end
    os.remove(path)
    if not r[1] then error(r[2], 0) end
  end)
end

both("shared and exclusive, change of kind, let go", function(open)
  local a, b, c = open(), open(), open()
  tap.equal(a:lock("shared"), a)
  tap.equal(b:lock("shared", 0), b)
  tap.fails("ETIMEDOUT", c:lock("exclusive", 0))
  tap.fails("ETIMEDOUT", a:lock("exclusive", 0.02))
  tap.equal(b:lock(nil), b)
  tap.equal(a:lock("exclusive"), a)
  tap.fails("ETIMEDOUT", b:lock("shared", 0))
  tap.equal(a:lock("shared"), a)
  tap.equal(b:lock("shared", 0), b)
  tap.equal(a:lock(), a)
  tap.equal(a:lock(nil, 1), a)
end)

both("a wait ends when the other lets go, closes, or is collected", function(open)
  for _, how in ipairs{function(f) f:lock(nil) end, function(f) f:close() end} do
    local a, b = open(), open()
    a:lock("exclusive")
    local waiter = luv.spawn(function() return b:lock("exclusive", 10) end)
    luv.sleep(0.03)
    tap.equal(waiter:status(), "waiting")
    tap.match(luv.dump(), "waiting for [%d.]+ s, for [^\n]*file")
    how(a)
    local seconds, got = tap.timed(waiter.join, waiter)
    tap.equal(got, b)
    tap.ok(seconds < 1, "took " .. seconds)
    b:close()
  end
end)

both("one after the other: nobody sees half a change", function(open)
  local inside, most, done = 0, 0, 0
  local all = {}
  for i = 1, 8 do
    all[i] = luv.spawn(function()
      local f = open()
      for _ = 1, 5 do
        assert(f:lock("exclusive"))
        inside = inside + 1
        most = math.max(most, inside)
        luv.sleep(0.001)
        inside = inside - 1
        done = done + 1
        assert(f:lock())
      end
      f:close()
    end)
  end
  for _, f in ipairs(all) do f:join() end
  tap.equal(most, 1)
  tap.equal(done, 40)
end)

both("ranges", function(open)
  local a, b = open(), open()
  tap.equal(a:lock("exclusive", {offset = 10, length = 5}), a)
  tap.equal(b:lock("exclusive", {length = 10}, 0), b)
  tap.equal(b:lock("exclusive", {offset = 15}, 0), b)
  tap.fails("ETIMEDOUT", b:lock("shared", {offset = 14, length = 1}, 0))
  tap.fails("ETIMEDOUT", b:lock("shared", 0))
  tap.equal(a:lock(nil, {offset = 10, length = 2}), a)
  tap.equal(b:lock("shared", {offset = 11, length = 1}, 0), b)
  tap.equal(a:lock("exclusive", {offset = 2 ^ 40, length = 2 ^ 33}, 0) == nil, true)
  b:lock()
  tap.equal(a:lock("exclusive", {offset = 2 ^ 40, length = 2 ^ 33}, 0), a)
  tap.fails("ETIMEDOUT", b:lock("shared", {offset = 2 ^ 40 + 2 ^ 33 - 1, length = 1}, 0))
  tap.equal(b:lock("shared", {offset = 2 ^ 40 + 2 ^ 33}, 0), b)
end)

both("cancelled, closed, given up: no lock stays behind", function(open)
  local a, b, c = open(), open(), open()
  a:lock("exclusive")
  local waiter = luv.spawn(function() return b:lock("exclusive") end)
  luv.sleep(0.01)
  waiter:cancel()
  tap.ok(luv.cancelled(select(2, luv.pcall(waiter.join, waiter))))
  waiter = luv.spawn(function() return b:lock("exclusive") end)
  luv.sleep(0.01)
  b:close()
  tap.fails("ECANCELED", waiter:join())
  tap.fails("EBADF", b:lock("shared"))
  b = open()
  tap.fails("ETIMEDOUT", luv.timeout(0.03, b.lock, b, "exclusive"))
  a:lock()
  luv.sleep(0.06)
  tap.equal(c:lock("exclusive", 0), c)
end)

both("other processes and threads", function(open, path)
  local p = assert(luv.process.spawn(tap.interpreter, {"-e", ([[
    package.cpath = %q
    local luv = require("luv")
    local f = assert(luv.fs.open(%q, "r+"))
    assert(f:lock("exclusive"))
    print("locked")
    io.stdout:flush()
    luv.sleep(30)]]):format(package.cpath, path), stdout = "pipe"}))
  tap.equal(p.stdout:read_line(nil, 10), "locked")
  local a = open()
  tap.fails("ETIMEDOUT", a:lock("shared", 0.05))
  p:kill("KILL")
  p:wait()
  tap.equal(a:lock("shared", 5), a)
  p:close()
  local t = luv.thread.create(function(name)
    local luv = require("luv")
    local f = luv.fs.open(name, "r+")
    local first = f:lock("exclusive", 0.02)
    return first == nil, f:lock("exclusive", 10) == f
  end, path)
  luv.sleep(0.1)
  a:lock()
  tap.same({t:join()}, {true, true})
end)

both("mistakes", function(open)
  local r, w = open("r"), open("a")
  tap.raises("bad argument #1 to 'lock' %(\"shared\", \"exclusive\" or nil expected%)", r.lock, r, "both")
  tap.raises("bad argument #1 to 'lock' %(string or nil expected, got number%)", r.lock, r, 1)
  tap.raises("bad argument #2 to 'lock' %(offset and length", r.lock, r, "shared", {offset = -1})
  tap.raises("bad argument #2 to 'lock' %(offset and length", r.lock, r, "shared", {length = "x"})
  tap.raises("bad argument #2 to 'lock'", r.lock, r, "shared", "x")
  tap.raises("bad argument #3 to 'lock'", r.lock, r, "shared", {}, -1)
  tap.fails("EBADF", r:lock("exclusive"))
  tap.fails("EBADF", w:lock("shared"))
end)

both("in a select: it wins, it waits, it loses and holds nothing", function(open)
  local a, b, c = open(), open(), open()
  local ch = luv.chan(1)
  tap.equal(luv.select{{ch, "get"}, {a, "lock", "exclusive"}, timeout = 5}, 2)
  tap.fails("ETIMEDOUT", luv.select{{b, "lock", "shared"}, timeout = 0.02})
  luv.spawn(function() luv.sleep(0.01) a:lock(nil) end)
  local i, f = luv.select{{ch, "get"}, {b, "lock", "exclusive"}, timeout = 5}
  tap.equal(i, 2)
  tap.equal(f, b)
  luv.spawn(function() luv.sleep(0.01) ch:put("first") end)
  tap.same(tap.pack(luv.select{{c, "lock", "exclusive"}, {ch, "get"}, timeout = 5}), {n = 2, 2, "first"})
  b:lock(nil)
  tap.equal(a:lock("exclusive", 1), a, "the loser has it")
  a:lock(nil)
  -- Both cases can have theirs: only one does.
  local other = open()
  i = luv.select{{a, "lock", "exclusive", {length = 1}}, {other, "lock", "exclusive", {offset = 1, length = 1}}, timeout = 5}
  tap.equal(c:lock("shared", {offset = i - 1, length = 1}, 0), nil)
  tap.equal(c:lock("shared", {offset = 2 - i, length = 1}, 1), c)
  -- A select of the same file twice.
  tap.equal(luv.select{{b, "lock", "shared", {offset = 9, length = 1}}, {b, "lock", "shared", {offset = 9}}, timeout = 5}, 1)
end)

-- The pool may lock for one who has just given up: it is undone, and a newer lock is not.
both("given up at any moment: nothing remains, and a newer lock holds", function(open)
  local a, c = open(), open()
  for i = 1, 200 do
    local ch = luv.chan(1)
    luv.spawn(function()
      for _ = 1, i % 5 do luv.fiber.yield() end
      ch:put(1)
    end)
    local got
    if i % 3 == 0 then got = luv.timeout(0.00001 * (i % 9), function() return a:lock("exclusive") end) and 1
    else got = luv.select{{a, "lock", "exclusive"}, {ch, "get"}} end
    if got == 1 then a:lock(nil)
    elseif i % 2 == 0 then
      tap.equal(a:lock("exclusive"), a)
      tap.fails("ETIMEDOUT", c:lock("shared", 0))
      luv.sleep(0.0002)
      tap.fails("ETIMEDOUT", c:lock("shared", 0))
      a:lock(nil)
    end
    tap.equal(c:lock("shared", 5), c, "round " .. i)
    c:lock(nil)
  end
end)

tap.done()
