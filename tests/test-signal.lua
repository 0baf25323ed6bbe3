-- Signals: Ctrl-C in a script that is blocked anywhere in luv, SIGPIPE, storms of others
-- while Go and Lua are busy, and fork without exec.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")

-- ---- Ctrl-C ---------------------------------------------------------------------

local prelude = [[
  local luv = require("luv")
  local function ready()
    local p = io.popen("echo $PPID")
    io.write("ready ", p:read("*l"), "\n")
    io.flush()
    p:close()
  end
]]

-- Runs a script, sends it SIGINT once it has called ready() (and again with `twice`).
-- Returns stderr, the exit code, and the seconds from the first signal to its end.
local function interrupt(script, twice)
  local path, out = tap.tempfile(prelude .. script), os.tmpname()
  local shown, err = tap.shell("( " .. tap.command(path) .. " ) >" .. out .. " & job=$!\n" ..
    "n=0; while ! grep -q ready " .. out .. " && [ $n -lt 300 ]; do sleep 0.02; n=$((n+1)); done\n" ..
    "pid=$(sed -n 's/ready //p' " .. out .. "); sleep 0.05\n" ..
    "a=$(date +%s%N); kill -INT $pid\n" .. (twice and "sleep 0.3; kill -INT $pid\n" or "") ..
    "wait $job; rc=$?; b=$(date +%s%N); echo $rc $(( (b - a) / 1000000 ))")
  os.remove(path); os.remove(out)
  local rc, ms = shown:match("(%d+) (%d+)")
  return err, tonumber(rc), tonumber(ms) / 1000
end

local blocked = {
  sleep = "ready() luv.sleep(30)",
  ["join of a sleeping fiber"] = "ready() luv.spawn(luv.sleep, 30):join()",
  accept = "local s = luv.net.tcp():bind('127.0.0.1', 0):listen() ready() s:accept()",
  read = "local a, b = luv.net.socketpair() ready() a:read()",
  ["read in a fiber"] = "local a, b = luv.net.socketpair() ready() luv.spawn(function() a:read_line() end):join()",
  ["write to a peer that never reads"] = "local a, b = luv.net.socketpair() ready() a:write(('x'):rep(8000000))",
  ["timer:next"] = "local t = luv.timer.create():start(30000) ready() t:next()",
  ["join of a thread"] = "local t = luv.thread.create(function() luv.sleep(30) end) ready() t:join()",
  ["get of a thread's channel"] = [[local ch = luv.thread.chan()
    luv.thread.create(function() luv.sleep(30) return ch end)
    ready() ch:get()]],
  ["luv.run"] = "luv.spawn(luv.sleep, 30) ready() luv.run()",
  ["luv.pcall in luv.timeout"] = "ready() luv.timeout(20, function() assert(luv.pcall(luv.sleep, 30)) end)",
  ["a coroutine of the main chunk"] = "ready() coroutine.wrap(function() luv.sleep(30) end)()",
  ["a fiber that spins in yield"] = "ready() luv.spawn(function() while true do luv.fiber.yield() end end):join()",
  ["a fiber that computes"] = [[if jit then jit.off() end
    luv.spawn(function() ready() while true do end end):join()]],
}

local names = {}
for name in pairs(blocked) do names[#names + 1] = name end
table.sort(names)
for _, name in ipairs(names) do
  tap.test("Ctrl-C in " .. name, function()
    local err, rc, seconds = interrupt(blocked[name])
    tap.match(err, "interrupted!")
    tap.match(err, "stack traceback:")
    tap.equal(rc, 1, "exit code")
    tap.ok(seconds < 1, "took " .. seconds .. " s")
  end)
end

tap.test("the interruption can be caught, as in stock Lua; a second Ctrl-C kills", function()
  local err, rc = interrupt("ready() while true do local ok, e = pcall(luv.sleep, 30) io.stderr:write(e, '\\n') end", true)
  tap.match(err, "interrupted!")
  tap.ok(rc >= 128, "exit code " .. rc)
end)

tap.test("SIGPIPE does not kill", function()
  local out, err, rc = tap.run([[
    local luv = require("luv")
    local p = io.popen("kill -PIPE $PPID")
    p:read("*a")
    p:close()
    luv.sleep(0.01)
    print("alive")]])
  tap.equal(rc, 0, err)
  tap.equal(out, "alive\n")
end)

-- ---- storms and fork: with a C helper ---------------------------------------------------

local helper = os.tmpname()
os.remove(helper)
local built = tap.has("cc") and select(3, tap.shell("mkdir " .. helper .. " && cc -shared -fPIC -o " ..
  helper .. "/csignal.so " .. tap.quote(tap.dir .. "lib/csignal.c"))) == 0

local function with_helper(script)
  if not built then tap.skip("no C compiler") end
  return tap.run("package.cpath = '" .. helper .. "/?.so;' .. package.cpath\n" .. script)
end

local storm = [[
  local signal = require("csignal")
  local before = BEFORE
  if before then signal.count_usr1(0) end
  local luv = require("luv")
  if not before then signal.count_usr1(1) end
  local pid = signal.getpid()
  os.execute("{ while kill -USR1 " .. pid .. " && kill -CHLD " .. pid .. " && kill -URG " .. pid ..
    "; do :; done; } >/dev/null 2>&1 &")
  local server = luv.net.tcp():bind("127.0.0.1", 0):listen()
  local port = server:getsockname().port
  luv.spawn(function()
    while true do
      local peer = server:accept()
      if not peer then return end
      luv.spawn(function()
        while true do
          local n, data = peer:read()
          if not n then return peer:close() end
          assert(peer:write(data))
        end
      end)
    end
  end)
  local stop, rounds, lookups, all = luv.hrtime() + 1.5e9, 0, 0, {}
  for i = 1, 8 do
    all[i] = luv.spawn(function()
      while luv.hrtime() < stop do
        local c = assert(luv.net.tcp():connect("127.0.0.1", port))
        for k = 1, 50 do
          local m = i .. "." .. k .. ";"
          assert(c:write(m))
          local ok, back = luv.pcall(c.read_exactly, c, #m)
          assert(ok and back == m, back)
          rounds = rounds + 1
        end
        c:close()
      end
    end)
  end
  all[9] = luv.spawn(function()
    while luv.hrtime() < stop do
      assert(luv.net.getaddrinfo("localhost"))
      lookups = lookups + 1
      collectgarbage()
      luv.sleep(0.001)
    end
  end)
  for _, f in ipairs(all) do f:join() end
  server:close()
  print(rounds > 100, lookups > 10, signal.counted() > 20)
  os.exit(0)
]]

for _, before in ipairs{"true", "false"} do
  tap.test("a storm of SIGUSR1, SIGCHLD and SIGURG; the handler was there before luv: " .. before, function()
    local out, err, rc = with_helper((storm:gsub("BEFORE", before)))
    tap.equal(rc, 0, err:sub(1, 500))
    tap.equal(out, "true\ttrue\ttrue\n")
  end)
end

tap.test("after a fork without exec every call raises, and both processes end well", function()
  local out, err, rc = with_helper([[
    local signal, luv = require("csignal"), require("luv")
    local t = luv.timer.create():start(1)
    local a, b = luv.net.socketpair()
    local f = luv.spawn(luv.sleep, 0.05)
    luv.sleep(0.002)
    local calls = {
      {luv.sleep, 0.01}, {luv.spawn, print}, {luv.net.tcp}, {t.next, t}, {a.read, a}, {a.write, a, "x"},
      {f.join, f}, {luv.run}, {luv.timer.create}, {luv.self}, {luv.stats}, {a.close, a}, {luv.timeout, 1, print},
      {_G.jit and luv.self or luv.pcall, print}, {luv.coroutine.wrap, print}, {luv.net.getaddrinfo, "localhost"}}
    local pid = signal.fork()
    if pid == 0 then
      for i, c in ipairs(calls) do
        local ok, e = pcall(unpack(c))
        if ok or not tostring(e):find("luv: used after fork", 1, true) then
          print("child: call " .. i .. " gave " .. tostring(ok) .. " " .. tostring(e))
        end
      end
      print("child done")
      return
    end
    print("child's code", signal.wait(pid))
    b:write("alive")
    print(a:read_exactly(5), f:join())]])
  tap.equal(rc, 0, err:sub(1, 500))
  tap.equal(out, "child done\nchild's code\t0\nalive\ttrue\n")
end)

tap.test("fork with a context, sockets and traffic: the child's calls raise, the parent goes on", function()
  local out, err, rc = with_helper([[
    local signal, luv = require("csignal"), require("luv")
    local ctx = luv.zmq.create(1)
    local pull, push = ctx:socket(luv.zmq.PULL), ctx:socket(luv.zmq.PUSH)
    pull:bind("tcp://127.0.0.1:*")
    push:connect(pull:last_endpoint())
    push:send("before")
    print(pull:recv())
    io.flush()
    local pid = signal.fork()
    if pid == 0 then
      for i, c in ipairs{{push.send, push, "x"}, {pull.recv, pull}, {ctx.socket, ctx, 1}, {push.close, push}, {ctx.close, ctx}} do
        local ok, e = pcall(unpack(c))
        if ok or not tostring(e):find("luv: used after fork", 1, true) then print("child: call " .. i, ok, e) end
      end
      print("child done")
      return
    end
    print("child's code", signal.wait(pid))
    push:send("after")
    print(pull:recv())
    push:close() pull:close() ctx:close()]])
  tap.equal(rc, 0, err:sub(1, 500))
  tap.equal(out, "before\nchild done\nchild's code\t0\nafter\n")
end)

tap.test("require for the first time in a forked child works or says so", function()
  local out, err, rc = with_helper([[
    local signal = require("csignal")
    local pid = signal.fork()
    if pid == 0 then
      local luv = require("luv")
      print("child", luv.sleep(0.01))
      return
    end
    print("code", signal.wait(pid))]])
  tap.equal(rc, 0, err:sub(1, 500))
  tap.equal(out, "child\ttrue\ncode\t0\n")
end)

if built then tap.shell("rm -rf " .. helper) end
tap.done()
