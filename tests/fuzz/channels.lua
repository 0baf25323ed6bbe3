-- channels.lua - luv.chan and luv.thread.chan: each value is got once, or still inside.

local here = ...
local luv = require("luv")
local book = assert(loadfile(here .. "book.lua"))(here)

-- A value of any type that stands for a number, and back.
local wraps = {
  function(n) return n end,
  function(n) return "value " .. n end,
  function(n) return {n = n, {n}} end,
}
local function number(v)
  if type(v) == "string" then return tonumber(v:match("^value (%d+)$")) end
  if type(v) == "table" and type(v[1]) == "table" and v[1][1] == v.n then return v.n end
  return v
end

return function(world)
  local call, slots, old = world.call, {}, {}
  local makers = {luv.chan, luv.thread.chan}

  local function make(r)
    local type = r(2)
    local slot = {chan = makers[type](({0, 0, 1, 5})[r(4)])}
    slot.book = book.new(world, type == 1 and "chan" or "thread chan")
    return slot
  end
  for i = 1, 4 do slots[i] = make(world.r) end

  local function taken(slot, v, _, code)
    if v ~= nil then return slot.book:got(number(v)) end
    if code ~= "ETIMEDOUT" and code ~= "EOF" then world.found("get gave nil, " .. tostring(code)) end
  end
  local function put_done(slot, n, ok, v, _, code)
    world.inside = false
    if ok and v then return slot.book:sent(n) end
    if ok and code ~= "ETIMEDOUT" and code ~= "EOF" then world.found("put gave nil, " .. tostring(code)) end
    if ok or luv.cancelled(v) then slot.book:refused(n) else slot.book:perhaps(n) end
    if not ok then error(v, 0) end
  end

  local function put(r, nowait)
    local slot = slots[r(4)]
    local n = slot.book:next()
    put_done(slot, n, pcall(call, slot.chan.put, slot.chan, wraps[r(3)](n), world.limit(r, nowait)))
  end
  local function get(r, nowait)
    local slot = slots[r(4)]
    taken(slot, slot.book:get(slot.chan.get, slot.chan, world.limit(r, nowait)))
  end
  local function close(r)
    if r(20) > 1 then return end
    local i = r(4)
    slots[i].chan:close()
    old[#old + 1] = slots[i]
    slots[i] = make(r)
  end
  local function iterate(r, nowait)
    local slot = slots[r(4)]
    if nowait then return taken(slot, slot.book:get(slot.chan.try_get, slot.chan)) end
    local next_value = slot.chan:iter()
    repeat
      local v = slot.book:get(next_value)
      if v ~= nil then taken(slot, v) end
    until v == nil or r(3) == 1
  end

  local function put_case(r)
    local slot = slots[r(4)]
    local n = slot.book:next()
    return {slot.chan, "put", wraps[r(3)](n)}, function(how, ...)
      if how == "won" then put_done(slot, n, true, ...)
      elseif how == "lost" then slot.book:refused(n)
      else slot.book:perhaps(n) end
    end
  end
  local function get_case(r)
    local slot = slots[r(4)]
    return {slot.chan, "get"}, function(how, ...)
      if how == "won" then taken(slot, ...)
      elseif how == "unknown" and ... == world.boom and slot.book.name ~= "chan" then slot.book:excuse() end
    end
  end

  local function all(fn)
    for _, slot in ipairs(slots) do fn(slot) end
    for _, slot in ipairs(old) do fn(slot) end
  end
  return {
    acts = {put, put, put, get, get, get, close, iterate},
    cases = {put_case, get_case, get_case},
    close = function() all(function(slot) slot.chan:close() end) end,
    finish = function()
      all(function(slot)
        slot.chan:close() -- one that was made as the program ended
        while true do
          local v, _, code = slot.chan:try_get()
          if v == nil then
            if code ~= "EOF" then world.found("a drained channel gave " .. tostring(code)) end
            break
          end
          slot.book:got(number(v))
        end
        slot.book:close()
      end)
    end,
  }
end
