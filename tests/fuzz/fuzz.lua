-- fuzz.lua - random programs, in child processes, for as long as asked.
--
--   lua tests/fuzz/fuzz.lua [--seconds S] [--from N] [--acts N] [--only KIND] [--asan]
--   lua tests/fuzz/fuzz.lua --seed N [--count N] [--acts N] [--only KIND]      one program again
--
-- A child runs many programs. Whatever ends it otherwise than well, a crash, a hang, a wrong
-- value, something that is left over, is a finding: the program is tried by itself, and what
-- shows it is printed. Exit code 1 if there were any.

local here = arg[0]:match("^.*/") or "./"

local options = {seconds = 10, from = 1, count = 1, acts = 800, patience = 20, batch = 60}
do
  local i = 1
  while arg[i] do
    local name = arg[i]:match("^%-%-(%w+)$")
    if not name or arg[i + 1] == nil then error("unknown option " .. arg[i], 0) end
    options[name] = tonumber(arg[i + 1]) or arg[i + 1]
    i = i + 2
  end
end

local child = options.seed or options.child
if child then
  assert(loadfile(here .. "child.lua"))(here, options)
  return
end
os.exit(assert(loadfile(here .. "parent.lua"))(here, options) and 0 or 1)
