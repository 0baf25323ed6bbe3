-- luv.socket gives what LuaSocket gives: the same scripts with the one and the other, results compared.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

local function output(which, name)
  local out, err, rc = tap.shell("LUA_CPATH=" .. tap.quote(package.cpath) .. " exec timeout -s KILL 90 " .. tap.interpreter .. " " ..
    tap.quote(tap.dir .. "lib/socket/begin.lua") .. " " .. which .. " " .. name)
  tap.equal(rc, 0, which .. ": " .. err)
  return out
end

local function lines(text)
  local list = {}
  for line in text:gmatch("[^\n]+") do list[#list + 1] = line end
  return list
end

local function same(name)
  local has = tap.shell(tap.interpreter .. " -e 'print(pcall(require, \"socket.core\"))'")
  if not has:find("true") then tap.skip("no LuaSocket here") end
  local v6 = luv.net.tcp("inet6")
  if not v6 then tap.skip("no IPv6 here") end
  v6:close()
  local real, ours = lines(output("real", name)), lines(output("luv", name))
  tap.ok(#real > 80, #real .. " lines")
  local wrong = {}
  for i = 1, math.max(#real, #ours) do
    if real[i] ~= ours[i] then wrong[#wrong + 1] = ("LuaSocket: %s\n  luv:       %s"):format(tostring(real[i]), tostring(ours[i])) end
  end
  if #wrong > 0 then error(#wrong .. " differ:\n  " .. table.concat(wrong, "\n  "), 0) end
end

for _, name in ipairs{"stream", "state", "datagram", "module"} do
  tap.test("the same results: " .. name, function() same(name) end)
end

tap.done()
