-- The fiber toolkit against a plain model: fibers do random puts, gets, selects, locks,
-- timeouts, cancels and closes, and keep books. No value may be lost or come twice, every value
-- of one putter comes in its order, nobody may be left waiting, no permit and no mutex lost.
--
--   lua test-model.lua [SECONDS [SEED]]     60 is the long proof

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

local seconds = tonumber(arg[1]) or 1.5
local random = math.random
math.randomseed(tonumber(arg[2]) or 1)

-- One round: n fibers on a few objects, all closed in the end.
local function round(n)
  local chans, sent, got, lost = {}, {}, {}, {}
  for i = 1, 4 do chans[i] = luv.chan(({0, 0, 1, 5})[i]); sent[i], got[i], lost[i] = {}, {}, 0 end
  local mutex, sem, permits = luv.mutex(), luv.semaphore(3), 3
  local inside, held, serial, late = 0, 0, 0, {}

  -- A value that has been put: it is in the books before put returns, since a getter may run first.
  local function value(i)
    serial = serial + 1
    sent[i][serial] = true
    return serial
  end
  local function unsent(i, v)
    if got[i][v] then error("value " .. v .. " was not sent, and got") end
    sent[i][v] = nil
  end
  local function take(i, v)
    if v == nil then return end
    if not sent[i][v] then error("value " .. v .. " was never sent") end
    if got[i][v] then error("value " .. v .. " came twice") end
    got[i][v] = true
  end
  local function limit() if random(3) == 1 then return random() / 500 end end

  local acts = {
    function() local i = random(4); local v = value(i)
      local ok, r = luv.pcall(chans[i].put, chans[i], v, limit())
      if not ok or not r then unsent(i, v) end
      if not ok then error(r, 0) end
    end,
    function() local i = random(4); take(i, (chans[i]:get(limit()))) end,
    function() local i = random(4); take(i, (chans[i]:try_get())) end,
    function()
      local g, p = random(4), random(4)
      local v = value(p)
      local ok, i, r = luv.pcall(luv.select, {{chans[g], "get"}, {chans[p], "put", v}, timeout = random() / 500})
      if ok and i == 1 then take(g, r) end
      if not (ok and i == 2 and r) then unsent(p, v) end
      if not ok then error(i, 0) end
    end,
    function()
      mutex:with(function()
        inside = inside + 1
        if inside ~= 1 then error("two in the mutex") end
        local ok, err = luv.pcall(luv.sleep, 0)
        inside = inside - 1
        if not ok then error(err, 0) end
      end)
    end,
    function()
      if not sem:acquire(nil, limit()) then return end
      held = held + 1
      if held > permits then error("more permits than there are") end
      local ok, err = luv.pcall(luv.sleep, 0)
      held = held - 1
      sem:release()
      if not ok then error(err, 0) end
    end,
    function() luv.timeout(random() / 1000, mutex.with, mutex, luv.fiber.yield) end,
    function() luv.fiber.yield() end,
  }

  local all, errors = {}, {}
  for k = 1, n do
    all[k] = luv.spawn(function()
      for _ = 1, 20 do
        local ok, err = luv.pcall(acts[random(#acts)])
        if not ok then
          if not luv.cancelled(err) then errors[#errors + 1] = tostring(err) end
          if random(2) == 1 then return end
        end
      end
    end)
  end
  for _ = 1, n / 4 do
    luv.sleep(0)
    all[random(n)]:cancel()
  end
  luv.sleep(0.01)
  for i = 1, 4 do chans[i]:close() end
  for k = 1, n do luv.pcall(all[k].join, all[k], 30) end
  tap.same(errors, {})
  for k = 1, n do
    if all[k]:status() ~= "dead" then late[#late + 1] = tostring(all[k]:waiting()) end
  end
  tap.same(late, {}, "left waiting")
  for i = 1, 4 do
    for v in chans[i]:iter() do take(i, v) end
    for v in pairs(sent[i]) do if not got[i][v] then error("value " .. v .. " is lost") end end
  end
  tap.equal(mutex:locked(), false)
  tap.equal(sem:value(), permits)
  tap.equal(inside, 0)
end

for _, n in ipairs{8, 100, 2000} do
  tap.test("random work of " .. n .. " fibers agrees with the model", function()
    local stop = tap.clock() + seconds / 3
    repeat round(n) until tap.clock() > stop
    if tap.jit then jit.flush() end -- compiled code holds on to closures
  end)
end

tap.done()
