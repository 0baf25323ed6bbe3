-- tap.lua - a test, its assertions, its leak check.
--
-- A test file begins with  local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
-- and ends with  tap.done().  Each test runs in the main chunk; after it, garbage is
-- collected and luv must hold no more fibers, handles and operations than before.

local tap = {}

tap.dir = (arg[0]:match("^.*/") or "./"):gsub("regress/$", "")
if not os.getenv("LUA_CPATH") then
  package.cpath = tap.dir .. "../?.so;" .. package.cpath
end

-- The interpreter that runs this file: the first of the arguments.
local first = 0
while arg[first - 1] do first = first - 1 end
tap.interpreter = arg[first]

local luv = require("luv")
local hostile = package.loaded["luv.hostile"] -- see hostile.lua
if hostile then hostile.begin(luv) end
tap.jit = type(rawget(_G, "jit")) == "table"

local count, failed, skipping = 0, 0, {}

-- ---- assertions -----------------------------------------------------------------

local function show(v)
  if type(v) ~= "string" then return tostring(v) end
  return string.format("%q", #v > 600 and v:sub(1, 600) .. " ..." or v)
end

function tap.equal(got, want, what)
  if got == want or (got ~= got and want ~= want) then return end
  error((what and what .. ": " or "") .. "got " .. show(got) .. ", want " .. show(want), 2)
end

function tap.ok(value, what)
  if value then return value end
  error((what or "value") .. " is " .. tostring(value), 2)
end

function tap.match(s, pattern, what)
  if type(s) == "string" and s:find(pattern) then return s end
  error((what and what .. ": " or "") .. show(s) .. " does not match " .. show(pattern), 2)
end

function tap.pack(...) return {n = select("#", ...), ...} end

-- The same values, compared table by table.
local function same(a, b)
  if a == b or (a ~= a and b ~= b) then return true end
  if type(a) ~= "table" or type(b) ~= "table" then return false end
  for k, v in pairs(a) do if not same(v, b[k]) then return false end end
  for k in pairs(b) do if a[k] == nil then return false end end
  return true
end

function tap.dump(v)
  if type(v) ~= "table" then return show(v) end
  local parts, keys = {}, {}
  for k in pairs(v) do keys[#keys + 1] = k end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(keys) do parts[i] = tostring(k) .. "=" .. tap.dump(v[k]) end
  return "{" .. table.concat(parts, ", ") .. "}"
end

function tap.same(got, want, what)
  if same(got, want) then return end
  error((what and what .. ": " or "") .. "got " .. tap.dump(got) .. ", want " .. tap.dump(want), 2)
end

-- fn(...) must raise an error whose text matches; returns the error value.
function tap.raises(pattern, fn, ...)
  local ok, err = luv.pcall(fn, ...)
  if ok then error("no error, want one like " .. show(pattern), 2) end
  if not tostring(err):find(pattern) then
    error("error is " .. show(tostring(err)) .. ", want one like " .. show(pattern), 2)
  end
  return err
end

-- The results of a call that must have been  nil, "CODE: text", "CODE".
function tap.fails(code, value, message, name)
  if value ~= nil then error("got " .. show(value) .. ", want nil and " .. code, 2) end
  if name ~= code then error("failed with " .. show(message) .. ", " .. show(name) .. ", want " .. code, 2) end
  if type(message) ~= "string" or message:sub(1, #code + 2) ~= code .. ": " then
    error("message is " .. show(message) .. ", want one that begins with " .. code .. ": ", 2)
  end
  return message
end

-- ---- time --------------------------------------------------------------------------

function tap.clock() return luv.hrtime() / 1e9 end

-- Seconds that fn(...) took, and its first results.
function tap.timed(fn, ...)
  local t = tap.clock()
  local a, b, c = fn(...)
  return tap.clock() - t, a, b, c
end

-- ---- tests -----------------------------------------------------------------------------

-- Runs fn(...) in a fiber and returns what it returned.
function tap.fiber(fn, ...) return luv.spawn(fn, ...):join() end

function tap.skip(reason) error(setmetatable({reason = reason}, skipping), 0) end

local function held()
  local s = luv.stats()
  return {fibers = s.fibers.total, handles = s.handles.total,
          operations = s.operations, external = s.external}
end

local function left_over(before)
  local found
  for try = 1, 20 do
    collectgarbage()
    collectgarbage()
    for _ = 1, 3 do luv.run("nowait") end
    local now = held()
    found = nil
    for k, n in pairs(now) do
      if n > before[k] then found = (found and found .. ", " or "left over: ") .. k .. " " .. before[k] .. " -> " .. n end
    end
    if not found and now.external ~= 0 and before.external == 0 then found = "external is " .. now.external end
    if not found then return nil end
    if try == 3 and tap.jit then require("jit").flush() end -- compiled code keeps what it names
    if try > 3 then luv.sleep(0.02) end
  end
  return found
end

local function leak(before)
  if hostile then hostile.pause() end
  local found = left_over(before)
  if hostile then hostile.go_on() end
  return found
end

local function report(name, err)
  count = count + 1
  if err == nil then print("ok " .. count .. " - " .. name)
  elseif getmetatable(err) == skipping then print("ok " .. count .. " - " .. name .. " # SKIP " .. err.reason)
  else
    failed = failed + 1
    print("not ok " .. count .. " - " .. name)
    print("# " .. tostring(err):gsub("\n", "\n# "))
  end
  io.stdout:flush()
end

local function traced(err)
  if type(err) ~= "string" then return err == nil and "error: nil" or err end
  return debug.traceback(err, 2)
end

function tap.test(name, fn)
  local before = held()
  local ok, err = xpcall(fn, traced)
  local clean, left = pcall(leak, before)
  if not clean then left = "the leak check: " .. tostring(left) end
  if ok then err = left and "leak: " .. left or nil end
  report(name, err)
end

-- The same test twice: in the main chunk, and in a fiber.
function tap.both(name, fn)
  tap.test(name .. " (main chunk)", fn)
  tap.test(name .. " (fiber)", function() tap.fiber(fn) end)
end

-- What a test that fails, or forgets, leaves behind is removed at the end.
local tmpname, temporary = os.tmpname, {}
function os.tmpname()
  local path = tmpname()
  temporary[#temporary + 1] = path
  return path
end

-- A fiber that calls fn again and again, which need not wait, lets the others have their turn.
function tap.lets_others(fn)
  local stop, ticks = false, 0
  local f = luv.spawn(function() while not stop do fn() end end)
  for _ = 1, 5 do
    luv.sleep(0.002)
    ticks = ticks + 1
  end
  stop = true
  f:join()
  tap.equal(ticks, 5)
end

function tap.done()
  if hostile then hostile.finish() end
  for _, path in ipairs(temporary) do os.remove(path) end
  print("1.." .. count)
  if failed > 0 then error(failed .. " of " .. count .. " tests failed", 0) end
end

-- ---- child processes -----------------------------------------------------------------------

function tap.quote(s) return "'" .. s:gsub("'", "'\\''") .. "'" end

function tap.slurp(path)
  local f = assert(io.open(path, "rb"))
  local s = f:read("*a")
  f:close()
  return s
end

function tap.tempfile(content)
  local path = os.tmpname()
  local f = assert(io.open(path, "wb"))
  f:write(content or "")
  f:close()
  return path
end

-- For a script: flags(fd) are those that the descriptor is open with.
tap.fd_flags = [[
  local function flags(fd)
    for line in io.lines("/proc/self/fdinfo/" .. fd) do
      local n = line:match("^flags:%s*(%d+)")
      if n then return tonumber(n, 8) end
    end
  end
]]

-- Runs a shell command; returns what it wrote on stdout, on stderr, and its exit code.
function tap.shell(command)
  local out, err, rc = os.tmpname(), os.tmpname(), os.tmpname()
  os.execute("( " .. command .. "\n) >" .. out .. " 2>" .. err .. " </dev/null; echo $? >" .. rc)
  local results = {tap.slurp(out), tap.slurp(err), tonumber(tap.slurp(rc))}
  os.remove(out); os.remove(err); os.remove(rc)
  return unpack(results)
end

function tap.has(program)
  local _, _, rc = tap.shell("command -v " .. program)
  return rc == 0
end

local limit = tap.has("timeout") and "timeout -s KILL 50 " or ""

-- Copies the luv.so in use, for a user who may not see it.
function tap.copy_luv(to)
  for template in package.cpath:gmatch("[^;]+") do
    local path = template:gsub("%?", "luv")
    local f = io.open(path)
    if f then
      f:close()
      assert(luv.fs.copyfile(path, to))
      assert(luv.fs.chmod(to, "755"))
      return
    end
  end
  error("no luv.so in " .. package.cpath)
end

-- The shell words that run a Lua file as this one is run.
function tap.command(path)
  return "LUA_CPATH=" .. tap.quote(package.cpath) .. " exec " .. limit .. tap.interpreter .. " " .. tap.quote(path)
end

-- Runs a script (text) in a child process. `setup` is shell code to run first.
function tap.run(script, setup)
  local path = tap.tempfile(script)
  local out, err, rc = tap.shell((setup or "") .. "\n" .. tap.command(path))
  os.remove(path)
  return out, err, rc, path
end

-- The shell's command that makes the module `so` of lib/NAME.c.
function tap.cc(name, so)
  return "cc -shared -fPIC $(pkg-config --cflags lua5.1 2>/dev/null) -o " .. tap.quote(so) .. " " ..
    tap.quote(tap.dir .. "lib/" .. name .. ".c")
end

-- The module made of lib/NAME.c, for this process; nil without a C compiler.
function tap.c_module(name)
  local dir = os.tmpname()
  os.remove(dir)
  local _, _, rc = tap.shell("mkdir " .. dir .. " && " .. tap.cc(name, dir .. "/" .. name .. ".so"))
  local open = rc == 0 and package.loadlib(dir .. "/" .. name .. ".so", "luaopen_" .. name)
  tap.shell("rm -rf " .. dir)
  return open and open() or nil
end

-- ---- sockets ---------------------------------------------------------------------------------

-- A listening socket on a free port of the loopback, and the port.
function tap.listen(host, backlog)
  local server = assert(luv.net.tcp():bind(host or "127.0.0.1", 0))
  assert(server:listen(backlog))
  return server, assert(server:getsockname()).port
end

-- A connected pair over TCP: client, server's end.
function tap.connected()
  local server, port = tap.listen()
  local client = assert(luv.net.tcp():connect("127.0.0.1", port))
  local peer = assert(server:accept())
  server:close()
  return client, peer
end

-- A server in another process that never accepts, its backlog full: a connect to it
-- hangs. Returns its port, and a function that ends it.
function tap.silent_server()
  local path = tap.tempfile([[
    local luv = require("luv")
    local s = assert(luv.net.tcp():bind("127.0.0.1", 0))
    assert(s:listen(1))
    print(s:getsockname().port)
    io.stdout:flush()
    io.read()]])
  local answer = os.tmpname()
  local pipe = io.popen(tap.command(path) .. " >" .. answer, "w")
  local port, fillers
  repeat
    luv.sleep(0.005)
    port = tonumber(tap.slurp(answer))
  until port
  fillers = {}
  repeat
    local c = luv.net.tcp()
    fillers[#fillers + 1] = c
    local ok, _, code = c:connect("127.0.0.1", port, 0.1)
  until not ok and code == "ETIMEDOUT"
  return port, function()
    for _, c in ipairs(fillers) do c:close() end
    pipe:close()
    os.remove(path)
    os.remove(answer)
  end
end

return tap
