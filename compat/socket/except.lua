-- newtry, protect: errors that a protected function returns as nil, message.

local luv, load = ...

local pcall, error, type, setmetatable, getmetatable, select = pcall, error, type, setmetatable, debug.getmetatable, select

local except = {}
local mark = {__metatable = false}

local function nothing() end

-- Returns what it is given; of nil or false, message it raises the message, after `finalizer` has run.
function except.newtry(finalizer)
  if finalizer == nil then finalizer = nothing end
  return function(...)
    local ok, message = ...
    if ok then return ... end
    finalizer()
    error(setmetatable({message}, mark), 0)
  end
end

local function unwrap(ok, ...)
  if ok then return ... end
  local problem = ...
  if type(problem) == "table" and getmetatable(problem) == mark then return nil, problem[1] end
  error(problem, 0)
end

-- A function that returns nil, message where fn raises by a try, and raises all other errors.
function except.protect(fn)
  return function(...) return unwrap(pcall(fn, ...)) end
end

return except
