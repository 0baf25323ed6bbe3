-- At the limits of the system: no descriptors left, ten thousand connections at once.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local tcp = luv.net.tcp

-- An echo server in another process; `limit` is shell code for it. Returns its port and
-- a function that ends it and returns what it wrote to stderr.
local function echo_server(limit)
  local path, answer = tap.tempfile([[
    local luv = require("luv")
    local server = assert(luv.net.tcp():bind("127.0.0.1", 0))
    assert(server:listen(4096))
    print(server:getsockname().port)
    io.stdout:flush()
    while true do
      local client = assert(server:accept())
      luv.spawn(function()
        while true do
          local n, data = client:read()
          if not n then break end
          client:write(data)
        end
        client:close()
      end)
    end]]), os.tmpname()
  local errors = os.tmpname()
  local pipe = io.popen(limit .. "\n(" .. tap.command(path) .. ") >" .. answer .. " 2>" .. errors ..
    " & pid=$!; read line; kill $pid", "w")
  local port
  repeat
    luv.sleep(0.005)
    port = tonumber(tap.slurp(answer))
  until port
  return port, function()
    pipe:close()
    local text = tap.slurp(errors)
    os.remove(path); os.remove(answer); os.remove(errors)
    return text
  end
end

local function ask(c, question)
  assert(c:write(question))
  return select(2, c:read(nil, 5))
end

-- libuv takes the connections that it has no descriptor for and closes them at once.
tap.both("EMFILE in accept: the server goes on when descriptors come back", function()
  local port, stop = echo_server("ulimit -n 64")
  local all = {}
  for i = 1, 120 do all[i] = assert(tcp():connect("127.0.0.1", port, 5)) end
  luv.sleep(0.05)
  local served = 0
  for _, c in ipairs(all) do
    if c:write("x") and select(2, c:read(nil, 0.05)) == "x" then served = served + 1 end
  end
  for _, c in ipairs(all) do c:close() end
  tap.ok(served > 20 and served < 64, served .. " served")
  luv.sleep(0.05)
  local again = assert(tcp():connect("127.0.0.1", port, 5))
  tap.equal(ask(again, "hello"), "hello")
  again:close()
  tap.equal(stop(), "")
end)

tap.test("EMFILE in tcp, socketpair and connect is a value", function()
  local out, err, rc = tap.run([[
    local luv = require("luv")
    local server = luv.net.tcp():bind("127.0.0.1", 0):listen()
    local port, held, codes = server:getsockname().port, {}, {}
    for _ = 1, 100 do held[#held + 1] = io.open("/dev/null") end
    local _, message, code = luv.net.socketpair()
    print(code, message:match("^EMFILE: ") ~= nil)
    print(select(3, luv.net.tcp():connect("127.0.0.1", port)))
    print(select(3, luv.net.tcp():bind("127.0.0.1", 0)))
    for _, file in ipairs(held) do file:close() end
    local client = luv.net.tcp():connect("127.0.0.1", port)
    client:write("again")
    print(select(2, server:accept():read()))]], "ulimit -n 48")
  tap.equal(rc, 0, err:sub(1, 400))
  tap.equal(out, "EMFILE\ttrue\nEMFILE\nEMFILE\nagain\n")
end)

-- Go's poller would be opened by the first of these, which must not end the process.
tap.test("EMFILE in names is a value, be it the first use of a name in the process", function()
  local calls = {
    "resolve('x.test', 'A', {server = '127.0.0.1:1'}, 5)", "resolve('127.0.0.9', 'PTR', {server = '127.0.0.1:1'}, 5)",
    "getaddrinfo('localhost', 80, nil, 5)", "getaddrinfo('localhost', 'http', nil, 5)",
    "getnameinfo('127.0.0.1', 80, {namereqd = true}, 5)",
    "tcp():connect('localhost', 1, 5)", "tcp():connect('localhost', 1, 0)", "tcp():bind('localhost', 0)",
    "udp():send('x', 'localhost', 9, 5)", "udp():connect('localhost', 9, 5)",
  }
  for _, call in ipairs(calls) do
    local out, err, rc = tap.run(([[
      local luv = require("luv")
      local held, f = {}
      repeat
        f = io.open("/dev/null")
        held[#held + 1] = f
      until not f
      print((select(3, luv.net.%s)))
      collectgarbage()]]):format(call), "ulimit -n 40")
    tap.equal(rc, 0, call .. ": " .. err:sub(1, 400))
    tap.equal(out, "EMFILE\n", call)
  end
end)

tap.test("too few descriptors for luv itself: an error of require", function()
  for limit = 6, 20 do
    local out, err, rc = tap.run([[
      local ok, message = pcall(require, "luv")
      print(ok and "opened" or message)]], "ulimit -n " .. limit)
    tap.equal(rc, 0, limit .. ": " .. err:sub(1, 400))
    tap.ok(out == "opened\n" or out:find("luv: no event loop", 1, true) or out:find("module 'luv' not found", 1, true) or
      out:find("Too many open files", 1, true), limit .. ": " .. out)
  end
end)

tap.test("too little address space: an error of require", function()
  for _, kilobytes in ipairs{200000, 500000, 900000, 1300000} do
    local out, err, rc = tap.run([[
      for i = 1, 2 do
        local ok, message = pcall(require, "luv")
        print(ok and "opened" or message)
        package.loaded.luv = nil -- Lua's own mark of an error
      end]], "ulimit -v " .. kilobytes)
    tap.equal(rc, 0, kilobytes .. ": " .. err:sub(1, 400))
    tap.match(out, "luv: not enough address space: 1700 MiB more are needed")
    tap.match(out, "\n.*luv: not enough address space") -- the second time, too
  end
  local out, err, rc = tap.run([[
    local luv = require("luv")
    print(luv.thread.create(function() return 1 end):join(), luv.net.getaddrinfo("localhost"))]], "ulimit -v 2000000")
  tap.equal(rc, 0, err:sub(1, 400))
  tap.match(out, "^1\t")
end)

-- Runs a script as a user who may have n processes and threads; root may have any number.
local function with_threads(n, script)
  local dir = os.tmpname()
  os.remove(dir)
  assert(luv.fs.mkdir(dir, "755"))
  tap.copy_luv(dir .. "/luv.so")
  local f = assert(io.open(dir .. "/script.lua", "w"))
  f:write(script)
  f:close()
  local out, err, rc = tap.shell(("cd %s; chmod 644 script.lua; exec setpriv --reuid 61234 --regid 61234 --clear-groups " ..
    "prlimit --nproc=%d:%d env LUA_CPATH='./?.so' %s script.lua"):format(dir, n, n, tap.interpreter))
  luv.fs.rmrf(dir)
  return out, err, rc
end

local function needs_root()
  if (tap.shell("id -u")) ~= "0\n" or not tap.has("setpriv") then tap.skip("only root can become a user without threads") end
  if not tap.has("prlimit") or with_threads(100, "print(1)") ~= "1\n" then tap.skip("another user finds no " .. tap.interpreter) end
end

tap.test("too few threads for luv itself: an error of require", function()
  needs_root()
  for n = 1, 8 do
    local out, err, rc = with_threads(n, 'local ok, message = pcall(require, "luv") print(ok and "opened" or message)')
    tap.equal(rc, 0, n .. ": " .. err:sub(1, 400))
    tap.match(out, "luv: not enough threads: the kernel refuses more", n)
  end
end)

tap.test("no threads left: errors of what needs one, be it the first use in the process", function()
  needs_root()
  local head = [[
    io.stdout:setvbuf("no")
    local luv = require("luv")
    local ch, held, t, _, code = luv.thread.chan(), {}
    repeat
      t, _, code = luv.thread.create(function(ch) ch:get(20) end, ch)
      held[#held + 1] = t
    until not t
    print(code)
    print((select(3, (function() return ]]
  local tail = [[ end)())))
    print("alive")
    os.exit(0)]]
  for call, want in pairs{
    ["luv.fs.readfile('/proc/self/stat')"] = "EAGAIN", ["luv.fs.readfile('/etc/passwd')"] = false,
    ["luv.zmq.create():socket('PULL')"] = "EAGAIN", ["luv.net.getaddrinfo('localhost', nil, nil, 2)"] = false,
    ["luv.net.tcp():connect('localhost', 1, 2)"] = false, ["luv.process.run('true', {}, 5)"] = "EAGAIN",
    ["luv.watchdog(50)"] = "EAGAIN", ["luv.thread.pool(2)"] = "EAGAIN", ["#luv.dump()"] = "nil",
  } do
    local out, err, rc = with_threads(24, head .. call .. tail)
    tap.equal(rc, 0, call .. ": " .. err:sub(1, 400))
    tap.match(out, "^EAGAIN\n" .. (want and want .. "\n" or "") .. ".*alive\n$", call)
  end
end)

tap.test("10,000 connections at once, each served", function()
  local allowed = tonumber((tap.shell("ulimit -Hn")))
  if allowed and allowed < 10100 then tap.skip("only " .. allowed .. " descriptors are allowed") end
  if tonumber((tap.shell("ulimit -n"))) < 10100 then tap.skip("run this with ulimit -n 10100") end
  local port, stop = echo_server("ulimit -n 10100")
  local all, answered = {}, 0
  for i = 1, 10000 do all[i] = assert(tcp():connect("127.0.0.1", port, 10)) end
  local fibers = {}
  for i, c in ipairs(all) do
    fibers[i] = luv.spawn(function() if ask(c, "I am " .. i) == "I am " .. i then answered = answered + 1 end end)
  end
  for _, f in ipairs(fibers) do f:join() end
  tap.equal(answered, 10000)
  for _, c in ipairs(all) do c:close() end
  tap.equal(stop(), "")
end)

tap.test("loading luv changes no limit: of this process, of its children, of a shell's", function()
  local out, err, rc = tap.run([[
    local function own() return (io.open("/proc/self/limits"):read("*a"):match("Max open files%s+(%d+)")) end
    local function of_shell() return io.popen("ulimit -S -n"):read("*l") end
    local before, shell = own(), of_shell()
    local luv = require("luv")
    print(before, own(), shell, of_shell(), (luv.process.run("sh", {"-c", "ulimit -S -n"}).stdout:gsub("\n", "")))
    luv.thread.create(function() require("luv").sleep(0) end):join()
    print(own())]], "ulimit -S -n 256")
  if err:find("ulimit") then tap.skip("the limit cannot be set: " .. err) end
  tap.equal(out, "256\t256\t256\t256\t256\n256\n", err)
  tap.equal(rc, 0)
end)

tap.done()
