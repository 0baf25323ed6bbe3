-- luv.fs.watch and luv.fs.poll: every change, the overflow, closing, what has gone.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local fs = luv.fs

local function both(name, fn)
  tap.both(name, function()
    local dir = assert(fs.mkdtemp(fs.tmpdir() .. "/luv-watch-XXXXXX"))
    local r = tap.pack(luv.pcall(fn, dir))
    assert(fs.rmrf(dir))
    if not r[1] then error(r[2], 0) end
  end)
end

-- The next event with that flag, skipping others.
local function wait(w, flag)
  while true do
    local name, what = w:next(10)
    if not name then error(what, 2) end
    if what[flag] then return name, what end
  end
end

both("created, changed, moved, deleted", function(dir)
  local w = assert(fs.watch(dir))
  tap.match(tostring(w), "^userdata<luv%.fs%.event>: ")
  fs.writefile(dir .. "/a", "1")
  tap.equal(wait(w, "created"), "a")
  tap.equal(wait(w, "change"), "a")
  fs.rename(dir .. "/a", dir .. "/b")
  local from, gone = wait(w, "moved")
  local to, come = wait(w, "moved")
  tap.equal(from .. to, "ab")
  tap.ok(gone.deleted and come.created and gone.rename and come.rename)
  tap.equal(gone.cookie, come.cookie)
  fs.unlink(dir .. "/b")
  tap.equal(wait(w, "deleted"), "b")
  fs.mkdir(dir .. "/d")
  local _, what = wait(w, "created")
  tap.equal(what.directory, true)
  tap.fails("ETIMEDOUT", w:next(0))
  tap.equal(w:close(), w)
end)

both("a file; it is deleted", function(dir)
  fs.writefile(dir .. "/x", "")
  local w = assert(fs.watch(dir .. "/x"))
  fs.writefile(dir .. "/x", "more")
  tap.equal(wait(w, "change"), "x")
  fs.unlink(dir .. "/x")
  wait(w, "deleted")
  tap.fails("EOF", w:next(10))
  w:close()
end)

both("many changes while nobody looks: none is lost", function(dir)
  local w, seen = assert(fs.watch(dir)), 0
  for i = 1, 500 do fs.mkdir(dir .. "/" .. i) end
  for i = 1, 500 do tap.equal(wait(w, "created"), tostring(i)) end
  w:close()
end)

both("more than the queue takes: an event of its own", function(dir)
  local w = assert(fs.watch(dir))
  assert(os.execute("cd " .. dir .. " && seq -f f%g 9000 | xargs touch") == 0)
  local name, what = wait(w, "overflow")
  tap.equal(name, "")
  tap.equal(what.rename or what.change, false)
  while w:next(0) do end
  fs.writefile(dir .. "/again", "")
  tap.equal(wait(w, "created"), "again")
  w:close()
end)

both("two watches of one directory, two waiters, closing wakes them", function(dir)
  local a, b = assert(fs.watch(dir)), assert(fs.watch(dir .. "/."))
  local one = luv.spawn(function() return (wait(a, "created")) end)
  local two = luv.spawn(function() return (wait(b, "created")) end)
  luv.sleep(0.005)
  fs.mkdir(dir .. "/x")
  tap.equal(one:join(10), "x")
  tap.equal(two:join(10), "x")
  a:close()
  fs.mkdir(dir .. "/y")
  tap.equal(wait(b, "created"), "y")
  while b:next(0) do end
  local waiter = luv.spawn(function() return b:next() end)
  luv.sleep(0.005)
  b:close()
  tap.fails("ECANCELED", waiter:join(10))
end)

-- Each waiter's event is there when it is woken; until its turn comes others may do anything.
both("a watch is closed between the event and the turn of who waits for it", function(dir)
  local a, b = assert(fs.watch(dir)), assert(fs.watch(dir))
  local first = luv.spawn(function() local name = a:next(10) b:close() return name end)
  local second = luv.spawn(function() return b:next(10) end)
  luv.fiber.yield()
  assert(io.open(dir .. "/x", "w")):close()
  tap.equal(first:join(), "x")
  local name, _, code = second:join()
  tap.ok(name == "x" or code == "ECANCELED", tostring(code))
  a:close()
end)

both("many readers of one watch: each change to one of them, no overflow", function(dir)
  local w, seen, fibers, n = assert(fs.watch(dir)), {}, {}, 0
  for i = 1, 5 do
    fibers[i] = luv.spawn(function()
      while true do
        local name, what = w:next(i % 2 == 0 and 0.001 or 10)
        if name then
          tap.ok(what.created and not what.overflow and not seen[name], name)
          seen[name], n = true, n + 1
        elseif n == 200 or w:closed() then return end
      end
    end)
  end
  luv.fiber.yield()
  for i = 1, 200 do assert(fs.mkdir(dir .. "/" .. i)) end
  while n < 200 do luv.sleep(0.001) end
  w:close()
  for _, f in ipairs(fibers) do f:join(10) end
end)

both("poll names the file", function(dir)
  local p = assert(fs.poll(dir .. "/none", 5))
  tap.match(tap.fails("ENOENT", p:next(10)), "^ENOENT: no such file or directory: /.*/none$")
  p:close()
end)

both("forgotten ones are collected", function(dir)
  for _ = 1, 20 do fs.watch(dir); fs.poll(dir, 1000) end
  collectgarbage()
  collectgarbage()
end)

both("poll: before and now, also when the file goes", function(dir)
  fs.writefile(dir .. "/x", "1")
  local p = assert(fs.poll(dir .. "/x", 5))
  local before, now, text = nil, nil, "1"
  repeat -- its first look may come after a write
    text = text .. "1"
    fs.writefile(dir .. "/x", text)
    before, now = p:next(0.2)
  until before
  tap.ok(before.size ~= now.size)
  fs.unlink(dir .. "/x")
  local code
  repeat before, _, code = p:next(10) until not before
  tap.equal(code, "ENOENT")
  local waiter = luv.spawn(function() return p:next() end)
  luv.sleep(0.005)
  p:close()
  tap.fails("ECANCELED", waiter:join(10))
end)

tap.done()
