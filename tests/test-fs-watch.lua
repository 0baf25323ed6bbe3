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

-- ---- recursive -------------------------------------------------------------------------------

-- All events until nothing comes for a while: by name, what was told of it.
local function gather(w, quiet)
  local all, list = {}, {}
  while true do
    local name, what, code = w:next(quiet or 0.15)
    if not name then return all, list, code end
    list[#list + 1] = name
    all[name] = all[name] or {}
    for flag, is in pairs(what) do if is and is ~= 0 then all[name][flag] = (all[name][flag] or 0) + 1 end end
  end
end

both("recursive: files and folders at any depth, as paths", function(dir)
  fs.mkdirp(dir .. "/a/b/c")
  local w = assert(fs.watch(dir .. "/", {recursive = true}))
  fs.writefile(dir .. "/top", "1")
  fs.writefile(dir .. "/a/b/c/deep", "1")
  fs.chmod(dir .. "/a/b", "700")
  local all = gather(w)
  tap.ok(all["top"].created and all["a/b/c/deep"].created and all["a/b/c/deep"].change)
  tap.ok(all["a/b"].change and all["a/b"].directory)
  fs.unlink(dir .. "/a/b/c/deep")
  fs.rmrf(dir .. "/a/b")
  all = gather(w)
  tap.ok(all["a/b/c/deep"].deleted and all["a/b/c"].deleted and all["a/b"].deleted)
  w:close()
  tap.fails("EBADF", w:next())
end)

both("recursive: new folders, and what was made in them before they were watched", function(dir)
  local w = assert(fs.watch(dir, {recursive = true}, 10))
  for i = 1, 20 do
    fs.mkdirp(("%s/%d/x/y"):format(dir, i))
    fs.writefile(("%s/%d/x/y/file"):format(dir, i), "1")
  end
  local all = gather(w)
  for i = 1, 20 do
    for _, name in ipairs{i, i .. "/x", i .. "/x/y"} do
      tap.ok(all[tostring(name)] and all[tostring(name)].created and all[tostring(name)].directory, name)
    end
    tap.ok(all[i .. "/x/y/file"].created, i)
  end
  fs.writefile(dir .. "/7/x/y/file", "2")
  fs.symlink("7", dir .. "/link")
  all = gather(w)
  tap.ok(all["7/x/y/file"].change and not all["7/x/y/file"].created)
  tap.ok(all["link"].created and not all["link/x"], "links are not followed")
  w:close()
end)

both("recursive: moves within, out of the tree, into it", function(dir)
  fs.mkdirp(dir .. "/base/a/b")
  fs.mkdirp(dir .. "/base/c")
  local w = assert(fs.watch(dir .. "/base", {recursive = true}))
  fs.rename(dir .. "/base/a", dir .. "/base/c/new")
  fs.mkdir(dir .. "/base/c/new/b/fresh")
  local all = gather(w)
  tap.ok(all["a"].moved and all["a"].deleted and all["c/new"].created and all["c/new"].moved)
  tap.equal(all["c/new/b"], nil, "it was known")
  tap.ok(all["c/new/b/fresh"].created)
  fs.writefile(dir .. "/base/c/new/b/fresh/x", "1")
  tap.ok(gather(w)["c/new/b/fresh/x"].created)
  fs.rename(dir .. "/base/c/new", dir .. "/out")
  fs.writefile(dir .. "/out/b/x", "1")
  all = gather(w)
  tap.ok(all["c/new"].deleted)
  fs.writefile(dir .. "/out/b/y", "1")
  fs.writefile(dir .. "/base/y", "1")
  all = gather(w)
  tap.ok(all["y"] and not next(all, next(all)), "nothing of what is outside")
  fs.rename(dir .. "/out", dir .. "/base/back")
  all = gather(w)
  tap.ok(all["back"].created and all["back/b/y"].created and all["back/b/fresh/x"].created)
  fs.rename(dir .. "/base/back/b", dir .. "/base/back/B")
  fs.rename(dir .. "/base/back", dir .. "/base/BACK")
  fs.writefile(dir .. "/base/BACK/B/z", "1")
  all = gather(w)
  tap.ok(all["BACK/B/z"].created)
  w:close()
end)

both("recursive: a queue that has run over is told, and nothing is blind after it", function(dir)
  local w = assert(fs.watch(dir, {recursive = true}))
  local most = tonumber(fs.readfile("/proc/sys/fs/inotify/max_queued_events")) or 16384
  if most > 20000 then w:close() tap.skip("the kernel keeps " .. most .. " events") end
  -- in another process, while the loop does not run
  local _, err, rc = tap.shell("cd " .. dir .. " && i=0; while [ $i -lt " .. math.ceil(most / 2) + 100 ..
    " ]; do echo >x; echo >y; i=$((i+1)); done; mkdir -p late/deep")
  tap.equal(rc, 0, err)
  local all = gather(w)
  tap.ok(all[""].overflow, "it was not told")
  fs.writefile(dir .. "/late/deep/file", "1")
  tap.ok(gather(w)["late/deep/file"].created)
  w:close()
end)

both("recursive: the root goes, a file is none, mistakes", function(dir)
  fs.mkdirp(dir .. "/base/a")
  local w = assert(fs.watch(dir .. "/base", {recursive = true}))
  local reader = luv.spawn(function() return gather(w, 5) end)
  luv.sleep(0.01)
  fs.rmrf(dir .. "/base")
  local all, _, code = reader:join()
  tap.ok(all["a"].deleted and all["base"].deleted)
  tap.equal(code, "EOF")
  w:close()
  fs.writefile(dir .. "/file", "")
  tap.fails("ENOTDIR", fs.watch(dir .. "/file", {recursive = true}))
  tap.fails("ENOENT", fs.watch(dir .. "/none", {recursive = true}))
  w = assert(fs.watch(dir, {}, 5))
  fs.mkdirp(dir .. "/x/y")
  tap.equal(gather(w)["x/y"], nil)
  w:close()
  assert(fs.watch(dir, 5)):close()
  tap.raises("bad argument #2 to 'watch'", fs.watch, dir, "recursive")
  tap.raises("bad argument #3 to 'watch'", fs.watch, dir, {}, "x")
end)

both("recursive: closed in the middle of a scan, given up, collected", function(dir)
  for i = 1, 30 do fs.mkdirp(("%s/%d/a/b/c"):format(dir, i)) end
  for _ = 1, 20 do
    local w = assert(fs.watch(dir, {recursive = true}))
    fs.mkdirp(dir .. "/new/a/b")
    luv.sleep(0)
    w:close()
    fs.rmrf(dir .. "/new")
  end
  for i = 0, 5 do luv.timeout(i / 5000, fs.watch, dir, {recursive = true}) end
  luv.timeout(0.001, function() return fs.watch(dir, {recursive = true}) end)
end)

tap.test("recursive: fifty thousand folders, while others go on", function()
  local base = fs.access("/dev/shm", "w") and "/dev/shm" or fs.tmpdir()
  local limit = tonumber((fs.readfile("/proc/sys/fs/inotify/max_user_watches"):match("%d+")))
  if limit < 60000 then tap.skip("the user may have " .. limit .. " watches only") end
  local dir = assert(fs.mkdtemp(base .. "/luv-many-XXXXXX"))
  tap.shell("cd " .. dir .. " && for i in $(seq 250); do mkdir $i; (cd $i; mkdir $(seq 199)); done")
  local slowest, stop = 0, false
  local other = luv.spawn(function()
    while not stop do slowest = math.max(slowest, (tap.timed(luv.sleep, 0.001))) end
  end)
  local w, message = fs.watch(dir, {recursive = true})
  stop = true
  other:join()
  if w then
    fs.writefile(dir .. "/250/199/file", "x")
    tap.equal(w:next(5), "250/199/file")
    fs.rename(dir .. "/100", dir .. "/moved")
    fs.writefile(dir .. "/moved/50/file", "x")
    tap.ok(gather(w)["moved/50/file"].created)
    w:close()
  end
  assert(fs.rmrf(dir))
  tap.ok(w, message)
  tap.ok(slowest < 0.5, "somebody waited " .. slowest)
end)

tap.done()
