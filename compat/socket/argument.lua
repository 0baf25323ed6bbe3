-- Arguments, as functions written in C take and refuse them: n counts them without the object of a method.

local getinfo = debug and debug.getinfo
local error, tostring, tonumber, type, floor, ceil = error, tostring, tonumber, type, math.floor, math.ceil

local argument = {}

-- The level of who has called luv.socket, for the caller of this.
local function outside()
  if not getinfo then return 3 end
  local level = 2
  while true do
    local at = getinfo(level, "S")
    if not at then return 0 end
    if not at.source:find("^=luv%.") and at.what ~= "tail" then return level - 1 end
    level = level + 1
  end
end

-- Raises, with the script's place in front.
function argument.refuse(text) error(text, outside()) end

-- Raises what luaL_argerror does.
function argument.bad(name, n, text)
  error(("bad argument #%d to '%s' (%s)"):format(n, name, text), outside())
end

-- The same for a method whose object is of another class.
function argument.bad_self(name, expected)
  error(("calling '%s' on bad self (%s expected)"):format(name, expected), outside())
end

local function expected(name, n, what, v)
  argument.bad(name, n, ("%s expected, got %s"):format(what, v == nil and "no value" or type(v)))
end

function argument.string(name, n, v)
  if type(v) == "string" then return v end
  if type(v) == "number" then return tostring(v) end
  expected(name, n, "string", v)
end

function argument.number(name, n, v)
  if type(v) == "number" then return v end
  local number = type(v) == "string" and tonumber(v)
  if number then return number end
  expected(name, n, "number", v)
end

function argument.boolean(name, n, v)
  if type(v) == "boolean" then return v end
  expected(name, n, "boolean", v)
end

function argument.table(name, n, v)
  if type(v) == "table" then return v end
  expected(name, n, "table", v)
end

-- One of the words; nil: the first.
function argument.option(name, n, v, words)
  if v == nil then return words[1] end
  v = argument.string(name, n, v)
  for i = 1, #words do if words[i] == v then return v end end
  argument.bad(name, n, ("invalid option '%s'"):format(v))
end

-- The number that C's lua_tonumber gives, cut to a whole one.
function argument.whole(v)
  local n = (type(v) == "number" or type(v) == "string") and tonumber(v) or 0
  return n < 0 and ceil(n) or floor(n)
end

return argument
