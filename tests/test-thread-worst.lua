-- luv.thread at its worst. With the argument "long" as often as it takes: a thousand threads,
-- 200 at once, the seed's script a thousand times, 100 MB.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local thread = luv.thread
local long = arg[1] == "long"
local asan = os.getenv("ASAN_OPTIONS") -- it keeps what was freed for a while, and maps terabytes

local function status(field)
  return tonumber(tap.slurp("/proc/self/status"):match("\n" .. field .. ":%s+(%d+)"))
end

local function descriptors()
  local p, n = io.popen("ls /proc/$PPID/fd | wc -l"), nil
  n = tonumber(p:read("*l"))
  p:close()
  return n
end

local function settled(before)
  for _ = 1, 100 do
    if status("Threads") <= before + 4 then return true end -- Go may start some
    luv.sleep(0.01)
  end
  return false
end

tap.test("one after another: no growth of memory, descriptors, threads", function()
  local function some(n)
    for i = 1, n do
      tap.equal(thread.create(function(i) local luv = require("luv") luv.sleep(0) return i end, i):join(), i)
    end
    collectgarbage()
    luv.run("nowait")
  end
  local n = long and 1000 or 60
  some(n / 2)
  local kb, fds, threads = status("VmRSS"), descriptors(), status("Threads")
  some(n)
  tap.ok(settled(threads), "threads " .. threads .. " -> " .. status("Threads"))
  tap.ok(asan or status("VmRSS") - kb < 4096 + 2 * n, "KB " .. kb .. " -> " .. status("VmRSS"))
  tap.ok(descriptors() <= fds + 3, "descriptors " .. fds .. " -> " .. descriptors()) -- each thread has five
end)

tap.test("many at once", function()
  local all, n, threads = {}, long and 200 or 40, status("Threads")
  local gate = thread.chan(n)
  for i = 1, n do all[i] = assert(thread.create(function(i) luv.sleep(0.001) gate:put(i) return i end, i)) end
  local sum = 0
  for _ = 1, n do sum = sum + gate:get() end
  tap.equal(sum, n * (n + 1) / 2)
  for i = 1, n do tap.equal(all[i]:join(), i) end
  tap.ok(settled(threads), "threads " .. threads .. " -> " .. status("Threads"))
end)

tap.test("the seed's script, again and again", function()
  for _ = 1, long and 1000 or 5 do
    local out, err, rc = tap.shell(tap.command(tap.dir .. "../examples/zmq-threads.lua"))
    local want = {}
    for i = 1, 10 do want[i] = "do: " .. i .. "\n" end
    tap.equal(out .. err, table.concat(want))
    tap.equal(rc, 0)
  end
end)

tap.test("it overflows its stack, runs out of memory, or has an error while parents wait", function()
  local t = thread.create(function() local function f() return 1 + f() end return f() end)
  local joins = {}
  for i = 1, 3 do joins[i] = luv.spawn(function() return luv.pcall(t.join, t) end) end
  for i = 1, 3 do
    local ok, err = joins[i]:join()
    tap.equal(ok, false)
    tap.match(err, "stack overflow")
  end
  tap.match(t:traceback(), "stack overflow")
  if asan then return end
  local out, err, rc = tap.run([[
    local luv = require("luv")
    local t = luv.thread.create(function()
      local s = ("x"):rep(2 ^ 22)
      while true do s = s .. s end
    end)
    local ok, e = luv.pcall(t.join, t)
    print(ok, tostring(e):match("not enough memory"))]], "ulimit -v 3000000")
  tap.equal(out, "false\tnot enough memory\n", err)
  tap.equal(rc, 0)
end)

tap.test("made by a fiber, by a thread, by a finalizer", function()
  tap.equal(tap.fiber(function() return thread.create(function() return "fiber" end):join() end), "fiber")
  local function deep(n)
    return n == 0 and "deep" or luv.thread.create(deep, n - 1):join()
  end
  tap.equal(deep(5), "deep")
  local made
  local proxy = newproxy(true)
  getmetatable(proxy).__gc = function() made = thread.create(function() return "collected" end) end
  proxy = nil
  collectgarbage()
  collectgarbage()
  tap.equal(made:join(), "collected")
end)

tap.test("large arguments, deep tables", function()
  local mb = long and 100 or 10
  local big = ("0123456789abcdef"):rep(65536 * mb)
  local n, back = thread.create(function(s) return #s, s end, big):join()
  tap.equal(n, #big)
  tap.equal(back, big)
  back = nil
  local t = {}
  for _ = 1, 100000 do t = {t} end
  local depth, same = thread.create(function(t)
    local n, at = 0, t
    while at[1] do at, n = at[1], n + 1 end
    return n, t
  end, t):join()
  tap.equal(depth, 100000)
  local m = 0
  while same[1] do same, m = same[1], m + 1 end
  tap.equal(m, 100000)
  t = nil
end)

tap.test("the parent ends first, whatever its threads are at", function()
  local out, err, rc = tap.run([[
    local luv = require("luv")
    local ch = luv.thread.chan(1)
    luv.thread.create(function()
      local inner = luv.thread.create(function() luv.sleep(0.1) ch:put("inner") end)
      luv.sleep(0.05)
      print("outer")
    end)
    luv.thread.create(function() print(ch:get()) end)
    luv.thread.create(function() luv.sleep(0.02) error("lost", 0) end):name("bad")]])
  tap.equal(out, "outer\ninner\n")
  tap.match(err, "^luv: thread bad died: lost")
  tap.equal(rc, 1)
end)

tap.test("lua_close with threads that wait, compute, talk: it waits for them", function()
  local _, err, rc = tap.run([[
    local luv = require("luv")
    luv.zmq.exit_linger = 0
    local ctx, ch = luv.zmq.create(0), luv.thread.chan(3)
    for i = 1, 4 do
      luv.thread.create(function()
        local s = ctx:socket(luv.zmq.PAIR):bind("inproc://" .. i)
        luv.spawn(function() s:recv() end)
        luv.spawn(function() local next = ch:iter() while next() do end end)
        local pool = luv.thread.pool(2)
        for k = 1, 20 do luv.spawn(function() pool:call(function(k) return k * k end, k) end) end
        luv.sleep(0.02)
        local t = 0
        for k = 1, 1e6 do t = t + k end
      end)
    end
    for i = 1, 100 do ch:try_put({i}) end]])
  tap.equal(err, "")
  tap.equal(rc, 0)
end)

tap.test("forgotten threads, channels and pools, in the middle of everything", function()
  for i = 1, 20 do
    local ch = thread.chan(i % 3)
    thread.create(function() luv.sleep(0.001) ch:put({i, ch}, 0.01) end)
    luv.spawn(function() ch:get(0.005) end)
    local pool = thread.pool(1)
    luv.spawn(function() luv.pcall(pool.call, pool, function() luv.sleep(0.001) end) end)
    if i % 5 == 0 then luv.fiber.yield() collectgarbage() end
  end
  luv.sleep(0.05)
end)

tap.test("names, cancels and detaches of threads that another one is just making", function()
  local stop, meddlers = thread.chan(3), {}
  for k, what in ipairs{"name", "detach", "cancel"} do
    meddlers[k] = thread.create(function()
      local me, met = luv.thread.self(), 0
      while not stop:try_get() do
        for _, t in ipairs(luv.thread.list()) do
          if t ~= me and t:name():match("^luv") then
            t[what](t, what == "name" and "luv" or nil)
            met = met + 1
          end
        end
        luv.fiber.yield()
      end
      return met
    end):name("meddler")
  end
  for _ = 1, long and 5000 or 300 do
    local t = thread.create(function() end)
    luv.pcall(t.join, t) -- it may have been cancelled
    tap.equal(t:status(), "dead")
  end
  for _ = 1, 3 do stop:put(true) end
  for k = 1, 3 do tap.ok(meddlers[k]:join() > 0) end
end)

tap.test("channels in channels in channels: the last one takes all the others along", function()
  local c
  for _ = 1, long and 500000 or 20000 do
    local outer = thread.chan(1)
    outer:put({c})
    c = outer
  end
  c = nil
end)

tap.test("Ctrl-C ends threads that wait and that compute, before and after the script's end", function()
  for _, last in ipairs{"luv.sleep(60)", ""} do
    local script = tap.tempfile([[
      local luv = require("luv")
      for i = 1, 3 do luv.thread.create(function() luv.sleep(60) end) end
      luv.thread.create(function() luv.thread.create(function() luv.thread.chan():get() end):join() end)
      luv.thread.create(function() while true do end end)
      ]] .. last)
    local took, _, err, rc = tap.timed(tap.shell, "LUA_CPATH=" .. tap.quote(package.cpath) ..
      " timeout -s INT 0.5 " .. tap.interpreter .. " " .. tap.quote(script))
    os.remove(script)
    tap.equal(rc, 124, err)
    tap.ok(took < 20, "took " .. took)
  end
end)

tap.test("cancels, errors and timeouts at random", function()
  local gate, list = thread.chan(2), {}
  for i = 1, 30 do
    list[i] = thread.create(function(i)
      if i % 3 == 0 then error({i}) end
      if i % 3 == 1 then luv.spawn(function() luv.sleep(0.002) end) end
      gate:put(i, 0.05)
      return gate:get(0.001 * i)
    end, i)
    if i % 4 == 0 then list[i]:cancel() end
  end
  luv.on_error(function() end)
  for i = 1, 30 do
    luv.timeout(0.01 * (i % 3), function() luv.pcall(list[i].join, list[i]) end)
    list[i]:cancel()
    luv.pcall(list[i].join, list[i])
    tap.equal(list[i]:status(), "dead")
  end
  luv.on_error(nil)
end)

tap.done()
