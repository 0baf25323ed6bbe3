-- handle.lua - contexts and certificates as a script sees them: userdata, as LuaSec's are, since programs
-- tell a context from the table of its settings by that. What belongs to one is a record here.
local newproxy, setmeta, getmeta = newproxy, debug.setmetatable, debug.getmetatable
local handle = {}

-- A class: its metatable, the records of its objects by object.
function handle.class(name)
  return {__index = {}, __name = name, records = setmetatable({}, {__mode = "k"})}
end

function handle.new(class, record)
  local object = newproxy()
  setmeta(object, class)
  class.records[object] = record
  return object
end

-- The record of an object of the class; nil for anything else.
function handle.of(class, object)
  if type(object) == "userdata" and getmeta(object) == class then return class.records[object] end
end

-- The same; what else it is raises.
function handle.check(class, object, n, name)
  local record = handle.of(class, object)
  if record then return record end
  local got = object == nil and "no value" or type(object)
  error("bad argument #" .. n .. " to '" .. name .. "' (" .. class.__name .. " expected, got " .. got .. ")", 4)
end

return handle
