-- acts.lua - the acts of allocfibers.lua, allocstreams.lua and allocvalues.lua, for whoever runs them while
-- something fails: alloc.lua, faults.lua.

local luv = require("luv")
local acts = {names = {}, run = {}}

local function act(name, fn)
  acts.names[#acts.names + 1] = name
  acts.run[name] = fn
end

local tools = {long = ("0123456789abcdef"):rep(20000)}

function tools.equal(got, want)
  if got ~= want then error("got " .. tostring(got):sub(1, 60) .. ", want " .. tostring(want):sub(1, 60), 2) end
end

-- What lines are left, joined. A for loop would not see why they end.
function tools.rest(next)
  local lines = {}
  while true do
    local line, message, code = next()
    if not line then return message and code ~= "EOF" and error(message) or table.concat(lines, " ") end
    lines[#lines + 1] = line
  end
end

-- Loads those of the files, which keep what they make in a new folder.
function acts.load(template, files)
  local dir = debug.getinfo(1, "S").source:match("^@(.*/)")
  acts.folder = assert(luv.fs.mkdtemp(template))
  for _, file in ipairs(files) do assert(loadfile(dir .. file))(act, acts.folder, tools) end
  return acts.run, acts.names, acts.folder
end

return acts
