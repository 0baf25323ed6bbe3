-- threads.lua - OS threads and processes beside it all, rarely, as each takes a millisecond or more: what
-- goes through them comes back.

local luv = require("luv")

return function(world)
  local call, pool, living = world.call, nil, {}

  local function thread(r, nowait)
    if r(40) > 1 or nowait then return call(luv.thread.list) end
    local x = r(1000)
    local t = call(luv.thread.create, function(n, s)
      local ch = require("luv").thread.chan(2)
      ch:put(n)
      return ch:get() + 1, s, {n}
    end, x, "text")
    living[#living + 1] = t
    local n, s, list = call(t.join, t, world.limit(r))
    if n == nil and list == "ETIMEDOUT" then
      if r(2) == 1 then t:cancel() end
      return
    end
    if n ~= x + 1 or s ~= "text" or list[1] ~= x then world.found("a thread gave " .. tostring(n)) end
  end
  local function pooled(r, nowait)
    if nowait then return end
    pool = pool or luv.thread.pool(1)
    local x = r(1000)
    local n, s = call(pool.call, pool, function(n) return n * 2, ("z"):rep(n) end, x)
    if n == nil and world.over then return end
    if n ~= x * 2 or s ~= ("z"):rep(x) then world.found("the pool gave " .. tostring(n)) end
  end
  local function process(r, nowait)
    if r(40) > 1 or nowait then return end
    local text = ("p"):rep(r(2000))
    local result = call(luv.process.run, "cat", {input = text})
    if result and (result.stdout ~= text or result.code ~= 0) then world.found("cat gave " .. #result.stdout .. " bytes") end
  end
  local function spawned(r, nowait)
    if r(40) > 1 or nowait then return end
    local p = call(luv.process.spawn, "true")
    local code, _, why = call(p.wait, p, world.limit(r))
    if code ~= 0 and why ~= "ETIMEDOUT" then world.found("true gave " .. tostring(code)) end
  end

  return {
    acts = {thread, pooled, pooled, process, spawned},
    close = function() if pool then pool:close() end end,
    finish = function()
      for _, t in ipairs(living) do pcall(t.join, t, 5) end
      local stop = luv.hrtime() + 5e9
      while #luv.thread.list() > 0 and luv.hrtime() < stop do luv.sleep(0.001) end
      if #luv.thread.list() > 0 then world.found(#luv.thread.list() .. " threads do not end") end
    end,
  }
end
