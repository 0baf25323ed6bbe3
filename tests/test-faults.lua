-- System calls that fail, or do less than asked: a value each, nothing lost or doubled, no hang.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")

-- For the pattern `which` of "call CODE" (lib/faults.lua), with the given environment. Returns how many there were.
local function faults(which, env)
  local so = os.tmpname()
  local _, err, rc = tap.shell(tap.cc("faults", so) .. " -ldl")
  if rc ~= 0 then tap.skip("no C compiler, or no headers of Lua: " .. err:match("[^\n]*")) end
  local setup = ("export FAULTS=%s LD_PRELOAD=%s FAULT=%s %s"):format(so, so, tap.quote(which), env or "")
  local out, errors, code = tap.shell(setup .. "\n" .. tap.command(tap.dir .. "lib/faults.lua"))
  os.remove(so)
  if code ~= 0 then error(out .. errors:sub(1, 2000), 0) end
  return tonumber(out:match("(%d+) faults, 0 bad"))
end

for _, group in ipairs{
  {"a signal comes between, or a call moves one byte", "EINTR SHORT"},
  {"no descriptors", "EMFILE ENFILE"},
  {"no memory, buffers or room", "ENOMEM ENOBUFS ENOSPC EDQUOT EAGAIN"},
  {"a device, or the other side, fails", "EIO ECONNRESET ECONNREFUSED ECONNABORTED EACCES"},
} do
  tap.test("what goes wrong in the kernel is a value: " .. group[1], function()
    local n = 0
    for code in group[2]:gmatch("%S+") do n = n + faults(code .. "$") end
    tap.ok(n > 20, n .. " faults")
  end)
end

tap.test("a signal comes between, or a call moves one byte, where files are read in the pool", function()
  for _, code in ipairs{"EINTR", "SHORT"} do
    tap.ok(faults(code .. "$", "LUV_FS_INLINE=0 LUV_ONLY=file") > 10, code)
  end
end)

tap.done()
