-- luv.install(), which changes nothing but what it is told to; and code that was written for plain Lua, with pcall and
-- coroutine.wrap around what is now I/O, unchanged, mixed in any order.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

tap.test("install changes nothing, and gives luv", function()
  local before = {}
  for k, v in pairs(_G) do before[k] = v end
  for k, v in pairs(coroutine) do before["coroutine." .. k] = v end
  tap.equal(luv.install(), luv)
  for k, v in pairs(_G) do tap.equal(v, before[k], "global " .. k) end
  for k, v in pairs(coroutine) do tap.equal(v, before["coroutine." .. k], k) end
end)

-- Runs in a process of its own, since it exchanges modules; Debian's are there or not.
local function elsewhere(script)
  local out, err, rc = tap.run(script)
  if rc ~= 0 then error(err, 2) end
  return out
end

tap.test("install{socket = true, ssl = true} is what require gives then", function()
  tap.equal(elsewhere([[
    local luv = require("luv")
    assert(luv.install{socket = true, ssl = false} == luv)
    assert(require("socket") == require("luv.socket") and require("socket.core") == require("socket"))
    assert(require("socket.unix") and package.loaded.ssl == nil)
    luv.install{ssl = true}
    assert(require("ssl") == require("luv.ssl"))
    local socket = require("socket")
    luv.install{socket = true, ssl = true}
    assert(require("socket") == socket)
    print("well")]]), "well\n")
  tap.raises("unknown field 'sockets'", luv.install, {sockets = true})
  tap.raises("boolean expected", luv.install, {ssl = 1})
  tap.raises("table expected", luv.install, true)
end)

tap.test("what has been loaded over the others is loaded anew; who holds the others keeps them", function()
  local said = elsewhere([[
    local luv = require("luv")
    local ok, real = pcall(require, "socket")
    if not ok then print("no lua-socket") return end
    local http = require("socket.http")
    luv.install{socket = true}
    local socket = require("socket")
    assert(socket ~= real and require("socket.http") ~= http and require("socket.core") == socket)
    -- both, in one process: theirs blocks, so each says its part in turn
    local l = assert(socket.bind("127.0.0.1", 0))
    local _, port = l:getsockname()
    local theirs = assert(real.connect("127.0.0.1", port))
    local ours = assert(l:accept())
    theirs:send("hello\n")
    assert(ours:receive() == "hello")
    ours:send("world\n")
    luv.sleep(0)
    assert(theirs:receive() == "world")
    local r = socket.select({ours}, nil, 0)
    assert(#r == 0)
    theirs:close()
    assert(select(2, ours:receive()) == "closed")
    print("well")]])
  if said == "no lua-socket\n" then tap.skip("lua-socket is missing") end
  tap.equal(said, "well\n")
end)

tap.test("a thread installs for itself", function()
  tap.equal(luv.thread.create(function()
    local luv = require("luv")
    luv.install{socket = true, ssl = true}
    return require("socket") == require("luv.socket") and require("ssl")._VERSION
  end):join(), "1.3.2")
end)

local function fetch(stream, request)
  local ok, answer = pcall(function()
    assert(stream:write(request .. "\n"))
    local line = assert(stream:read_line())
    if line == "error" then error("server said: " .. line, 0) end
    return line
  end)
  return ok, answer
end

local function server(stream)
  return luv.spawn(function()
    while true do
      local line = stream:read_line()
      if not line then return stream:close() end
      luv.sleep(0.0005)
      stream:write((line == "bad" and "error" or line:upper()) .. "\n")
    end
  end)
end

tap.both("pcall around I/O", function()
  local a, b = luv.net.socketpair()
  server(b)
  tap.same(tap.pack(fetch(a, "hello")), {n = 2, true, "HELLO"})
  tap.same(tap.pack(fetch(a, "bad")), {n = 2, false, "server said: error"})
  tap.same(tap.pack(fetch(a, "again")), {n = 2, true, "AGAIN"})
  a:close()
  tap.equal((fetch(a, "x")), false)
end)

-- A lexer as one writes it with coroutine.wrap: reads a socket inside.
local function words(stream)
  return coroutine.wrap(function()
    while true do
      local line = stream:read_line()
      if not line then return end
      for word in line:gmatch("%S+") do coroutine.yield(word) end
    end
  end)
end

local function pairs_of(next_word)
  return coroutine.wrap(function()
    local a = next_word()
    while a do
      local b = next_word()
      coroutine.yield(a, b)
      if not b then return end
      a = next_word()
    end
  end)
end

tap.both("generators that read sockets, one upon the other", function()
  local a, b = luv.net.socketpair()
  local writer = luv.spawn(function()
    for _, piece in ipairs{"one tw", "o th", "ree\nfo", "ur\n\nfive"} do
      b:write(piece)
      luv.sleep(0.001)
    end
    b:close()
  end)
  local next_pair, got = pairs_of(words(a)), {}
  local x, y = next_pair()
  while x do
    got[#got + 1] = x .. "+" .. tostring(y)
    x, y = next_pair()
  end
  tap.same(got, {"one+two", "three+four", "five+nil"})
  writer:join()
  a:close()
end)

tap.both("pcall in coroutine in pcall, waiting in each", function()
  local trace = {}
  local function note(s) trace[#trace + 1] = s end
  local ok, err = pcall(function()
    luv.sleep(0.001); note("outer")
    local co = coroutine.create(function()
      luv.sleep(0.001); note("coroutine")
      local ok, err = pcall(function()
        luv.sleep(0.001); note("inner")
        error({code = 7})
      end)
      note(tostring(ok) .. err.code)
      coroutine.yield("between")
      luv.sleep(0.001)
      error("coroutine's end", 0)
    end)
    note(select(2, coroutine.resume(co)))
    local ok, err = coroutine.resume(co)
    note(tostring(ok) .. ":" .. err)
    note(coroutine.status(co))
    luv.sleep(0.001)
    error("the end", 0)
  end)
  tap.same({ok, err}, {false, "the end"})
  tap.same(trace, {"outer", "coroutine", "inner", "false7", "between",
                   "false:coroutine's end", "dead"})
end)

local function deep(level)
  luv.sleep(0)
  if level == 0 then error("bottom", 0) end
  local ok, err = pcall(deep, level - 1)
  luv.sleep(0)
  error(err .. "<" .. tostring(ok), 0)
end

tap.both("150 levels of pcall, each waiting inside", function()
  local ok, err = pcall(deep, 150) -- Lua 5.1 lets C call Lua 200 times
  tap.equal(ok, false)
  tap.equal(err, "bottom" .. ("<false"):rep(150))
end)

local function tower(level)
  if level == 0 then luv.sleep(0.001); return "bottom" end
  if level % 2 == 0 then return coroutine.wrap(function() return tower(level - 1) end)() end
  return select(2, assert(pcall(tower, level - 1)))
end

tap.test("120 levels of pcall and coroutine in turns, one wait at the bottom", function()
  tap.equal(tap.fiber(tower, 120), "bottom")
end)

local function tree(n)
  if n == 0 then
    luv.sleep(0)
    coroutine.yield("leaf")
    return
  end
  for _ = 1, 2 do
    for v in coroutine.wrap(function() tree(n - 1) end) do coroutine.yield(v) end
  end
end

tap.test("recursive generators that wait at the leaves", function()
  local leaves = tap.fiber(function()
    local n, step = 0, coroutine.wrap(function()
      local function walk(level)
        if level == 0 then luv.sleep(0); coroutine.yield("leaf"); return end
        for _ = 1, 2 do
          local inner = coroutine.wrap(function() walk(level - 1) end)
          local v = inner()
          while v do coroutine.yield(v); v = inner() end
        end
      end
      walk(6)
    end)
    while step() do n = n + 1 end
    return n
  end)
  tap.equal(leaves, 64)
  tap.equal(tap.fiber(function()
    local n = 0
    for _ in coroutine.wrap(function() tree(4) end) do n = n + 1 end
    return n
  end), 16)
end)

tap.test("a traceback through all of it names each level", function()
  local function level_one() luv.sleep(0.001); error("the cause") end
  local function level_two() level_one(); return 1 end
  local text = tap.fiber(function()
    local _, tb = xpcall(function()
      local co = coroutine.wrap(function() level_two(); return 1 end)
      co()
      return 1
    end, debug.traceback)
    return tb
  end)
  tap.match(text, "the cause")
  tap.match(text, "stack traceback:")
  tap.match(text, "test%-install")
end)

tap.both("an xpcall handler after a wait sees the error where it was raised", function()
  local function faulty() local mine = "seen"; luv.sleep(0.001); error(mine) end
  local ok, found = xpcall(function() faulty(); return 1 end, function()
    for level = 1, 8 do
      local info = debug.getinfo(level, "f")
      if info and info.func == faulty then return select(2, debug.getlocal(level, 1)) end
    end
    return "not found"
  end)
  tap.equal(ok, false)
  tap.equal(found, "seen")
end)

tap.test("endless recursion through pcall ends in Lua's own error", function()
  local function endless() local ok, e = pcall(endless); if not ok then error(e, 0) end end
  local ok, err = tap.fiber(pcall, endless)
  tap.equal(ok, false)
  tap.match(tostring(err), "overflow")
end)

tap.done()
