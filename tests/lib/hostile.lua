-- hostile.lua - finalisers that act in the midst of luv's calls, under any script.
--
-- The check build, with the variable LUV_HOSTILE set to a number, collects at every allocation behind
-- a call of luv's (csrc/core/check.c), until a finaliser from here has had enough. Each cycle one acts: on
-- objects of its own, since the script's are the script's, but through all that a state shares:
-- buffers, calls into Go, requests, queues. It checks what it gets. LUA_INIT runs this file
-- before the script; nothing is made until the script has loaded luv.
--
-- A finaliser cannot wait, and an error of one is raised, by Lua, where it was collected: so
-- what acts here does neither.

local hostile = {acted = 0, paused = 0}
package.loaded["luv.hostile"] = hostile

local newproxy, getmetatable, pcall, xpcall, error, tostring = newproxy, getmetatable, pcall, xpcall, error, tostring
local collectgarbage, select, type, stderr = collectgarbage, select, type, io.stderr
local tmpname, remove, exit, traceback, open = os.tmpname, os.remove, os.exit, debug.traceback, io.open

local seed = tonumber(os.getenv("LUV_HOSTILE")) or 1
local function random(n)
  seed = (seed * 16807) % 2147483647
  return seed % n + 1
end

local function want(got, expected, what)
  if got == expected then return end
  error(("%s: got %s, want %s"):format(what, tostring(got):sub(1, 40), tostring(expected):sub(1, 40)), 2)
end

-- What has been read is the next of what was written. Below a poll nothing looks outside: then
-- it is not there yet.
local function take(p, data)
  if not data then return end
  want(data, p.sent:sub(1, #data), "read")
  p.sent = p.sent:sub(#data + 1)
end

local function give(p, text)
  if p.a:write(text, 0) then p.sent = p.sent .. text end
end

-- ---- acts ------------------------------------------------------------------------------------

-- Objects that the acts use, made once for all.
local function population(luv)
  local all = {luv = luv, n = 0, sent = ""}
  all.a, all.b = luv.net.socketpair()
  all.chan, all.shared = luv.chan(4), luv.thread.chan(4)
  all.mutex, all.timer = luv.mutex(), luv.timer.create()
  local named, path = pcall(tmpname)
  local file = named and open(path, "w") -- luv's way would wait
  if not all.a or not file then return nil end -- no descriptors
  all.path = path
  file:write("one\ntwo\nthree\n")
  file:close()
  return all
end

local acts = {
  function(p) -- bytes through a socket; the read looks outside
    p.n = p.n + 1
    give(p, "hostile " .. p.n .. "\n")
    local n, data = p.b:read(nil, 0)
    take(p, n and data)
  end,
  function(p) -- more of them than go through the arena
    if #p.sent < 20000 then give(p, ("h"):rep(5000)) end
    local data = p.b:read_exactly(3000, 0)
    take(p, data)
  end,
  function(p) -- a channel
    p.chan:put({p.n}, 0)
    want(p.chan:get(0)[1], p.n, "chan")
    p.chan:put("iterated", 0)
    for v in p.chan:iter() do
      want(v, "iterated", "iter")
      break
    end
  end,
  function(p) -- one of threads, by the codec
    p.shared:put({p.n, "x"}, 0)
    want(p.shared:get(0)[1], p.n, "thread.chan")
  end,
  function(p) -- into Go, with results of its own
    want(p.luv.hex.decode(p.luv.hex.encode("into Go")), "into Go", "hex")
    want(type(p.luv.tty.guess(0)), "string", "guess")
  end,
  function(p) -- fibers that end before they begin, and one that has begun nothing
    local f = p.luv.fiber.create(function() end)
    f:cancel("hostile")
    want(f:status(), "new", "status")
    p.luv.fiber.current()
  end,
  function(p) -- a file, read in place
    want(p.luv.fs.readfile(p.path, 0) or "one\ntwo\nthree\n", "one\ntwo\nthree\n", "readfile")
  end,
  function(p) -- a value there and back
    local t = p.luv.codec.decode(p.luv.codec.encode({p.n, {"y"}, k = "v"}))
    want(t[1], p.n, "codec") want(t[2][1], "y", "codec") want(t.k, "v", "codec")
  end,
  function(p) -- a select, of which none is ready, then one
    local cases = {{p.chan, "get"}, {p.shared, "get"}, {p.b, "read"}, timeout = 0}
    local i, _, data = p.luv.select(cases)
    if i then want(i, 3, "select") end
    take(p, i and data)
    p.shared:put("selected", 0)
    i, _, data = p.luv.select(cases)
    if i == 3 then take(p, data) p.shared:get(0) else want(i, 2, "select") end
  end,
  function(p) -- objects that come and go
    local m, t = p.luv.mutex(), p.luv.timer.create()
    t:start(1000)
    t:close()
    m:close()
    p.luv.net.tcp():close()
  end,
  function(p) -- counts and lists
    want(type(p.luv.stats().polls), "number", "stats")
    want(#p.luv.dump() > 0, true, "dump")
  end,
  function(p) -- an error of luv's own
    want(pcall(p.luv.sleep, "x"), false, "sleep")
    want(pcall(p.luv.sleep, 0.001), false, "a wait in a finaliser")
  end,
}

-- ---- when ---------------------------------------------------------------------------------------

local all, busy

local function report(err)
  stderr:write("hostile: ", tostring(err), "\n")
  exit(99)
end

local function handler(err) return traceback(tostring(err)) end

-- A process that was forked, or a state that closes, refuses everything; some tests have no memory.
local function refused(err)
  return tostring(err):find("used after fork", 1, true) or tostring(err):find("the state closes", 1, true) or
    tostring(err):find("not enough memory", 1, true) or tostring(err):find("ENOMEM", 1, true) or
    tostring(err):find("interrupted!", 1, true) -- Ctrl-C comes where it comes
end

local function act()
  local luv = package.loaded.luv
  if type(luv) ~= "table" or hostile.paused > 0 then return end
  all = all or population(luv)
  if not all then return end
  hostile.acted = hostile.acted + 1
  acts[random(#acts)](all)
end

local function cool()
  collectgarbage("setpause", 200)
  collectgarbage("setstepmul", 200)
end

local armed
local function arm(fn)
  if armed then return end
  armed = true
  getmetatable(newproxy(true)).__gc = fn
end

-- What is called here collects, too: one at a time.
local function again(_) -- by its argument luv tells a finaliser from a hook
  armed = false
  if hostile.over or busy then return end
  busy = true
  local ok, err = xpcall(act, handler)
  if not ok and not refused(err) then report(err) end
  if random(4) == 1 or hostile.paused > 0 then cool() end
  arm(again)
  busy = false
end

-- The acts' own objects are there from here on, so that what is counted stays the same.
function hostile.begin(luv)
  busy = true
  all = population(luv)
  arm(again)
  busy = false
end

function hostile.pause() hostile.paused = hostile.paused + 1 end
function hostile.go_on() hostile.paused = hostile.paused - 1 end

-- Closes what the acts use.
function hostile.finish()
  hostile.over = true
  cool()
  if not all then return end
  for _, name in ipairs{"a", "b", "chan", "shared", "mutex", "timer"} do all[name]:close() end
  remove(all.path)
  all = nil
end

arm(again)
return hostile
