-- luv.tls: what every stream can do, a stream of TLS can: reading, writing, timeouts, cancel, close,
-- select, wait, dump; and that an end without close_notify is never the end.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local T = assert(loadfile(tap.dir .. "lib/tls.lua"))(tap)

tap.both("every way of reading", function()
  local c, s = T.pair()
  c:write("line\r\nuntil;exactly!rest and all")
  tap.same({s:read_line()}, {"line", true})
  tap.same({s:read_until(";")}, {"until", true})
  tap.equal(s:read_exactly(8), "exactly!")
  tap.same({s:read(4)}, {4, "rest"})
  s:unread("ur")
  tap.same({s:read(2)}, {2, "ur"})
  c:write("\nlast")
  c:close()
  local lines = {}
  for line in s:lines() do lines[#lines + 1] = line end
  tap.same(lines, {" and all", "last"})
  tap.fails("EOF", s:read_exactly(1))
  tap.equal(s:read_all(), "")
  s:close()
end)

tap.both("two readers are served in order, each byte goes to one of them", function()
  local c, s = T.pair()
  local got = {}
  local a = luv.spawn(function() got[1] = s:read_exactly(3) end)
  local b = luv.spawn(function() got[2] = s:read_line() end)
  luv.sleep(0)
  c:write("abcdef\n")
  a:join() b:join()
  tap.same(got, {"abc", "def"})
  T.close(c, s)
end)

tap.both("a timeout takes no bytes, and says how much of a write had gone", function()
  local c, s = T.pair()
  tap.fails("ETIMEDOUT", s:read(nil, 0.01))
  tap.fails("ETIMEDOUT", s:read(nil, 0))
  c:write("half a li")
  tap.fails("ETIMEDOUT", s:read_line(nil, 0.02))
  c:write("ne\n")
  tap.equal(s:read_line(nil, 10), "half a line")
  c:write("x")
  luv.sleep(0.02)
  tap.equal((s:read(nil, 0)), 1)
  local big = ("0123456789abcdef"):rep(1000000)
  local n, _, code, gone = c:write(big, 0.05)
  tap.equal(n, nil)
  tap.equal(code, "ETIMEDOUT")
  tap.ok(gone > 0 and gone < #big, gone)
  tap.equal(s:read_exactly(#big, 20), big) -- the rest still goes
  T.close(c, s)
end)

tap.both("a slow reader holds the writer up, and memory stays what it is", function()
  local c, s = T.pair()
  local chunk, sent = ("x"):rep(65536), 0
  local writer = luv.spawn(function()
    while sent < 200e6 do
      local n = c:write(chunk)
      if not n then break end
      sent = sent + n
    end
  end)
  luv.sleep(0.1)
  s:read(1)
  luv.sleep(0.1)
  local before = sent
  luv.sleep(0.2)
  tap.equal(sent, before) -- it waits
  tap.ok(sent < 20e6, sent)
  tap.ok(c:write_queue_size() <= #chunk)
  local got = 1
  while got < 8e6 do got = got + s:read() end
  tap.ok(sent > before)
  s:close()
  c:close()
  writer:join()
end)

tap.both("writers are served in order, shutdown behind them", function()
  local c, s = T.pair()
  local big = ("y"):rep(3000000)
  local a = luv.spawn(function() return c:write(big) end)
  local b = luv.spawn(function() return c:write("tail") end)
  local d = luv.spawn(function() return c:shutdown() end)
  luv.sleep(0.02)
  tap.equal(s:read_all(), big .. "tail")
  tap.equal(a:join(), #big)
  tap.equal(b:join(), 4)
  tap.equal(d:join(), c)
  tap.fails("EPIPE", c:write("x"))
  tap.fails("ENOTCONN", c:shutdown())
  T.close(c, s)
end)

tap.both("shutdown of the side that is read; of both", function()
  local c, s = T.pair()
  tap.equal(s:shutdown("r"), s)
  tap.fails("EOF", s:read())
  tap.equal(s:write("x\n"), 2)
  tap.equal(c:read_line(), "x")
  tap.equal(s:shutdown("rw"), s)
  tap.fails("EOF", c:read())
  T.close(c, s)
end)

tap.both("the peer is gone: a write fails, and goes on failing", function()
  local c, s = T.pair()
  s:close()
  local n, message, code
  repeat n, message, code = c:write(("x"):rep(100000)) luv.sleep(0.001) until not n
  tap.ok(code == "EPIPE" or code == "ECONNRESET", message)
  tap.ok(not c:write("x"))
  c:close()
end)

tap.test("bytes are counted once", function()
  local c, s = T.pair()
  local before = luv.stats().bytes
  c:write(("x"):rep(100000))
  s:read_exactly(100000)
  c:write{"a", "b"}
  s:read_exactly(2)
  local after = luv.stats().bytes
  tap.equal(after.written - before.written, 100002)
  tap.equal(after.read - before.read, 100002)
  T.close(c, s)
end)

tap.both("close ends all waits", function()
  local c, s = T.pair()
  local r = luv.spawn(function() return s:read() end)
  local w = luv.spawn(function() return s:write(("x"):rep(2e7)) end)
  local q = luv.spawn(function() return s:wait("r") end)
  luv.sleep(0.02)
  s:close()
  tap.fails("ECANCELED", r:join())
  tap.fails("ECANCELED", w:join())
  tap.fails("ECANCELED", q:join())
  c:close()
end)

tap.test("cancel ends a read and a write; the stream goes on", function()
  local c, s = T.pair()
  local r = luv.spawn(function() s:read() end)
  luv.sleep(0.01)
  r:cancel()
  tap.ok(not luv.pcall(r.join, r))
  c:write("after\n")
  tap.equal(s:read_line(), "after")
  T.close(c, s)
end)

tap.both("wait, readable, writable, write_some", function()
  local c, s = T.pair()
  tap.equal(s:readable(), false)
  tap.equal(c:writable(), true)
  tap.equal(c:wait("rw"), "w")
  tap.fails("ETIMEDOUT", s:wait("r", 0.01))
  local w = luv.spawn(function() return s:wait("r", 10) end)
  luv.sleep(0.01)
  c:write("x")
  tap.equal(w:join(), "r")
  tap.equal(s:readable(), true)
  tap.equal(s:wait("rw"), "rw")
  tap.same({s:read()}, {1, "x"})
  tap.equal(s:readable(), false)
  local total, n = 0
  repeat
    n = c:write_some(("z"):rep(100000), nil, nil, 0.05)
    total = total + (n or 0)
  until not n
  tap.equal(type(c:writable()), "boolean") -- the kernel may have moved some on meanwhile
  local ready = luv.spawn(function() return c:wait("w", 20) end)
  tap.equal(s:read_exactly(total, 20), ("z"):rep(total))
  tap.equal(ready:join(), "w")
  tap.equal(c:write_some("abc", 2, 3), 2)
  tap.equal(s:read_exactly(2), "bc")
  T.close(c, s)
end)

tap.both("select", function()
  local c, s = T.pair()
  local ch = luv.chan(1)
  tap.equal((luv.select{{s, "read"}, {ch, "get"}, timeout = 0.01}), nil)
  c:write("one\n")
  tap.same({luv.select{{s, "read_line"}, {ch, "get"}}}, {1, "one", true})
  ch:put(5)
  tap.same({luv.select{{s, "read_line"}, {ch, "get"}}}, {2, 5})
  tap.equal((luv.select{{s, "read"}, {s, "wait", "w"}}), 2)
  local l, port = T.listen()
  local t = luv.net.tcp():connect("127.0.0.1", port)
  local i, accepted = luv.select{{ch, "get"}, {l, "accept"}}
  tap.equal(i, 2)
  tap.match(tostring(accepted), "^userdata<luv%.tls>")
  T.close(accepted, t, l, c, s)
end)

tap.test("dump and stats know it", function()
  local c, s = T.pair()
  local f = luv.spawn(function() s:read() end)
  luv.sleep(0.01)
  tap.match(luv.dump(), "for read on luv%.tls 0x%x+ %(127%.0%.0%.1 port %d+%)")
  tap.equal(luv.stats().handles["luv.tls"], 2)
  f:cancel()
  luv.pcall(f.join, f)
  T.close(c, s)
end)

tap.test("start reads ahead, up to the high-water mark; stop ends it", function()
  local c, s = T.pair()
  tap.equal(s:start(), s)
  c:write("abc")
  while not s:readable() do luv.sleep(0.001) end
  tap.equal(s:stop(), s)
  tap.same({s:read()}, {3, "abc"})
  T.close(c, s)
end)

tap.test("an echo of many turns", function()
  local c, s = T.pair()
  local echo = luv.spawn(function()
    for _ = 1, 200 do
      local _, data = s:read()
      s:write(data)
    end
  end)
  for i = 1, 200 do
    c:write("request " .. i .. "\n")
    tap.equal(c:read_line(), "request " .. i)
  end
  echo:join()
  T.close(c, s)
end)

-- ---- truncation ----------------------------------------------------------------------------------

-- A connection whose client's bytes go through a relay: `cut` lets no more through, and ends it.
local function relayed()
  local a, b = tap.connected()
  local x, y = tap.connected()
  local function carry(from, to)
    return luv.spawn(function()
      while true do
        local n, data = from:read()
        if not n or not to:write(data) then break end
      end
    end)
  end
  local fibers = {carry(b, x), carry(x, b)}
  local c, s = T.over(a, y)
  return c, s, function()
    for _, f in ipairs(fibers) do f:cancel() luv.pcall(f.join, f) end
    x:close() b:close()
  end
end

tap.both("an end without close_notify is never EOF, for every way of reading, and stays so", function()
  local ways = {
    function(s) return s:read() end, function(s) return s:read_line() end,
    function(s) return s:read_until(";") end, function(s) return s:read_exactly(9) end,
    function(s) return s:read_all() end,
  }
  for i, read in ipairs(ways) do
    local c, s, cut = relayed()
    c:write("part")
    tap.equal(s:read_exactly(2), "pa")
    cut()
    if i == 1 then tap.same({s:read()}, {2, "rt"}) end
    tap.match(tap.fails("ETRUNCATED", read(s)), "close_notify")
    tap.fails("ETRUNCATED", read(s))
    for line in s:lines() do error("got " .. line) end
    if i > 1 then tap.same({s:read()}, {2, "rt"}) end
    tap.fails("ETRUNCATED", s:read())
    T.close(c, s)
  end
end)

tap.test("inside a record, too; a reset is a reset", function()
  local a, b = tap.connected()
  local x, y = tap.connected()
  local c, s
  local half = luv.spawn(function()
    while true do
      local n, data = b:read()
      if not n then break end
      if c then
        x:write(data:sub(1, -2))
        x:close()
        break
      end
      x:write(data)
    end
  end)
  local back = luv.spawn(function()
    while true do
      local n, data = x:read()
      if not n then break end
      b:write(data)
    end
  end)
  c, s = T.over(a, y)
  c:write("a record")
  tap.fails("ETRUNCATED", s:read())
  half:join()
  luv.pcall(back.join, back)
  T.close(c, s, b)
  c, s = T.pair()
  T.close(c, s)
end)

T.remove()
tap.done()
