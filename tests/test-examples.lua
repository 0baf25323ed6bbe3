-- Every script of examples/ does what it says. The seed's own are in test-seed.lua.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local zmq = require("luv").zmq
local examples = tap.dir .. "../examples/"

local function run(name, arguments)
  local out, err, rc = tap.shell(tap.command(examples .. name) .. " " .. (arguments or ""))
  tap.equal(err, "")
  tap.equal(rc, 0)
  return out
end

tap.test("zmq-lazypirate.lua: every question is answered, some after a retry", function()
  local out = run("zmq-lazypirate.lua")
  local answers = 0
  for i in out:gmatch("QUESTION (%d)\t") do
    answers = answers + 1
    tap.equal(tonumber(i), answers)
  end
  tap.equal(answers, 6)
  tap.match(out, "QUESTION 1\tat once")
  tap.match(out, "after %d tries")
end)

tap.test("zmq-pubsub.lua: the slow subscriber misses some", function()
  local out = run("zmq-pubsub.lua", "1000")
  local fast, slow = out:match("fast\t(%d+) messages"), out:match("slow\t(%d+) messages")
  tap.ok(tonumber(slow) < tonumber(fast) and tonumber(slow) > 0, out)
end)

tap.test("zmq-broker.lua: each client gets its answers", function()
  local out = run("zmq-broker.lua", "4 3")
  for i = 1, 4 do tap.match(out, "client " .. i .. "\t55\n") end
  tap.match(out, "requests\t20\n")
end)

tap.test("zmq-pipeline.lua: workers in processes of their own", function()
  tap.equal(run("zmq-pipeline.lua", "3 500"), "sum of squares\t41791750\n")
end)

tap.test("zmq-curve.lua: the friend gets in, the stranger does not", function()
  if not zmq.has("curve") then tap.skip("no CURVE in this libzmq") end
  local out = run("zmq-curve.lua")
  tap.match(out, "a friend\ta secret for a friend\n")
  tap.match(out, "a stranger\tHANDSHAKE_FAILED_AUTH\t400\n")
end)

tap.done()
