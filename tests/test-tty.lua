-- luv.tty: terminals as streams, their modes and what puts them back. A helper in C runs the
-- scripts on a terminal of its own (lib/pty.c).

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local tty = luv.tty

local pty = os.tmpname()
local built = tap.has("cc") and select(3, tap.shell("cc -o " .. pty .. " " .. tap.quote(tap.dir .. "lib/pty.c"))) == 0

-- Runs a script on a terminal, step by step; returns what the helper prints, and what the
-- script has written.
local function at(script, steps, before)
  if not built then tap.skip("no C compiler") end
  local path, log = script, tap.tempfile("")
  if not script:find("^/") then path = tap.tempfile("local luv = require('luv')\n" .. script) end
  local command = "sh -c " .. tap.quote((before or "") .. tap.command(path):gsub("exec timeout %-s KILL 50 ", "exec "))
  local words = {}
  for i, step in ipairs(steps) do words[i] = tap.quote(step) end
  local out, err = tap.shell("PTY_LOG=" .. log .. " " .. pty .. " " .. tap.quote(command) .. " " .. table.concat(words, " "))
  local written = tap.slurp(log)
  if path ~= script then os.remove(path) end
  os.remove(log)
  tap.equal(err, "")
  return out, written
end

local raw = [[
  local t = luv.stdin
  assert(tostring(t):find("luv.tty"))
  assert(t:mode("raw") == t)
  print("ready")
  local key = t:read_exactly(1)
  ]]

-- ---- modes, and every way to end ---------------------------------------------------------

local function ends(how, script, steps, want, before)
  tap.test("the mode is put back: " .. how, function()
    local all = {"expect:ready", "mode:"}
    for _, s in ipairs(steps) do all[#all + 1] = s end
    all[#all + 1] = "wait:"
    all[#all + 1] = "mode:"
    tap.equal((at(raw .. script, all, before)), "mode keys\n" .. want .. "\nmode lines\n")
  end)
end

ends("at the end of the script", "", {"send:x"}, "exit 0")
ends("by an error", "error('oops')", {"send:x"}, "exit 1")
ends("by an error in a fiber", "luv.spawn(error, 'oops') luv.sleep(0.01)", {"send:x"}, "exit 1")
ends("by os.exit", "os.exit(3)", {"send:x"}, "exit 3")
ends("from io mode", "t:mode('io') print('io') os.exit(4)", {"send:x"}, "exit 4")
ends("with other objects on the terminal", [[
  luv.stdout:mode("io") local other = luv.tty.open(1) other:mode("raw") os.exit(0)]], {"send:x"}, "exit 0")
ends("by Ctrl-C, as a signal", "luv.sleep(30)", {"kill:2"}, "exit 1")
ends("by Ctrl-C twice", "pcall(luv.sleep, 30) print('again') while true do end",
  {"send:x", "pause:30", "kill:2", "expect:again", "pause:300", "kill:2"}, "signal 2")
for name, n in pairs{HUP = 1, ABRT = 6, USR1 = 10, TERM = 15} do
  ends("by SIG" .. name, "luv.sleep(30)", {"kill:" .. n}, "signal " .. n)
end
ends("by SIGTERM in the middle of a computation", "while true do end", {"send:x", "pause:10", "kill:15"}, "signal 15")

tap.test("the mode is put back: mode('normal'), close, the collector", function()
  local out = at([[
    local function step(s) print(s) io.stdout:flush() io.read() end
    local t = assert(luv.tty.open(0))
    t:mode("raw") t:mode("io") t:mode("normal")
    step("one")
    t:mode("raw")
    t:close()
    step("two")
    t = luv.tty.open(0)
    t:mode("raw")
    t = nil
    collectgarbage() collectgarbage()
    step("three")
    local a, b = luv.tty.open(0), luv.tty.open(1)
    a:mode("raw") b:mode("raw") a:mode("normal") b:mode("normal") b:mode("normal")
    step("four")
    a:mode("raw") b:mode("raw") b:close()
    step("five")]], {"expect:one", "mode:", "send:\n", "expect:two", "mode:", "send:\n", "expect:three", "mode:",
    "send:\n", "expect:four", "mode:", "send:\n", "expect:five", "mode:", "send:\n", "wait:"})
  tap.equal(out, ("mode lines\n"):rep(5) .. "exit 0\n")
end)

tap.test("a handler of the script's own is left alone", function()
  local out = at(raw .. [[
    print("waits")
    luv.sleep(0.3)
    print("alive")]], {"expect:ready", "send:x", "expect:waits", "kill:15", "expect:alive", "wait:", "mode:"}, "trap '' TERM; ")
  tap.equal(out, "exit 0\nmode lines\n")
end)

-- ---- reading, writing, size ------------------------------------------------------------------

tap.test("lines and keys", function()
  local out, log = at([[
    luv.stdout:write("line? ")
    local line = luv.stdin:read_line()
    luv.stdout:write("[" .. line .. "]\n")
    luv.stdin:mode("raw")
    luv.stdout:write("key? ")
    local n, k = luv.stdin:read()
    luv.stdin:mode("normal")
    luv.stdout:write("<" .. k:byte() .. ">\n")
    luv.stdout:write(select(3, luv.stdin:read()) .. "\n")]],
    {"expect:line? ", "send:abc\n", "expect:[abc]", "expect:key? ", "send:\\x03", "expect:<3>", "send:\\x04", "expect:EOF", "wait:"})
  tap.equal(out, "exit 0\n")
  tap.ok(not log:find("^C", 1, true), "raw mode shows nothing")
end)

tap.test("print and ours, in order on a terminal", function()
  local out, log = at([[
    for i = 1, 300 do
      print("p" .. i)
      luv.stdout:write("w" .. i .. "\n")
      luv.stderr:write("e" .. i .. "\n")
    end]], {"wait:"})
  tap.equal(out, "exit 0\n")
  local want = {}
  for i = 1, 300 do want[i] = ("p%d\r\nw%d\r\ne%d\r\n"):format(i, i, i) end
  tap.equal(log, table.concat(want))
end)

tap.test("winsize", function()
  local out = at([[
    local t = luv.stdout
    print("size", t:winsize())
    luv.stdin:read_line()
    print("size", t:winsize())]],
    {"expect:size\t80\t24", "size:132x50", "send:\n", "expect:size\t132\t50", "wait:"})
  tap.equal(out, "exit 0\n")
end)

tap.test("SIGWINCH says that there is a new size", function()
  local out = at([[
    local w = luv.signal.create("SIGWINCH")
    print("ready")
    assert(w:next(20) >= 1)
    print("size", luv.stdout:winsize())]],
    {"expect:ready", "size:132x50", "expect:size\t132\t50", "wait:"})
  tap.equal(out, "exit 0\n")
end)

tap.test("timeout, cancel and close while a key is waited for", function()
  local out = at(raw .. [[
    assert(select(3, t:read(nil, 0.01)) == "ETIMEDOUT")
    local f = luv.spawn(function() return t:read() end)
    luv.sleep(0)
    f:cancel()
    assert(not luv.pcall(f.join, f))
    f = luv.spawn(function() return t:read() end)
    luv.sleep(0)
    t:close()
    assert(select(3, f:join()) == "ECANCELED")
    assert(select(3, t:mode("normal")) == "EBADF")
    assert(select(3, t:winsize()) == "EBADF")
    assert(select(3, t:fileno()) == "EBADF")
    print("well")]], {"expect:ready", "send:x", "expect:well", "mode:", "wait:"})
  tap.equal(out, "mode lines\nexit 0\n")
end)

tap.test("a terminal that is full does not block the loop", function()
  local out = at([[
    local ticks = 0
    luv.spawn(function() while true do luv.sleep(0.001) ticks = ticks + 1 end end)
    local before = ticks
    assert(luv.stdout:write(("x"):rep(200000), 20) == 200000)
    luv.sleep(0.005)
    assert(ticks > 0)
    print("end")]], {"pause:50", "expect:end", "wait:"})
  tap.equal(out, "exit 0\n")
end)

tap.test("a terminal that hangs up: an error or the end, as values", function()
  local log = tap.tempfile("")
  local out = at(([[
    local t = luv.stdin
    t:mode("raw")
    print("ready")
    local n, _, code = t:read()
    local m, _, code2 = luv.stdout:write("x")
    local k, _, code3 = t:mode("normal")
    local f = io.open(LOG, "w")
    f:write(tostring(n), " ", tostring(code), " ", tostring(m), " ", tostring(code2), " ", tostring(k), " ", tostring(code3))
    f:close()]]):gsub("LOG", ("%q"):format(log)), {"expect:ready", "hangup:", "wait:"}, "trap '' HUP; ")
  tap.equal(out, "exit 0\n")
  local text = tap.slurp(log)
  os.remove(log)
  tap.ok(text == "nil EIO nil EIO nil EIO" or text == "nil EOF nil EIO nil EIO", text)
end)

tap.test("0, 1 and 2 keep their flags, and children inherit them", function()
  local out = at(tap.fd_flags .. [[
    local before = {flags(0), flags(1), flags(2)}
    luv.stdin:start()
    luv.stdout:write("x") luv.stderr:write("y")
    for fd = 0, 2 do assert(flags(fd) == before[fd + 1]) end
    os.execute("echo child >&2")]], {"expect:child", "wait:"})
  tap.equal(out, "exit 0\n")
end)

-- ---- what is no terminal -----------------------------------------------------------------------

tap.test("open, isatty and guess of other things", function()
  local a, b = luv.pipe.pair()
  local c, p = tap.connected()
  local file = assert(luv.fs.open(tap.dir .. "test-tty.lua"))
  tap.equal(tty.guess(a), "pipe")
  tap.equal(tty.guess(c), "tcp")
  tap.equal(tty.guess(c:fileno()), "tcp")
  tap.equal(tty.guess(file), "file")
  tap.equal(tty.guess(luv.backend_fd()), "unknown")
  tap.fails("EBADF", tty.guess(987654))
  tap.equal(tty.isatty(a), false)
  tap.equal(tty.isatty(987654), false)
  tap.fails("ENOTTY", tty.open(a))
  tap.fails("ENOTTY", tty.open(file))
  tap.fails("EBADF", tty.open(987654))
  tap.raises("bad argument #1 to 'open' %(the number of a descriptor", tty.open, -1)
  tap.raises("bad argument #1 to 'guess' %(number or file expected, got string%)", tty.guess, "0")
  tap.raises("bad argument #1 to 'isatty'", tty.isatty)
  for _, o in ipairs{a, b, c, p, file} do o:close() end
  tap.equal(tty.isatty(a), false)
  tap.fails("EBADF", tty.guess(a))
  tap.fails("EBADF", tty.open(a))
end)

tap.test("isatty, guess, wrong modes, a tty that is opened twice", function()
  local out = at([[
    assert(luv.tty.isatty(0) and luv.tty.isatty(io.stdout) and luv.tty.guess(2) == "tty")
    local t = assert(luv.tty.open(io.stdin))
    assert(t:fileno() > 2)
    local ok, err = pcall(t.mode, t, "cooked")
    assert(not ok and err:find('"normal", "raw" or "io" expected', 1, true), err)
    assert(not pcall(t.mode, t))
    assert(select(3, luv.tty.open(t:fileno())) == "EEXIST")
    assert(select(3, t:shutdown()) == "ENOTSOCK")
    assert(not pcall(t.accept, t))
    local f = assert(luv.fs.open("/dev/tty", "r+"))
    local both = assert(luv.tty.open(f))
    f:close()
    both:write("through /dev/tty\n")
    print("done")]], {"expect:through /dev/tty", "expect:done", "wait:"})
  tap.equal(out, "exit 0\n")
end)

tap.test("100 terminals opened and closed leave nothing", function()
  local out = at([[
    local function count() return #assert(luv.fs.scandir("/proc/self/fd")) end
    luv.tty.open(0):close()
    count() -- the pool keeps some for itself
    local before = count()
    for _ = 1, 100 do
      local t = assert(luv.tty.open(0))
      t:mode("raw")
      t:close()
    end
    luv.sleep(0)
    assert(count() <= before, count())]], {"wait:", "mode:"})
  tap.equal(out, "exit 0\nmode lines\n")
end)

-- ---- the example ---------------------------------------------------------------------------------

local editor = tap.dir .. "../examples/tty-editor.lua"
if not editor:find("^/") then
  local p = io.popen("cd " .. tap.quote(tap.dir) .. "../examples && pwd")
  editor = p:read() .. "/tty-editor.lua"
  p:close()
end

tap.test("tty-editor.lua: edits, recalls, shows what comes meanwhile", function()
  local out = at(editor, {"expect:> ", "mode:", "send:helo\\e[Dl\r", "expect:olleh", "send:\\e[A\\x01X\r", "expect:ollehX",
    "send:one two\\x17\r", "expect: eno", "send:after 0.01 later\r", "expect:later", "send:x\\x7f\\x15size\r", "expect:80 x 24",
    "send:dropped\\x03quit\r", "expect:bye", "wait:", "mode:"})
  tap.equal(out, "mode keys\nexit 0\nmode lines\n")
end)

tap.test("tty-editor.lua: the terminal is itself again after an error, a signal, the end of input", function()
  for _, how in ipairs{{"send:fail\r", "exit 1"}, {"kill:15", "signal 15"}, {"kill:2", "exit 1"}, {"send:\\x04", "exit 0"}} do
    tap.equal((at(editor, {"expect:> ", "mode:", how[1], "wait:", "mode:"})), "mode keys\n" .. how[2] .. "\nmode lines\n")
  end
  local _, err, rc = tap.shell(tap.command(editor))
  tap.equal(err, "tty-editor.lua wants a terminal\n")
  tap.equal(rc, 1)
end)

os.remove(pty)
-- ---- terminals of our own -----------------------------------------------------------------

local function with_pty(fn)
  return function()
    local t, path = tty.pty{cols = 100, rows = 30}
    if not t then tap.skip("no pseudo-terminal: " .. path) end
    fn(t, path)
    t:close()
  end
end

tap.both("tty.pty: both sides, the size, its end", with_pty(function(t, path)
  tap.match(tostring(t), "^userdata<luv%.tty>")
  tap.match(path, "^/dev/pts/%d+$")
  tap.same({t:winsize()}, {100, 30})
  tap.equal(t:winsize(40, 10), t)
  tap.same({t:winsize()}, {40, 10})
  local other = assert(tty.open(assert(luv.fs.open(path, "r+"))))
  tap.same({other:winsize()}, {40, 10})
  other:write("out\n")
  tap.equal(t:read_line(nil, 5), "out")
  t:write("typed\n")
  tap.equal(other:read_line(nil, 5), "typed")
  tap.equal(t:read_line(nil, 5), "typed", "the echo")
  other:mode("io")
  t:write("\1\3")
  tap.equal(other:read_exactly(2, 5), "\1\3")
  local reader = luv.spawn(t.read, t)
  luv.sleep(0.01)
  other:close()
  collectgarbage()
  collectgarbage()
  tap.fails("EOF", reader:join(5))
  tap.raises("bad argument #1 to 'pty' %(cols", tty.pty, {cols = 0})
  tap.raises("bad argument #1 to 'pty' %(rows", tty.pty, {rows = "x"})
  tap.raises("bad argument #1 to 'winsize'", t.winsize, t, 0, 1)
end))

tap.both("a shell on a terminal: what it says, its window resized, Ctrl-C, its end", with_pty(function()
  local p = assert(luv.process.spawn("sh", {"-i", pty = {cols = 90}, env = {PS1 = "> ", PATH = os.getenv("PATH"), HISTFILE = ""}}))
  local function ask(line, pattern)
    p.pty:write(line .. "\n")
    local all = ""
    repeat
      local n, data = p.pty:read(nil, 10)
      if not n then error(("%q, then %s"):format(all, data)) end
      all = all .. data
    until all:find(pattern)
    return all
  end
  p.pty:write("trap 'echo window $((40+2))' WINCH\n")
  ask("[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo all-$((3*2))", "all%-6")
  ask("stty size", "24 90")
  ask("exec 3</dev/tty && echo controlling-$((1+1))", "controlling%-2")
  tap.equal(p.pty:winsize(40, 10), p.pty)
  tap.match(ask("sleep 0.01; stty size", "10 40"), "window 42")
  p.pty:write("sleep 30\n")
  luv.sleep(0.1)
  p.pty:write("\3")
  ask("echo back-$((1+1))", "back%-2")
  p.pty:write("exit 3\n")
  tap.same({p:wait(10)}, {3, 0})
  tap.ok(p.pty:read_all(nil, 10))
  p:close()
  tap.equal(p.pty:closed(), true)
end))

tap.test("pty with other outputs; mistakes", function()
  local p = luv.process.spawn("sh", {"-c", "echo out; echo err >&2; [ -t 0 ] && exit 7", pty = true, stdout = "pipe"})
  if not p then tap.skip("no pseudo-terminal") end
  tap.equal(p.stdout:read_all(), "out\n")
  tap.equal(p.pty:read_line(), "err")
  tap.same({p:wait()}, {7, 0})
  p:close()
  tap.equal(luv.process.spawn("/none", {pty = true}), nil)
  tap.raises("pty and stdin are both given", luv.process.spawn, "true", {pty = true, stdin = "null"})
  tap.raises("pty: true or a table", luv.process.spawn, "true", {pty = "yes"})
  tap.raises("pty: cols: a whole number", luv.process.spawn, "true", {pty = {cols = 0}})
  tap.raises("unknown option 'pty'", luv.process.run, "true", {pty = true})
end)

tap.done()
