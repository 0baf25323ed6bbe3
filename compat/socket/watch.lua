-- What select waits with: a luv.poll.set that is kept from one call to the next, with the sockets of the
-- last one in it. A program that selects over the same sockets again and again pays for a comparison.

local luv, load = ...
local object = load("socket.object")

local setmetatable, pairs, error = setmetatable, pairs, error

local watch = {}

-- Not in use. Weak: a program that selects no more keeps no descriptor for it.
local free = setmetatable({}, {__mode = "k"})

local function make()
  local set, message = luv.poll.set()
  if not set then error(message, 0) end
  local weak = {__mode = "v"}
  return {set = set, mask = {}, stream = setmetatable({}, weak), reads = setmetatable({}, weak), nreads = 0,
          writes = setmetatable({}, weak), nwrites = 0}
end

local function same_list(new, old, n)
  if new == nil then return n == 0 end
  for i = 1, n do
    if new[i] ~= old[i] then return false end
  end
  return new[n + 1] == nil
end

-- Are these the lists of the last call, of sockets that have not changed?
local function same(w, reads, writes)
  return w.epoch == object.epoch and same_list(reads, w.reads, w.nreads) and same_list(writes, w.writes, w.nwrites)
end

local function remember(new, old, n)
  local k = 0
  while new and new[k + 1] ~= nil do
    k = k + 1
    old[k] = new[k]
  end
  for i = k + 1, n do old[i] = nil end
  return k
end

-- One for lists like these, and whether it watches them already.
function watch.take(reads, writes)
  local last
  for w in pairs(free) do
    if same(w, reads, writes) then
      free[w] = nil
      return w, true
    end
    last = w
  end
  last = last or make()
  free[last] = nil
  return last, false
end

function watch.give(w) free[w] = true end

local WORDS = {"r", "w", "rw"}

-- Has the set watch exactly what `want` says: descriptor -> 1, 2 or 3 (read, write), of which stream.
local function change(w, want, stream)
  for fd in pairs(w.mask) do
    if not want[fd] then
      w.set:remove(fd)
      w.mask[fd], w.stream[fd] = nil, nil
    end
  end
  for fd, mask in pairs(want) do
    if w.mask[fd] ~= mask or not stream[fd] or w.stream[fd] ~= stream[fd] then w.set:add(fd, WORDS[mask]) end
    w.mask[fd], w.stream[fd] = mask, stream[fd]
  end
end

-- Makes w one for these lists, of which `found` is known.
function watch.update(w, reads, writes, found)
  change(w, found.want, found.stream)
  w.nreads, w.nwrites = remember(reads, w.reads, w.nreads), remember(writes, w.writes, w.nwrites)
  local plain = #found.cases == 0 and #found.foreign == 0
  w.found, w.epoch = plain and found or nil, plain and object.epoch or nil
end

return watch
