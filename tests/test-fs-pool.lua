-- The tests of files once more with nothing done in place: all goes through libuv's pool.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")

for _, name in ipairs{"fs", "fs-file", "fs-dir", "fs-errors"} do
  tap.test("LUV_FS_INLINE=0 test-" .. name .. ".lua", function()
    if os.getenv("LUV_FS_INLINE") == "0" then tap.skip("this runs so already") end
    local out, err, rc = tap.shell("export LUV_FS_INLINE=0; " .. tap.command(tap.dir .. "test-" .. name .. ".lua"))
    tap.equal(rc, 0, (out:match("not ok.*") or out) .. err)
    tap.match(out, "\nok %d+")
  end)
end

tap.done()
