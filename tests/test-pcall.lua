-- luv.pcall and luv.xpcall are Lua's own: what they give in the main chunk they give in a fiber,
-- on its C stack, in a coroutine of it, inside another pcall, and after a wait in one.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local native_pcall, native_xpcall = pcall, xpcall

local marker = setmetatable({}, {__tostring = function() return "marker" end})
local function none() end
local function echo(...) return ... end
local function raise(e) error(e, 0) end

local cases = {
  ["returns nothing"] = function(pcall) return pcall(none) end,
  ["passes values on"] = function(pcall) return pcall(echo, 1, "two", nil, false, nil) end,
  ["passes one nil on"] = function(pcall) return pcall(echo, nil) end,
  ["string error"] = function(pcall) return pcall(error, "oops", 0) end,
  ["string error with position"] = function(pcall) return pcall(function() error("oops") end) end,
  ["level 1"] = function(pcall) return pcall(function() error("oops", 1) end) end,
  ["level 2 from a nested function"] = function(pcall)
    local function inner() error("oops", 2) end
    return pcall(function() inner(); return 1 end)
  end,
  ["level 2 at pcall itself"] = function(pcall) return pcall(function() error("oops", 2) end) end,
  ["nil error"] = function(pcall) return pcall(error) end,
  ["nil error, explicit"] = function(pcall) return pcall(error, nil) end,
  ["false error"] = function(pcall) return pcall(error, false) end,
  ["number error"] = function(pcall) return pcall(error, 42) end,
  ["table error, identity"] = function(pcall)
    local ok, e = pcall(error, marker)
    return ok, e == marker
  end,
  ["function error"] = function(pcall)
    local ok, e = pcall(error, echo)
    return ok, e == echo
  end,
  ["runtime error: index nil"] = function(pcall)
    return pcall(function() local t; return t.x end)
  end,
  ["runtime error: call nil"] = function(pcall) return pcall(function() no_such_global() end) end,
  ["runtime error: arithmetic"] = function(pcall) return pcall(function() return 1 + {} end) end,
  ["runtime error: concat"] = function(pcall) return pcall(function() return "a" .. {} end) end,
  ["runtime error: compare"] = function(pcall) return pcall(function() return 1 < "2" end) end,
  ["C function's error"] = function(pcall) return pcall(string.rep) end,
  ["C function's error, in Lua"] = function(pcall)
    return pcall(function() return string.rep() end)
  end,
  ["pcall(nil)"] = function(pcall) return pcall(nil) end,
  ["pcall of a number"] = function(pcall) return pcall(42) end,
  ["pcall of a table"] = function(pcall) return pcall({}) end,
  ["pcall of a callable table"] = function(pcall)
    return pcall(setmetatable({}, {__call = function(_, a, b) return b, a end}), 1, 2)
  end,
  ["no argument"] = function(pcall) return native_pcall(pcall) end,
  ["pcall(pcall)"] = function(pcall) return pcall(pcall) end,
  ["pcall(pcall, error)"] = function(pcall) return pcall(pcall, error, "x") end,
  ["pcall(pcall, pcall, echo, 1)"] = function(pcall) return pcall(pcall, pcall, echo, 1, 2) end,
  ["error rethrown"] = function(pcall)
    return pcall(function()
      local ok, e = pcall(error, "inner", 0)
      error(tostring(ok) .. ":" .. e, 0)
    end)
  end,
  ["error in a metamethod"] = function(pcall)
    local t = setmetatable({}, {__index = function(_, k) error("no " .. k, 0) end})
    return pcall(function() return t.field end)
  end,
  ["error in a sort callback"] = function(pcall)
    return pcall(table.sort, {3, 2, 1}, function() error("cmp", 0) end)
  end,
  ["error in a gsub callback"] = function(pcall)
    return pcall(string.gsub, "abc", "%w", function(c) error("at " .. c, 0) end)
  end,
  ["error in loadstring'd code"] = function(pcall)
    return pcall(loadstring("local a = ...; error(a .. '!')", "=chunk"), "x")
  end,
  ["upvalues and locals survive"] = function(pcall)
    local n = 0
    for _ = 1, 10 do pcall(function() n = n + 1; error("x") end) end
    return n
  end,
  ["200 results"] = function(pcall)
    local t = {}
    for i = 1, 200 do t[i] = i end
    local r = tap.pack(pcall(unpack, t))
    return r.n, r[1], r[2], r[201]
  end,
  ["7000 results"] = function(pcall)
    local t = {}
    for i = 1, 7000 do t[i] = i end
    return select("#", pcall(unpack, t)), (select(7001, pcall(unpack, t)))
  end,
  ["1000 arguments"] = function(pcall)
    local t = {}
    for i = 1, 1000 do t[i] = i end
    return select("#", pcall(echo, unpack(t)))
  end,
  ["stack overflow"] = function(pcall)
    local function deep() return 1 + deep() end
    local ok, e = pcall(deep)
    return ok, e:match("stack overflow")
  end,
  ["tail calls"] = function(pcall)
    local function count(n) if n == 0 then return "done" end return count(n - 1) end
    return pcall(count, 10000)
  end,
  ["globals are the same"] = function(pcall)
    return pcall(function() luv_test_global = 7; return getfenv(0) == _G end), luv_test_global
  end,
  ["xpcall, no error"] = function(_, xpcall) return xpcall(function() return 1, nil, 3 end, echo) end,
  ["xpcall, handler's value"] = function(_, xpcall)
    return xpcall(function() error("oops", 0) end, function(e) return "handled " .. e, 2 end)
  end,
  ["xpcall, handler returns nothing"] = function(_, xpcall) return xpcall(error, none) end,
  ["xpcall, handler returns a table"] = function(_, xpcall)
    local ok, e = xpcall(error, function() return marker end)
    return ok, e == marker
  end,
  ["xpcall, nil error"] = function(_, xpcall)
    return xpcall(error, function(e) return e == nil and "was nil" end)
  end,
  ["xpcall, table error"] = function(_, xpcall)
    return xpcall(function() error(marker) end, function(e) return e == marker end)
  end,
  ["xpcall, handler raises"] = function(_, xpcall)
    return (xpcall(function() error("a", 0) end, function() error("b", 0) end))
  end,
  ["xpcall, handler sees the stack"] = function(_, xpcall)
    local function faulty() local t; t.x = 1 end
    local _, found = xpcall(function() faulty(); return 1 end, function()
      for level = 1, 10 do
        local info = debug.getinfo(level, "f")
        if info and info.func == faulty then return "faulty is there" end
      end
    end)
    return found
  end,
  ["xpcall, handler sees locals"] = function(_, xpcall)
    local function faulty() local secret = 99; error("x") ; return secret end
    return xpcall(faulty, function()
      for level = 1, 5 do
        local info = debug.getinfo(level, "f")
        if info and info.func == faulty then return debug.getlocal(level, 1) end
      end
    end)
  end,
  ["xpcall, handler uses pcall"] = function(pcall, xpcall)
    return xpcall(error, function() return select(2, pcall(error, "inner", 0)) end)
  end,
  ["xpcall in pcall in xpcall"] = function(pcall, xpcall)
    return xpcall(function()
      return pcall(function() return xpcall(raise, function() return "deep" end) end)
    end, echo)
  end,
  ["xpcall with no handler"] = function(_, xpcall) return native_pcall(xpcall, none) end,
  ["xpcall, handler is nil, no error"] = function(_, xpcall)
    return (native_pcall(xpcall, none, nil)) -- LuaJIT refuses it
  end,
  ["xpcall, handler is nil, error"] = function(_, xpcall)
    return (native_pcall(function() return (xpcall(error, nil)) end))
  end,
}

-- setfenv(0) inside is seen outside; rare code does so
local rare = {
  ["setfenv(0) inside lasts"] = function(pcall)
    local env, old = {}, getfenv(0)
    pcall(setfenv, 0, env)
    local now = getfenv(0)
    setfenv(0, old)
    return now == env
  end,
  ["setfenv(0) outside is seen inside"] = function(pcall)
    local env, old = {}, getfenv(0)
    setfenv(0, env)
    local _, inside = pcall(getfenv, 0)
    setfenv(0, old)
    return inside == env
  end,
}

local function luvs(case) return tap.pack(case(luv.pcall, luv.xpcall)) end

local places = {
  {"main chunk", luvs},
  {"fiber", function(case) return tap.fiber(luvs, case) end},
  {"coroutine in a fiber", function(case)
    return tap.fiber(function() return luv.coroutine.wrap(luvs)(case) end)
  end},
  {"pcall in a fiber", function(case)
    return tap.fiber(function() return select(2, assert(luv.pcall(luvs, case))) end)
  end},
  {"after a wait in a pcall", function(case)
    return tap.fiber(function()
      return select(2, assert(luv.pcall(function() luv.sleep(0); return luvs(case) end)))
    end)
  end},
}

local function side_by_side(name, case)
  local want = tap.pack(case(native_pcall, native_xpcall))
  for _, place in ipairs(places) do tap.same(place[2](case), want, place[1]) end
end

for _, set in ipairs{cases, rare} do
  local names = {}
  for name in pairs(set) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    tap.test("as the native: " .. name, function() side_by_side(name, set[name]) end)
  end
end

tap.test("they are Lua's own", function()
  tap.equal(luv.pcall, pcall)
  tap.equal(luv.xpcall, xpcall)
end)

tap.done()
