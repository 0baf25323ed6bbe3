-- create.lua - what making a fiber costs, and a suspended one, beside limit/create.c.
--
--   lua create.lua          prints "us N first N": CPU microseconds per fiber that is made,
--                           run and collected, batch after batch; and in the first batch,
--                           which pays for memory the process never touched before
--   lua create.lua memory   prints "bytes N rss N": memory of a suspended fiber, by the
--                           count of the collector and by the growth of the process
--
-- The one rule: the order is that of the limit, a batch is made, then run, and a batch is
-- kept until it has run; the collector works when it likes to.

local luv = require("luv")
local resident = dofile((arg[0]:match("^.*/") or "./") .. "lib/resident.lua") -- luv has memory beside the collector's

local BATCH, BATCHES = 10000, 40
local spawn, yield = luv.spawn, luv.fiber.yield

local function empty() end

local function spin()
  while true do yield() end
end

local function make(fn)
  local fibers = {}
  for i = 1, BATCH do
    fibers[i] = spawn(fn)
  end
  return fibers
end

local function batch()
  local start = os.clock()
  local fibers = make(empty)
  yield()
  assert(fibers[BATCH]:status() == "dead")
  return (os.clock() - start) * 1e6 / BATCH
end

local function collected()
  collectgarbage()
  collectgarbage()
  return collectgarbage("count") * 1024
end

local function memory()
  local count, rss = collected(), resident()
  local fibers = make(spin)
  yield()
  count = collected() - count
  rss = resident() - rss
  assert(fibers[BATCH]:status() ~= "dead")
  print(string.format("bytes %.0f rss %.0f", count / BATCH, rss / BATCH))
end

local function time()
  local first, later = batch(), 0
  for _ = 1, BATCHES do
    later = later + batch()
  end
  print(string.format("us %.4f first %.4f", later / BATCHES, first))
end

spawn(arg[1] == "memory" and memory or time):join()
os.exit(0)
