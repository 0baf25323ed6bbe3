-- luv.net.resolve: records of every type, from a DNS server that this file runs itself; one
-- that says nothing, and ones that lie.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local dns = dofile(tap.dir .. "lib/dns.lua")
local luv = require("luv")
local resolve = luv.net.resolve

local zone = {
  ["x.test"] = {
    A = {dns.A("192.0.2.1"), dns.A("192.0.2.2")},
    AAAA = {dns.AAAA("20010db8000000000000000000000001")},
    MX = {dns.MX(20, "second.x.test"), dns.MX(10, "first.x.test")},
    NS = {dns.NS("ns1.x.test"), dns.NS("ns2.x.test")},
    TXT = {dns.TXT("v=spf1 -all"), dns.TXT("in ", "two pieces"), dns.TXT("")},
  },
  ["_sip._tcp.x.test"] = {SRV = {dns.SRV(1, 5, 5060, "sip.x.test"), dns.SRV(0, 0, 5061, "sips.x.test")}},
  ["alias.test"] = {alias = "x.test"},
  ["1.2.0.192.in-addr.arpa"] = {PTR = {dns.PTR("x.test")}},
  ["1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"] = {PTR = {dns.PTR("six.x.test")}},
  ["refused.test"] = {rcode = 5},
  ["servfail.test"] = {rcode = 2},
  ["empty.test"] = {},
}

-- Runs fn with a server, which is closed however that ends.
local function with(options, fn)
  local server = dns.serve(luv, zone, options)
  local ok, err = luv.pcall(fn, server, {server = server.address})
  server.close()
  if not ok then error(err, 0) end
end

local function sorted(list)
  table.sort(list)
  return list
end

tap.both("every type, as lists of strings and tables", function()
  with(nil, function(_, at)
    tap.same(sorted(resolve("x.test", "A", at)), {"192.0.2.1", "192.0.2.2"})
    tap.same(resolve("x.test", "AAAA", at), {"2001:db8::1"})
    tap.same(resolve("x.test", "MX", at),
      {{host = "first.x.test", preference = 10}, {host = "second.x.test", preference = 20}})
    tap.same(sorted(resolve("x.test", "NS", at)), {"ns1.x.test", "ns2.x.test"})
    tap.same(sorted(resolve("x.test", "TXT", at)), {"", "in two pieces", "v=spf1 -all"})
    tap.same(resolve("_sip._tcp.x.test", "SRV", at),
      {{host = "sips.x.test", port = 5061, priority = 0, weight = 0},
       {host = "sip.x.test", port = 5060, priority = 1, weight = 5}})
    tap.same(resolve("alias.test", "CNAME", at), {"x.test"})
    tap.same(resolve("192.0.2.1", "PTR", at), {"x.test"})
    tap.same(resolve("1.2.0.192.in-addr.arpa", "PTR", at), {"x.test"})
    tap.same(resolve("2001:db8::1", "PTR", at), {"six.x.test"})
    tap.same(resolve("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "PTR", at), {"six.x.test"})
  end)
end)

tap.both("the type in small letters, A if it is not said; aliases are followed", function()
  with(nil, function(server, at)
    tap.same(sorted(resolve("X.test.", nil, at)), {"192.0.2.1", "192.0.2.2"})
    tap.equal(resolve("x.test", "mx", at)[1].host, "first.x.test")
    tap.equal(#resolve("alias.test", "a", at), 2)
    tap.same(resolve("127.0.0.1", "A", at), {"127.0.0.1"})
    for _, q in ipairs(server.questions) do tap.match(q, "^%u+ %a+%.test$") end
  end)
end)

tap.both("what there is not: EAI_NONAME; a server that will not, or cannot: EAI_AGAIN", function()
  with(nil, function(_, at)
    for _, kind in ipairs{"A", "AAAA", "MX", "SRV", "TXT", "NS", "CNAME"} do
      tap.match(tap.fails("EAI_NONAME", resolve("nothing.test", kind, at)), ": nothing.test$")
      tap.fails("EAI_NONAME", resolve("empty.test", kind, at))
    end
    tap.fails("EAI_NONAME", resolve("192.0.2.99", "PTR", at))
    tap.fails("EAI_NONAME", resolve("no address", "PTR", at))
    tap.fails("EAI_NONAME", resolve("", "MX", at))
    tap.fails("EAI_NONAME", resolve(("x"):rep(300), "MX", at))
    tap.fails("EAI_AGAIN", resolve("refused.test", "MX", at))
    tap.fails("EAI_AGAIN", resolve("refused.test", "A", at))
    tap.fails("EAI_AGAIN", resolve("servfail.test", "MX", at))
  end)
  -- Nobody is there at all.
  local s = luv.net.udp():bind("127.0.0.1", 0)
  local at = {server = "127.0.0.1:" .. s:getsockname().port}
  s:close()
  tap.fails("EAI_AGAIN", resolve("x.test", "A", at, 20))
end)

tap.both("many at once", function()
  with(nil, function(_, at)
    local all = {}
    for i = 1, 50 do all[i] = luv.spawn(resolve, "x.test", ({"A", "MX", "TXT", "NS"})[i % 4 + 1], at, 20) end
    for i = 1, 50 do tap.ok(#assert(all[i]:join()) >= 2) end
  end)
end)

tap.both("an answer that is too long for a datagram comes over TCP", function()
  with({tcp = true}, function(_, at)
    tap.equal(#resolve("x.test", "A", at, 10), 2)
    tap.equal(resolve("x.test", "MX", at, 10)[1].host, "first.x.test")
  end)
end)

-- ---- a server that says nothing ------------------------------------------------------------

tap.both("no answer: the timeout and cancel end it at once", function()
  with({answer = function() end}, function(server, at)
    for _, kind in ipairs{"A", "MX", "CNAME", "PTR"} do
      local took, ok, _, code = tap.timed(resolve, kind == "PTR" and "192.0.2.1" or "x.test", kind, at, 0.02)
      tap.equal(ok, nil)
      tap.equal(code, "ETIMEDOUT")
      tap.ok(took < 2, took)
    end
    tap.ok(server.asked >= 4)
    local f = luv.spawn(resolve, "x.test", "MX", at)
    luv.sleep(0.005)
    local took = tap.timed(function() f:cancel() luv.pcall(f.join, f) end)
    tap.ok(took < 2, took)
    tap.fails("ETIMEDOUT", luv.timeout(0.01, resolve, "x.test", "TXT", at))
    f = luv.spawn(resolve, "x.test", "TXT", at)
    tap.equal(luv.select{{f, "join"}, timeout = 0.01}, nil)
    f:cancel()
    luv.pcall(f.join, f)
  end)
end)

tap.test("the end of the script does not wait for it", function()
  local out, err, rc = tap.run([[
    local luv = require("luv")
    local s = luv.net.udp():bind("127.0.0.1", 0)
    local start = luv.hrtime()
    luv.spawn(luv.net.resolve, "x.test", "MX", {server = "127.0.0.1:" .. s:getsockname().port})
    s:recv(5)
    print("asked")]])
  tap.equal(rc, 0, err)
  tap.equal(out, "asked\n")
end)

-- ---- servers that lie -----------------------------------------------------------------------

-- What is no answer to the question is not taken for one; the truth, after it, is.
local function lies(name, forge)
  tap.both("a server that lies: " .. name, function()
    with({answer = function(packet)
      local list = forge(packet, dns.reply(zone, packet))
      list[#list + 1] = dns.reply(zone, packet)
      return list
    end}, function(_, at)
      tap.same(sorted(resolve("x.test", "NS", at, 20)), {"ns1.x.test", "ns2.x.test"})
      tap.equal(#resolve("x.test", "A", at, 20), 2)
    end)
    with({answer = forge and function(packet) return forge(packet, dns.reply(zone, packet)) end}, function(_, at)
      local ok, msg, code = resolve("x.test", "NS", at, 0.05)
      tap.equal(ok, nil)
      tap.ok(code == "ETIMEDOUT" or code:find("^EAI_"), msg)
    end)
  end)
end

lies("garbage", function()
  local list = {"", "x", ("\0"):rep(12), ("\255"):rep(512), ("\192\12"):rep(200)}
  for i = 1, 20 do
    local bytes = {}
    for k = 1, i * 13 do bytes[k] = string.char(math.random(0, 255)) end
    list[#list + 1] = table.concat(bytes)
  end
  return list
end)

lies("the wrong id", function(packet, reply)
  return {string.char((packet:byte(1) + 1) % 256) .. reply:sub(2)}
end)

lies("another name", function(packet, reply)
  local other = dns.encode_name("y.test")
  return {(reply:gsub("\1x\4test\0", function() return other end))}
end)

lies("a question instead of an answer", function(packet) return {packet} end)

-- What has the right id and question, and then breaks off or runs in circles, is an error.
local function broken(name, forge, kinds)
  tap.both("an answer that is broken: " .. name, function()
    with({answer = function(packet) return {forge(dns.reply(zone, packet))} end}, function(_, at)
      for _, kind in ipairs(kinds or {"NS", "MX", "TXT", "A", "CNAME"}) do
        local ok, msg, code = resolve("x.test", kind, at, 0.3)
        tap.equal(ok, nil, kind)
        tap.ok(code:find("^EAI_") or code == "ETIMEDOUT", msg)
      end
    end)
  end)
end

broken("cut in the middle of a record", function(reply) return reply:sub(1, #reply - 3) end,
  {"NS", "MX", "TXT"}) -- of addresses, those that are whole are taken
broken("a name that points to itself", function(reply)
  return (reply:gsub("\192\12", function() return string.char(192, 24) end))
end)
broken("counts without records", function(reply)
  local head = reply:sub(1, 6) .. dns.u16(65535) .. reply:sub(9)
  return head:sub(1, 24)
end)

-- ---- arguments ---------------------------------------------------------------------------------

tap.test("wrong arguments raise", function()
  tap.raises("bad argument #1 to 'resolve' %(string expected, got no value%)", resolve)
  tap.raises("bad argument #2 to 'resolve' %(\"A\", ", resolve, "x.test", "ANY")
  tap.raises("bad argument #2 to 'resolve' %(string expected, got number%)", resolve, "x.test", 15)
  tap.raises("bad argument #3 to 'resolve' %(table expected, got string%)", resolve, "x.test", "MX", "127.0.0.1")
  for _, server in ipairs{"name", "", 5, true, "127.0.0.1:99999", "1.2.3"} do
    tap.raises("field 'server': an address expected", resolve, "x.test", "MX", {server = server})
  end
  tap.raises("bad argument #4 to 'resolve' %(seconds of 0 or more expected%)", resolve, "x.test", "MX", nil, -1)
end)

tap.both("an address without a port is at 53: nobody is there", function()
  for _, server in ipairs{"127.0.0.1", "::1", "[::1]:53"} do
    local ok, msg, code = resolve("x.test", "MX", {server = server}, 5)
    tap.equal(ok, nil)
    tap.match(code, "^E", msg)
  end
end)

tap.done()
