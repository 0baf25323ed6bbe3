-- process-pipeline.lua - the most frequent words of a text, by programs that run side by side:
--
--   lua5.1 examples/process-pipeline.lua [COUNT] <FILE
--
-- Each has the stdout of the one before as its stdin, without a shell; the first has the
-- script's own. The script sees only what the last one writes, and how each has ended.

local luv = require("luv")
local spawn = luv.process.spawn

-- Starts the stages, each {command, arguments...}. The children belong to the scope s.
local function pipeline(s, stages)
  local children, before = {}, "inherit"
  for i, stage in ipairs(stages) do
    local options = {unpack(stage, 2)}
    options.stdin, options.stdout = before, "pipe"
    children[i] = assert(spawn(stage[1], options))
    s:spawn(children[i])
    if i > 1 then before:close() end -- who reads from it has it now
    before = children[i].stdout
  end
  return before, children
end

local function ending(code, signal)
  if signal > 0 then return luv.signal.name(signal) end
  return "exit " .. code
end

luv.scope(function(s)
  local stages = {
    {"tr", "A-Z", "a-z"},
    {"tr", "-cs", "a-z", "\n"},
    {"grep", "."},
    {"sort"},
    {"uniq", "-c"},
    {"sort", "-k1,1nr", "-k2"},
    {"head", "-n", tonumber(arg[1]) or 10},
  }
  local out, children = pipeline(s, stages)
  local line = out:read_line()
  while line do
    local n, word = line:match("(%d+) (%S+)")
    print(word, n)
    line = out:read_line()
  end
  for i, child in ipairs(children) do
    print("# " .. stages[i][1], ending(child:wait()))
  end
end)
