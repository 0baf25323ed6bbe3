-- Everything in luv called with anything, by eight fibers at once: lib/monkey.lua.

local tap = dofile((arg[0]:match("^(.*/)") or "") .. "lib/tap.lua")
local luv = require("luv")

local here = arg[0]:match("^(.*/)") or ""

for seed = 1, 4 do
  tap.test("random calls neither crash nor hang, seed " .. seed, function()
    local home = assert(luv.fs.mkdtemp(luv.fs.tmpdir() .. "/luv-monkeys-XXXXXX"))
    local out, err, rc = tap.run(string.format("arg = {[0] = 'monkey', %d, 1.5}; dofile(%q)", seed, here .. "lib/monkey.lua"),
      "ulimit -t 20; export TMPDIR=" .. tap.quote(home))
    tap.equal(os.execute("rm -rf " .. tap.quote(home)), 0, "what it has left can be removed")
    tap.equal(rc, 0, err:sub(1, 600))
    tap.ok(tonumber(out:match("calls (%d+)")) > 100, out)
  end)
end

tap.done()
