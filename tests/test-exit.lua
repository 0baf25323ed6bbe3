-- The end of a script: with fibers and sockets still open it exits at once, code 0, and
-- what print has buffered arrives, be stdout a file or a pipe.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")

local busy = [[
  local luv = require("luv")
  for i = 1, 50 do luv.spawn(function() luv.sleep(1000) end) end
  for i = 1, 10 do luv.spawn(function() while true do luv.fiber.yield() end end) end
  local server = luv.net.tcp():bind("127.0.0.1", 0):listen()
  local port = server:getsockname().port
  luv.spawn(function() while true do server:accept() end end)
  local client = luv.net.tcp()
  luv.spawn(function() client:connect("127.0.0.1", port); client:read() end)
  luv.spawn(function() local a, b = luv.net.socketpair(); a:write(("x"):rep(5000000)) end)
  luv.spawn(function() luv.pcall(function() luv.timeout(1000, luv.sleep, 2000) end) end)
  luv.spawn(function() luv.coroutine.wrap(function() luv.sleep(1000) end)() end)
  luv.spawn(function() luv.net.tcp():connect("localhost", 1); luv.sleep(1000) end)
  local timer = luv.timer.create():start(1, 1)
  luv.spawn(function() while timer:next() do end end)
  local idle = luv.idle.create()
  idle:start()
  luv.spawn(function() while idle:wait() do end end)
  luv.sleep(0.02)
]]

local function numbers(out)
  local n = 0
  for line in out:gmatch("[^\n]+") do
    n = n + 1
    if line ~= "line " .. n then return n, line end
  end
  return n
end

local printing = busy .. "for i = 1, 3000 do print('line ' .. i) end\n"

-- Seconds that fn took, by the system's clock.
local function seconds(fn)
  local t = tap.clock()
  fn()
  return tap.clock() - t
end

tap.test("fibers and sockets open: exit at once, code 0, output to a file intact", function()
  local out, err, rc
  local t = seconds(function() out, err, rc = tap.run(printing) end)
  tap.equal(err, "")
  tap.equal(rc, 0)
  tap.equal(numbers(out), 3000)
  tap.ok(t < 3, "took " .. t)
end)

tap.test("the same into a pipe", function()
  local path = tap.tempfile(printing)
  local out, err, rc = tap.shell("{ ( " .. tap.command(path) .. " ); echo rc $? >&2; } | cat")
  os.remove(path)
  tap.equal(rc, 0)
  tap.equal(numbers(out), 3000)
  tap.equal(err, "rc 0\n")
end)

tap.test("print into a pipe whose reader has gone: the same with luv and without", function()
  for _, script in ipairs{'for i = 1, 30000 do print("line " .. i) end', 'require("luv").sleep(0.01)\n' .. printing:rep(3)} do
    local path = tap.tempfile(script)
    local _, err = tap.shell("{ sleep 0.1; ( " .. tap.command(path) .. " ); echo rc $? >&2; } | true")
    os.remove(path)
    tap.equal(tonumber(err:match("rc (%d+)")), 141)
  end
end)

tap.test("os.exit from the main chunk and from a fiber", function()
  local out, _, rc = tap.run(busy .. "io.write('bye') os.exit(3)")
  tap.equal(rc, 3)
  tap.equal(out, "bye")
  out, _, rc = tap.run(busy .. "luv.spawn(function() luv.sleep(0.001); print('from a fiber'); os.exit(4) end):join()")
  tap.equal(rc, 4)
  tap.equal(out, "from a fiber\n")
end)

tap.test("an error in the main chunk: Lua's own report, code 1", function()
  local _, err, rc = tap.run(busy .. "error('the main error')")
  tap.equal(rc, 1)
  tap.match(err, "the main error")
  tap.match(err, "stack traceback")
end)

tap.test("in the middle of everything: a fiber that has never run", function()
  local out, err, rc = tap.run([[
    local luv = require("luv")
    luv.spawn(print, "never")
    luv.fiber.create(print, "never")
    print("end")]])
  tap.equal(err, "")
  tap.equal(rc, 0)
  tap.equal(out, "end\n")
end)

tap.test("finalizers that use luv while the state closes", function()
  local out, err, rc = tap.run([[
    local luv = require("luv")
    local a, b = luv.net.socketpair()
    local t = luv.timer.create():start(10)
    local f = luv.spawn(luv.sleep, 1)
    luv.sleep(0.001)
    keep = newproxy(true)
    getmetatable(keep).__gc = function()
      print(pcall(function()
        pcall(a.write, a, "x") pcall(a.close, a) pcall(t.next, t) pcall(t.close, t)
        pcall(luv.sleep, 0.001) pcall(luv.spawn, print, "x") pcall(luv.net.tcp)
        pcall(f.join, f) pcall(f.cancel, f) pcall(luv.stats) pcall(luv.run)
        pcall(luv.timer.create) pcall(luv.net.getaddrinfo, "localhost")
      end))
    end]])
  tap.equal(rc, 0, err:sub(1, 400))
  tap.match(out, "true\n$")
end)

tap.test("a finalizer that waits or collects garbage while the state closes", function()
  local out, err, rc = tap.run([[
    local luv = require("luv")
    keep = newproxy(true)
    getmetatable(keep).__gc = function()
      luv.spawn(function() luv.sleep(0.001) collectgarbage() collectgarbage() luv.sleep(1) end)
      print(select(2, pcall(luv.sleep, 1)))
      collectgarbage()
      collectgarbage()
      print(select(2, pcall(luv.sleep, 1)), (pcall(luv.spawn, print)))
    end]])
  tap.equal(rc, 0, err:sub(1, 400))
  tap.ok(out:find("cannot wait in a finalizer", 1, true) or out:find("^luv: used while the state closes"), out)
  tap.match(out, "luv: used while the state closes\tfalse\n$")
end)

tap.test("what print and io.write have buffered is not touched while luv runs", function()
  local out, err, rc = tap.run([[
    io.write("one ")
    local luv = require("luv")
    luv.spawn(function() io.write("two ") luv.sleep(0) io.write("three ") end):join()
    os.execute("printf 'child '")
    io.write("four\n")]])
  tap.equal(rc, 0, err)
  tap.equal(out, "child one two three four\n")
end)

tap.test("20 times in a row: always code 0", function()
  local path = tap.tempfile(busy .. "print('x')")
  local out, err = tap.shell("for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do ( " ..
    tap.command(path) .. " ) || echo failed $?; done")
  os.remove(path)
  tap.equal(err, "")
  tap.equal(out, ("x\n"):rep(20))
end)

tap.done()
