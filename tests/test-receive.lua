-- Many sockets that one poll finds readable: csrc/stream/receive.c reads a few at a time, and
-- between them anything may happen to the others.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

local MANY = 200

-- So many pairs; the b of each has "x" to read, and no poll has looked at it yet.
local function readable(n)
  local as, bs = {}, {}
  for i = 1, n or MANY do as[i], bs[i] = luv.pipe.pair() end
  return as, bs, function() for i = 1, #as do as[i]:write("x", 0) end end
end

local function close(...)
  for _, list in ipairs {...} do
    for i = 1, #list do list[i]:close() end
  end
end

-- A fiber per stream that reads once, all of them waiting.
local function readers(streams, got)
  local fibers = {}
  for i, s in ipairs(streams) do
    fibers[i] = luv.spawn(function()
      local n, data = s:read()
      got[#got + 1] = {i, n, data}
    end)
  end
  luv.fiber.yield()
  return fibers
end

local function join(fibers)
  for i = 1, #fibers do fibers[i]:join() end
end

tap.both("each gets its bytes, in the order that they came in", function()
  local as, bs, feed = readable()
  local got = {}
  local fibers = readers(bs, got)
  feed()
  join(fibers)
  tap.equal(#got, MANY)
  for i = 1, MANY do tap.same(got[i], {i, 1, "x"}) end
  close(as, bs)
end)

tap.both("the first ones may close, stop, cancel and answer the others", function()
  local as, bs, feed = readable()
  local others, got, first = {}, {}, nil
  for i = 2, MANY do others[i - 1] = bs[i] end
  first = luv.spawn(function()
    bs[1]:read()
    for i = 2, MANY, 4 do bs[i]:close() end
    for i = 3, MANY, 4 do others[i - 1]:stop() end
    for i = 4, MANY, 4 do others[i - 1]:unread("y") end
  end)
  luv.fiber.yield()
  local fibers = readers(others, got)
  feed()
  first:join()
  join(fibers)
  local closed, served = 0, 0
  for _, g in ipairs(got) do
    if g[2] then served = served + 1 else closed = closed + 1 end
  end
  tap.equal(closed + served, MANY - 1)
  tap.ok(closed >= MANY / 4 - 16, closed)
  for i = 1, MANY do
    if i % 4 == 2 then bs[i] = as[i] end
  end
  close(as, bs)
end)

tap.both("a reader that is cancelled leaves the bytes to the next one", function()
  local as, bs, feed = readable()
  local got, fibers = {}, nil
  local first = luv.spawn(function()
    bs[1]:read()
    for i = 2, MANY do fibers[i]:cancel() end
  end)
  luv.fiber.yield()
  fibers = readers(bs, got)
  feed()
  first:join()
  as[1]:write("x") -- what the first took
  fibers[1]:join()
  for i = 2, MANY do
    local ok = pcall(fibers[i].join, fibers[i])
    if not ok then tap.same({bs[i]:read(1)}, {1, "x"}) end
  end
  close(as, bs)
end)

tap.both("fibers that yield for ever delay no reader by much", function()
  local as, bs, feed = readable()
  local got, stop, turns = {}, false, 0
  local hogs = {}
  for i = 1, 3 do
    hogs[i] = luv.spawn(function()
      while not stop do
        turns = turns + 1
        luv.fiber.yield()
      end
    end)
  end
  local fibers = readers(bs, got)
  feed()
  local took = tap.timed(join, fibers)
  stop = true
  join(hogs)
  tap.equal(#got, MANY)
  tap.ok(turns > 0)
  tap.ok(took < 1, took)
  close(as, bs)
end)

tap.both("timers are on time while hundreds of connections are busy", function()
  local as, bs = readable()
  local stop, late = false, 0
  local echoes = {}
  for i = 1, MANY do
    echoes[i] = luv.spawn(function()
      local n, data = bs[i]:read()
      while n do
        bs[i]:write(data)
        n, data = bs[i]:read()
      end
    end)
    echoes[MANY + i] = luv.spawn(function()
      while not stop do
        as[i]:write("x")
        as[i]:read()
      end
      as[i]:close()
    end)
  end
  for _ = 1, 50 do
    late = math.max(late, tap.timed(luv.sleep, 0.002) - 0.002)
  end
  stop = true
  join(echoes)
  tap.ok(late < 0.25, late)
  close(bs)
end)

tap.both("a read that is not to wait finds what the poll has left for later", function()
  local as, bs, feed = readable()
  local found = 0
  local first = luv.spawn(function()
    bs[1]:read()
    for i = 2, MANY do
      if bs[i]:read(nil, 0) == 1 then found = found + 1 end
    end
  end)
  luv.fiber.yield()
  for i = 2, MANY do bs[i]:start() end
  feed()
  first:join()
  tap.equal(found, MANY - 1)
  close(as, bs)
end)

tap.test("the main chunk goes on in the middle, and polls later", function()
  local as, bs, feed = readable()
  local got = {}
  local rest = {}
  for i = 2, MANY do rest[i - 1] = bs[i] end
  feed()
  local fibers = readers(rest, got)
  tap.same({bs[1]:read()}, {1, "x"})
  luv.run("nowait")
  join(fibers)
  tap.equal(#got, MANY - 1)
  close(as, bs)
end)

tap.done()
