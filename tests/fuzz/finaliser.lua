-- finaliser.lua - finalisers that act: whatever a program does, one does too, wherever an
-- allocation happens to collect.

local finaliser = {}

local function act(world, r)
  local n = r(10)
  if n == 1 then
    local f = world.fibers[r(#world.fibers)]
    if f then f:cancel("finaliser") end
  elseif n == 2 then world.luv.dump()
  else world.act(r, true) end
end

local function collected(world, r)
  if world.over then return end
  local inside = world.inside
  world.finalising = world.finalising + 1
  local ok, err = pcall(act, world, r)
  world.check(ok, err)
  world.finalising = world.finalising - 1
  world.inside = inside
  if r(5) > 1 then finaliser.arm(world, r) end
  if inside and world.raises and r(10) == 1 then error(world.boom) end
end

function finaliser.arm(world, r)
  local function gc() return collected(world, r) end -- made first: nothing may collect between these two
  getmetatable(newproxy(true)).__gc = gc
end

return finaliser
