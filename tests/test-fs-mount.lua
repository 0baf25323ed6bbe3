-- A root whose file system /proc/self/mountinfo does not name, as in a chroot: its files are answered in
-- place all the same, once a thread of the pool has asked the file system.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local fs = luv.fs

local script = [[
  local luv = require("luv")
  local fs = luv.fs
  for line in io.lines("/proc/self/mountinfo") do assert(line:match("^%d+ %d+ %S+ %S+ (%S+)") ~= "/", "it is named") end
  assert(fs.writefile("/file", "data"))
  local function answered()
    local before = fs.stats().in_place
    assert(fs.stat("/file").size == 4)
    assert(fs.readfile("/file") == "data")
    return fs.stats().in_place - before
  end
  print(answered() <= 1, answered())
  luv.sleep(1.1)
  print(answered() <= 1, answered())
  local f = fs.open("/file")
  print(f:read())
  f:close()]]

-- The interpreter, luv.so and what they are linked with, in a folder.
local function fill(root)
  tap.copy_luv(root .. "/luv.so")
  return tap.shell("set -e; cd " .. root .. "; mkdir proc; i=$(command -v " .. tap.interpreter .. ")\n" ..
    "for f in $(ldd $i luv.so | grep -o '/[^ ]*' | sort -u) $i; do [ -e \"$f\" ] && cp -L --parents $f . ; done; cp -L $i lua")
end

tap.test("files of a file system that the list of mounts does not name", function()
  if luv.os.getuid and luv.os.getuid() ~= 0 then tap.skip("not root") end
  local root = assert(fs.mkdtemp(fs.tmpdir() .. "/luv-root-XXXXXX"))
  fill(root)
  fs.writefile(root .. "/script.lua", script)
  local out, err, rc = tap.shell("mount -t proc proc " .. root .. "/proc || exit 99\n" ..
    "LUA_CPATH='/?.so' chroot " .. root .. " /lua /script.lua; rc=$?; umount " .. root .. "/proc; exit $rc")
  if rc ~= 99 then tap.shell("umount " .. root .. "/proc 2>/dev/null") end
  assert(fs.rmrf(root))
  if rc == 99 or rc == 126 or rc == 127 or err:find("chroot: ") then tap.skip("no root can be made here: " .. err:sub(1, 200)) end
  if os.getenv("LUV_FS_INLINE") == "0" then tap.skip("nothing is answered in place") end
  tap.equal(out, "true\t2\ntrue\t2\n4\tdata\n", err)
end)

tap.done()
