-- LuaSocket's own test-suite gives with luv.socket what it gives with LuaSocket. The suite is in no package:
-- LUASOCKET_TESTS names the folder `test` of LuaSocket's sources. It takes a minute.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

local folder = os.getenv("LUASOCKET_TESTS")

local function free_port()
  local s, port = tap.listen()
  s:close()
  return port
end

local function suite(which, file, port, way)
  return {tap.interpreter, tap.dir .. "lib/socket/suite.lua", which, folder .. "/" .. file, tostring(port), way}
end

-- What the client says, with one and the same library at both ends; figures, and where it ran, aside.
local function output(which, way)
  local port = free_port()
  local env = luv.os.environ()
  env.LUA_CPATH = package.cpath
  local function options(argv)
    local o = {env = env, stdin = "null", stdout = "null", stderr = "pipe", cwd = folder}
    for i = 2, #argv do o[#o + 1] = argv[i] end
    return argv[1], o
  end
  local server = assert(luv.process.spawn(options(suite(which, "testsrvr.lua", port))))
  luv.sleep(1)
  local client = assert(luv.process.spawn(options(suite(which, "testclnt.lua", port, way))))
  local text = client.stderr:read_all(nil, 100) or "it did not end"
  client:kill("SIGKILL")
  server:kill("SIGKILL")
  client:wait()
  server:wait()
  return (text:gsub("%d+ bytes", "bytes"):gsub("[%d%.]+s\n", "s\n"):gsub("\nlua[^\n]*: ", "\n"):gsub("\t[^\n]*\n", ""))
end

-- How many descriptors there are, and so which words it has for too many, is not the same.
local function compared(text)
  return (text:gsub("too many sockets[^\n]*\n", ""):gsub("unable to create[^\n]*\n", ""):gsub("try using ulimit\n", ""))
end

local function lines(text)
  local list = {}
  for line in text:gmatch("[^\n]+") do list[#list + 1] = line end
  return list
end

tap.test("testclnt against testsrvr: as with LuaSocket, in a fiber as well", function()
  if not folder then tap.skip("LUASOCKET_TESTS is not set") end
  local results = {}
  luv.scope(function(s)
    for i, run in ipairs{{"real"}, {"luv"}, {"luv", "fiber"}} do
      s:spawn(function() results[i] = {run[1] .. " " .. (run[2] or ""), compared(output(run[1], run[2]))} end)
    end
  end)
  for i = 2, 3 do
    local a, b = lines(results[1][2]), lines(results[i][2])
    for k = 1, math.max(#a, #b) do tap.equal(b[k], a[k], results[i][1] .. ", line " .. k) end
  end
  tap.match(results[1][2], "done in")
end)

tap.done()
