-- luv.stdin, luv.stdout and luv.stderr: whatever they are, beside print and io.read.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local fs = luv.fs

-- Runs a script with shell code around it: SCRIPT stands for its command.
local function run(shell, script)
  local path = tap.tempfile("local luv = require('luv')\n" .. script)
  local command = tap.command(path):gsub("exec ", "")
  local out, err, rc = tap.shell((shell:gsub("SCRIPT", function() return command end)))
  os.remove(path)
  return out, err, rc
end

local function runs(want, shell, script)
  local out, err, rc = run(shell, script)
  tap.equal(err, "")
  tap.equal(out, want)
  tap.equal(rc, 0)
end

local KIND = "io.stderr:write(tostring(luv.stdin):match('luv%.%w+'), ' ', tostring(luv.stdout):match('luv%.%w+'), '\\n')"

tap.test("the right kind, opened when it is named", function()
  local file = tap.tempfile("x")
  for shell, want in pairs{
    ["echo | SCRIPT | cat"] = "luv.pipe luv.pipe\n",
    ["SCRIPT <" .. file .. " >>" .. file] = "luv.stdio luv.stdio\n",
    ["SCRIPT </dev/null >/dev/null"] = "luv.stdio luv.stdio\n",
    ["SCRIPT </dev/zero | cat"] = "luv.stdio luv.pipe\n",
    ["SCRIPT </tmp >&-"] = "luv.stdio luv.stdio\n",
    ["SCRIPT <&- | cat"] = "luv.stdio luv.pipe\n",
  } do
    local _, err, rc = run(shell, "assert(rawget(luv, 'stdin') == nil)\n" .. KIND .. "\nassert(rawget(luv, 'stdin'))")
    tap.equal(err, want, shell)
    tap.equal(rc, 0)
  end
  os.remove(file)
  tap.equal(luv.stdnone, nil)
  tap.equal(luv[1], nil)
end)

tap.test("lines, chunks and the end, from a pipe, a file, a device", function()
  local file = tap.tempfile("one\ntwo\r\n\nlast")
  local script = [[
    for line in luv.stdin:lines() do luv.stdout:write("[" .. line .. "]") end
    local _, _, code = luv.stdin:read()
    luv.stdout:write(code)]]
  for _, from in ipairs{"cat " .. file .. " | SCRIPT", "SCRIPT <" .. file, "cat " .. file .. " | SCRIPT | cat"} do
    runs("[one][two][][last]EOF", from, script)
  end
  runs("EOF", "SCRIPT </dev/null", script)
  runs("0000", "SCRIPT </dev/zero", "luv.stdout:write((luv.stdin:read_exactly(4):gsub('%z', '0')))")
  runs("x\ny\n", "printf 'x\ny\n' | SCRIPT", "luv.stdout:write(luv.stdin:read_all())")
  os.remove(file)
end)

tap.test("a file is read and written where the shell left off", function()
  local file = tap.tempfile("first\nsecond\nthird\n")
  local out = tap.tempfile("")
  runs("", "{ read line; SCRIPT; echo end; } <" .. file .. " >" .. out, [[
    print("print")
    io.stdout:flush()
    luv.stdout:write("write " .. luv.stdin:read_all())
    print("print")]])
  tap.equal(tap.slurp(out), "print\nwrite second\nthird\nprint\nend\n")
  tap.shell("echo old >" .. out)
  runs("", "SCRIPT >>" .. out, "luv.stdout:write{'new', 1, '\\n'}")
  tap.equal(tap.slurp(out), "old\nnew1\n")
  os.remove(file); os.remove(out)
end)

tap.test("large writes and reads, to and from files", function()
  local file, out = tap.tempfile(("0123456789"):rep(300000)), tap.tempfile("")
  runs("", "SCRIPT <" .. file .. " >" .. out, [[
    local ticks = 0
    luv.spawn(function() while true do luv.sleep(0.0005) ticks = ticks + 1 end end)
    local all = luv.stdin:read_all()
    assert(luv.stdout:write(all) == #all)
    assert(luv.stdout:write({all, "|", all}, 30) == 2 * #all + 1)
    assert(ticks > 0)]])
  local all = tap.slurp(file)
  tap.ok(tap.slurp(out) == all .. all .. "|" .. all)
  os.remove(file); os.remove(out)
end)

tap.test("two writers at once: each write is whole", function()
  local out = tap.tempfile("")
  for _, shell in ipairs{"SCRIPT >" .. out, "SCRIPT | cat >" .. out} do
    tap.shell(": >" .. out)
    runs("", shell, [[
      local a = luv.spawn(function() for _ = 1, 20 do luv.stdout:write(("a"):rep(100000) .. "\n") end end)
      for _ = 1, 20 do luv.stdout:write(("b"):rep(100000) .. "\n") end
      a:join()]])
    local n = 0
    for line in io.lines(out) do
      n = n + 1
      tap.ok(line == ("a"):rep(100000) or line == ("b"):rep(100000), #line)
    end
    tap.equal(n, 40)
  end
  os.remove(out)
end)

tap.test("100,000 lines by print among ours, through a slow pipe: none is lost", function()
  local out = tap.tempfile("")
  runs("", "SCRIPT | { sleep 0.1; cat; } >" .. out, [[
    for i = 1, 100000 do
      print("print " .. i)
      if i % 100 == 0 then io.stdout:flush() luv.stdout:write("write " .. i .. "\n") end
    end]])
  local i = 0
  for line in io.lines(out) do
    local kind, n = line:match("^(%l+) (%d+)$")
    if kind == "print" then i = i + 1 end
    tap.equal(tonumber(n), i)
  end
  tap.equal(i, 100000)
  os.remove(out)
end)

tap.test("print works while ours wait for a slow reader; and after we are closed", function()
  local out = tap.tempfile("")
  runs("", "SCRIPT | { sleep 0.1; cat; } >" .. out, [[
    local f = luv.spawn(function() return luv.stdout:write(("w"):rep(300000)) end)
    luv.sleep(0.01)
    assert(f:status() == "waiting")
    for i = 1, 10000 do print(i) end
    assert(f:join() == 300000)
    luv.stdout:close()
    local _, _, code = luv.stdout:write("x")
    assert(code == "EBADF")
    print("end")]])
  local text = tap.slurp(out):gsub("w", "")
  local want = {}
  for i = 1, 10000 do want[i] = i end
  tap.ok(text == table.concat(want, "\n") .. "\nend\n")
  os.remove(out)
end)

tap.test("the flags of 0, 1 and 2 stay as they were, also for others", function()
  local flags = tap.fd_flags .. [[
    local before = {flags(0), flags(1), flags(2)}
    luv.stdin:start()
    luv.stdout:write(("x"):rep(200000))
    luv.stderr:write("")
    for fd = 0, 2 do assert(flags(fd) == before[fd + 1], fd) end]]
  local _, err, rc = run("sleep 0.05 | SCRIPT | { sleep 0.05; cat; }", flags)
  tap.equal(err, "")
  tap.equal(rc, 0)
end)

tap.test("the collector and close leave the descriptors alone", function()
  runs("one\ntwo\nthree\n", "SCRIPT | cat", [[
    luv.stdout:write("one\n")
    luv.stdout = nil
    collectgarbage() collectgarbage()
    luv.sleep(0)
    print("two")
    luv.stdout:close()
    print("three")]])
end)

tap.test("a closed reader: EPIPE as a value", function()
  local _, err, rc = run("{ SCRIPT; echo $? >&2; } | true", [[
    luv.sleep(0.05)
    local code
    repeat local n; n, _, code = luv.stdout:write("x") until not n
    io.stderr:write(code, " ")
    os.exit(0)]])
  tap.equal(err, "EPIPE 0\n")
  tap.equal(rc, 0)
end)

tap.test("a full disk: ENOSPC as a value", function()
  if not fs.stat("/dev/full") then tap.skip("no /dev/full") end
  local _, err = run("SCRIPT >/dev/full", "io.stderr:write(select(3, luv.stdout:write('x')) or 'none')")
  tap.equal(err, "ENOSPC")
end)

tap.test("closed descriptors are EBADF, and nobody else gets their numbers", function()
  local out, err, rc = run("SCRIPT <&- >&- 2>&-; echo $?", [[
    local function check(ok) if not ok then os.exit(9) end end
    local function fails(_, _, code) check(code == "EBADF") end
    for _, s in ipairs{luv.stdin, luv.stdout, luv.stderr} do
      fails(s:read()) fails(s:write("x")) fails(s:shutdown()) fails(s:fileno()) fails(s:start())
      check(not s:readable() and not s:writable() and s:closed())
      s:close()
    end
    local f = assert(io.open("/dev/null"))
    local a, b = luv.pipe.pair()
    check(a:fileno() > 2 and b:fileno() > 2)
    os.exit(5)]])
  tap.equal(err, "")
  tap.equal(out, "5\n")
  tap.equal(rc, 0)
end)

tap.test("a directory, and what cannot be written", function()
  runs("", "SCRIPT </tmp", [[
    local _, _, code = luv.stdin:read()
    assert(code == "EISDIR", code)
    _, _, code = luv.stdin:write("x")
    assert(code == "EBADF", code)
    assert(luv.stdin:writable() == false and luv.stdin:readable() == true)]])
  runs("", "SCRIPT </dev/null >/dev/null", [[
    assert(luv.stdout:write("x") == 1)
    assert(luv.stdout:write(("x"):rep(1000000)) == 1000000)
    assert(luv.stdout:write_queue_size() == 0 and luv.stdout:writable())
    assert(luv.stdin:fileno() > 2)
    local _, _, code = luv.stdout:shutdown()
    assert(code == "ENOTSOCK", code)
    assert(not pcall(luv.stdout.accept, luv.stdout))]])
end)

tap.test("timeout, cancel and close of a read, and what comes later", function()
  local asked = os.tmpname() -- it goes when the script has found nothing
  runs("late\nEOF", "{ while [ -e " .. asked .. " ]; do sleep 0.01; done; echo late; sleep 0.02; } | SCRIPT | cat", [[
    local _, _, code = luv.stdin:read(nil, 0.005)
    assert(code == "ETIMEDOUT", code)
    assert(select(3, luv.stdin:read(nil, 0)) == "ETIMEDOUT")
    local f = luv.spawn(function() return luv.stdin:read_line() end)
    luv.sleep(0)
    f:cancel()
    assert(not luv.pcall(f.join, f))
    os.remove("]] .. asked .. [[")
    luv.stdout:write(luv.stdin:read_line() .. "\n")
    luv.stdout:write((select(3, luv.stdin:read())))
    luv.stdin:close()
    _, _, code = luv.stdin:read()
    assert(code == "EBADF")]])
end)

tap.test("a read in the pool that nobody waits for any more does not hold the end up", function()
  -- a terminal's file is a device; so is this one, whose reads never wait
  runs("", "SCRIPT </dev/zero", [[
    luv.stdin:start()
    luv.sleep(0)
    luv.stdin:close()
    luv.sleep(0)]])
  runs("", "SCRIPT </dev/zero", "luv.stdin:start() luv.sleep(0.001)")
end)

tap.test("unread, read_until, max; reading on after the end of a read_all", function()
  local file = tap.tempfile("a;b;c")
  runs("b;a|c|EMSGSIZE", "SCRIPT <" .. file, [[
    local a = luv.stdin:read_until(";")
    local b = luv.stdin:read_until(";", 10)
    luv.stdin:unread(b .. ";" .. a .. "|")
    luv.stdout:write(luv.stdin:read_all())
    luv.stdin:unread("too long")
    luv.stdout:write("|" .. select(3, luv.stdin:read_all(3)))]])
  os.remove(file)
end)

tap.test("in the threads of a process, each its own", function()
  local out = run("SCRIPT | cat", [[
    local threads = {}
    for i = 1, 4 do
      threads[i] = luv.thread.create(function(i)
        local luv = require("luv")
        for n = 1, 50 do luv.stdout:write(i .. "\n") end
      end, i)
    end
    for _, t in ipairs(threads) do t:join() end
    luv.stdout:write("main\n")]])
  local n = {0, 0, 0, 0}
  for i in out:gmatch("(%d)\n") do n[tonumber(i)] = n[tonumber(i)] + 1 end
  tap.same(n, {50, 50, 50, 50})
  tap.match(out, "main\n$")
end)

local helper = os.tmpname()
local built = tap.has("cc") and select(3, tap.shell("cc -o " .. helper .. " " .. tap.quote(tap.dir .. "lib/onsocket.c"))) == 0

for _, kind in ipairs{"unix", "tcp"} do
  tap.test("a " .. kind .. " socket stays blocking, and neither reading nor writing blocks the loop", function()
    if not built then tap.skip("no C compiler") end
    local script = tap.tempfile((tap.fd_flags .. [[
      local luv = require("luv")
      local before, ticks = flags(1), 0
      luv.spawn(function() while true do luv.sleep(0.001) ticks = ticks + 1 end end)
      assert(tostring(luv.stdin):find("KIND"))
      assert(luv.stdin:read_line() == "go")
      assert(luv.stdout:write(("x"):rep(3000000)) == 3000000)
      assert(ticks > 5, ticks)
      assert(flags(1) == before)
      luv.stdout:write("quick\n")
      assert(#luv.stdin:read_exactly(1000000) == 1000000)
      ticks = 0
      luv.sleep(0.01)
      assert(ticks > 0)
      assert(flags(1) == before)
      print("printed")
      io.stdout:flush()
      luv.stdout:write{"the ", "end\n"}
      local f = luv.spawn(function() return luv.stdout:write(("x"):rep(30000000)) end)
      luv.sleep(0)
      luv.stdout:close()
      local _, _, code = f:join()
      assert(code == "ECANCELED", code)]]):gsub("KIND", kind == "tcp" and "luv.tcp" or "luv.pipe"))
    local out, err, rc = tap.shell(helper .. " " .. kind .. " " .. tap.quote(tap.command(script)))
    os.remove(script)
    tap.equal(err, "")
    tap.match(out, "^printed\nthe end\nx")
    tap.equal(rc, 0)
  end)
end

os.remove(helper)
tap.done()
