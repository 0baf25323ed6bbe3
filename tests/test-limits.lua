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
