-- luv.ssl beside LuaSec: the same script over both, which has to see the same.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local T = assert(loadfile(tap.dir .. "lib/tls.lua"))(tap)

local script = tap.dir .. "lib/sslscript.lua"
local _, _, missing = tap.shell(tap.interpreter .. " -e 'require([[ssl]]) require([[socket]])'")

local function prepared()
  if missing ~= 0 then tap.skip("lua-sec is missing") end
  local dir = T.dir()
  if luv.fs.stat(dir .. "/own.pem") then return dir end
  local more = "extendedKeyUsage=serverAuth,clientAuth"
  for _, name in ipairs{"own", "peer"} do
    local cert, key = T.issue(name == "own" and "localhost" or "other", more, nil, "rsa:2048")
    assert(luv.fs.rename(cert, dir .. "/" .. name .. ".pem"))
    assert(luv.fs.rename(key, dir .. "/" .. name .. ".key"))
  end
  T.write(dir .. "/other.pem", (luv.tls.selfsigned{"nobody"}))
  return dir
end

-- Runs the script; what it printed.
local function start(impl, side, mode, dir, port)
  return assert(luv.process.spawn(tap.interpreter, {script, impl, side, mode, dir, tostring(port or 0),
    env = {LUA_CPATH = package.cpath, PATH = os.getenv("PATH")}, stdout = "pipe", stderr = "pipe"}))
end

local function output(p)
  local err = luv.spawn(function() return p.stderr:read_all() end)
  local out = p.stdout:read_all()
  local code, signal = p:wait(60)
  p:close()
  -- LuaSec has been seen to crash as it closes its state; what it has said stands
  return out .. (code ~= 0 and (not signal or signal == 0) and "exit code " .. tostring(code) .. "\n" .. err:join() or "")
end

local function compare(a, b, what)
  local left, right = a:gmatch("[^\n]*"), b:gmatch("[^\n]*")
  repeat
    local x, y = left(), right()
    if x ~= y then error(what .. ": LuaSec says\n  " .. tostring(x) .. "\nluv says\n  " .. tostring(y), 2) end
  until not x and not y
end

-- ---- the script is the client -------------------------------------------------------------------

-- A line for a line; "big" is 100,000 bytes, "quit" the end.
local function echo(s)
  for line in s:lines() do
    if line == "quit" then s:write("bye\nrest") break end
    s:write((line == "big" and ("x"):rep(100000) or "echo " .. line) .. "\r\n")
  end
  s:close()
end

local function as_client(mode, options, dir)
  options.cert, options.key = dir .. "/own.pem", dir .. "/own.key"
  local l = assert(luv.tls.listen("127.0.0.1", 0, options))
  local server = luv.spawn(function()
    for _ = 1, 2 do echo(assert(l:accept())) end
  end)
  local port = l:getsockname().port
  local said = {luasec = output(start("luasec", "client", mode, dir, port)), luv = output(start("luv", "client", mode, dir, port))}
  server:join()
  l:close()
  compare(said.luasec, said.luv, mode)
  return said.luv
end

for mode, options in pairs{none = {}, peer = {}, lenient = {}, distrust = {}, alpn = {alpn = {"h2", "http/1.1"}},
                           tls12 = {}, client = {client_auth = "require"}} do
  tap.test("a client, " .. mode, function()
    local said = as_client(mode, options, prepared())
    tap.match(said, mode == "distrust" and "dohandshake: false | certificate verify failed" or "bye\nrest")
  end)
end

-- ---- the script is the server ----------------------------------------------------------------------

local function as_server(impl, mode, options, dir)
  local p = start(impl, "server", mode, dir)
  local line = p.stderr:read_line()
  local port = tonumber(line)
  if not port then error(tostring(line) .. "\n" .. output(p)) end
  options.verify = false
  local c = luv.tls.connect("127.0.0.1", port, options, 20)
  local heard = "no connection"
  if c then
    c:write("hello\n")
    heard = c:info().peer.subject .. " " .. tostring(c:info().alpn) .. " " .. tostring((c:read_line()))
    c:close()
  end
  return output(p) .. heard
end

for mode, options in pairs{none = {server_name = "localhost"}, ask = {}, demand = {server_name = "localhost"}, choose = {alpn = {"foo", "http/1.1"}},
                           names = {server_name = "other"}, strict = {server_name = "unknown"}} do
  tap.test("a server, " .. mode, function()
    local dir = prepared()
    if mode == "ask" or mode == "demand" then options.cert, options.key = dir .. "/peer.pem", dir .. "/peer.key" end
    local said = as_server("luv", mode, options, dir)
    compare(as_server("luasec", mode, options, dir), said, mode)
    tap.match(said, mode == "strict" and "dohandshake: false" or "answer$")
  end)
end

T.remove()
tap.done()
