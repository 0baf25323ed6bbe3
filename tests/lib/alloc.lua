-- alloc.lua - a workload of which one allocation after the other fails: for alloc.c.
--
-- Each act is run in a fiber, first as it is, then with its first allocation failing, its
-- second, and so on till there are no more. It ends well, with what it always ends with, or
-- with an error of memory; nothing is left then that was not there before, and all goes on.
-- LUV_ALLOC: lua or luv (see alloc.c). LUV_MAIN: the acts are the main chunk's, not a fiber's.
-- LUV_ONLY: a pattern of names of acts; LUV_FROM: the first allocation; LUV_VERBOSE: all figures.

local luv = require("luv")
local whose, only, main = os.getenv("LUV_ALLOC") or "lua", os.getenv("LUV_ONLY") or "", os.getenv("LUV_MAIN") == "1"

io.stdout:setvbuf("line")
local dir = debug.getinfo(1, "S").source:match("^@(.*/)")
local acts, names, folder = dofile(dir .. "acts.lua").load("/tmp/luv-alloc-XXXXXX",
  {"allocfibers.lua", "allocstreams.lua", "allocvalues.lua"})

-- ---- one failure each ----------------------------------------------------------------------------------------

local function emptied()
  for _, e in ipairs(assert(luv.fs.scandir(folder))) do luv.fs.unlink(folder .. "/" .. e.name) end
end

local function held()
  local s = luv.stats()
  return {fibers = s.fibers.total, handles = s.handles.total, operations = s.operations,
          external = s.external, descriptors = descriptors()}
end

local function left_over(before)
  local found
  for try = 1, 100 do
    collectgarbage()
    luv.run("nowait")
    found = nil
    local now = held()
    for k, n in pairs(now) do
      if n > before[k] then found = k .. " " .. before[k] .. " -> " .. n end
    end
    if not found then return nil end
    if try == 3 and jit then jit.flush() end -- compiled code keeps what it names
    if try > 2 then luv.sleep(0.005) end
  end
  return found
end

local function is_memory(err) return tostring(err):find("not enough memory") or tostring(err):find("out of memory") end

local function describe(err) return type(err) == "table" and (err.reason or err.message) or tostring(err) end

-- What the act came to: true, or an error. The failure may be the main chunk's instead.
local function once(fn, n)
  local f
  local ok, err = pcall(function()
    if n then arm(n, whose) end
    if main then return fn() end
    f = luv.spawn(fn)
    return f:join(5)
  end)
  if f and f:status() ~= "dead" then
    local ended, own = pcall(f.join, f, 5)
    if f:status() ~= "dead" then error("it hangs: " .. luv.dump(), 0) end
    if not ended then err = own end
  end
  return ok, err
end

local function fail_at(name, n)
  local before = held()
  local ok, err = once(acts[name], n)
  local come, count = disarm()
  if not ok and not (come and is_memory(err)) then
    error(("%s, allocation %d: %s"):format(name, n, describe(err)), 0)
  end
  emptied()
  local left = left_over(before)
  if left then error(("%s, allocation %d: left over: %s (%s)"):format(name, n, left, ok and "well" or describe(err)), 0) end
  return come, count
end

local total, bad = 0, 0
for _, name in ipairs(names) do
  if name:find(only) then
    for _ = 1, 2 do
      local ok, err = once(acts[name])
      if not ok then error(name .. ": " .. describe(err), 0) end
    end
    emptied()
    left_over(held())
    local from, t = tonumber(os.getenv("LUV_FROM") or 1), luv.hrtime()
    local n = from
    while true do
      local ok, come = pcall(fail_at, name, n)
      if not ok then
        print("not ok: " .. come)
        bad = bad + 1
        if os.getenv("LUV_FROM") or bad > 30 then break end
      end
      if not come then break end
      n = n + 1
    end
    total = total + n - 1
    if os.getenv("LUV_VERBOSE") then print(name, n - 1, ("%.1f ms each"):format((luv.hrtime() - t) / 1e6 / n)) end
  end
end
luv.fs.rmrf(folder)
print(total .. " failures, " .. bad .. " bad")
if bad > 0 then error("bad") end
