-- codec.lua - encode and decode of three values, beside limit/codec.c, which runs this script
-- with functions of its own in the global codec.
--
--   lua codec.lua [cjson]   prints "records_encode N records_decode N deep_encode N ...": CPU
--                           microseconds per call; with "cjson" those of that module
--
-- The one rule: the best of the batches counts, with the collector at work as it likes.

local codec = rawget(_G, "codec") or (arg[1] == "cjson" and require("cjson")) or require("luv").codec

local function records()
  local list = {}
  for i = 1, 1000 do
    list[i] = {id = i, name = "user" .. i, active = i % 2 == 0, score = i * 1.37, tags = {"a", "b", i}}
  end
  return list
end

local function deep()
  local t = {}
  for i = 1, 100 do t = {child = t, n = i} end
  return t
end

local function time(fn, arg, times)
  local best = math.huge
  for _ = 1, 15 do
    local start = os.clock()
    for _ = 1, times do fn(arg) end
    best = math.min(best, (os.clock() - start) * 1e6 / times)
  end
  return best
end

local figures = {}

local function measure(name, value, times)
  local s = codec.encode(value)
  figures[#figures + 1] = string.format("%s_encode %.3f", name, time(codec.encode, value, times))
  figures[#figures + 1] = string.format("%s_decode %.3f", name, time(codec.decode, s, times))
end

measure("records", records(), 10)
measure("deep", deep(), 300)
measure("string", arg and arg[1] == "cjson" and {("x"):rep(1000000)} or ("x"):rep(1000000), 40)
print(table.concat(figures, " "))
