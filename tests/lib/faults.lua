-- faults.lua - system calls fail one after the other under the acts of allocstreams.lua and
-- allocvalues.lua: run by test-faults.lua, under faults.c.
--
-- Each act ends well, which it must where the call can be made again (EINTR, a short count), or with
-- an error that names what the call failed of; nothing is lost or doubled, which the acts check, nothing
-- hangs, nothing is left over. FAULT: a pattern of "call CODE"; LUV_ONLY: one of names of acts.

local luv = require("luv")
local faults = package.loadlib(os.getenv("FAULTS"), "luaopen_faults")()
local only, which = os.getenv("LUV_ONLY") or "", os.getenv("FAULT") or ""
io.stdout:setvbuf("line")

local dir = debug.getinfo(1, "S").source:match("^@(.*/)")
local acts, names, folder = dofile(dir .. "acts.lua").load("/tmp/luv-faults-XXXXXX", {"allocstreams.lua", "allocvalues.lua"})

-- Of each call, what it may fail of. Those in `again` must not be seen.
local again = {EINTR = true, SHORT = true}
local list = {
  {"read", "EINTR SHORT EIO ECONNRESET"}, {"readv", "EINTR SHORT EIO ECONNRESET"},
  {"recvfrom", "EINTR SHORT EIO ECONNRESET ENOMEM"}, {"recvmsg", "EINTR SHORT EIO ECONNRESET"},
  {"pread", "EINTR SHORT EIO"}, {"preadv2", "EINTR SHORT EIO"},
  {"write", "EINTR SHORT EIO ENOSPC"}, {"writev", "EINTR SHORT EIO ENOSPC ECONNRESET"},
  {"sendto", "EINTR SHORT EIO ECONNRESET ENOBUFS"}, {"sendmsg", "EINTR SHORT EIO ECONNRESET ENOMEM"},
  {"pwrite", "EINTR SHORT EIO ENOSPC"}, {"pwritev2", "EINTR SHORT EIO ENOSPC"}, {"sendfile", "EINTR SHORT EIO"},
  {"accept4", "EINTR EMFILE ENFILE ECONNABORTED ENOMEM"}, {"connect", "EINTR ECONNREFUSED ENOMEM"},
  {"socket", "EMFILE ENFILE ENOMEM"}, {"socketpair", "EMFILE ENFILE"}, {"bind", "EACCES ENOMEM"},
  {"listen", "EACCES"}, {"shutdown", "ENOMEM"}, {"epoll_ctl", "ENOMEM ENOSPC", true}, {"epoll_create1", "EMFILE ENFILE"},
  {"eventfd", "EMFILE ENFILE"}, {"pipe2", "EMFILE ENFILE"}, {"fcntl", "EMFILE"}, {"dup3", "EMFILE"},
  {"open", "EINTR EMFILE ENFILE ENOMEM ENOSPC EIO EACCES"}, {"mkostemp", "EMFILE ENOSPC"}, {"fsync", "EINTR EIO ENOSPC EDQUOT"},
  {"mkdir", "ENOSPC EIO"}, {"rename", "ENOSPC EIO"}, {"unlink", "EIO"}, {"ftruncate64", "EINTR EIO"},
  {"inotify_add_watch", "ENOSPC ENOMEM"}, {"clone", "ENOMEM EAGAIN"}, {"mmap", "ENOMEM"},
}

local function held()
  local s = luv.stats()
  return {fibers = s.fibers.total, handles = s.handles.total, operations = s.operations, external = s.external}
end

local function emptied()
  luv.fs.rmrf(folder .. "/d")
  for _, e in ipairs(luv.fs.scandir(folder) or {}) do luv.fs.unlink(folder .. "/" .. e.name) end
end

local function left_over(before)
  local found
  for try = 1, 100 do
    collectgarbage()
    luv.run("nowait")
    found = nil
    for k, n in pairs(held()) do
      if n > before[k] then found = k .. " " .. before[k] .. " -> " .. n end
    end
    if not found then return nil end
    if try == 3 and jit then jit.flush() end
    if try > 2 then luv.sleep(0.005) end
  end
  return found
end

local function once(fn)
  local f = luv.spawn(fn)
  local ok, err = pcall(f.join, f, 5)
  if f:status() ~= "dead" then error("it hangs: " .. luv.dump(), 0) end
  return ok, type(err) == "table" and (err.reason or err.message) or err
end

-- A server that has no descriptor for a connection closes it (libuv): its client sees the end.
local function is_expected(err, call, code)
  err = tostring(err)
  if again[code] then return false end
  local said = code == "ENFILE" and "file table overflow" or code == "EMFILE" and "too many open files" or code
  if err:find(code, 1, true) or err:find(said, 1, true) or (code == "ENOMEM" and err:find("not enough memory", 1, true)) then return true end
  if call == "accept4" or call == "mmap" then return err:find("EOF", 1, true) or err:find("ECONNRESET", 1, true) or err:find("no C stack", 1, true) end
end

-- libuv takes a pipe that has hung up, and given less than the buffer holds, for read to its end.
local function cannot_be(name, call, code) return name == "a process" and call == "read" and code == "SHORT" end

local tried, bad = 0, 0
local function fault(name, call, code, n, only_luv)
  local before = held()
  faults.set(call, n, code, only_luv)
  local ok, err = once(acts[name])
  local come = faults.clear()
  emptied()
  local what = ("%s: %s %d fails of %s: "):format(name, call, n, code)
  if not ok and not (come and is_expected(err, call, code)) then return come, what .. tostring(err) end
  local left = left_over(before)
  if left then return come, what .. "left over: " .. left end
  return come
end

for _, name in ipairs(names) do
  if name:find(only) then
    local ok, err = once(acts[name])
    if not ok then error(name .. ": " .. tostring(err), 0) end
    for _, l in ipairs(list) do
      for code in l[2]:gmatch("%S+") do
        if (l[1] .. " " .. code):find(which) and not cannot_be(name, l[1], code) then
          for n = 1, 12 do
            local ran, come, wrong = pcall(fault, name, l[1], code, n, l[3])
            if not ran then come, wrong = true, name .. ": " .. l[1] .. " " .. n .. " " .. code .. ": " .. tostring(come) end
            tried = tried + (come and 1 or 0)
            if wrong then
              bad = bad + 1
              print("not ok: " .. wrong)
            end
            if not come or not ran then break end
          end
        end
      end
    end
  end
end
luv.fs.rmrf(folder)
print(tried .. " faults, " .. bad .. " bad")
os.exit(bad == 0 and 0 or 1)
