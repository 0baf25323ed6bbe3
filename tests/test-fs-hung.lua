-- Operations that hang, which a fifo without a writer does as well as a dead mount: they hold
-- threads of the pool, and nothing else.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local fs = luv.fs

-- Runs a script in a process of its own, with `dir` and `fifo`; it has to print "end" in time.
local function hung(name, script, setup, check)
  tap.test(name, function()
    local dir = assert(fs.mkdtemp(fs.tmpdir() .. "/luv-hung-XXXXXX"))
    local head = ([[
      local luv, dir = require("luv"), %q
      local fs, fifo = luv.fs, dir .. "/fifo"
      local function count() return #fs.scandir("/proc/self/fd") end
      local function until_true(f) for _ = 1, 1000 do if f() then return true end luv.sleep(0.01) end end
      local function let_through()
        local w = assert(io.open(fifo, "r+"))
        assert(until_true(function() return fs.stats().running + fs.stats().queued == 0 end))
        w:close()
      end
      local function hang(n, ...)
        for _ = 1, n do luv.spawn(fs.open, fifo, "r", nil, ...) end
        luv.fiber.yield()
        luv.sleep(0.02)
      end
    ]]):format(dir):gsub("\n%s*", " ")
    local took, out, err, rc = tap.timed(tap.run, head .. script, "mkfifo " .. dir .. "/fifo; " .. (setup or ""))
    fs.rmrf(dir)
    tap.equal(out, "end\n", err)
    tap.equal(rc, 0, err)
    tap.ok(took < 20, took)
    if check then check() end
  end)
end

hung("what is given up leaves the queue, and what lies before and behind it stays", [[
  hang(4)
  local list = {}
  for i = 1, 5 do list[i] = luv.spawn(fs.mkdir, dir .. "/" .. i) end
  luv.sleep(0.01)
  assert(fs.stats().queued == 5)
  list[3]:cancel()
  list[5]:cancel()
  let_through()
  for i = 1, 5 do
    if i == 3 or i == 5 then assert(not luv.pcall(list[i].join, list[i]) and not fs.stat(dir .. "/" .. i))
    else assert(list[i]:join() and fs.stat(dir .. "/" .. i).is_directory) end
  end
  print("end")
]])

hung("one thread hangs and the script never waits: the other threads do the rest", [[
  local done, over = 0, luv.hrtime() + 10e9
  luv.spawn(fs.open, fifo)
  luv.fiber.yield()
  for i = 1, 20 do luv.spawn(function() assert(fs.mkdir(dir .. "/" .. i)) done = done + 1 end) end
  while done < 20 and luv.hrtime() < over do luv.fiber.yield() end
  assert(done == 20, done)
  let_through()
  print("end")
]])

hung("all threads hang: other fibers go on, as does what is done in place, and timeouts come", [[
  fs.writefile(dir .. "/x", "data")
  local f = assert(fs.open(dir .. "/x"))
  assert(fs.stat(dir .. "/x").size == 4)
  hang(4)
  local stats, ticks = fs.stats(), 0
  assert(stats.threads == 4 and stats.running == 4 and stats.queued == 0)
  local ticker = luv.spawn(function() while true do luv.sleep(0.001) ticks = ticks + 1 end end)
  if stats.inline then
    assert(select(2, f:read(4, 0, 10)) == "data" and fs.readfile(dir .. "/x", 10) == "data")
    assert(fs.stat(dir .. "/x", 10).size == 4 and f:stat(10).size == 4 and f:seek("end") == 4)
    assert(fs.open(dir .. "/x", "r", nil, 10)):close()
  end
  local _, _, code = fs.mkdir(dir .. "/d", nil, 0.05)
  assert(code == "ETIMEDOUT" and ticks > 0, code)
  local waiter = luv.spawn(fs.mkdir, dir .. "/e")
  luv.fiber.yield()
  luv.sleep(0.01)
  assert(fs.stats().queued == 1)
  waiter:cancel()
  assert(not luv.pcall(waiter.join, waiter))
  ticker:cancel()
  let_through()
  assert(not fs.stat(dir .. "/d") and not fs.stat(dir .. "/e"), "what was given up has not begun")
  print("end")]])

hung("a close that is given up, or cancelled, closes nevertheless", [[
  local files, before = {}, count()
  for i = 1, 10 do files[i] = assert(fs.open(dir .. "/" .. i, "w")); files[i]:write("x") end
  hang(4, 0.2)
  for i = 1, 8 do
    local _, _, code = files[i]:close(i / 1000)
    assert(code == "ETIMEDOUT" and files[i]:closed())
  end
  local closer = luv.spawn(function() files[9]:close() end)
  luv.sleep(0.005)
  closer:cancel()
  files[10] = nil
  collectgarbage()
  luv.sleep(0.3)
  let_through()
  assert(until_true(function() return count() == before end), count() - before)
  print("end")]])

hung("late results are undone: files, temporary ones, directories, watches", [[
  local before = count()
  hang(4, 0.05)
  local function late(fn, ...) local _, _, code = luv.fs[fn](...) assert(code == "ETIMEDOUT") end
  late("mkstemp", dir .. "/fXXXXXX", 0.001)
  late("mkdtemp", dir .. "/dXXXXXX", 0.001)
  late("open", dir .. "/new", "w", nil, 0.001)
  late("opendir", "/proc", 0.001)
  late("watch", "/proc", 0.001)
  late("walk", "/proc", 0.001)
  luv.sleep(0.1)
  let_through()
  assert(until_true(function() return count() == before end), count() - before)
  assert(#fs.readdir(dir) == 1)
  print("end")]])

hung("the pool's size is UV_THREADPOOL_SIZE", [[
  hang(3)
  local s = fs.stats()
  assert(s.threads == 2 and s.running == 2 and s.queued == 1)
  let_through()
  print("end")]], "export UV_THREADPOOL_SIZE=2")

hung("luv.fs.poll behind a pool that hangs: closing, and the end", [[
  hang(4)
  local p = assert(fs.poll(dir, 5))
  local _, _, code = p:next(0.02)
  assert(code == "ETIMEDOUT")
  p:close()
  fs.poll(dir, 5)
  print("end")]])

hung("the end of a thread whose operation hangs; its late file is closed", [[
  local t = luv.thread.spawn(function(fifo)
    local luv = require("luv")
    luv.spawn(luv.fs.open, fifo)
    luv.sleep(0.02)
    return "over"
  end, fifo)
  assert(t:join() == "over")
  local function open_ones()
    local n = 0
    for _, fd in ipairs(fs.readdir("/proc/self/fd")) do
      if fs.readlink("/proc/self/fd/" .. fd) == fifo then n = n + 1 end
    end
    return n
  end
  assert(fs.stats().running == 1)
  local w = assert(io.open(fifo, "r+"))
  luv.sleep(0.1)
  w:close()
  assert(until_true(function() return open_ones() == 0 end), open_ones())
  print("end")]])

hung("os.exit while four hang and one waits", [[
  hang(5)
  print("end")
  os.exit(0)]])

-- The end waits five seconds for what is being written.
if arg[1] == "long" then hung("a pipe that takes no more while Lua ends", [[
  local f = assert(fs.open(fifo, "r+"))
  luv.spawn(function() f:write(("x"):rep(300000)) end)
  luv.sleep(0.02)
  local r = assert(io.open(fifo, "r"))
  print("end")]])
end

tap.done()
