-- A crash of LuaJIT after an error in the main chunk.
--
-- Cause: LuaJIT keeps in g->cur_L which Lua thread runs. A C function that has resumed other
-- threads and then raises leaves it pointing to one of those, until the next call into C.
-- Code that was compiled meanwhile and leaves its trace takes that thread for its own.
-- (LuaJIT itself mends it since October 2023.) Cure: luv__regain, in csrc/suspend.c.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "../lib/tap.lua")
local luv = require("luv")

local function boom() error("x", 0) end

tap.test("errors out of the run loop, and traces that are left right after them", function()
  local failed = 0
  for i = 1, 3000 do
    local f = luv.fiber.create(boom)
    if not pcall(f.join, f) then failed = failed + 1 end
    local t = 0
    for k = 1, 60 + i % 7 do
      if (k + i) % 5 == 0 then t = t + 1 elseif k > 58 then t = t .. "" t = 0 end
    end
    if i % 50 == 0 then collectgarbage() end
  end
  tap.equal(failed, 3000)
end)

tap.done()
