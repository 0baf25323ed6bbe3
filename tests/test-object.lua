-- What timers, idle handles, sockets and conditions have in common: close, closed, tostring,
-- what they say to the wrong object. (What close does to who waits: test-close.lua.)

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

local makers = {
  ["luv.timer"] = luv.timer.create, ["luv.idle"] = luv.idle.create,
  ["luv.tcp"] = luv.net.tcp, ["luv.cond"] = luv.fiber.cond,
}

for name, make in pairs(makers) do
  local dotted = name:gsub("%.", "%%.")

  tap.both(name .. ": close and closed", function()
    local o = make()
    tap.equal(o:closed(), false)
    tap.equal(o:close(), o)
    tap.equal(o:closed(), true)
    tap.equal(o:close(), o)
    luv.sleep(0)
    tap.equal(o:closed(), true)
    tap.equal(o:close(), o)
  end)

  tap.test(name .. ": close does not wait, in a fiber neither", function()
    local o, order = make(), {}
    local f = luv.spawn(function() o:close(); order[1] = "closed" end)
    luv.spawn(function() order[#order + 1] = "other" end)
    f:join()
    tap.equal(order[1], "closed")
  end)

  tap.test(name .. ": tostring, metatable, fields", function()
    local o = make()
    tap.match(tostring(o), "^userdata<" .. dotted .. ">: 0x%x+$")
    tap.equal(getmetatable(o), name)
    tap.equal(o.nothing, nil)
    tap.equal(pcall(function() o.field = 1 end), false)
    o:close()
    tap.match(tostring(o), "^userdata<" .. dotted .. ">: 0x%x+$", "when closed")
  end)

  tap.test(name .. ": methods on the wrong object", function()
    local o, other = make(), luv.fiber.create(print)
    for _, method in ipairs{"close", "closed"} do
      local message = "calling '" .. method .. "' on bad self %(" .. dotted .. " expected, got "
      tap.raises(message .. "luv%.fiber%)", o[method], other)
      tap.raises(message .. "no value%)", o[method])
      tap.raises(message .. "table%)", o[method], {})
      tap.raises(message .. "userdata%)", o[method], io.stdout)
    end
    o:close()
  end)
end

tap.test("a method of one class refuses an object of another", function()
  local t, i = luv.timer.create(), luv.idle.create()
  tap.raises("luv%.timer expected, got luv%.idle", t.close, i)
  tap.raises("luv%.idle expected, got luv%.timer", i.closed, t)
  tap.equal(t:closed(), false)
  t:close(); i:close()
end)

tap.done()
