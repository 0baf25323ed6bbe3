-- book.lua - what was sent through something that must give each value once, or keep it.
--
-- A value is a serial number. It is in the book before it is sent, since who gets it may run
-- first. A send that ended by an error of no luv's making (a finaliser's, a cancellation where the
-- documentation leaves it open) makes it one that may come.

local book = {}
book.__index = book

function book.new(world, name) return setmetatable({world = world, name = name, state = {}, serial = 0, excused = 0}, book) end

function book:next()
  local n = self.serial + 1
  self.serial, self.state[n] = n, "trying"
  return n
end

function book:sent(n)
  if self.state[n] ~= "got" then self.state[n] = "in" end
end

function book:refused(n)
  if self.state[n] == "got" then self.world.found(self.name .. ": " .. n .. " was refused, and got") end
  self.state[n] = "refused"
end

function book:perhaps(n)
  if self.state[n] ~= "got" then self.state[n] = "perhaps" end
end

function book:got(n)
  local state = self.state[n]
  if state == "got" then self.world.found(self.name .. ": " .. n .. " came twice")
  elseif state == nil or state == "refused" then
    self.world.found(self.name .. ": " .. tostring(n) .. " came, which was " .. (state or "never sent"))
  end
  if state then self.state[n] = "got" end
end

-- A finaliser has raised below a call that gets a short value, and that does not wait: as below any C
-- function its error is the call's then, and the value is gone.
function book:excuse() self.excused = self.excused + 1 end

-- Nothing more can come: what was sent must have.
function book:close()
  local lost = {}
  for n = 1, self.serial do
    if self.state[n] == "in" then lost[#lost + 1] = n end
  end
  if #lost <= self.excused then return end
  self.world.found(self.name .. ": lost " .. table.concat(lost, ", ") .. "; excused " .. self.excused)
end

-- Calls fn(...), which gets a value of this book.
local function got(self, ok, ...)
  self.world.inside = false
  if ok then return ... end
  if (...) == self.world.boom and self.name ~= "chan" then self:excuse() end
  error((...), 0)
end
function book:get(fn, ...) return got(self, pcall(self.world.call, fn, ...)) end

return book
