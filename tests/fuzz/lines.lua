-- lines.lua - a stream that many fibers write lines to and many read them from, at once: each line
-- whole, and once.

local here = ...
local luv = require("luv")
local book = assert(loadfile(here .. "book.lua"))(here)

return function(world)
  local call = world.call
  local from, to = luv.net.socketpair()
  local lines, closed = book.new(world, "line"), false

  local function taken(line, whole, code)
    if line then
      local n, x = line:match("^(%d+) (x*)$")
      n = tonumber(n)
      if not n or #x ~= n % 50 * (n % 20 == 1 and 900 or 1) then
        if whole ~= false then world.found("a broken line: " .. line:sub(1, 60)) end
        return
      end
      return lines:got(n)
    end
    if code ~= "ETIMEDOUT" and code ~= "EOF" and code ~= "ECANCELED" and code ~= "EBADF" then
      world.found("read_line gave " .. tostring(code))
    end
  end

  local function sent(n, ok, a, _, code, gone)
    world.inside = false
    if ok and a then return lines:sent(n) end
    if ok and code == "ETIMEDOUT" then
      if gone > 0 then lines:sent(n) else lines:refused(n) end
    else lines:perhaps(n) end
    if not ok then error(a, 0) end
  end
  local function write(r, nowait)
    local n = lines:next()
    local data = n .. " " .. ("x"):rep(n % 50 * (n % 20 == 1 and 900 or 1)) .. "\n"
    sent(n, pcall(call, from.write, from, data, world.limit(r, nowait)))
  end
  local function read(r, nowait) taken(lines:get(to.read_line, to, nil, world.limit(r, nowait))) end
  local next_line = to:lines()
  local function iterate(r, nowait)
    if nowait or r(2) == 1 then return read(r, nowait) end
    taken(lines:get(next_line))
  end

  return {
    acts = {write, write, read, read, iterate},
    cases = {function() return {to, "read_line"}, function(how, ...) if how == "won" then taken(...) end end end},
    finish = function()
      luv.spawn(function() closed = from:shutdown(1) end)
      while true do
        local line, whole, code = to:read_line(nil, 1)
        if not line and code ~= "EOF" then world.found("the last line gave " .. tostring(code)) end
        if not line then break end
        taken(line, whole)
      end
      lines:close()
      from:close()
      to:close()
    end,
  }
end
