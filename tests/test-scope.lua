-- luv.scope: children, errors, cancellation, timeouts, nesting.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

local function settle() for _ = 1, 3 do luv.fiber.yield() end end

tap.both("returns what fn returned, when all children are done", function()
  local n = 0
  tap.same(tap.pack(luv.scope(function(s, a)
    for i = 1, 10 do
      local f = s:spawn(function(x) luv.sleep(0.002); n = n + x; return x end, i)
      tap.equal(getmetatable(f), "luv.fiber")
    end
    return a, nil, 3
  end, "a")), {n = 3, "a", nil, 3})
  tap.equal(n, 55)
  tap.same(tap.pack(luv.scope(function() end)), {n = 0})
end)

tap.both("the first error cancels the rest, which may clean up; then it is raised", function()
  local e, cleaned, body = {}, 0, false
  local ok, err = luv.pcall(luv.scope, function(s)
    for _ = 1, 3 do
      s:spawn(function()
        local done, why = luv.pcall(luv.sleep, 60)
        tap.equal(luv.cancelled(why), true)
        luv.sleep(0.005)
        cleaned = cleaned + 1
        error(why)
      end)
    end
    s:spawn(function() luv.sleep(0.002); error(e) end)
    body = select(2, luv.pcall(luv.sleep, 60))
  end)
  tap.equal(ok, false)
  tap.equal(err, e)
  tap.equal(cleaned, 3)
  tap.equal(luv.cancelled(body), true, "fn is cancelled, too")
  luv.sleep(0) -- and no cancellation is left over
end)

tap.both("an error of fn cancels the children", function()
  local unwound = 0
  local ok, err = luv.pcall(luv.scope, function(s)
    for _ = 1, 3 do s:spawn(function() luv.pcall(luv.sleep, 60); unwound = unwound + 1 end) end
    luv.sleep(0)
    error("of fn")
  end)
  tap.equal(ok, false)
  tap.match(err, "of fn$")
  tap.equal(unwound, 3)
  tap.equal(select(2, luv.pcall(luv.scope, function() error(nil) end)), nil)
end)

tap.test("cancel of the parent cancels the tree; a second one does not break it", function()
  local log = {}
  local f = luv.spawn(function()
    luv.scope(function(a)
      a:spawn(function()
        luv.scope(function(b)
          b:spawn(function()
            luv.pcall(luv.sleep, 60)
            luv.sleep(0.02)
            log[#log + 1] = "leaf"
          end)
        end)
      end)
    end)
  end)
  luv.sleep(0.002)
  f:cancel("enough")
  luv.sleep(0.002)
  f:cancel("again")
  local err = tap.raises("cancelled", f.join, f)
  tap.equal(luv.cancelled(err), true)
  tap.same(log, {"leaf"})
end)

tap.both("a luv.timeout around it", function()
  local unwound = false
  tap.fails("ETIMEDOUT", luv.timeout(0.01, luv.scope, function(s)
    s:spawn(function() luv.pcall(luv.sleep, 60); luv.sleep(0.01); unwound = true end)
  end))
  tap.equal(unwound, true)
  unwound = false
  tap.fails("ETIMEDOUT", luv.timeout(0.01, luv.scope, function(s)
    s:spawn(function() luv.pcall(luv.sleep, 60); unwound = true end)
    luv.sleep(60)
  end))
  tap.equal(unwound, true)
end)

tap.both("children make children; cancel ends those there are", function()
  local n = 0
  luv.scope(function(s)
    s:spawn(function() s:spawn(function() luv.sleep(0.001); n = n + 1 end) end)
  end)
  tap.equal(n, 1)
  luv.scope(function(s)
    for _ = 1, 3 do s:spawn(function() luv.sleep(60); n = n + 1 end) end
    settle()
    tap.equal(s:cancel(), s)
  end)
  tap.equal(n, 1)
end)

tap.both("a fiber as a child; mistakes", function()
  local seen
  luv.scope(function(s)
    seen = s
    s:spawn(luv.spawn(luv.sleep, 0.002))
  end)
  tap.raises("the scope has ended", seen.spawn, seen, print)
  tap.raises("the scope has ended", seen.cancel, seen)
  local other = luv.spawn(luv.sleep, 60)
  tap.raises("stop", luv.scope, function(s) s:spawn(other); luv.sleep(0.002); error("stop") end)
  tap.equal(other:status(), "dead")
  tap.raises("function expected", luv.scope, 1)
  tap.raises("function, thread", luv.scope, function(s) s:spawn(1) end)
  tap.raises("nothing can wait", luv.scope, function(s) s:spawn(luv.mutex()) end)
  tap.raises("nothing can wait", luv.scope, function(s) s:spawn(luv.event()) end)
end)

tap.both("threads as children: joined; an error of one stops the rest; cancelled on error", function()
  local function slow() require("luv").sleep(60) end
  local t
  luv.scope(function(s)
    t = luv.thread.create(function(n) require("luv").sleep(0.01); return n end, 5)
    local watcher = s:spawn(t)
    tap.equal(watcher:join(), 5)
  end)
  tap.equal(t:status(), "dead")
  local other = luv.thread.create(slow)
  local cleaned = false
  local ok, err = luv.pcall(luv.scope, function(s)
    s:spawn(other)
    s:spawn(luv.thread.create(function() error({code = 3}) end))
    s:spawn(function() luv.pcall(luv.sleep, 60); cleaned = true end)
  end)
  tap.same({ok, err}, {false, {code = 3}})
  tap.equal(other:status(), "dead")
  tap.equal(cleaned, true)
  other = luv.thread.create(slow)
  tap.raises("enough", luv.scope, function(s) s:spawn(other); luv.sleep(0.005); error("enough") end)
  tap.equal(other:status(), "dead")
  other = luv.thread.create(slow)
  tap.fails("ETIMEDOUT", luv.timeout(0.01, luv.scope, function(s) s:spawn(other) end))
  tap.equal(other:status(), "dead")
end)

tap.test("a second cancel does not leave a thread behind", function()
  local t = luv.thread.create(function()
    local luv = require("luv")
    luv.pcall(luv.sleep, 60)
    luv.sleep(0.05)
  end)
  local child
  local f = luv.spawn(function() luv.scope(function(s) child = s:spawn(t); luv.sleep(60) end) end)
  luv.sleep(0.01)
  f:cancel()
  luv.sleep(0.01)
  child:cancel()
  f:cancel()
  luv.pcall(f.join, f)
  tap.equal(t:status(), "dead")
  tap.equal(child:status(), "dead")
end)

tap.test("a deadlock in a scope of the main chunk: the children unwind, then it is raised", function()
  local ch, unwound = luv.chan(), 0
  local err = tap.raises("deadlock: all fibers are asleep", luv.scope, function(s)
    for i = 1, 3 do
      s:spawn(function() luv.pcall(ch.get, ch); unwound = unwound + 1 end):name("stuck " .. i)
    end
  end)
  tap.match(err, "'stuck 2': waits for chan get at .*test%-scope.lua:%d+")
  tap.equal(unwound, 3)
end)

tap.both("errors in cleanup, in fn after a child's, and of nil", function()
  local ok, err = luv.pcall(luv.scope, function(s)
    s:spawn(function() luv.pcall(luv.sleep, 60); error("in cleanup") end)
    s:spawn(function() luv.sleep(0.002); error("first") end)
    luv.pcall(luv.sleep, 60)
    error("fn's own")
  end)
  tap.equal(ok, false)
  tap.match(err, "first$")
  ok, err = luv.pcall(luv.scope, function(s) s:spawn(function() error(nil) end) end)
  tap.same({ok, err}, {false, nil})
  ok, err = luv.pcall(luv.scope, function(s) s:spawn(function() error(nil) end); luv.sleep(60) end)
  tap.same({ok, err}, {false, nil})
  luv.sleep(0) -- no cancellation is left over
end)

tap.test("the traceback names the child's line", function()
  local _, err, rc, path = tap.run([[
    local luv = require("luv")
    luv.spawn(function()
      luv.scope(function(s)
        s:spawn(function() luv.sleep(0)
          error("here") end)
      end)
    end)
    luv.sleep(0.05)]])
  tap.equal(rc, 1)
  tap.match(err, "the error came from:.*:5: in")
end)

tap.test("10,000 scopes of ten leave nothing", function()
  for _ = 1, 1000 do luv.scope(function(s) for _ = 1, 10 do s:spawn(luv.sleep, 0) end end) end
end)

tap.done()
