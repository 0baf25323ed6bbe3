-- The module: try and protect, names, sources and sinks, select. What is printed is the same with LuaSocket and luv.socket: see begin.lua.
local P, E, pair, settle, socket, unix, hide = ...

-- module
local keys = {}
for k, v in pairs(socket) do
  if k ~= "_SETSIZE" then keys[#keys + 1] = k .. " " .. type(v) .. (type(v) ~= "function" and type(v) ~= "table" and tostring(v) or "") end
end
table.sort(keys)
P("keys", table.concat(keys, " "))
local function methods(s)
  local list = {}
  for k in pairs(getmetatable(s).__index) do list[#list + 1] = k end
  table.sort(list)
  return table.concat(list, " ")
end
P("tcp methods", methods(socket.tcp()))
P("udp methods", methods(socket.udp()))
P("unixs", methods(unix.stream()))
P("unixd", methods(unix.dgram()))
P("types", type(socket.tcp()), getmetatable(socket.tcp()).__index.class, getmetatable(socket.tcp())["tcp{any}"])
P("strs", socket.tcp(), socket.tcp4(), socket.udp(), socket.udp6(), unix.stream(), unix.dgram())
P("ukeys", unix.tcp == unix.stream, unix.udp == unix.dgram, unix())

-- except
P("try", socket.try(1, 2, 3))
P("try", socket.try(false == true or 5))
P("prot", socket.protect(function(...) return ... end)(1, nil, 3))
P("prot", socket.protect(function() socket.try(nil, "bad", "more") end)())
P("prot", socket.protect(function() socket.try(nil, {1}) end)())
P("prot", socket.protect(function() socket.try(nil) end)())
E("prot", socket.protect(function() error("own") end))
E("prot", socket.protect(function() error({5}) end))
E("t", function() socket.try(nil, "x") end)
local f = 0
local t = socket.newtry(function() f = f + 1 end)
P("fin", socket.protect(function() t(nil, "oops") end)())
P("f", f)
t(1)
P("f", f)
local t = socket.newtry(function() error("in fin", 0) end)
E("fin", socket.protect(function() t(nil, "oops") end))
P("nested", socket.protect(function() return socket.protect(function() socket.try(nil, "inner") end)() end)())
local ok, e = pcall(socket.try, nil, "x")
P("ex", type(e), e[1], getmetatable(e))
P("thr", socket.protect(function() error(e, 0) end)())
P("skip", socket.skip(1, "a", "b"))
P("skip", socket.skip(0, "a"))
P("skip", socket.skip(3, "a"))
P("sleep", socket.sleep(0))
P("sleep", socket.sleep(-1))
P("time", math.abs(socket.gettime() - os.time()) < 2)

-- dns
P("dns", socket.dns.getaddrinfo("127.0.0.1"))
P("dns", type((socket.dns.getaddrinfo("localhost"))))
P("dns", type((socket.dns.getaddrinfo("no.such.invalid"))))
P("dns", type((socket.dns.toip("127.0.0.1"))))
P("dns", type((socket.dns.toip("localhost"))))
P("dns", type((socket.dns.tohostname("127.0.0.1"))))
P("dns", type((socket.dns.tohostname("localhost"))))
P("dns", type((socket.dns.toip("no.such.invalid"))))
P("dns", socket.dns.gethostname())
P("dns", type((socket.dns.getnameinfo("127.0.0.1"))))
P("dns", type((socket.dns.getnameinfo("127.0.0.1", "80"))))
P("dns", socket.dns.getnameinfo(nil, "80"))
P("dns", type((socket.dns.getnameinfo("127.0.0.1", "http"))))
E("dns", socket.dns.getnameinfo)
P("dns", type((socket.dns.getaddrinfo("::1"))))

-- choose, source, sink
E("sink", socket.sink, "nope")
local c, d = pair()
local k = socket.sink("close-when-done", c)
P("k", k("data1"))
P("k", k(nil))
local so = socket.source("until-closed", d)
P("so", so())
P("so", so())
local c, d = pair()
local k = socket.sink("keep-open", c)
P("k", k("0123456789"))
P("k", k())
local so = socket.source("by-length", d, 10)
P("so", so())
P("so", so())
P("fd", k:getfd() == c:getfd(), k:dirty())
local k = socket.sink(c)
P("k", k("x"))
c:close()
local so = socket.source(d)
P("so", so())
P("so", so())

-- select
local c, d, s = pair()
-- The places of what is ready in the lists; with a "!" where a list does not say its place.
local function places(ready, of)
  local out = {}
  for i, x in ipairs(ready) do
    for j, y in ipairs(of or {}) do
      if x == y then out[#out + 1] = j .. (ready[x] == i and "" or "!") end
    end
  end
  table.sort(out)
  return table.concat(out, ",")
end
local function sel(r, w, t)
  local a, b, problem = socket.select(r, w, t)
  return places(a, r), places(b, w), problem
end
P("sel", sel({c, d}, nil, 0))
P("sel", sel({c, d}, nil, 0.02))
P("sel", sel({c, d, s}, {c, d}, 0))
c:send("x\ny")
settle()
P("sel", sel({c, d}, nil, 1))
P("sel", sel({c, d}, {c}, 1))
d:receive()
P("dirty sel", sel({c, d}, nil, 1))
P("sel", sel({d}, {c, d}))
d:receive(1)
P("sel", sel({d}, nil, 0))
P("none", sel(nil, nil, 0.01))
P("none", sel({}, {}, 0.01))
local x = assert(socket.connect("127.0.0.1", (select(2, s:getsockname()))))
P("acc", sel({s, d}, nil, 1))
P("acc", sel({s, d}, {d}, 1))
s:accept()
P("acc", sel({s, d}, nil, 0))
c:close()
P("eof", sel({c, d}, {c}, 1))
P("closed", sel({c}, {c}, 0.01))
P("obj", sel({{getfd = function() return d:getfd() end}}, nil, 1))
P("obj", sel({{getfd = function() return d:getfd() end, dirty = function() return true end}}, nil, 1))
P("obj", sel({{}}, nil, 0))
P("obj", sel({{getfd = function() return -1 end, dirty = function() return true end}}, nil, 0))
local u = socket.udp4() u:setsockname("127.0.0.1", 0)
P("usel", sel({u}, {u}, 0))
P("usel", sel({u}, nil, 0.01))
local v = socket.udp4()
v:sendto("one", "127.0.0.1", (select(2, u:getsockname())))
v:sendto("two", "127.0.0.1", (select(2, u:getsockname())))
P("usel", sel({u}, nil, 1))
P("usel", sel({u}, nil, 1))
P("u", u:receive())
P("usel", sel({u}, nil, 1))
P("u", u:receive())
P("usel", sel({u}, nil, 0.01))
