-- The documentation against the module, both ways: what Lua can see has an entry in
-- docs/*.lua, what has an entry is there, every function is named by a test of its noun, and
-- the scripts of the README print what their comments say.
--
-- An entry is a function in a docs file, or an @field. The class of the table it stands in
-- says whose it is: luv and luv.xlib are modules, the others classes of objects.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local root = tap.dir .. "../"

local function ls(pattern)
  local list, p = {}, io.popen("ls " .. root .. pattern .. " 2>/dev/null")
  for path in p:lines() do list[#list + 1] = path end
  p:close()
  return list
end

local function keys(t)
  local list = {}
  for k in pairs(t) do list[#list + 1] = k end
  table.sort(list)
  return list
end

-- Fails with every line of `wrong`.
local function none(wrong, what)
  table.sort(wrong)
  if #wrong > 0 then error(what .. ":\n  " .. table.concat(wrong, "\n  "), 2) end
end

-- ---- what the docs say ----------------------------------------------------------------

-- classes[name] = {name, parent, file, entries = {[name] = {async, text, arguments}}}
local classes, files = {}, ls("docs/*.lua")

local function entry(class, name, e)
  if class.entries[name] then error("two entries for " .. class.name .. "." .. name, 0) end
  class.entries[name] = e
end

local function parse(path)
  local noun = path:match("([^/-]*)[^/]*%.lua$")
  local class, tables, comment = nil, {}, {}
  for line in io.lines(path) do
    local name, parent = line:match("^%-%-%-@class ([%w%.]+):? ?([%w%.]*)")
    local field = line:match("^%-%-%-@field ([%w_]+)")
    local var = line:match("^local (%w+) = {}$")
    local owner, fn, args = line:match("^function (%w+)[.:]([%w_]+)%((.*)%) end$")
    if name then
      class = classes[name] or {name = name, parent = parent ~= "" and parent or nil, noun = noun, entries = {}}
      classes[name] = class -- a module's file adds its field to class luv
    elseif field then entry(class, field, {field = true})
    elseif var then tables[var] = class
    elseif fn then
      if not tables[owner] then error(path .. ": no class for " .. line, 0) end
      entry(tables[owner], fn, {text = table.concat(comment, "\n"), args = args})
    elseif line:match("^function") then error(path .. ": cannot read " .. line, 0) end
    if line:match("^%-%-%-") then comment[#comment + 1] = line else comment = {} end
  end
end

for _, path in ipairs(files) do parse(path) end

-- All entries of a class, with those of its parents: name -> {entry, class}.
local function entries(name)
  local all, class = {}, classes[name]
  while class do
    for k, e in pairs(class.entries) do all[k] = all[k] or {e = e, class = class} end
    class = class.parent and classes[class.parent]
  end
  return all
end

-- ---- what Lua can see -----------------------------------------------------------------

-- The names that the sources give to anything, for a class whose methods Lua cannot list.
local function registered()
  local names = {}
  for _, path in ipairs(ls("bridge/*.go")) do
    for name in tap.slurp(path):gmatch('Name:%s*"([%w_]+)"') do names[name] = true end
  end
  return names
end

-- The methods of a class whose __index is a function in C. LuaJIT shows its upvalues; for
-- Lua 5.1 every name that the sources, or the docs, know is tried.
local function methods_of(object, class)
  local found = {}
  local index = debug.getmetatable(object).__index
  for i = 1, 5 do
    local _, t = debug.getupvalue(index, i)
    if type(t) == "table" then for k, v in pairs(t) do found[k] = v end end
  end
  local names = registered()
  for k in pairs(entries(class)) do names[k] = true end
  for name in pairs(names) do if object[name] ~= nil then found[name] = object[name] end end
  return found
end

-- seen[class of the docs] = {name -> value}
local seen = {}

local function look(module, class)
  local t = {}
  for k, v in pairs(module) do
    if type(k) ~= "string" or not k:match("^__") then t[k] = v end
    if type(v) == "table" then
      look(v, k == "versions" and "luv.versions" or "luv." .. k .. "lib")
    end
  end
  seen[class] = t
end
tap.ok(luv.stdin and luv.stdout and luv.stderr) -- fields from now on
look(luv, "luv")

-- What is written in Lua over all that (compat/): any function of it may call one that suspends.
local above = {}

local function look_above(class, t)
  local shown = {}
  for k, v in pairs(t) do if not k:match("^__") then shown[k] = v end end
  seen[class], above[class] = shown, true
end

local socket, unix = require("luv.socket"), require("luv.socket.unix")
look_above("luv.socketlib", socket)
look_above("luv.socket.dnslib", socket.dns)
look_above("luv.socket.unixlib", unix)
for class, o in pairs{tcp = socket.tcp(), udp = socket.udp(), unixstream = unix.stream(), unixdgram = unix.dgram()} do
  look_above("luv.socket." .. class, getmetatable(o).__index)
  o:close()
end

local ssl = require("luv.ssl")
look_above("luv.ssllib", ssl)
look_above("luv.ssl.context", getmetatable(assert(ssl.newcontext{mode = "client", protocol = "any"})).__index)
look_above("luv.ssl.certificate", getmetatable(assert(ssl.loadcertificate((luv.tls.selfsigned{"localhost"})))).__index)
do
  local a, b = luv.net.socketpair()
  local fd = a:detach()
  local conn = assert(ssl.wrap({getfd = function() return fd end, setfd = function() end}, {mode = "client", protocol = "any"}))
  look_above("luv.ssl.connection", getmetatable(conn).__index)
  conn:close()
  b:close()
end

-- The metatable of each class stands in the registry. A class without methods belongs to
-- a module that is not there yet. They are made when they are needed: for the codec, all.
luv.codec.encode(print)
for _, v in pairs(debug.getregistry()) do
  local name = type(v) == "table" and rawget(v, "__name")
  if type(name) == "string" and rawget(v, "__metatable") == name then
    local index = rawget(v, "__index")
    if name == "luv.zmq.socket" and type(index) == "function" then
      local _, methods = debug.getupvalue(index, 1)
      seen[name] = methods
    elseif name == "luv.process" then
      local child = assert(luv.process.spawn("true", {stdin = "pipe", stdout = "pipe", stderr = "pipe"}))
      seen[name] = methods_of(child, name)
      child:wait()
      child:close()
      child = luv.process.spawn("true", {pty = true})
      seen[name].pty = child and child.pty or true -- where there are no terminals
      if child then child:wait() child:close() end
    elseif name == "luv.proxy" then seen[name] = {} -- its methods are its object's
    elseif type(index) == "function" then seen[name] = methods_of(luv.fiber.create(print), name)
    elseif next(index) then seen[name] = index end
  end
end

-- ---- the tests ------------------------------------------------------------------------

tap.test("docs/*.lua are Lua, and LuaCATS meta files", function()
  tap.ok(#files >= 10, #files .. " files")
  for _, path in ipairs(files) do
    tap.ok(loadfile(path), path)
    tap.match(tap.slurp(path), "^%-%-%-@meta[ \n]", path)
  end
end)

tap.test("every class that the sources define is looked at", function()
  for _, o in ipairs{luv.timer.create(), luv.idle.create(), luv.net.tcp(), luv.fiber.cond(), luv.fiber.create(print)} do
    tap.ok(seen[getmetatable(o)], getmetatable(o))
    if o.close then o:close() end
  end
  for _, path in ipairs(ls("bridge/*.go")) do
    for name, rest in tap.slurp(path):gmatch('ClassDef{%s*Name:%s*"([%w%.]+)"([^\n]*\n[^\n]*\n)') do
      tap.ok(seen[name] or not rest:find("Methods"), "class " .. name .. " of " .. path)
    end
  end
end)

tap.test("everything that Lua can see has an entry", function()
  local wrong = {}
  for class, t in pairs(seen) do
    local documented = entries(class)
    for name, v in pairs(t) do
      local d = documented[name]
      local want = type(v) == "function" and "function" or "field"
      if not d then wrong[#wrong + 1] = class .. ": " .. name
      elseif (d.e.field and "field" or "function") ~= want then
        wrong[#wrong + 1] = class .. ": " .. name .. " is a " .. type(v)
      end
    end
  end
  none(wrong, "without an entry in docs/*.lua")
end)

tap.test("every entry is there", function()
  local wrong, heirs = {}, {}
  for class in pairs(seen) do
    local c = classes[class]
    while c do
      heirs[c.name] = true
      c = c.parent and classes[c.parent]
    end
    for name in pairs(entries(class)) do
      if seen[class][name] == nil then wrong[#wrong + 1] = class .. ": " .. name end
    end
  end
  for name, class in pairs(classes) do
    for k, e in pairs(class.entries) do
      if not heirs[name] and not e.field then wrong[#wrong + 1] = name .. ": " .. k end
    end
  end
  none(wrong, "documented, but not in the module")
end)

-- What an entry says of arguments and suspending, in its comment and in its signature.
tap.test("entries are complete: arguments, results, whether it suspends", function()
  local wrong = {}
  local function bad(class, name, what) wrong[#wrong + 1] = class.name .. ": " .. name .. ": " .. what end
  for _, class in pairs(classes) do
    for name, e in pairs(class.entries) do
      if not e.field then
        for arg in e.args:gmatch("[%w_%.]+") do
          local tag = "@param " .. arg:gsub("%.", "%%.") .. "%f[^%w_%.]"
          if not e.text:find(tag) then bad(class, name, "no @param " .. arg) end
        end
        if not e.text:find("@return") then bad(class, name, "no @return") end
        local async, says = e.text:find("@async") ~= nil, e.text:find("%-%-%-[^\n]*Suspends") ~= nil
        if async ~= says and name ~= "yield" then bad(class, name, "@async and Suspends disagree") end
        if e.text:find("@param timeout") and not async then bad(class, name, "a timeout, but no @async") end
      end
    end
  end
  none(wrong, "entries")
end)

-- On LuaJIT a function that can suspend stands behind one of luv's own in Lua, and so shows.
tap.test("@async is where a function can suspend", function()
  if not tap.jit then tap.skip("only LuaJIT shows it") end
  -- those that only call something that may, or that yield to whoever resumed them
  local native = {[pcall] = true, [xpcall] = true, [luv.timeout] = true, [luv.coroutine.resume] = true,
                  [luv.coroutine.yield] = true, [luv.fiber.yield] = true}
  local wrong = {}
  for class, t in pairs(seen) do
    for name, d in pairs(entries(class)) do
      local fn = t[name]
      if type(fn) == "function" and not native[fn] and not above[class] then
        local suspends = debug.getinfo(fn, "S").source == "=luv"
        if suspends ~= (d.e.text:find("@async") ~= nil) then
          wrong[#wrong + 1] = class .. ": " .. name .. (suspends and " can suspend" or " cannot suspend")
        end
      end
    end
  end
  none(wrong, "@async")
end)

-- ---- the tests name every function -----------------------------------------------------

-- The code of a test file, without its comments.
local function code(path)
  return (("\n" .. tap.slurp(path)):gsub("%-%-%[%[.-%]%]", ""):gsub("%-%-[^\n]*", ""))
end

-- By noun: those of test-tcp.lua and test-tcp-options.lua are tcp's.
local texts = {}
for _, path in ipairs(ls("tests/test-*.lua")) do
  local name = path:match("test%-([^/]*)%.lua$")
  local noun = name:match("^[^-]*")
  if noun ~= "docs" then texts[noun] = (texts[noun] or "") .. code(path) end
end

local function names(text, pattern) return text ~= nil and text:find(pattern) ~= nil end

-- luv.name in any test; else .name or :name in the test of the noun whose docs file, module
-- or class it is, or in one that is about just this function (tests/test-close.lua).
local function named(class, name, d)
  local word = name .. "%f[^%w_]"
  if class == "luv" then
    for _, text in pairs(texts) do if names(text, "luv%." .. word) then return true end end
    return false
  end
  local own = class:match("^luv%.(%w+)lib$") or class:match("^luv%.(.+)$")
  return names(texts[own], "[.:]" .. word) or names(texts[d.class.noun], "[.:]" .. word)
    or names(texts[name], "[.:]" .. word)
end

tap.test("every function is named by a test of its noun", function()
  local wrong = {}
  for class, t in pairs(seen) do
    for name, d in pairs(entries(class)) do
      if type(t[name]) == "function" and not named(class, name, d) then
        wrong[#wrong + 1] = class .. ": " .. name .. ", in tests/test-" .. d.class.noun .. ".lua"
      end
    end
  end
  none(wrong, "no test names")
end)

tap.test("this test can fail", function()
  local d = {class = {noun = "timer"}}
  tap.equal(named("luv.timer", "nxt", d), false)
  tap.equal(named("luv.timer", "nex", d), false)
  tap.equal(named("luv", "slep", d), false)
  tap.equal(named("luv.timer", "next", d), true)
  tap.ok(pcall(none, {}, "x"))
  tap.equal(pcall(none, {"one"}, "x"), false)
  for _, class in ipairs{"luv", "luv.fiberlib", "luv.fiber", "luv.timer", "luv.tcp"} do
    tap.ok(#keys(seen[class]) >= 6, class .. " has " .. #keys(seen[class]))
    tap.ok(#keys(entries(class)) >= 6, class .. " has so many entries: " .. #keys(entries(class)))
  end
end)

-- ---- the README's tour ------------------------------------------------------------------

-- The comments beside or under a print, or at the end of one that takes several lines, begin
-- with what is printed, a comma for each tab.
local function expected(script)
  local list, before = {}, ""
  for line in script:gmatch("([^\n]*)\n") do
    local statement, comment = line:match("^(.-)%s*%-%- (.*)$")
    if comment and (statement:find("print%(") or statement:find("^%s*end%)%)")
      or statement == "" and before:find("print%(")) then
      list[#list + 1] = comment
    end
    before = line
  end
  return list
end

local tour = tap.slurp(root .. "README.md"):match("\n## A short tour\n(.-)\n## ")

tap.test("the README's tour prints what its comments say", function()
  local scripts = 0
  for script, after in tour:gmatch("```lua\n(.-)```\n()") do
    scripts = scripts + 1
    local out, err, rc, path = tap.run(script)
    local report = tour:sub(after):match("^%s*This prints[^\n]*\n\n```\n(.-)```")
    local want, i = expected(script), 0
    if report then
      tap.equal(rc, 1)
      local got = err:gsub("\nstack traceback:.*", "\n"):gsub(path:gsub("%p", "%%%0"), "script.lua")
      tap.equal(got:gsub("^%S+: ", ""), (report:gsub("^%S+: ", "")))
    else
      tap.equal(rc, 0, err)
    end
    for line in out:gmatch("[^\n]+") do
      i = i + 1
      local text = line:gsub("\t", ", ")
      if #want > 0 then
        tap.ok(want[i], "a comment for the output " .. text)
        tap.equal(want[i]:sub(1, #text), text, "script " .. scripts)
        tap.match(want[i]:sub(#text + 1, #text + 1), "^[^%w,]?$", "after " .. text)
      end
    end
    tap.ok(i >= #want, "script " .. scripts .. " prints " .. i .. " lines")
  end
  tap.ok(scripts >= 7, "scripts " .. scripts)
end)

tap.done()
