-- The seed's own scripts, word for word from examples/: the timer's output, and the echo
-- server against a client that a user would write.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local examples = tap.dir .. "../examples/"

local timer = [[
local luv = require('luv')

local t1 = luv.timer.create()
t1:start(1000, 200)

for i=1, 10 do
  -- suspend here until the timer triggers
  t1:next()
  print("A - next - ", i)
end
]]

local echo = [[
local main = luv.fiber.create(function()
   local server = luv.net.tcp()
   server:bind("127.0.0.1", 8080)
   server:listen()

   while true do
      local client = luv.net.tcp()
      server:accept(client)

      local child = luv.fiber.create(function()
         while true do
            local got, str = client:read()
            if got then
               client:write("you said: "..str)
            else
               client:close()
               break
            end
         end
      end)

      -- put it in the ready queue
      child:ready()
   end
end)

main:ready()
main:join()
]]

tap.test("examples/timer.lua and examples/echo.lua are the seed's, word for word", function()
  tap.equal(tap.slurp(examples .. "timer.lua"), timer)
  local text = tap.slurp(examples .. "echo.lua")
  tap.equal(text:sub(-#echo), echo)
  tap.match(text:sub(1, -#echo - 1), "^local luv = require%('luv'%)\n\n$")
end)

tap.test("the timer script: ten lines, after 2.8 seconds", function()
  local out, err, rc
  local t = tap.timed(function() out, err, rc = tap.shell(tap.command(examples .. "timer.lua")) end)
  local want = {}
  for i = 1, 10 do want[i] = "A - next - \t" .. i .. "\n" end
  tap.equal(out, table.concat(want))
  tap.equal(err, "")
  tap.equal(rc, 0)
  tap.ok(t >= 2.8, "ended after " .. t)
  tap.ok(t < 4.5, "ended after " .. t)
end)

local zmq = [[
local zmq = luv.zmq.create(1)

local pub = zmq:socket(luv.zmq.PUSH)
pub:bind('inproc://127.0.0.1:1234')

local prod = luv.fiber.create(function()
   for i=1, 10 do
      pub:send("tick: "..i)
   end
end)

local cons = luv.fiber.create(function()
   local sub = zmq:socket(luv.zmq.PULL)
   sub:connect('inproc://127.0.0.1:1234')

   for i=1, 1000000 do
      local msg = sub:recv()
      print("GOT: "..msg)
   end

   sub:close()
end)

prod:ready()
cons:ready()

cons:join()
]]

tap.test("examples/zmq-fibers.lua is the seed's, prints ten lines and waits for Ctrl-C", function()
  local text = tap.slurp(examples .. "zmq-fibers.lua")
  tap.equal(text:sub(-#zmq), zmq)
  if not tap.has("timeout") then tap.skip("no timeout command") end
  local want = {}
  for i = 1, 10 do want[i] = "GOT: tick: " .. i .. "\n" end
  want = table.concat(want)
  local out, err, rc
  -- Ctrl-C after a second; later if a busy machine has not come to the ten lines by then.
  for _, seconds in ipairs{1, 5, 25} do
    out, err, rc = tap.shell("LUA_CPATH=" .. tap.quote(package.cpath) .. " timeout -s INT " .. seconds .. " " ..
      tap.interpreter .. " " .. tap.quote(examples .. "zmq-fibers.lua"))
    if out == want then break end
  end
  tap.equal(out, want)
  tap.match(err, "interrupted!")
  tap.equal(rc, 124)
end)

-- The server runs as it is, in the background, until we kill it.
local function start_server()
  local path = os.tmpname()
  local p = io.popen("(" .. tap.command(examples .. "echo.lua"):gsub("exec timeout", "exec timeout --foreground") ..
    ") >" .. path .. " 2>&1 & echo $!")
  local pid = p:read("*l")
  p:close()
  return pid, path
end

local function connect(tries)
  for _ = 1, tries do
    local c = luv.net.tcp()
    if c:connect("127.0.0.1", 8080) then return c end
    c:close()
    luv.sleep(0.02)
  end
end

tap.test("the echo server", function()
  local taken = connect(1)
  if taken then
    taken:close()
    tap.skip("port 8080 is in use")
  end
  local pid, output = start_server()
  local ok, err = luv.pcall(function()
    local c = tap.ok(connect(100), "the server")
    c:write("hello")
    tap.equal(c:read_exactly(15), "you said: hello")
    c:write("again")
    tap.equal(c:read_exactly(15), "you said: again")
    local all = {}
    for i = 1, 20 do
      all[i] = luv.spawn(function()
        local other = assert(luv.net.tcp():connect("127.0.0.1", 8080))
        for k = 1, 10 do
          local said = ("client %02d round %02d"):format(i, k)
          other:write(said)
          tap.equal(other:read_exactly(10 + #said), "you said: " .. said)
        end
        other:shutdown()
        tap.fails("EOF", other:read())
        other:close()
      end)
    end
    for _, f in ipairs(all) do f:join() end
    c:write("still")
    tap.equal(c:read_exactly(15), "you said: still")
    c:close()
    luv.sleep(0.02)
  end)
  tap.shell("kill " .. pid)
  local said = tap.slurp(output)
  os.remove(output)
  if not ok then error(err, 0) end
  tap.equal(said, "", "what the server printed")
end)

tap.done()
