-- Many fibers on one channel.
--
--   lua test-chan-many.lua [FIBERS]     1000000 is the proof; it takes 3 GB on Lua 5.1, half of that on LuaJIT

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

local n = tonumber(arg[1]) or 10000

-- Sums what all of them return.
local function join(list)
  local sum = 0
  for i = 1, #list do sum = sum + list[i]:join() end
  return sum
end

tap.test(n .. " fibers wait in get, and are served in the order in which they came", function()
  local ch, list, order = luv.chan(), {}, 0
  for i = 1, n do
    list[i] = luv.spawn(function()
      local v = ch:get()
      order = order + 1
      if v ~= order then error("got " .. v .. " as number " .. order) end
      return v
    end)
  end
  luv.fiber.yield()
  tap.equal(luv.stats().fibers.waiting, n)
  for i = 1, n do ch:put(i) end
  tap.equal(join(list), n * (n + 1) / 2)
end)

tap.test(n .. " fibers wait in put; some are cancelled, some time out, the rest is got in order", function()
  local ch, list, last, got = luv.chan(3), {}, 0, 0
  for i = 1, n do
    list[i] = luv.spawn(function()
      local ok, r = luv.pcall(ch.put, ch, i, i % 7 == 0 and 0.001 or nil)
      return ok and r and 1 or 0
    end)
  end
  luv.fiber.yield()
  for i = 1, n, 5 do list[i]:cancel() end
  luv.sleep(0.01)
  repeat
    local v = ch:get(0)
    if v then
      if v <= last then error(v .. " came after " .. last) end
      last, got = v, got + 1
    end
    luv.fiber.yield()
  until not v
  tap.equal(join(list), got)
  tap.ok(got >= n * 0.6, got)
end)

tap.test(n .. " fibers wait in get, and the channel is closed; one dump shows them", function()
  local ch, list = luv.chan(), {}
  for i = 1, n do
    list[i] = luv.spawn(function() return select(3, ch:get()) == "EOF" and 1 or 0 end)
  end
  luv.fiber.yield()
  local text = luv.dump()
  tap.match(text, "chan get on luv.chan")
  ch:close()
  tap.equal(join(list), n)
end)

tap.done()
