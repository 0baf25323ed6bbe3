-- Every script of examples/ does what it says. The seed's own are in test-seed.lua.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local zmq = require("luv").zmq
local examples = tap.dir .. "../examples/"

local function run(name, arguments)
  local out, err, rc = tap.shell(tap.command(examples .. name) .. " " .. (arguments or ""))
  tap.equal(err, "")
  tap.equal(rc, 0)
  return out
end

tap.test("zmq-lazypirate.lua: every question is answered, some after a retry", function()
  local out = run("zmq-lazypirate.lua")
  local answers = 0
  for i in out:gmatch("QUESTION (%d)\t") do
    answers = answers + 1
    tap.equal(tonumber(i), answers)
  end
  tap.equal(answers, 6)
  tap.match(out, "QUESTION 1\tat once")
  tap.match(out, "after %d tries")
end)

tap.test("zmq-pubsub.lua: the slow subscriber misses some", function()
  local out = run("zmq-pubsub.lua", "1000")
  local fast, slow = out:match("fast\t(%d+) messages"), out:match("slow\t(%d+) messages")
  tap.ok(tonumber(slow) < tonumber(fast) and tonumber(slow) > 0, out)
end)

tap.test("zmq-broker.lua: each client gets its answers", function()
  local out = run("zmq-broker.lua", "4 3")
  for i = 1, 4 do tap.match(out, "client " .. i .. "\t55\n") end
  tap.match(out, "requests\t20\n")
end)

tap.test("zmq-pipeline.lua: workers in processes of their own", function()
  tap.equal(run("zmq-pipeline.lua", "3 500"), "sum of squares\t41791750\n")
end)

tap.test("zmq-curve.lua: the friend gets in, the stranger does not", function()
  if not zmq.has("curve") then tap.skip("no CURVE in this libzmq") end
  local out = run("zmq-curve.lua")
  tap.match(out, "a friend\ta secret for a friend\n")
  tap.match(out, "a stranger\tHANDSHAKE_FAILED_AUTH\t400\n")
end)

tap.test("udp-demux.lua: a fiber for each peer", function()
  tap.equal(run("udp-demux.lua", "4 10"),
    "client 1\t55\nclient 2\t110\nclient 3\t165\nclient 4\t220\n" ..
    "peers served by one socket\t4\nquestions asked again\tsome\n")
end)

-- A page for whoever asks, from a thread of its own: this one waits for the example.
local function serve_pages()
  local luv = require("luv")
  local ports = luv.thread.chan(1)
  local thread = luv.thread.create(function()
    local socket = require("luv.socket")
    local s = assert(socket.bind("127.0.0.1", 0, 512))
    ports:put((select(2, s:getsockname())))
    while true do
      local c = s:accept()
      luv.spawn(function()
        repeat local line = c:receive() until not line or line == ""
        c:send("HTTP/1.0 200 OK\r\nContent-Length: 1000\r\n\r\n" .. ("x"):rep(1000))
        c:close()
      end)
    end
  end)
  return ports:get(), function()
    thread:cancel()
    pcall(thread.join, thread)
  end
end

tap.test("socket-clients.lua: fetches and commands of Redis, hundreds at once", function()
  for _, m in ipairs{"socket", "redis"} do
    if not pcall(require, m) then tap.skip("no module " .. m) end
  end
  local daemons = assert(loadfile(tap.dir .. "lib/daemons.lua"))(tap)
  local redis, stop_redis = daemons.redis()
  local port, stop = serve_pages()
  local out = run("socket-clients.lua", ("http://127.0.0.1:%s/ %d 300"):format(port, redis))
  stop()
  stop_redis()
  tap.match(out, "^300 fetches and as many commands, 300000 bytes, in %d+%.%d+ s\n$")
end)

local fs = require("luv").fs

local function tree(fn)
  local dir = assert(fs.mkdtemp(fs.tmpdir() .. "/luv-example-XXXXXX"))
  local ok, err = pcall(fn, dir)
  assert(fs.rmrf(dir))
  if not ok then error(err, 0) end
end

tap.test("fs-wordcount.lua: the words of all files", function()
  tree(function(dir)
    for i = 1, 40 do
      assert(fs.mkdirp(dir .. "/" .. i % 4))
      assert(fs.writefile(dir .. "/" .. i % 4 .. "/" .. i, ("one two\n three"):rep(i)))
    end
    tap.equal(run("fs-wordcount.lua", dir), "40 files\t" .. 820 * 2 + 40 .. " words\n")
  end)
end)

tap.test("fs-tail.lua: what is appended, and a file that is cut", function()
  tree(function(dir)
    local path = dir .. "/log"
    assert(fs.writefile(path, "old\n"))
    local command = tap.command(examples .. "fs-tail.lua") .. " " .. path .. " 3 >" .. dir .. "/out 2>&1"
    local child = io.popen(command, "w")
    local n = 0
    repeat -- until the child reads: it begins at the end
      n = n + 1
      local f = assert(fs.open(path, "a"))
      f:write("line " .. n .. "\n")
      f:close()
      require("luv").sleep(0.02)
      local out = fs.readfile(dir .. "/out")
    until select(2, out:gsub("\n", "")) >= 3 or n > 500
    child:close()
    tap.match(fs.readfile(dir .. "/out"), "^line (%d+)\nline %d+\nline %d+\n$")
  end)
end)

tap.test("fs-mirror.lua: the same tree again, and a bar", function()
  tree(function(dir)
    for i = 1, 10 do
      assert(fs.mkdirp(dir .. "/a/" .. i))
      assert(fs.writefile(dir .. "/a/" .. i .. "/f", ("x"):rep(i * 1000)))
    end
    fs.symlink("1/f", dir .. "/a/l")
    for _, want in ipairs{"10 copied\t0 the same\t1 links\n", "0 copied\t10 the same\t1 links\n"} do
      local out, err, rc = tap.shell(tap.command(examples .. "fs-mirror.lua") .. " " .. dir .. "/a " .. dir .. "/b")
      tap.equal(rc, 0, err)
      tap.equal(out, want)
      tap.match(err, "%[" .. ("#"):rep(40) .. "%] 100 %%\n$")
    end
    tap.equal(fs.readfile(dir .. "/b/l"), ("x"):rep(1000))
    tap.equal(fs.stat(dir .. "/b/7/f").size, 7000)
  end)
end)

tap.test("process-pipeline.lua: programs side by side", function()
  local file = tap.tempfile(("The cat and the dog.\nThe end, and a CAT!\n"):rep(5000))
  local out = run("process-pipeline.lua", "2 <" .. file)
  os.remove(file)
  tap.match(out, "^the\t15000\nand\t10000\n# tr\texit 0\n")
  tap.match(out, "# head\texit 0\n$")
end)

-- ---- TLS --------------------------------------------------------------------------------------

local luv = require("luv")

-- Runs an example beside the fibers of this process.
local function beside(name, arguments, input)
  return luv.spawn(function()
    return luv.process.run("/bin/sh", {"-c", tap.command(examples .. name) .. " " .. arguments, input = input})
  end)
end

tap.test("tls-client.lua: gets a page", function()
  local cert, key = luv.tls.selfsigned{"localhost", "127.0.0.1"}
  local l = luv.tls.listen("127.0.0.1", 0, {cert = cert, key = key, alpn = {"http/1.1"}})
  local ca = tap.tempfile(cert)
  local r = beside("tls-client.lua", "https://localhost:" .. l:getsockname().port .. "/page " .. ca)
  local s = l:accept(30)
  tap.equal(s:read_line(nil, 30), "GET /page HTTP/1.1")
  repeat until s:read_line() == ""
  s:write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
  r = r:join()
  tap.equal(r.stdout, "hello")
  tap.match(r.stderr, "^HTTP/1.1 200 OK, TLS 1.3, 5 bytes\n")
  s:close() l:close()
  os.remove(ca)
end)

tap.test("tls-echo.lua: ALPN chooses, SIGHUP reloads", function()
  local cert, key = os.tmpname(), os.tmpname()
  local function put(name)
    local c, k = luv.tls.selfsigned{name}
    for path, text in pairs{[cert] = c, [key] = k} do assert(fs.writefile(path, text)) end
  end
  put("one.example")
  local p = assert(luv.process.spawn("/bin/sh", {"-c", "LUA_CPATH=" .. tap.quote(package.cpath) .. " exec " .. tap.interpreter .. " " ..
    tap.quote(examples .. "tls-echo.lua") .. " 0 " .. cert .. " " .. key, stdout = "pipe"}))
  local port = tonumber(p.stdout:read_line(nil, 30):match("%d+$"))
  local function ask(protocol)
    local c = assert(luv.tls.connect("127.0.0.1", port, {verify = false, alpn = protocol}, 30))
    c:write("Hello\n")
    local line = c:read_line(nil, 30)
    local subject = c:info().peer.subject
    c:close()
    return line, subject
  end
  tap.equal(select(2, ask()), "CN=one.example")
  tap.equal((ask("echo")), "Hello")
  tap.equal((ask("shout")), "HELLO")
  put("two.example")
  p:kill("SIGHUP")
  tap.equal(p.stdout:read_line(nil, 30), "reloaded")
  tap.equal(select(2, ask()), "CN=two.example")
  fs.writefile(cert, "nothing")
  p:kill("SIGHUP")
  tap.match(p.stdout:read_line(nil, 30), "^ECERT: ")
  tap.equal(select(2, ask()), "CN=two.example")
  p:kill()
  p:wait()
  p:close()
  os.remove(cert) os.remove(key)
end)

tap.test("tls-smtp.lua: a mail behind STARTTLS", function()
  local cert, key = luv.tls.selfsigned{"localhost"}
  local ca, l, port = tap.tempfile(cert), tap.listen()
  local r = beside("tls-smtp.lua", "localhost " .. port .. " me@here you@there " .. ca, "Subject: hi\n\n.dot\n")
  local s = l:accept(nil, 30)
  local said = {}
  local function talk(answer)
    local line = s:read_line(nil, 30)
    said[#said + 1] = line
    s:write(answer .. "\r\n")
    return line
  end
  s:write("220 hello\r\n")
  talk("250-localhost\r\n250 STARTTLS")
  talk("220 go ahead")
  s = assert(s:starttls({server = true, cert = cert, key = key}, 30))
  for _, answer in ipairs{"250 localhost", "250 ok", "250 ok", "354 go on"} do talk(answer) end
  tap.equal(s:read_until("\r\n.\r\n", nil, 30), "Subject: hi\r\n\r\n..dot")
  s:write("250 taken\r\n")
  talk("221 bye")
  r = r:join()
  tap.equal(r.code, 0, r.stderr)
  tap.match(r.stderr, "%-%- TLS 1.3 with CN=localhost")
  tap.same(said, {"EHLO localhost", "STARTTLS", "EHLO localhost", "MAIL FROM:<me@here>", "RCPT TO:<you@there>", "DATA", "QUIT"})
  s:close() l:close()
  os.remove(ca)
end)

tap.test("proxy-pool.lua: threads share an object of the main thread", function()
  tap.equal(run("proxy-pool.lua", "4 200"), "rows\tall there\nsum of squares\t2686700\nstatements\t208\n")
end)

tap.test("cluster/run.lua: a worker is killed, another one comes; nothing is lost or counts twice", function()
  local out, err, rc = tap.shell(tap.command(examples .. "cluster/run.lua") .. " 3 18")
  tap.equal(rc, 0, err)
  tap.equal(out, "jobs\t18\nprimes up to 180000\t16342\n")
  tap.match(err, "worker%-1 is killed")
  tap.match(err, "18 of 18")
  tap.match(err, "worker%-4 starts")
end)

tap.done()
