-- files.lua - reads and writes of one file whose bytes tell where they stand, by many fibers through
-- several descriptors: whatever comes is what stands there. And what directories, names and watches do.

local here = ...
local luv = require("luv")
local content = assert(loadfile(here .. "content.lua"))()
local fs = luv.fs

local size = 65536

return function(world)
  local call = world.call
  local dir = world.home .. "/p" .. world.seed
  assert(fs.mkdir(dir))
  local path = dir .. "/content"
  assert(fs.writefile(path, content.at(0, size)))
  local open, iterators = {}, {}

  local function check(data, at, what)
    if data ~= content.at(at, #data) then
      world.found(("%s at %d gave %q"):format(what, at, data:sub(1, 60)))
    end
  end
  local function file(r)
    local i = r(3)
    if not open[i] or open[i]:closed() then
      local f, _, code = call(fs.open, path, "r+")
      if not f and code ~= "ETIMEDOUT" then world.found("open gave " .. tostring(code)) end
      open[i] = f
      return f
    end
    return open[i]
  end
  local function came(what, code)
    if code ~= "ETIMEDOUT" and code ~= "EBADF" and code ~= "ECANCELED" then world.found(what .. " gave " .. tostring(code)) end
  end

  local function read(r, nowait)
    local f, at, n = file(r), r(size) - 1, r(3000)
    if not f then return end
    local got, data, code = call(f.read, f, n, at, world.limit(r, nowait))
    if not got then
      if code ~= "EOF" then came("read", code) end
      return
    end
    if got ~= #data or got ~= math.min(n, size - at) then world.found("read gave " .. got .. " of " .. n) end
    check(data, at, "read")
  end
  local function write(r, nowait)
    local f, at = file(r), r(size) - 1
    if not f then return end
    local n = math.min(r(3000), size - at)
    local data = content.at(at, n)
    if r(3) == 1 then data = {data:sub(1, 5), data:sub(6)} end
    local gone, _, code = call(f.write, f, data, at, world.limit(r, nowait))
    if gone and gone ~= n then world.found("write gave " .. gone .. " of " .. n) end
    if not gone then came("write", code) end
  end
  local function stat(r, nowait)
    local st, _, code
    if r(2) == 1 then st, _, code = call(fs.stat, path, world.limit(r, nowait))
    else
      local f = file(r)
      if not f then return end
      st, _, code = call(f.stat, f, world.limit(r, nowait))
    end
    if not st then came("stat", code) elseif st.size ~= size then world.found("stat says " .. tostring(st.size)) end
  end
  local function all(r, nowait)
    local data, _, code = call(fs.readfile, path, world.limit(r, nowait))
    if not data then return came("readfile", code) end
    if #data ~= size then world.found("readfile gave " .. #data) end
    check(data, 0, "readfile")
  end
  local function close(r)
    if r(4) == 1 then call(fs.stat, path) end
    local f = open[r(3)]
    if f and r(3) == 1 then call(f.close, f) end
  end

  -- A name that only this act knows: made, renamed, gone.
  local serial = 0
  local function names(r, nowait)
    if nowait then return stat(r, nowait) end
    serial = serial + 1
    local a, b = dir .. "/a" .. serial, dir .. "/b" .. serial
    local text = "text " .. serial
    if not call(fs.writefile, a, text) then return world.found("writefile failed") end
    assert(call(fs.rename, a, b))
    local got = call(fs.readfile, b)
    if got ~= text then world.found("readfile of " .. b .. " gave " .. tostring(got)) end
    assert(call(fs.unlink, b))
    local st, _, code = call(fs.stat, b)
    if st or code ~= "ENOENT" then world.found("stat of what is gone gave " .. tostring(code)) end
  end
  local function list(r, nowait)
    local found
    if nowait or r(2) == 1 then
      local entries = call(fs.scandir, dir, world.limit(r, nowait))
      for _, e in ipairs(entries or {}) do found = found or e.name == "content" end
      if not entries then return end
    else
      for name in fs.walk(dir) do
        world.inside = false
        if name:sub(-8) == "/content" then found = true end
      end
    end
    if not found then world.found("the listing has no content") end
  end
  -- Cells of the file in turn, by whoever comes.
  local function iterate(r, nowait)
    local i = r(2)
    iterators[i] = iterators[i] or (not nowait and call(fs.lines, path)) or nil
    local line, _, code = nil, nil, nil
    if not iterators[i] or nowait then return end
    line, _, code = call(iterators[i])
    if line and #line ~= size then world.found("a line of " .. #line) end
    if not line then iterators[i] = nil end
    if code and code ~= "EOF" and code ~= "EBADF" and code ~= "ECANCELED" then world.found("lines gave " .. code) end
  end
  local function watch(r, nowait)
    if nowait then return end
    local w, _, code = call(fs.watch, dir)
    if not w then return world.found("watch gave " .. code) end
    local ok, name, _, why = pcall(call, w.next, w, world.limit(r) or 0.001)
    world.inside = false
    w:close()
    if not ok then error(name, 0) end
    if not name and why ~= "ETIMEDOUT" and why ~= "ECANCELED" then world.found("watch:next gave " .. tostring(why)) end
  end

  return {
    acts = {read, read, read, read, write, write, write, stat, stat, all, close, names, list, iterate, watch},
    cases = {function(r)
      local f, at = open[r(3)], r(size - 500)
      if not f or f:closed() then return {luv.event():set(), "wait"}, tostring end
      return {f, "read", 500, at}, function(how, n, data) if how == "won" and n then check(data, at, "select read") end end
    end},
    finish = function()
      for i = 1, 3 do if open[i] then open[i]:close() end end
      local data = fs.readfile(path)
      if #data ~= size then world.found("the file has " .. #data .. " bytes") end
      check(data, 0, "the file")
      assert(fs.rmrf(dir))
    end,
  }
end
