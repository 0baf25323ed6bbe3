-- luv.net: getaddrinfo, socketpair.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local getaddrinfo = luv.net.getaddrinfo

tap.both("a literal address, a port number", function()
  tap.same(tap.pack(getaddrinfo("127.0.0.1", 80)), {n = 2, "127.0.0.1", 80})
  tap.same(tap.pack(getaddrinfo("::1", "443")), {n = 2, "::1", 443})
  local address, port = getaddrinfo("127.0.0.1")
  tap.equal(address, "127.0.0.1")
  tap.equal(port, 0)
end)

tap.both("localhost, by family", function()
  local address = assert(getaddrinfo("localhost"))
  tap.ok(address == "127.0.0.1" or address == "::1", address)
  tap.equal((getaddrinfo("localhost", 1, {family = "inet"})), "127.0.0.1")
  tap.equal((getaddrinfo("localhost", 1, {family = "INET"})), "127.0.0.1")
end)

tap.both("service names", function()
  local address, port = getaddrinfo("127.0.0.1", "http")
  if not address then return end -- no /etc/services here
  tap.equal(port, 80)
  tap.equal(select(2, getaddrinfo("127.0.0.1", "domain", {socktype = "dgram"})), 53)
  tap.equal(select(2, getaddrinfo("127.0.0.1", "domain", {protocol = "tcp"})), 53)
end)

tap.both("all: a list of {family, address, port}", function()
  local list = getaddrinfo("localhost", 8080, {all = true})
  tap.ok(#list >= 1)
  for _, a in ipairs(list) do
    tap.equal(a.port, 8080)
    tap.equal(a.family, a.address:find(":") and "inet6" or "inet")
  end
  tap.same(getaddrinfo("127.0.0.1", 5, {all = true}), {{family = "inet", address = "127.0.0.1", port = 5}})
end)

tap.both("unknown host and service", function()
  local ok, msg, code = getaddrinfo("no-such-host.invalid", nil, nil, 10)
  tap.equal(ok, nil)
  tap.match(code, "^EAI_", tostring(msg))
  tap.match(msg, "no%-such%-host%.invalid")
  tap.fails("EAI_SERVICE", getaddrinfo("127.0.0.1", "no-such-service"))
end)

tap.both("with a limit, and cancelled", function()
  local ok, _, code = getaddrinfo("localhost", nil, nil, 0)
  tap.ok(ok or code == "ETIMEDOUT", tostring(code))
  local f = luv.spawn(getaddrinfo, "no-such-host.invalid")
  luv.fiber.yield()
  f:cancel("enough")
  local done, err = luv.pcall(f.join, f)
  tap.ok(done or luv.cancelled(err), tostring(err))
  tap.equal(f:status(), "dead")
end)

tap.both("inside luv.timeout and pcall", function()
  tap.equal((luv.timeout(5, getaddrinfo, "127.0.0.1", 1)), "127.0.0.1")
  local ok, address = luv.pcall(getaddrinfo, "127.0.0.1", 1)
  tap.equal(ok, true)
  tap.equal(address, "127.0.0.1")
end)

tap.test("fifty at once, while a timer ticks", function()
  local n, ticks, all = 0, 0, {}
  local t = luv.timer.create():start(1, 1)
  local ticker = luv.spawn(function() while t:next() do ticks = ticks + 1 end end)
  for i = 1, 50 do
    all[i] = luv.spawn(function() if getaddrinfo("localhost", i) then n = n + 1 end end)
  end
  for _, f in ipairs(all) do f:join() end
  luv.sleep(0.003)
  t:close()
  ticker:join()
  tap.equal(n, 50)
  tap.ok(ticks > 0)
end)

tap.both("wrong arguments", function()
  tap.raises("bad argument #1 to 'getaddrinfo'", getaddrinfo)
  tap.raises("bad argument #1 to 'getaddrinfo'", getaddrinfo, {})
  tap.raises("bad argument #2 to 'getaddrinfo'", getaddrinfo, "x", -1)
  tap.raises("bad argument #2 to 'getaddrinfo'", getaddrinfo, "x", 65536)
  tap.raises("bad argument #3 to 'getaddrinfo'", getaddrinfo, "x", 1, {family = "ipx"})
  tap.raises("bad argument #3 to 'getaddrinfo'", getaddrinfo, "x", 1, {socktype = 5})
  tap.raises("bad argument #3 to 'getaddrinfo'", getaddrinfo, "x", 1, "all")
  tap.raises("bad argument #4 to 'getaddrinfo'", getaddrinfo, "x", 1, nil, -1)
end)

tap.both("socketpair: two ends, both ways", function()
  local a, b = luv.net.socketpair()
  tap.match(tostring(a), "^userdata<luv%.tcp>")
  tap.equal(a:write("to b"), 4)
  tap.equal(b:write("to a"), 4)
  tap.equal(b:read_exactly(4), "to b")
  tap.equal(a:read_exactly(4), "to a")
  tap.ok(a:fileno() ~= b:fileno())
  a:close()
  tap.fails("EOF", b:read())
  b:close()
end)

local getnameinfo = luv.net.getnameinfo

tap.both("getnameinfo: names, and numbers for what has none", function()
  local host, service = getnameinfo("127.0.0.1", 80)
  tap.match(host, "^%a")
  tap.ok(service == "http" or service == "80", service)
  tap.same({getnameinfo("127.0.0.1", 80, {numerichost = true, numericserv = true})}, {"127.0.0.1", "80"})
  tap.same({getnameinfo("::1", nil, {numerichost = true, numericserv = true})}, {"::1", "0"})
  tap.same({getnameinfo("127.0.0.1", 49999, {numerichost = true})}, {"127.0.0.1", "49999"})
  tap.equal((getnameinfo("127.0.0.1", 1, {nofqdn = true})):find(".", 1, true), nil)
  if service == "http" then
    tap.equal(select(2, getnameinfo("127.0.0.1", 69, {numerichost = true, dgram = true})), "tftp")
    tap.equal(select(2, getnameinfo("127.0.0.1", 69, {numerichost = true})), "69")
  end
end)

tap.both("getnameinfo: what is no address, what has no name, given up", function()
  for _, address in ipairs{"localhost", "", "1.2.3", "127.0.0.1\0", "::g"} do
    tap.fails("EAI_NONAME", getnameinfo(address, 1))
  end
  local ok, _, code = getnameinfo("192.0.2.1", 1, {namereqd = true}, 0.5)
  tap.ok(ok == nil and (code:find("^EAI_") or code == "ETIMEDOUT"), code)
  local f = luv.spawn(getnameinfo, "192.0.2.1", 1)
  luv.fiber.yield()
  f:cancel()
  luv.pcall(f.join, f)
  tap.raises("bad argument #2 to 'getnameinfo'", getnameinfo, "127.0.0.1", 65536)
  tap.raises("bad argument #3 to 'getnameinfo' %(table expected, got boolean%)", getnameinfo, "127.0.0.1", 1, true)
  tap.raises("bad argument #4 to 'getnameinfo'", getnameinfo, "127.0.0.1", 1, nil, -1)
end)

-- ---- a name with several addresses ------------------------------------------------------------

-- In a mount namespace of its own the script finds the name in another /etc/hosts. Its first
-- address swallows whoever comes: its backlog is full.
tap.test("a dead first address of a name holds a connection up for a quarter of a second", function()
  local hosts = tap.tempfile("127.0.0.1 twofaced\n127.0.0.2 twofaced\n")
  local path = tap.tempfile([[
    local luv = require("luv")
    local dead = assert(luv.net.tcp():bind("127.0.0.1", 0)):listen(1)
    local port, full = dead:getsockname().port, {}
    repeat
      full[#full + 1] = luv.net.tcp()
    until not full[#full]:connect("127.0.0.1", port, 0.3)
    local alive = assert(luv.net.tcp():bind("127.0.0.2", port)):listen()
    local least = math.huge
    for _ = 1, 20 do -- again, where a busy machine makes it longer
      local c, start = luv.net.tcp(), luv.hrtime()
      assert(c:connect("twofaced", port, 10))
      assert(c:getpeername().address == "127.0.0.2")
      least = math.min(least, (luv.hrtime() - start) / 1e9)
      if least < 0.3 then break end
    end
    io.write(least)]])
  local out, err, rc = tap.shell("unshare -m sh -c " .. tap.quote("mount --bind " .. hosts .. " /etc/hosts || exit 99; " ..
    tap.command(path)))
  os.remove(hosts); os.remove(path)
  if rc == 99 or rc == 127 or err:find("unshare") then tap.skip("no mount namespace of one's own") end
  tap.equal(rc, 0, err)
  tap.ok(tonumber(out) >= 0.2 and tonumber(out) < 0.3, "took " .. out)
end)

tap.done()
