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

-- On LuaJIT such loops are compiled, and values go from hand to hand without a call of Lua's API:
-- each way to wait must meet each way to serve.
-- In fibers: LuaJIT's main stack keeps what was on it for a while.
local function hot(name, fn) tap.test("hot loops: " .. name, function() tap.fiber(fn) end) end

local NIL = {}
local function pick(i)
  if i % 7 == 0 then return nil end
  if i % 5 == 0 then return false end
  return i % 3 == 0 and {i} or i
end

local function flow(capacity, putters, getters, each)
  local ch, seen, total = luv.chan(capacity), {}, putters * each
  local got, ends, takers = 0, {}, {}
  for _ = 1, putters do
    ends[#ends + 1] = luv.spawn(function()
      for i = 1, each do assert(ch:put(pick(i))) end
    end)
  end
  for g = 1, getters do
    takers[g] = luv.spawn(function()
      while true do
        local v, message = ch:get()
        if v == nil and message then return end
        got = got + 1
        if type(v) == "table" then v = v[1] end
        local key = v == nil and NIL or v
        seen[key] = (seen[key] or 0) + 1
      end
    end)
  end
  for _, f in ipairs(ends) do f:join() end
  while got < total do luv.fiber.yield() end
  ch:close()
  for _, f in ipairs(takers) do f:join() end
  tap.equal(got, total)
  local want = {}
  for i = 1, each do
    local v = pick(i)
    local key = v == nil and NIL or type(v) == "table" and v[1] or v
    want[key] = (want[key] or 0) + putters
  end
  for key, n in pairs(want) do tap.equal(seen[key], n, tostring(key)) end
end

hot("one and many, at each end", function()
  for _, capacity in ipairs {0, 1, 3, 64} do
    flow(capacity, 1, 1, 2000)
    flow(capacity, 1, 20, 2000)
    flow(capacity, 20, 1, 200)
    flow(capacity, 30, 30, 100)
  end
end)

hot("more fibers than there are places for values on their way", function()
  flow(0, 700, 700, 10)
  flow(2, 700, 3, 10)
  flow(0, 1, 700, 3000)
end)

hot("beside select, timeouts and try_put", function()
  for _, capacity in ipairs {0, 2} do
    local ch, sum, want = luv.chan(capacity), 0, 0
    local function take(v) if v then sum = sum + v end end
    local list = {}
    local function put(i, how)
      want = want + i
      if how == 1 then ch:put(i)
      elseif how == 2 then while not ch:put(i, 0.0001) do end
      elseif how == 3 then luv.select {{ch, "put", i}}
      else while not ch:try_put(i) do luv.fiber.yield() end end
    end
    for how = 1, 4 do
      list[#list + 1] = luv.spawn(function() for i = 1, 500 do put(i, how) end end)
    end
    local takers = {}
    for how = 1, 4 do
      takers[how] = luv.spawn(function()
        while not ch:closed() do
          if how == 1 then take(ch:get())
          elseif how == 2 then take((ch:get(0.0001)))
          elseif how == 3 then take(select(2, luv.select {{ch, "get"}}))
          else take((ch:try_get())) luv.fiber.yield() end
        end
      end)
    end
    for i = 1, 300 do put(i, 1) end
    for _, f in ipairs(list) do f:join() end
    while sum < want do luv.fiber.yield() end
    tap.equal(sum, want)
    ch:close()
    for _, f in ipairs(takers) do f:join() end
  end
end)

hot("who is cancelled in a wait has put nothing, and got nothing", function()
  local ch, put, got = luv.chan(0), 0, 0
  local running = true
  local function victims(fn)
    return luv.spawn(function()
      while running do
        local f = luv.spawn(fn)
        luv.fiber.yield()
        luv.fiber.yield()
        f:cancel()
        pcall(f.join, f)
      end
    end)
  end
  local list = {
    victims(function() for _ = 1, 5 do ch:put(1); put = put + 1 end end),
    victims(function() for _ = 1, 5 do ch:get(); got = got + 1 end end),
    luv.spawn(function() for _ = 1, 3000 do ch:put(1); put = put + 1 end end),
    luv.spawn(function() for _ = 1, 3000 do ch:get(); got = got + 1 end end),
  }
  while put < 3000 do
    luv.fiber.yield()
  end
  running = false
  luv.sleep(0.001)
  while got < put and ch:try_get() do got = got + 1 end
  for i = 1, 2 do list[i]:join() end
  for i = 3, 4 do list[i]:cancel(); pcall(list[i].join, list[i]) end
  tap.equal(got, put)
end)

tap.done()
