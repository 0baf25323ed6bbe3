-- Arguments, as functions written in C take and refuse them: n counts them without the object of a method.

local error, tostring, tonumber, type, floor, ceil = error, tostring, tonumber, type, math.floor, math.ceil

local arg = {}

-- Raises what luaL_argerror does, for the function that calls this.
function arg.bad(name, n, text, level)
  error(("bad argument #%d to '%s' (%s)"):format(n, name, text), level or 3)
end

local function expected(name, n, what, v)
  arg.bad(name, n, ("%s expected, got %s"):format(what, v == nil and "no value" or type(v)), 5)
end

function arg.string(name, n, v)
  if type(v) == "string" then return v end
  if type(v) == "number" then return tostring(v) end
  expected(name, n, "string", v)
end

function arg.number(name, n, v)
  if type(v) == "number" then return v end
  local number = type(v) == "string" and tonumber(v)
  if number then return number end
  expected(name, n, "number", v)
end

function arg.boolean(name, n, v)
  if type(v) == "boolean" then return v end
  expected(name, n, "boolean", v)
end

function arg.table(name, n, v)
  if type(v) == "table" then return v end
  expected(name, n, "table", v)
end

-- One of the words; nil: the first.
function arg.option(name, n, v, words)
  if v == nil then return words[1] end
  v = arg.string(name, n, v)
  for i = 1, #words do if words[i] == v then return v end end
  arg.bad(name, n, ("invalid option '%s'"):format(v), 3)
end

-- The number that C's lua_tonumber gives, cut to a whole one.
function arg.whole(v)
  local n = (type(v) == "number" or type(v) == "string") and tonumber(v) or 0
  return n < 0 and ceil(n) or floor(n)
end

return arg
