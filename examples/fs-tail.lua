-- fs-tail.lua - what is appended to a file, line by line, as tail -f does:
--
--   lua5.1 examples/fs-tail.lua FILE [LINES]      ends after so many lines
--
-- A file that was cut short is read from its beginning again.

local luv = require("luv")
local fs = luv.fs

local path, left = assert(arg[1], "which file?"), tonumber(arg[2]) or math.huge
local watch = assert(fs.watch(path)) -- before the file is read: no change is missed
local file = assert(fs.open(path))
local rest = ""

local function show(data)
  rest = rest .. data
  for line in rest:gmatch("([^\n]*)\n") do
    if left <= 0 then return end
    print(line)
    left = left - 1
  end
  rest = rest:match("[^\n]*$")
  io.stdout:flush()
end

file:seek("end")
while left > 0 do
  local n, data, code = file:read()
  if n then show(data)
  elseif code ~= "EOF" then error(data)
  elseif assert(file:stat()).size < file:seek() then
    print("-- " .. path .. " was cut --")
    file:seek("set", 0)
  elseif not watch:next() then break end -- the file is gone
end
watch:close()
file:close()
