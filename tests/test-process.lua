-- luv.process: what a child is given, how it ends, and what is left of it. With a number as
-- argument so many children are spawned to look for leaks: 10000 takes a while.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local process, signal, fs = luv.process, luv.signal, luv.fs
local spawn, run = process.spawn, process.run

local root = run("id", {"-u"}).stdout == "0\n"
local NOBODY = 65534
local choose = root and run("true", {uid = NOBODY, gid = NOBODY}) -- not in every container

local function sh(line, options)
  options = options or {}
  table.insert(options, 1, "-c")
  table.insert(options, 2, line)
  return options
end

-- What a shell command writes.
local function output(line, options) return assert(run("sh", sh(line, options))).stdout end

local function descriptors() return #assert(fs.scandir("/proc/self/fd")) end

-- Children of ours that have ended, and nobody has waited for.
local function zombies()
  local n, us = 0, "^%d+ %(.*%) Z " .. output("echo $PPID"):match("%d+") .. " "
  for _, e in ipairs(assert(fs.scandir("/proc"))) do
    local stat = e.name:match("^%d+$") and fs.readfile("/proc/" .. e.name .. "/stat")
    if stat and stat:find(us) then n = n + 1 end
  end
  return n
end

-- Waits, not for long, until fn() is true.
local function eventually(fn, what)
  for _ = 1, 1000 do
    if fn() then return end
    luv.sleep(0.01)
  end
  error(what .. ": not in 10 s", 2)
end

local function gone(pid) return select(3, signal.kill(pid, 0)) == "ESRCH" end

local function temporary(fn)
  local dir = assert(fs.mkdtemp(fs.tmpdir() .. "/luv-process-XXXXXX"))
  local ok, err = luv.pcall(fn, dir)
  assert(fs.rmrf(dir))
  if not ok then error(err, 0) end
end

-- ---- run ----------------------------------------------------------------------------------

tap.both("run: the exit code, the signal, both outputs", function()
  tap.same(run("echo", {"a", "b c"}), {code = 0, signal = 0, stdout = "a b c\n", stderr = ""})
  tap.same(run("sh", sh("echo out; echo err >&2; exit 7")), {code = 7, signal = 0, stdout = "out\n", stderr = "err\n"})
  tap.same(run("sh", sh("kill -KILL $$")), {code = 0, signal = 9, stdout = "", stderr = ""})
  tap.same(run("true"), {code = 0, signal = 0, stdout = "", stderr = ""})
  tap.same(run("sh", sh("echo a; echo b >&2", {stderr = "stdout"})), {code = 0, signal = 0, stdout = "a\nb\n"})
  tap.same(run("cat"), {code = 0, signal = 0, stdout = "", stderr = ""}, "stdin is /dev/null")
end)

tap.both("run: input, more than a pipe holds, and what nobody reads", function()
  local big = ("0123456789abcdef"):rep(65536)
  tap.ok(run("cat", {input = big}).stdout == big)
  tap.equal(run("wc", {"-c", input = big}).stdout:match("%d+"), tostring(#big))
  tap.equal(run("cat", {input = ""}).stdout, "")
  tap.equal(run("true", {input = big}).code, 0)
  tap.equal(run("head", {"-c", "5", input = big}).stdout, "01234")
end)

tap.both("run: a child that floods both outputs", function()
  local r = run("sh", sh("head -c 1000000 /dev/zero >&2; head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2"))
  tap.equal(#r.stdout, 1000000)
  tap.equal(#r.stderr, 2000000)
end)

-- run of a shell that is killed by a timeout, long enough for it to have written something.
local function cut(line)
  for _, seconds in ipairs{0.1, 1, 10} do
    local r, message, code, partial = run("sh", sh(line), seconds)
    tap.fails("ETIMEDOUT", r, message, code)
    if partial.stdout ~= "" then return partial end
  end
  error("it writes nothing")
end

tap.both("run: a timeout kills it, and what there was is not lost", function()
  tap.same(cut("echo here; exec sleep 60"), {code = 0, signal = 9, stdout = "here\n", stderr = ""})
  -- the child ends, its own child has the output still
  local result = cut("sleep 60 & echo $!")
  tap.ok(signal.kill(tonumber(result.stdout), "KILL"))
  tap.equal(result.stderr, "")
  tap.fails("ETIMEDOUT", luv.timeout(0.05, run, "sleep", {"60"}))
end)

tap.both("run: max is the most of an output", function()
  local r, message, code, partial = run("sh", sh("echo err >&2; exec yes", {max = 1000}))
  tap.fails("ENOBUFS", r, message, code)
  tap.equal(#partial.stdout, 1000)
  tap.equal(partial.signal, 9)
  tap.equal(run("printf", {"12345", max = 5}).stdout, "12345")
  tap.fails("ENOBUFS", run("printf", {"123456", max = 5}))
end)

tap.test("run: cancelled, it leaves no child", function()
  temporary(function(dir)
    local file = dir .. "/pid"
    local f = luv.spawn(run, "sh", sh("echo $$ >'" .. file .. "'; exec sleep 60"))
    local pid
    eventually(function() pid = tonumber((fs.readfile(file) or "")) return pid end, "the child has begun")
    f:cancel()
    tap.ok(luv.cancelled(select(2, luv.pcall(f.join, f))))
    eventually(function() return gone(pid) end, "the child is dead")
  end)
end)

-- ---- what a child is given ----------------------------------------------------------------------

tap.both("arguments reach it byte for byte", function()
  local bytes = {}
  for i = 1, 255 do bytes[i] = string.char(i) end
  local all = table.concat(bytes)
  local list = {all, "", " ", "'\"\\$(x)`*\n", "-", "\xff\xfe", 12, 1.5, -0.25, 2 ^ 53, all:reverse()}
  local got = run("sh", {"-c", 'printf "%s\\0" "$@"', "sh", unpack(list)}).stdout
  for i, v in ipairs(list) do list[i] = tostring(v) end
  list[10] = string.format("%.14g", 2 ^ 53)
  tap.equal(got, table.concat(list, "\0") .. "\0")
  local many = {}
  for i = 1, 2000 do many[i] = "argument " .. i end
  tap.equal(run("sh", {"-c", "echo $#", "sh", unpack(many)}).stdout, "2000\n")
  tap.equal(run("sh", {[0] = "-another name", "-c", "echo $0"}).stdout, "-another name\n")
end)

tap.both("so does the environment, and nothing else is in it", function()
  local value = "a=b 'c'\n\xff\1"
  local got = run("cat", {"/proc/self/environ", env = {LUV_A = value, LUV_N = 7, "LUV_L=in a list"}}).stdout
  local seen = {}
  for line in got:gmatch("([^%z]*)%z") do seen[line] = true end
  tap.same(seen, {["LUV_A=" .. value] = true, ["LUV_N=7"] = true, ["LUV_L=in a list"] = true})
  tap.equal(run("/bin/cat", {"/proc/self/environ", env = {}}).stdout, "")
  tap.equal(output("echo $HOME"), os.getenv("HOME") .. "\n", "without env it is ours")
end)

tap.test("a command is looked for in the child's PATH", function()
  temporary(function(dir)
    local function script(path, text, mode)
      assert(fs.mkdirp(path:match("^(.*)/")))
      assert(fs.writefile(path, text))
      assert(fs.chmod(path, mode or "755"))
    end
    script(dir .. "/a/luv-tool", "#!/bin/sh\necho a $1\n", "644")
    script(dir .. "/b/luv-tool", "#!/bin/sh\necho b $1\n")
    script(dir .. "/c/luv-plain", "echo plain $1\n")
    local function path(...) return {PATH = table.concat({...}, ":")} end
    local a, b, c = dir .. "/a", dir .. "/b", dir .. "/c"
    tap.equal(run("luv-tool", {1, env = path(a, "/nowhere", b)}).stdout, "b 1\n")
    tap.fails("EACCES", run("luv-tool", {env = path(a, c)}))
    tap.fails("ENOENT", run("luv-tool", {env = path(c)}))
    tap.fails("ENOENT", run("luv-tool", {env = path("")}))
    tap.equal(run("luv-tool", {2, cwd = b, env = path("")}).stdout, "b 2\n", "an empty place is the folder")
    tap.equal(run("luv-plain", {"x y", env = path(c)}).stdout, "plain x y\n", "a script without #!")
    tap.equal(run("./luv-tool", {3, cwd = b}).stdout, "b 3\n")
    tap.fails("ENOENT", run("luv-tool", {env = path(("x"):rep(5000))}))
    tap.fails("ENOENT", run("luv-tool"))
    tap.equal(run("sh", {"-c", "echo found", env = {A = "1"}}).stdout, "found\n", "without a PATH, the usual one")
  end)
end)

tap.test("cwd, detach, and no signal that is ignored or blocked", function()
  tap.equal(output("pwd", {cwd = "/usr"}), "/usr\n")
  local line = assert(run("cat", {"/proc/self/stat", detach = true})).stdout
  local pid, group, session = line:match("^(%d+) %(.*%) %a %d+ (%d+) (%d+)")
  tap.equal(group, pid)
  tap.equal(session, pid)
  pid, group = run("cat", {"/proc/self/stat"}).stdout:match("^(%d+) %(.*%) %a %d+ (%d+)")
  tap.ok(group ~= pid)
  local w = signal.create("USR1")
  local status = run("cat", {"/proc/self/status"}).stdout
  for _, key in ipairs{"SigBlk", "SigIgn"} do
    tap.match(status, key .. ":%s*0*%f[^0]\n", key)
  end
  w:close()
end)

tap.test("uid and gid", function()
  if not root then
    tap.fails("EPERM", spawn("true", {uid = 0}))
    tap.skip("only root may choose them")
  end
  if not choose then tap.skip("root may not choose them here") end
  local text = output("id -u; id -g; id -G", {uid = NOBODY, gid = NOBODY, cwd = "/"})
  tap.equal(text, ("65534\n"):rep(3))
  tap.equal(output("id -u; id -g", {gid = 12345}), "0\n12345\n")
  tap.equal(output("id -u"), "0\n", "we are who we were")
end)

-- ---- its descriptors ------------------------------------------------------------------------------

tap.both("pipes: stdin, stdout, stderr, as streams and as fields", function()
  local p = assert(spawn("sh", sh("read x; echo \"got $x\"; echo err >&2; cat", {stdin = "pipe", stdout = "pipe", stderr = "pipe"})))
  tap.match(tostring(p), "^userdata<luv%.process>: 0x%x+$")
  tap.match(tostring(p.stdin), "^userdata<luv%.pipe>: ")
  tap.ok(p.stdio[0] == p.stdin and p.stdio[1] == p.stdout and p.stdio[2] == p.stderr)
  tap.equal(p.nothing, nil)
  tap.equal(p.stdin:write("line\n"), 5)
  tap.equal(p.stdout:read_line(), "got line")
  tap.equal(p.stderr:read_line(), "err")
  tap.equal(p.stdin:write("the rest"), 8)
  tap.ok(p.stdin:shutdown())
  tap.equal(p.stdout:read_all(), "the rest")
  tap.fails("EOF", p.stderr:read())
  tap.equal(p:wait(), 0)
  tap.equal(p:close(), p)
  tap.ok(p.stdin:closed() and p.stdout:closed() and p.stderr:closed() and p:closed())
end)

tap.test("a program can open /dev/stdout: the pipes are pipes", function()
  tap.equal(output("echo a >/dev/stdout; echo b >/proc/self/fd/1"), "a\nb\n")
end)

tap.test("null, numbers, files, a descriptor above the three, and those that change places", function()
  temporary(function(dir)
    local lf = assert(io.open(dir .. "/lua", "w+"))
    lf:write("before\n")
    tap.equal(spawn("echo", {"child", stdout = lf}):wait(), 0)
    lf:seek("end")
    lf:write("after\n")
    lf:close()
    tap.equal(tap.slurp(dir .. "/lua"), "before\nchild\nafter\n")
    tap.fails("EBADF", spawn("echo", {stdout = lf}))

    local f = assert(fs.open(dir .. "/file", "w+"))
    f:write("one\n")
    tap.equal(spawn("echo", {"two", stdout = f, stderr = "null"}):wait(), 0)
    f:close()
    tap.equal(tap.slurp(dir .. "/file"), "one\ntwo\n")
    tap.fails("EBADF", spawn("echo", {stdout = f}))

    local a, b = assert(fs.open(dir .. "/a", "w")), assert(fs.open(dir .. "/b", "w"))
    local fa, fb = a:fileno(), b:fileno()
    tap.equal(spawn("sh", sh("echo one >/proc/self/fd/" .. fa .. "; echo two >/proc/self/fd/" .. fb, {stdio = {[fa] = fb, [fb] = fa}})):wait(), 0)
    a:close() b:close()
    tap.equal(tap.slurp(dir .. "/a") .. tap.slurp(dir .. "/b"), "two\none\n")
  end)
  local p = assert(spawn("sh", sh("echo hello >&5; cat <&5; test ! -e /proc/self/fd/4", {stdio = {[5] = "pipe"}})))
  tap.equal(p.stdio[5]:read_line(), "hello")
  local cat = assert(spawn("cat", {stdin = "null", stdout = 2}))
  tap.equal(cat:wait(), 0)
  p:kill("KILL")
  p:wait()
  p:close()
  tap.equal(spawn("sh", sh("echo x >&3", {stdio = {[3] = "null"}})):wait(), 0)
end)

tap.test("what luv has open is not open in a child", function()
  local before = output("ls /proc/self/fd")
  local server = tap.listen()
  local a, b = luv.pipe.pair()
  local f = assert(fs.open("/dev/null"))
  local p = assert(spawn("cat", {stdin = "pipe", stdout = "pipe"}))
  tap.equal(output("ls /proc/self/fd"), before)
  p:close()
  server:close() a:close() b:close() f:close()
end)

tap.test("a socket as its stdin and stdout", function()
  local client, peer = tap.connected()
  local p = assert(spawn("cat", {stdin = peer, stdout = peer}))
  tap.equal(client:write("through cat"), 11)
  tap.equal(client:read_exactly(11), "through cat")
  local again = assert(spawn("echo", {"more", stdout = peer}))
  tap.equal(again:wait(), 0)
  tap.equal(client:read_line(), "more")
  tap.equal(peer:write("from us\n"), 8)
  tap.equal(client:read_line(), "from us")
  client:shutdown()
  tap.equal(p:wait(), 0)
  peer:close()
  tap.fails("EOF", client:read())
  client:close()
  tap.fails("EBADF", spawn("cat", {stdin = peer}))
  local a, b = luv.pipe.pair()
  local q = assert(spawn("sh", sh("exec cat <&4 >&4", {stdio = {[4] = b}})))
  b:close()
  a:write("pair")
  tap.equal(a:read_exactly(4), "pair")
  a:close()
  tap.equal(q:wait(), 0)
end)

tap.test("ipc: a child of luv's own gets a socket", function()
  local path = tap.tempfile([[
    local luv = require("luv")
    local ipc = assert(luv.pipe.create(true):open(3))
    assert(ipc:read_line() == "take")
    local c = assert(ipc:accept())
    c:write("from the child\n")
    c:close()]])
  local p = assert(spawn("sh", sh(tap.command(path), {stdio = {[3] = "ipc"}})))
  local client, peer = tap.connected()
  tap.ok(p.stdio[3]:write("take\n", {handle = peer}))
  peer:close()
  tap.equal(client:read_line(), "from the child")
  client:close()
  tap.equal(p:wait(), 0)
  p:close()
  os.remove(path)
end)

tap.both("pipelines: the stdout of one is the stdin of the next", function()
  local a = assert(spawn("printf", {"c\\na\\nb\\n", stdout = "pipe"}))
  local b = assert(spawn("sort", {stdin = a.stdout, stdout = "pipe"}))
  local c = assert(spawn("tr", {"a-z", "A-Z", stdin = b.stdout, stdout = "pipe"}))
  a.stdout:close()
  b.stdout:close()
  tap.equal(c.stdout:read_all(), "A\nB\nC\n")
  for _, p in ipairs{a, b, c} do
    tap.equal(p:wait(), 0)
    p:close()
  end
  local yes = assert(spawn("yes", {stdout = "pipe"}))
  local head = assert(spawn("head", {"-n", 2, stdin = yes.stdout, stdout = "pipe"}))
  yes.stdout:close()
  tap.equal(head.stdout:read_all(), "y\ny\n")
  local code, sig = yes:wait()
  tap.equal(code, 0)
  tap.equal(sig, signal.number("PIPE"))
  yes:close()
  head:close()
end)

tap.test("a child that never reads, one that closes what we write to", function()
  local p = assert(spawn("sleep", {60, stdin = "pipe"}))
  local big = ("x"):rep(1000000)
  tap.fails("ETIMEDOUT", p.stdin:write(big, 0.05))
  p:kill("KILL")
  p:wait()
  tap.fails("EPIPE", p.stdin:write(big))
  p:close()
  p = assert(spawn("true", {stdin = "pipe"}))
  p:wait()
  tap.fails("EPIPE", p.stdin:write("x"))
  p:close()
end)

tap.test("disable_stdio_inheritance: what we were given without being told", function()
  local out, err, rc = tap.run([[
    local process = require("luv").process
    local function has() return process.run("sh", {"-c", "test -e /proc/self/fd/8"}).code == 0 end
    print(has(), process.disable_stdio_inheritance(), has())]], "exec 8</dev/null")
  tap.equal(err, "")
  tap.equal(rc, 0)
  tap.equal(out, "true\ttrue\tfalse\n")
end)

-- ---- its end -------------------------------------------------------------------------------------

tap.both("wait: with a timeout, again and again, by several", function()
  local p = assert(spawn("cat", {stdin = "pipe"}))
  tap.fails("ETIMEDOUT", p:wait(0))
  tap.fails("ETIMEDOUT", p:wait(0.01))
  local got = {}
  for i = 1, 3 do luv.spawn(function() got[i] = {p:wait()} end) end
  luv.spawn(function() luv.sleep(0.01) p.stdin:close() end)
  tap.equal(p:wait(20), 0)
  luv.fiber.yield()
  tap.same(got, {{0, 0}, {0, 0}, {0, 0}})
  tap.same({p:wait()}, {0, 0})
  tap.same({p:wait(0)}, {0, 0})
  tap.raises("bad argument #1 to 'wait'", p.wait, p, "soon")
  tap.raises("calling 'wait' on bad self", p.wait, 1)
  p:close()
  tap.fails("EBADF", p:wait())
  tap.ok(p.pid > 0)
  local q = assert(spawn("sh", sh("exit 255")))
  eventually(function() return (q:wait(0)) end, "wait(0) sees the end")
  tap.equal(q:wait(), 255)
end)

tap.test("wait: cancelled, and ended by close", function()
  local p = assert(spawn("sleep", {60}))
  local f = luv.spawn(p.wait, p)
  local g = luv.spawn(function() return select(3, p:wait()) end)
  luv.fiber.yield()
  tap.match(f:waiting(), "process")
  f:cancel()
  tap.ok(luv.cancelled(select(2, luv.pcall(f.join, f))))
  p:kill("KILL")
  local q = assert(spawn("sleep", {60}))
  local h = luv.spawn(function() return select(3, q:wait()) end)
  luv.fiber.yield()
  q:close()
  tap.equal(h:join(), "ECANCELED")
  tap.equal(g:join(), nil)
  tap.equal(gone(q.pid), false, "close does not kill")
  signal.kill(q.pid, "KILL")
  eventually(function() return gone(q.pid) end, "it is reaped all the same")
end)

tap.both("kill: by name and number, and who is dead", function()
  for sig, number in pairs{TERM = 15, SIGINT = 2, hup = 1, [9] = 9, [34] = 34} do
    local p = assert(spawn("sleep", {60}))
    tap.equal(p:kill(0), p)
    tap.equal(p:kill(sig), p)
    tap.same({p:wait()}, {0, number})
    tap.fails("ESRCH", p:kill())
    tap.fails("ESRCH", p:kill(0))
    p:close()
    tap.fails("EBADF", p:kill())
  end
  local p = assert(spawn("sleep", {60}))
  tap.raises("unknown signal 'FOO'", p.kill, p, "FOO")
  tap.raises("bad argument #1 to 'kill'", p.kill, p, {})
  tap.fails("EINVAL", p:kill(999))
  p:kill()
  tap.same({p:wait()}, {0, 15})
end)

tap.test("select: the first of several, or a timeout", function()
  local slow, fast = assert(spawn("sleep", {60})), assert(spawn("sh", sh("exit 3")))
  tap.same({luv.select{{slow, "wait"}, {fast, "wait"}}}, {2, 3, 0})
  tap.fails("ETIMEDOUT", luv.select{{slow, "wait"}, timeout = 0.01})
  slow:kill()
  tap.same({luv.select{{slow, "wait"}, timeout = 20}}, {1, 0, 15})
end)

tap.test("scope: it waits for its child, and an error ends it", function()
  local p
  luv.scope(function(s)
    p = assert(spawn("sh", sh("sleep 0.02; exit 4")))
    s:spawn(p)
  end)
  tap.equal(p:wait(0), 4)
  tap.raises("trouble", luv.scope, function(s)
    p = assert(spawn("sleep", {60}))
    s:spawn(p)
    luv.sleep(0.01)
    error("trouble")
  end)
  tap.same({p:wait(0)}, {0, 15})
end)

tap.test("the host's own children, and a watcher of SIGCHLD, beside ours", function()
  local w = signal.create("CHLD")
  local p = assert(spawn("true"))
  tap.ok(w:next(20) >= 1)
  tap.equal(p:wait(20), 0)
  w:close()
  local pipe = io.popen("exit 0", "r")
  tap.equal(spawn("true"):wait(20), 0)
  tap.ok(pipe:close())
  tap.equal(os.execute("exit 0"), 0)
  tap.equal(spawn("sh", sh("exit 5")):wait(20), 5)
end)

-- ---- what is left of it ------------------------------------------------------------------------------

tap.test("many children: no zombie, no descriptor", function()
  local left, workers = tonumber(arg[1]) or 300, {}
  assert(run("true"))
  collectgarbage()
  local before = descriptors()
  for i = 1, 8 do
    workers[i] = luv.spawn(function()
      while left > 0 do
        left = left - 1
        local n = left
        if n % 3 == 0 then tap.equal(run("echo", {n}).stdout, n .. "\n")
        elseif n % 3 == 1 then tap.equal(spawn("true"):wait(), 0)
        else tap.fails("ENOENT", spawn("luv-no-such-program", {stdout = "pipe", stdio = {[3] = "ipc"}})) end
      end
    end)
  end
  for _, f in ipairs(workers) do f:join() end
  collectgarbage()
  luv.run("nowait")
  tap.equal(descriptors(), before)
  eventually(function() return zombies() == 0 end, "no zombie")
end)

tap.test("forgotten children, before they end and after", function()
  local pids = {}
  for i = 1, 20 do
    local p = assert(spawn(i % 2 == 0 and "true" or "sleep", {0.05}))
    pids[i] = p.pid
  end
  collectgarbage()
  collectgarbage()
  for _, pid in ipairs(pids) do eventually(function() return gone(pid) end, "process " .. pid .. " is gone") end
  tap.equal(zombies(), 0)
end)

tap.test("a state that closes before its children end", function()
  local pid = luv.thread.spawn(function()
    return require("luv").process.spawn("sleep", {0.1}).pid
  end):join()
  tap.ok(pid > 0)
  eventually(function() return gone(pid) end, "the child of a thread is gone")
  tap.equal(luv.thread.spawn(function() return require("luv").process.run("echo", {"in a thread"}).stdout end):join(),
    "in a thread\n")
end)

tap.test("a child outlives us", function()
  local seconds, out, err, rc = tap.timed(tap.run, [[
    local process = require("luv").process
    print(assert(process.spawn("sleep", {"60", stdin = "null", stdout = "null", stderr = "null"})).pid)]])
  tap.equal(err, "")
  tap.equal(rc, 0)
  tap.ok(seconds < 30)
  local pid = tonumber(out)
  tap.ok(signal.kill(pid, 0))
  tap.ok(signal.kill(pid, "KILL"))
end)

tap.test("wait is not a deadlock, and luv.run ends beside a child that nobody waits for", function()
  local out, err, rc = tap.run([[
    local luv = require("luv")
    local p = luv.process.spawn("sleep", {"60", stdout = "null", stderr = "null"})
    luv.spawn(function() luv.sleep(0.05) p:kill() end)
    print(p:wait())
    local q = luv.process.spawn("sleep", {"60", stdout = "null", stderr = "null"})
    luv.run()
    q:kill()
    luv.spawn(function() print(q:wait()) end)
    luv.run()]])
  tap.equal(err, "")
  tap.equal(rc, 0)
  tap.equal(out, "0\t15\n0\t15\n")
end)

-- ---- what can go wrong -------------------------------------------------------------------------------

tap.both("what the world refuses is a value", function()
  local before = descriptors()
  tap.match(tap.fails("ENOENT", spawn("luv-no-such-program")), "luv%-no%-such%-program")
  tap.fails("ENOENT", spawn("/no/such/program", {stdin = "pipe", stdout = "pipe", stderr = "pipe"}))
  tap.fails("EACCES", spawn("/etc/passwd"))
  tap.fails("EACCES", spawn("/etc"))
  tap.fails("ENOENT", spawn(""))
  tap.match(tap.fails("ENOENT", spawn("true", {cwd = "/no/such/folder"})), "/no/such/folder")
  tap.fails("ENOTDIR", spawn("true", {cwd = "/etc/passwd"}))
  tap.fails("E2BIG", spawn("true", {("x"):rep(1000000)}))
  tap.fails("EBADF", spawn("true", {stdin = 9999}))
  tap.fails("ENOENT", run("luv-no-such-program", {input = "x"}))
  tap.equal(descriptors(), before)
end)

tap.test("mistakes raise, before anything is opened", function()
  local before = descriptors()
  local function bad(pattern, ...)
    tap.raises("bad argument #%d to 'spawn' .*" .. pattern, spawn, ...)
    tap.raises("bad argument #%d to 'run' .*" .. pattern, run, ...)
  end
  bad("string expected, got nil", nil)
  bad("table expected", "true", 1)
  bad("zero byte", "tr\0ue")
  bad("argument 2: string expected, got boolean", "true", {"a", true})
  bad("argument 1 has a zero byte", "true", {"a\0b"})
  bad("argument 2 is missing", "true", {"a", nil, "c", [3] = "d"})
  bad("unknown option 'stdinn'", "true", {stdinn = "pipe"})
  bad("env: table expected", "true", {env = "A=b"})
  bad("env: 'NAME=value' expected", "true", {env = {"A"}})
  bad("cannot be a name", "true", {env = {["A=B"] = "c"}})
  bad("zero byte", "true", {env = {A = "b\0"}})
  bad("cwd: string expected", "true", {cwd = {}})
  bad("uid: a whole number .*, got string", "true", {uid = "root"})
  bad("gid: a whole number .*, got %-1", "true", {gid = -1})
  bad("gid: a whole number .*, got 1.5", "true", {gid = 1.5})
  bad("stdio: table expected", "true", {stdio = 1})
  bad("stdio: the keys are descriptors", "true", {stdio = {[5000] = "pipe"}})
  bad("stdio: the keys are descriptors", "true", {stdio = {x = "pipe"}})
  bad("stdin is given twice", "true", {stdin = "pipe", stdio = {[0] = "pipe"}})
  bad('stdout: .* got "pip"', "true", {stdout = "pip", stdin = "pipe"})
  bad("stdin: .* got number", "true", {stdin = -1})
  bad("stderr: .* got boolean", "true", {stderr = true})
  bad("stdin: .* got", "true", {stdin = print})
  bad('stdin: .* got "stdout"', "true", {stdin = "stdout"})
  tap.raises("input: string expected", run, "cat", {input = 1})
  tap.raises("input and stdin are both given", run, "cat", {input = "x", stdin = "null"})
  tap.raises("max: a number of bytes expected", run, "cat", {max = "x"})
  tap.raises("bad argument #3 to 'run'", run, "cat", {}, "soon")
  local timer = luv.timer.create()
  tap.fails("EINVAL", spawn("true", {stdin = timer}))
  timer:close()
  tap.equal(descriptors(), before)
end)

tap.test("a process whose environment table a script has taken away", function()
  local p = assert(spawn("true", {stdout = "pipe"}))
  local out = p.stdout
  for _, env in ipairs{{}, {stdio = 1}, {stdio = {1, out, print}}} do
    debug.setfenv(p, env)
    tap.equal(p.pid, nil)
    tap.equal(p.stdin, nil)
    tap.equal(p:wait(), 0)
  end
  p:close()
  tap.ok(out:closed())
end)

tap.test("at the limit of descriptors", function()
  local out, err, rc = tap.run([[
    local luv = require("luv")
    local spawn, files = luv.process.spawn, {}
    assert(spawn("true"):wait())
    repeat
      local f = io.open("/dev/null")
      files[#files + 1] = f
    until not f
    print(select(3, spawn("true", {stdin = "pipe", stdout = "pipe"})))
    print(spawn("true"):wait(20))
    files[1]:close() files[2]:close()
    print(select(3, spawn("true", {stdin = "pipe", stdout = "pipe"})))
    for i = 3, 8 do files[i]:close() end
    local p = assert(spawn("echo", {"out", stdin = "pipe", stdout = "pipe"}))
    print(p.stdout:read_all())
    print(p:wait(20))]], "ulimit -n 60")
  tap.equal(err, "")
  tap.equal(rc, 0)
  tap.equal(out, "EMFILE\n0\t0\nEMFILE\nout\n\n0\t0\n")
end)

tap.test("at the limit of processes", function()
  if not tap.has("prlimit") then tap.skip("no prlimit to set it with") end
  if root and not choose then tap.skip("it does not hold for root") end
  local out, err, rc = tap.run([[
    local luv = require("luv")
    local spawn, options = luv.process.spawn, ]] .. (root and "{uid = " .. NOBODY .. ", cwd = '/'}" or "{}") .. [[

    local first = assert(spawn("sleep", {"60", uid = options.uid}))
    local us = luv.process.run("sh", {"-c", "echo $PPID"}).stdout:match("%d+")
    assert(luv.process.run("prlimit", {"--pid", us, "--nproc=0:"}).code == 0)
    local p, message, code = spawn("true", options)
    first:kill("KILL")
    io.write(tostring(p), " ", tostring(code), " ", select(2, first:wait()), "\n")]])
  tap.equal(err, "")
  tap.equal(rc, 0)
  tap.equal(out, "nil EAGAIN 9\n")
end)

-- A script that has children, one of them made in a thread that has ended; then it does `how`.
local function children_of(how)
  local out, err = tap.run([[
    local luv = require("luv")
    local options = {"30", ends_with_parent = true, stdin = "null", stdout = "null", stderr = "null"}
    local p = assert(luv.process.spawn("sleep", options))
    local pid = luv.thread.create(function(options)
      return require("luv").process.spawn("sleep", options).pid
    end, options):join()
    local other = assert(luv.process.spawn("sleep", {"1", stdin = "null", stdout = "null", stderr = "null"}))
    luv.sleep(0.05)
    assert(luv.signal.kill(p.pid, 0) and luv.signal.kill(pid, 0), "they ended too early")
    io.write(p.pid, " ", pid, " ", other.pid, "\n")
    io.flush()
    ]] .. how)
  return out:match("(%d+) (%d+) (%d+)")
end

-- Whether it runs: one that nobody has waited for yet does not.
local function runs(pid)
  local f = io.open("/proc/" .. pid .. "/stat")
  local state = f and f:read("*a"):match("%) (%a)")
  if f then f:close() end
  return state ~= nil and state ~= "Z" and state ~= "X"
end

tap.test("ends_with_parent: with the process, however that ends, not with the thread that made it", function()
  for _, how in ipairs{"", "os.exit(1)", "error('x')", "luv.signal.kill(luv.os.getpid(), 'KILL') luv.sleep(5)"} do
    local a, b, other = children_of(how)
    tap.ok(other, "nothing was written")
    for _ = 1, 100 do
      if not runs(a) and not runs(b) then break end
      luv.sleep(0.01)
    end
    tap.equal(runs(a), false, how)
    tap.equal(runs(b), false, how)
    tap.equal(runs(other), true, how)
    signal.kill(tonumber(other), "KILL")
  end
end)

tap.test("ends_with_parent: errors and results are as without", function()
  tap.fails("ENOENT", spawn("/none", {ends_with_parent = true}))
  local r = assert(run("sh", {"-c", "cat; exit 3", input = "x", ends_with_parent = true}))
  tap.equal(r.stdout, "x")
  tap.equal(r.code, 3)
end)

tap.done()
