-- What every stream does: the ways to read, writes, flow control, half-closed ends.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")

local function pair(fn)
  return function()
    local a, b = luv.net.socketpair()
    fn(a, b)
    a:close(); b:close()
  end
end

tap.both("read: n and data; EOF at the end, as often as asked", pair(function(a, b)
  tap.equal(b:write("hello"), 5)
  local n, data = a:read()
  tap.equal(n, 5); tap.equal(data, "hello")
  b:close()
  tap.fails("EOF", a:read())
  tap.match(select(2, a:read()), "end of file")
  tap.fails("EOF", a:read_line())
  tap.fails("EOF", a:read_exactly(1))
  tap.equal(a:read_all(), "")
end))

tap.both("read(max): at most so many, the rest stays", pair(function(a, b)
  b:write("abcdefgh")
  tap.same(tap.pack(a:read(3)), {n = 2, 3, "abc"})
  tap.same(tap.pack(a:read(1)), {n = 2, 1, "d"})
  tap.same(tap.pack(a:read(100)), {n = 2, 4, "efgh"})
end))

tap.both("binary data: all bytes, zeros, newlines", pair(function(a, b)
  local t = {}
  for i = 0, 255 do t[i + 1] = string.char(i) end
  local all = table.concat(t)
  tap.equal(b:write(all), 256)
  tap.equal(a:read_exactly(256), all)
  b:write("\0\0##\0")
  tap.equal(a:read_until("##"), "\0\0")
  tap.equal(a:read_exactly(1), "\0")
end))

tap.both("read_exactly: collects; 0 is the empty string; what is too short stays", pair(function(a, b)
  tap.equal(a:read_exactly(0), "")
  luv.spawn(function()
    for i = 1, 10 do b:write(tostring(i % 10)); luv.sleep(0.0005) end
    b:write("tail")
    b:shutdown()
  end)
  tap.equal(a:read_exactly(10), "1234567890")
  tap.fails("EOF", a:read_exactly(5))
  tap.equal(select(2, a:read()), "tail")
  tap.fails("EOF", a:read())
end))

tap.both("read_line: LF, CRLF, empty, a last one without its end", pair(function(a, b)
  b:write("one\ntwo\r\n\r\n\nthr")
  b:write("ee\rx\nlast\r")
  b:shutdown()
  for _, want in ipairs{"one", "two", "", "", "three\rx", "last\r"} do
    tap.equal(a:read_line(), want)
  end
  tap.fails("EOF", a:read_line())
end))

tap.both("read_line: CR and LF come apart", pair(function(a, b)
  luv.spawn(function()
    b:write("one\r"); luv.sleep(0.002); b:write("\ntwo\n")
  end)
  tap.equal(a:read_line(), "one")
  tap.equal(a:read_line(), "two")
end))

tap.both("read_until: delimiters of several bytes, split, overlapping", pair(function(a, b)
  luv.spawn(function()
    for c in ("one\r\n\r\nt-\r\r\n\r\nabababc"):gmatch(".") do b:write(c); luv.fiber.yield() end
    b:shutdown()
  end)
  tap.equal(a:read_until("\r\n\r\n"), "one")
  tap.equal(a:read_until("\r\n\r\n"), "t-\r")
  tap.equal(a:read_until("ababc"), "ab")
  tap.fails("EOF", a:read_until("x"))
end))

tap.both("a line or record that is too long", pair(function(a, b)
  b:write("0123456789\nok\n")
  tap.fails("EMSGSIZE", a:read_line(5))
  tap.equal(a:read_line(10), "0123456789")
  tap.equal(a:read_line(2), "ok")
  b:write("0123456789##")
  tap.fails("EMSGSIZE", a:read_until("##", 9))
  tap.equal(a:read_until("##", 10), "0123456789")
  b:write(("x"):rep(50))
  tap.fails("EMSGSIZE", a:read_all(49))
  b:shutdown()
  tap.equal(#a:read_all(50), 50)
end))

tap.both("read_all: to the end, then empty", pair(function(a, b)
  local want = ("0123456789"):rep(50000)
  luv.spawn(function() b:write(want); b:shutdown() end)
  tap.equal(a:read_all(), want)
  tap.equal(a:read_all(), "")
end))

tap.both("lines: a plain function, too", pair(function(a, b)
  b:write("a\nb\r\nc")
  b:shutdown()
  local next_line = a:lines()
  tap.equal(next_line(), "a")
  tap.equal(next_line(), "b")
  tap.equal(next_line(), "c")
  tap.equal((next_line()), nil)
end))

tap.test("lines in a for loop", pair(function(a, b)
  b:write("1\n2\n3\n")
  b:shutdown()
  local sum = 0
  for l in a:lines() do sum = sum + l end
  tap.equal(sum, 6)
end))

tap.both("unread: first in the next read, before what is there", pair(function(a, b)
  b:write("world")
  tap.equal(a:unread("hello "), a)
  tap.equal(a:read_exactly(11), "hello world")
  a:unread("c"); a:unread("b"); a:unread("a")
  tap.same(tap.pack(a:read()), {n = 2, 3, "abc"})
  a:unread("")
  b:close()
  a:unread("x\n")
  tap.equal(a:read_line(), "x")
  tap.fails("EOF", a:read())
end))

tap.both("unread wakes a reader", pair(function(a)
  local f = luv.spawn(function() return a:read() end)
  luv.sleep(0.002)
  a:unread("given")
  tap.same(tap.pack(f:join(1)), {n = 2, 5, "given"})
end))

tap.both("write: strings, numbers, tables, nothing", pair(function(a, b)
  tap.equal(a:write(""), 0)
  tap.equal(a:write({}), 0)
  tap.equal(a:write({"", ""}), 0)
  tap.equal(a:write(12.5), 4)
  tap.equal(a:write({"ab", 34, "", "cd"}), 6)
  tap.equal(b:read_exactly(10), "12.5ab34cd")
  local t = {"x", 1}
  a:write(t)
  tap.same(t, {"x", 1}, "the table is left as it was")
end))

tap.both("write: tables of thousands of strings", pair(function(a, b)
  local t = {}
  for i = 1, 5000 do t[i] = i .. "," end
  local want = table.concat(t)
  local w = luv.spawn(function() local n = a:write(t); a:shutdown(); return n end)
  tap.equal(b:read_all(), want)
  tap.equal(w:join(), #want)
end))

tap.both("write: two fibers at once keep their order and their pieces", pair(function(a, b)
  local one, two = ("1"):rep(1000000), ("2"):rep(1000000)
  local w1 = luv.spawn(function() return a:write(one) end)
  local w2 = luv.spawn(function() return a:write({two, two}) end)
  local w3 = luv.spawn(function() return a:write("3") end)
  luv.spawn(function() w3:join(); a:shutdown() end)
  tap.ok(b:read_all() == one .. two .. two .. "3", "what was read")
  tap.equal(w1:join(), 1000000); tap.equal(w2:join(), 2000000); tap.equal(w3:join(), 1)
end))

tap.both("two fibers read and write one stream at the same time", pair(function(a, b)
  local blob = ("ping pong "):rep(200000)
  local wa = luv.spawn(function() a:write(blob); a:shutdown() end)
  local wb = luv.spawn(function() b:write(blob); b:shutdown() end)
  local rb = luv.spawn(function() return b:read_all() end)
  tap.ok(a:read_all() == blob, "a's")
  tap.ok(rb:join() == blob, "b's")
  wa:join(); wb:join()
end))

tap.both("readers are served in order, each chunk to one", pair(function(a, b)
  local got, fibers = {}, {}
  for i = 1, 5 do
    fibers[i] = luv.spawn(function()
      local data = a:read_exactly(2)
      got[#got + 1] = i .. data
    end)
  end
  luv.sleep(0.002)
  b:write("aabb"); luv.sleep(0.002); b:write("c"); luv.sleep(0.002); b:write("cddee")
  for _, f in ipairs(fibers) do f:join() end
  tap.same(got, {"1aa", "2bb", "3cc", "4dd", "5ee"})
end))

tap.both("readers of different kinds in one queue", pair(function(a, b)
  local f1 = luv.spawn(function() return a:read_line() end)
  local f2 = luv.spawn(function() return a:read_exactly(3) end)
  local f3 = luv.spawn(function() return a:read_until(";") end)
  local f4 = luv.spawn(function() return a:read_all() end)
  luv.sleep(0.002)
  b:write("line\nxyzrecord;rest")
  b:shutdown()
  tap.equal(f1:join(1), "line"); tap.equal(f2:join(1), "xyz")
  tap.equal(f3:join(1), "record"); tap.equal(f4:join(1), "rest")
end))

tap.both("half-closed: after shutdown reading goes on", pair(function(a, b)
  tap.equal(a:shutdown(), a)
  tap.fails("EOF", b:read())
  tap.equal(b:write("still here"), 10)
  tap.equal(select(2, a:read()), "still here")
  tap.fails("EPIPE", a:write("x"))
  tap.fails("ENOTCONN", a:shutdown())
  b:close()
  tap.fails("EOF", a:read())
end))

tap.both("shutdown waits for the writes before it", pair(function(a, b)
  local big = ("y"):rep(3000000)
  local w = luv.spawn(function() return a:write(big) end)
  luv.fiber.yield()
  local s = luv.spawn(function() return a:shutdown() end)
  tap.equal(#b:read_all(), 3000000)
  tap.equal(w:join(), 3000000)
  tap.equal(s:join(), a)
end))

tap.both("the peer is gone: writing fails with EPIPE or ECONNRESET, and kills nobody", pair(function(a, b)
  b:close()
  local n, msg, code
  for _ = 1, 50 do
    n, msg, code = a:write(("z"):rep(100000))
    if not n then break end
  end
  tap.ok(code == "EPIPE" or code == "ECONNRESET", tostring(msg))
end))

tap.both("readable and writable", pair(function(a, b)
  tap.equal(a:readable(), false)
  tap.equal(a:writable(), true)
  b:write("x")
  luv.sleep(0.001)
  tap.equal(a:readable(), true)
  a:read()
  tap.equal(a:readable(), false)
  a:unread("x")
  tap.equal(a:readable(), true)
  a:read()
  local w = luv.spawn(function() a:write(("x"):rep(4000000)) end)
  luv.sleep(0.002)
  tap.equal(a:writable(), false)
  b:close()
  luv.pcall(w.join, w)
  tap.equal(a:readable(), true, "at the end a read would not wait")
end))

tap.both("start reads ahead, stop ends that", pair(function(a, b)
  tap.equal(a:start(), a)
  b:write("ahead")
  luv.sleep(0.002)
  tap.equal(a:stop(), a)
  b:write("+more")
  tap.equal(a:read_exactly(10), "ahead+more")
end))

tap.both("write_queue_size and a peer that never reads: bounded, the writer waits", pair(function(a, b)
  tap.equal(a:write_queue_size(), 0)
  local piece, sent = ("m"):rep(65536), 0
  local w = luv.spawn(function()
    while a:write(piece) do sent = sent + 1 end
  end)
  luv.sleep(0.03)
  tap.equal(w:status(), "waiting")
  tap.equal(w:waiting(), "write")
  local before = sent
  luv.sleep(0.01)
  tap.equal(sent, before, "no more is sent")
  tap.ok(a:write_queue_size() <= 65536, "queue " .. a:write_queue_size())
  tap.ok(sent < 200, "pieces sent: " .. sent)
  b:close()
  w:join()
end))

tap.both("a reader that stops reading: memory is bounded", pair(function(a, b)
  a:start()
  local total, w = 0, nil
  w = luv.spawn(function()
    local piece = ("p"):rep(65536)
    for _ = 1, 320 do total = total + (b:write(piece) or 0) end
    b:shutdown()
  end)
  luv.sleep(0.05)
  tap.equal(w:status(), "waiting")
  tap.ok(total < 4 * 1024 * 1024, "sent into nowhere: " .. total)
  tap.equal(#a:read_all(), 320 * 65536)
  w:join()
end))

tap.both("one byte at a time, 2000 of them", pair(function(a, b)
  luv.spawn(function()
    for i = 1, 2000 do b:write(string.char(97 + i % 26)) luv.fiber.yield() end
    b:shutdown()
  end)
  local n, sum = 0, 0
  while true do
    local got, data = a:read(1)
    if not got then break end
    tap.equal(got, 1)
    n = n + 1
    sum = sum + data:byte()
  end
  tap.equal(n, 2000)
  local want = 0
  for i = 1, 2000 do want = want + 97 + i % 26 end
  tap.equal(sum, want)
end))

tap.both("no Go callback in the steady state of an echo", pair(function(a, b)
  local echo = luv.spawn(function()
    while true do
      local n, data = b:read()
      if not n then return end
      b:write(data)
    end
  end)
  local function round() a:write("x"); a:read() end
  for _ = 1, 10 do round() end
  local before = luv.stats().go_callbacks
  for _ = 1, 200 do round() end
  tap.equal(luv.stats().go_callbacks - before, 0)
  a:shutdown()
  echo:join()
end))

tap.done()
