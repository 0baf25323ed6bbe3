-- Errors: in a fiber, joined or not, in the main chunk while fibers run; the handler,
-- the traceback on stderr, the exit code; yields that stock Lua refuses.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

-- ---- in this process: joins and the handler ------------------------------------

tap.both("join raises the error value unchanged, as often as asked", function()
  local t = setmetatable({}, {__tostring = function() return "custom" end})
  for _, v in ipairs{"text", 42, true, t, print} do
    local f = luv.spawn(function() luv.sleep(0); error(v, 0) end)
    for _ = 1, 2 do
      local ok, err = luv.pcall(f.join, f)
      tap.equal(ok, false)
      tap.equal(err, v)
    end
    tap.equal(f:status(), "dead")
  end
end)

tap.both("nil and false as errors", function()
  for _, v in ipairs{0, false} do
    if v == 0 then v = nil end
    local f = luv.spawn(function() luv.sleep(0); error(v) end)
    local r = tap.pack(luv.pcall(f.join, f))
    tap.same(r, {n = 2, false, v})
  end
end)

tap.both("all joiners get it", function()
  local f = luv.spawn(function() luv.sleep(0.003); error("shared", 0) end)
  local joiners = {}
  for i = 1, 5 do joiners[i] = luv.spawn(function() return luv.pcall(f.join, f) end) end
  for i = 1, 5 do tap.same(tap.pack(joiners[i]:join()), {n = 2, false, "shared"}) end
end)

tap.both("an error with position names the line of the fiber's code", function()
  local f = luv.spawn(function() luv.sleep(0); local x = nil; return x.field end)
  tap.raises("test%-error%.lua:%d+: attempt to index local 'x'", f.join, f)
end)

tap.test("on_error: err, traceback, fiber; the other fibers go on", function()
  local got, went_on = {}, false
  local old = luv.on_error(function(...) got[#got + 1] = tap.pack(...) end)
  local t = {}
  local f = luv.spawn(function() luv.sleep(0); error(t) end):name("failing one")
  luv.spawn(function() luv.sleep(0.003); went_on = true end)
  luv.sleep(0.006)
  tap.equal(type(luv.on_error(old)), "function")
  tap.equal(#got, 1)
  tap.equal(got[1].n, 3)
  tap.equal(got[1][1], t)
  tap.match(got[1][2], "stack traceback:.*test%-error%.lua")
  tap.equal(got[1][3], f)
  tap.equal(went_on, true)
  tap.raises("table", f.join, f)
end)

tap.test("on_error returns the handler before, nil sets the default", function()
  local function h() end
  local old = luv.on_error(h)
  tap.equal(luv.on_error(nil), h)
  tap.equal(luv.on_error(h), nil)
  tap.equal(luv.on_error(old), h)
  tap.raises("bad argument #1 to 'on_error'", luv.on_error, 5)
end)

tap.test("the handler may wait; its own error goes to stderr", function()
  local seen
  local old = luv.on_error(function(err) luv.sleep(0.002); seen = err end)
  luv.spawn(function() error("first", 0) end)
  luv.sleep(0.006)
  luv.on_error(old)
  tap.equal(seen, "first")
  local _, err = tap.run([[
    local luv = require("luv")
    luv.on_error(function() error("the handler's own") end)
    luv.spawn(function() error("x") end)
    luv.sleep(0.005)]])
  tap.match(err, "the handler's own")
end)

tap.test("an error in the main chunk while fibers run leaves them running", function()
  local n = 0
  local f = luv.spawn(function() for _ = 1, 5 do luv.sleep(0.001); n = n + 1 end end)
  tap.raises("main's", function() luv.sleep(0.002); error("main's") end)
  f:join()
  tap.equal(n, 5)
end)

-- ---- in a child: stderr and the exit code ------------------------------------------

local function child(body) return tap.run('local luv = require("luv")\n' .. body) end

tap.test("unjoined: traceback on stderr at once, the script goes on, exit code 1", function()
  local out, err, rc, path = child([[
    local function inner() error("boom") end
    luv.spawn(function() luv.sleep(0); inner() end):name("worker")
    luv.sleep(0.01)
    print("still here")]])
  tap.equal(out, "still here\n")
  tap.match(err, "worker")
  tap.match(err, path:gsub("%p", "%%%0") .. ":2: boom")
  tap.match(err, "stack traceback:")
  tap.match(err, "in function 'inner'")
  tap.equal(rc, 1)
end)

tap.test("joined later: exit code 0", function()
  local _, err, rc = child([[
    local f = luv.spawn(function() error("boom") end)
    luv.sleep(0.005)
    assert(not pcall(f.join, f))]])
  tap.match(err, "boom")
  tap.equal(rc, 0)
end)

tap.test("joined in time: nothing on stderr, exit code 0", function()
  local _, err, rc = child([[
    local f = luv.spawn(function() luv.sleep(0.005); error("boom") end)
    assert(not pcall(f.join, f))]])
  tap.equal(err, "")
  tap.equal(rc, 0)
end)

tap.test("a join that timed out has not taken it", function()
  local _, err, rc = child([[
    local f = luv.spawn(function() luv.sleep(0.005); error("boom") end)
    f:join(0.001)
    luv.sleep(0.02)]])
  tap.match(err, "boom")
  tap.equal(rc, 1)
end)

tap.test("with on_error: stderr is the handler's, exit code 0", function()
  local out, err, rc = child([[
    luv.on_error(function(err) print("handled " .. err) end)
    luv.spawn(function() error("boom", 0) end)
    luv.sleep(0.005)]])
  tap.equal(out, "handled boom\n")
  tap.equal(err, "")
  tap.equal(rc, 0)
end)

tap.test("a table, nil and a table with __tostring as unjoined errors", function()
  local _, err, rc = child([[
    luv.spawn(function() error({}) end)
    luv.spawn(function() error() end)
    luv.spawn(function() error(setmetatable({}, {__tostring = function() return "custom text" end})) end)
    luv.spawn(function() error(setmetatable({}, {__tostring = function() error("worse") end})) end)
    luv.sleep(0.005)]])
  tap.match(err, "error object is a table value")
  tap.match(err, "error object is a nil value")
  tap.match(err, "custom text")
  tap.equal(rc, 1)
end)

tap.test("without the arg table (a host program) the exit code is left alone", function()
  local _, err, rc = child([[
    arg = nil
    luv.spawn(function() error("boom") end)
    luv.sleep(0.005)]])
  tap.match(err, "boom")
  tap.equal(rc, 0)
end)

tap.test("an exit code of the script's own is kept", function()
  local _, _, rc = child([[
    luv.spawn(function() error("boom") end)
    luv.sleep(0.005)
    os.exit(7)]])
  tap.equal(rc, 7)
end)

tap.test("joined errors in the main chunk end the script as Lua does", function()
  local _, err, rc = child([[luv.spawn(function() luv.sleep(0); error("up it goes") end):join()]])
  tap.match(err, "up it goes")
  tap.match(err, "in function 'join'")
  tap.equal(rc, 1)
end)

tap.done()
