-- Where the module is loaded: by require in a coroutine, in a fiber, again after it was
-- forgotten. (Several states of one process are tested from Go.)

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

tap.test("require from inside a coroutine that is then garbage", function()
  local out, err, rc = tap.run([[
    local luv
    local co = coroutine.create(function() luv = require("luv"); return luv.sleep(0.001) end)
    print(coroutine.resume(co))
    co = nil
    collectgarbage() collectgarbage()
    local f = luv.spawn(function() luv.sleep(0.002); return "joined" end)
    print(f:join())
    print(pcall(luv.timer.create().next, {}))
    print(coroutine.wrap(function() return luv.spawn(luv.sleep, 0.001):join() end)())]])
  tap.equal(rc, 0, err)
  tap.equal((out:gsub("false\t[^\n]*", "raised")), "true\ttrue\njoined\nraised\ntrue\n")
end)

tap.test("require from inside a coroutine that stays suspended", function()
  local out, err, rc = tap.run([[
    co = coroutine.wrap(function()
      local luv = require("luv")
      coroutine.yield(luv)
      return luv.sleep(0.001)
    end)
    local luv = co()
    for i = 1, 3 do luv.spawn(function() luv.sleep(i / 1000) print(i) end) end
    luv.run()
    print(co())]])
  tap.equal(rc, 0, err)
  tap.equal(out, "1\n2\n3\ntrue\n")
end)

tap.test("an error in a coroutine of the main chunk that waits leaves the state sound", function()
  local co = coroutine.create(function() luv.sleep(0.001); error("inside", 0) end)
  local ok, err = coroutine.resume(co)
  tap.equal(ok, false)
  tap.equal(err, "inside")
  tap.equal(luv.sleep(0.001), true)
end)

tap.test("require again after package.loaded is cleared gives the same module", function()
  package.loaded.luv = nil
  local again = require("luv")
  tap.equal(again, luv)
  tap.equal(again.sleep(0.001), true)
end)

tap.test("require in a fiber", function()
  tap.equal(tap.fiber(function()
    package.loaded.luv = nil
    local mine = require("luv")
    mine.sleep(0.001)
    return mine
  end), luv)
end)

tap.test("the module changes no global, and print and io as they were", function()
  local out, err, rc = tap.run([[
    local before, p, w, n = {}, print, io.write, 0
    for k, v in pairs(_G) do before[k] = v end
    local meta = getmetatable("")
    require("luv").sleep(0.001)
    for k, v in pairs(_G) do if before[k] ~= v then print("changed", k) end n = n + 1 end
    for k in pairs(before) do n = n - 1 end
    print(n, print == p, io.write == w, getmetatable("") == meta, debug.gethook() == nil)]])
  tap.equal(rc, 0, err)
  tap.equal(out, "0\ttrue\ttrue\ttrue\ttrue\n")
end)

tap.test("a sandbox without debug, coroutine and arg", function()
  local out, err, rc = tap.run([[
    debug, coroutine, arg = nil, nil, nil
    package.loaded.debug, package.loaded.coroutine = nil, nil
    local luv = require("luv")
    print(luv.spawn(function() luv.sleep(0.001); return luv.pcall(function() luv.sleep(0); error("x", 0) end) end):join())
    luv.spawn(function() error("boom") end)
    luv.sleep(0.002)
    print(luv.coroutine.wrap)]])
  tap.match(err, "boom")
  tap.equal(rc, 0, err)
  tap.equal(out, "false\tx\nnil\n")
end)

tap.test("the metatables are out of a script's reach", function()
  for _, o in ipairs{luv.timer.create(), luv.idle.create(), luv.net.tcp(), luv.fiber.cond(),
                     luv.fiber.create(print), luv.self()} do
    tap.equal(type(getmetatable(o)), "string")
    tap.equal(pcall(setmetatable, o, {}), false)
    tap.equal(debug.getmetatable(o).__name, getmetatable(o))
    if o.close then o:close() end
  end
end)

tap.test("__gc and __tostring called by hand on anything do not crash", function()
  local objects = {luv.timer.create(), luv.net.tcp(), luv.fiber.cond(), luv.fiber.create(print),
                   luv.spawn(luv.sleep, 0.01)}
  luv.sleep(0.001)
  for _, o in ipairs(objects) do
    local mt = debug.getmetatable(o)
    pcall(mt.__gc, o)
    pcall(mt.__gc, o)
    for _, wrong in ipairs{{}, 5, "x", io.stdout} do
      pcall(mt.__tostring, wrong)
      pcall(mt.__index, wrong, "x")
    end
    tap.equal(type(tostring(o)), "string")
  end
  luv.sleep(0.02)
end)

tap.done()
