-- timer.lua - how true the times are that luv keeps. No limit beside it: the figures are
-- absolute, since what a program asked for is known.
--
--   lua timer.lua early        prints "early_us N sleeps N": by how much any sleep was short
--   lua timer.lua drift        prints "drift_us N ticks N": what a 10 ms timer loses per tick
--   lua timer.lua drift load   the same while another fiber computes half of the time
--   lua timer.lua late         prints "p99_ms N p50_ms N": lateness of the ticks of a 10 ms
--                              timer while another fiber does nothing but yield
--
-- The one rule: the clock is luv.hrtime, read beside the call that is judged, because the
-- time that a loop keeps for itself is stale after every long computation.

local luv = require("luv")

local PERIOD, TICKS = 10, 440
local hrtime = luv.hrtime

local function compute(ms)
  local stop = hrtime() + ms * 1e6
  while hrtime() < stop do end
end

-- ---- early ----------------------------------------------------------------------------------

-- Returns how much too short each way of waiting is, in ns.
local function sleep_short(ms)
  local start = hrtime()
  luv.sleep(ms / 1000)
  return ms * 1e6 - (hrtime() - start)
end

local function timer_short(ms)
  local timer = luv.timer.create()
  local start = hrtime()
  timer:start(ms, 0)
  timer:next()
  local short = ms * 1e6 - (hrtime() - start)
  timer:close()
  return short
end

-- Every sleeper computes first, so that the others start from a loop time that is old.
local function early()
  local worst, sleeps, fibers = -math.huge, 0, {}
  for i = 1, 40 do
    fibers[i] = luv.spawn(function()
      for round = 1, 5 do
        compute(round)
        local short = i % 2 == 0 and sleep_short or timer_short
        worst = math.max(worst, short((i * 7 + round * 3) % 25 + i / 16))
        sleeps = sleeps + 1
      end
    end)
  end
  for _, fiber in ipairs(fibers) do fiber:join() end
  print(string.format("early_us %.3f sleeps %d", math.max(0, worst / 1e3), sleeps))
end

-- ---- ticks ----------------------------------------------------------------------------------

-- Lateness of each tick, in ns, by the calendar the timer was started with.
local function ticks(count)
  local timer, late, n = luv.timer.create(), {}, 0
  local start = hrtime()
  timer:start(PERIOD, PERIOD)
  while n < count do
    n = n + timer:next()
    late[#late + 1] = { tick = n, ns = hrtime() - start - n * PERIOD * 1e6 }
  end
  timer:close()
  return late
end

local function quantile(list, first, last, part)
  local sorted = {}
  for i = first, last do sorted[#sorted + 1] = list[i].ns end
  table.sort(sorted)
  return sorted[math.max(1, math.ceil(part * #sorted))]
end

-- The medians of the first and the last quarter: one tick that came late because the
-- machine was busy says nothing about drift.
local function drift(loaded)
  if loaded then
    luv.spawn(function()
      while true do
        compute(3)
        luv.sleep(0.003)
      end
    end)
  end
  local late = ticks(TICKS)
  local quarter = math.floor(#late / 4)
  local before = quantile(late, 1, quarter, 0.5)
  local after = quantile(late, #late - quarter + 1, #late, 0.5)
  local between = late[#late - math.floor(quarter / 2)].tick - late[math.ceil(quarter / 2)].tick
  print(string.format("drift_us %.3f ticks %d", math.abs(after - before) / between / 1e3, TICKS))
end

local function late()
  luv.spawn(function()
    while true do luv.fiber.yield() end
  end)
  local list = ticks(TICKS / 2)
  print(string.format("p99_ms %.4f p50_ms %.4f",
    quantile(list, 1, #list, 0.99) / 1e6, quantile(list, 1, #list, 0.5) / 1e6))
end

local modes = {
  early = early,
  drift = function() drift(arg[2] == "load") end,
  late = late,
}

luv.fiber.create(modes[arg[1]]):join()
os.exit(0)
