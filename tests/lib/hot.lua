-- hot.lua - finalisers that act at every allocation.
--
-- hot.run(fn, act[, n]) calls fn while each allocation that may collect does a whole cycle, and
-- each cycle calls act from a finaliser; with n only the n-th cycle does. What act raises is
-- its own affair. Returns what fn returns; an error of fn is raised.

local hot = {}

local function arm(fn) getmetatable(newproxy(true)).__gc = fn end

local function pass(ok, ...)
  collectgarbage("setpause", 200)
  collectgarbage("setstepmul", 200)
  if not ok then error((...), 0) end
  return ...
end

function hot.run(fn, act, n)
  local on, cycle = true, 0
  local function again()
    if not on then return end
    cycle = cycle + 1
    if not n or cycle == n then pcall(act) end
    if not n or cycle < n then arm(again) end
  end
  collectgarbage("setpause", 0)
  collectgarbage("setstepmul", 1000000)
  collectgarbage() -- when the next begins is settled as one ends
  arm(again)
  return pass(pcall(function()
    local function ended(...) on = false return ... end
    return ended(fn())
  end))
end

return hot
