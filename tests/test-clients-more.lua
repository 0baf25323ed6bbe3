-- Clients that Debian has no package of, on luv, unmodified: pgmoon, luamqtt, lua-nats, lua-websockets,
-- memcached.lua. Each is tried when it is found: on LUA_PATH, or in the folder LUV_CLIENTS, which holds
-- their checkouts; and when its daemon is there.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local D = assert(loadfile(tap.dir .. "lib/daemons.lua"))(tap)
local T = assert(loadfile(tap.dir .. "lib/tls.lua"))(tap)

local clients = os.getenv("LUV_CLIENTS")
if clients then
  for path in io.popen("ls -d " .. tap.quote(clients) .. "/*/"):lines() do
    for _, sub in ipairs{"", "src/"} do
      package.path = path .. sub .. "?.lua;" .. path .. sub .. "?/init.lua;" .. package.path
    end
  end
end

luv.install{socket = true, ssl = true}

local function needs(name)
  local ok, module = pcall(require, name)
  if ok then return module end
  tap.skip("no module " .. name .. " on LUA_PATH or in LUV_CLIENTS" .. (clients and ": " .. tostring(module):match("[^\n]*") or ""))
end

local at_once = D.at_once

tap.test("pgmoon: SCRAM, with TLS and without", function()
  local pgmoon = needs("pgmoon")
  needs("pgmoon.crypto")
  local port, stop = D.postgres(T.issue("localhost"))
  local function connect(ssl, password)
    local options = {host = "127.0.0.1", port = tostring(port), user = "pg", database = "postgres", password = password or "secret",
                     socket_type = "luasocket", ssl = ssl, ssl_required = ssl, ssl_verify = false}
    for _ = 1, 100 do -- the server says it is starting
      local pg = pgmoon.new(options)
      local ok, why = pg:connect()
      if ok or not tostring(why):find("starting up") then return ok and pg, why end
      luv.sleep(0.1)
    end
  end
  at_once(20, function(i)
    local pg = assert(connect(i % 2 == 0))
    local rows = assert(pg:query("select g, 'row ' || g as name from generate_series(1, 500) g"))
    tap.same({#rows, rows[500].name}, {500, "row 500"})
    tap.equal(#pg:query("select repeat('x', 1000000) as r")[1].r, 1000000)
    tap.match(select(2, pg:query("select nothing")), "nothing")
    pg:query("select pg_sleep(0.05)")
    pg:disconnect()
  end)
  tap.ok(not connect(false, "wrong"))
  stop()
end)

tap.test("luamqtt: publish and subscribe, with TLS and without", function()
  local mqtt = needs("mqtt")
  local cert, key = T.issue("localhost")
  for _, secure in ipairs{false, true} do
    local port, stop = D.mosquitto(secure and cert, secure and key)
    at_once(20, function(i)
      local got, topic = 0, "topic/" .. i
      local c = mqtt.client{uri = "127.0.0.1:" .. port, clean = true, version = mqtt.v311,
                            secure = secure and {mode = "client", protocol = "tlsv1_2", verify = "none", options = "all"} or nil}
      c:on{
        connect = function()
          assert(c:subscribe{topic = topic, qos = 1, callback = function()
            for n = 1, 5 do assert(c:publish{topic = topic, payload = n .. (":x"):rep(5000), qos = 1}) end
          end})
        end,
        message = function(m)
          c:acknowledge(m)
          got = got + 1
          if got == 5 then c:disconnect() end
        end,
        error = error,
      }
      mqtt.run_sync(c)
      tap.equal(got, 5)
    end)
    stop()
  end
end)

tap.test("lua-nats", function()
  -- it makes names by a module that nobody needs for this
  package.preload.uuid = package.preload.uuid or function()
    return setmetatable({seed = function() end}, {__call = function() return tostring(math.random(1e9)) .. "-" .. math.random(1e9) end})
  end
  local nats = needs("nats")
  local port, stop = D.nats()
  at_once(20, function(i)
    local c, got = nats.connect{host = "127.0.0.1", port = port}, 0
    c:connect()
    local id = c:subscribe("subject" .. i, function() got = got + 1 end)
    for n = 1, 10 do c:publish("subject" .. i, "number " .. n) end
    c:wait(10)
    tap.equal(got, 10)
    c:unsubscribe(id)
  end)
  stop()
end)

local websocket_server = [[
import asyncio, sys, websockets
async def echo(ws):
    async for m in ws: await ws.send(m)
async def main():
    async with websockets.serve(echo, "127.0.0.1", int(sys.argv[1])): await asyncio.Future()
asyncio.run(main())
]]

local function python_with(module)
  for _, python in ipairs{"python3", "/usr/bin/python3"} do
    local _, _, rc = tap.shell(python .. " -c 'import " .. module .. "'")
    if rc == 0 then return python end
  end
  tap.skip("python3-" .. module .. " is missing")
end

tap.test("lua-websockets' client", function()
  local websocket = needs("websocket.client")
  local python, port = python_with("websockets"), D.free_port()
  local script = tap.tempfile(websocket_server)
  local p = D.spawn(python, script, tostring(port))
  D.reach(port)
  at_once(20, function()
    local c = websocket.sync{timeout = 20}
    assert(c:connect("ws://127.0.0.1:" .. port .. "/"))
    for _, n in ipairs{1, 200, 70000} do
      assert(c:send(("w"):rep(n)))
      tap.equal(c:receive(), ("w"):rep(n))
    end
    c:close()
  end)
  D.ended(p)
end)

tap.test("memcached.lua", function()
  socket = require("socket") -- it is of a time when that was a global
  local memcached = needs("memcached")
  socket = nil
  local port, stop = D.memcached()
  at_once(50, function(i)
    local c = memcached.connect("127.0.0.1", port)
    local big = ("m"):rep(500000)
    assert(c:set("key" .. i, "value" .. i))
    tap.equal(c:get("key" .. i), "value" .. i)
    assert(c:set("big" .. i, big))
    tap.equal(c:get("big" .. i), big)
  end)
  stop()
end)

D.remove()
T.remove()
tap.done()
