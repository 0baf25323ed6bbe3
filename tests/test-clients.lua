-- Clients that were written for LuaSocket and LuaSec, as Debian has them, on luv: unmodified, alone and a
-- hundred at once, each in a fiber of its own.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local D = assert(loadfile(tap.dir .. "lib/daemons.lua"))(tap)
local T = assert(loadfile(tap.dir .. "lib/tls.lua"))(tap)

luv.install{socket = true, ssl = true}
local socket = require("socket")

-- The installed modules of these names; without one the test is skipped.
local function needs(...)
  local list = {}
  for i, name in ipairs{...} do
    local ok, module = pcall(require, name)
    if not ok then tap.skip("no module " .. name) end
    list[i] = module
  end
  return unpack(list)
end

local at_once = D.at_once

tap.test("what require gives", function()
  tap.equal(socket, require("luv.socket"))
  tap.equal(require("socket.core"), socket)
  tap.equal(require("ssl"), require("luv.ssl"))
end)

-- ---- HTTP ---------------------------------------------------------------------------------------

-- A server that answers after a moment, and counts how many it has at a time.
local function http_server()
  local l, port = tap.listen()
  local now, most = 0, 0
  local function serve(s)
    now = now + 1
    most = math.max(most, now)
    local request, length = s:read_line(), 0
    for line in s:lines() do
      length = tonumber(line:lower():match("^content%-length: *(%d+)")) or length
      if line == "" then break end
    end
    local body = length > 0 and s:read_exactly(length) or request
    luv.sleep(0.05)
    s:write{"HTTP/1.1 200 OK\r\nContent-Length: ", #body, "\r\n\r\n", body}
    now = now - 1
    s:close()
  end
  local f = luv.spawn(function()
    for s in function() return (l:accept()) end do luv.spawn(serve, s) end
  end)
  return port, function() l:close() f:join() return most end
end

tap.test("socket.http: a hundred requests wait at the same time", function()
  local http, ltn12 = needs("socket.http", "ltn12")
  local port, stop = http_server()
  local base = "http://127.0.0.1:" .. port
  tap.equal(http.request(base .. "/one"), "GET /one HTTP/1.1")
  tap.equal(http.request(base, "posted"), "posted")
  at_once(100, function(i)
    local t = {}
    local ok, code = http.request{url = base .. "/" .. i, sink = ltn12.sink.table(t)}
    tap.same({ok, code, table.concat(t)}, {1, 200, "GET /" .. i .. " HTTP/1.1"})
  end)
  tap.equal(stop(), 100)
  tap.same(tap.pack(http.request(base)), {n = 2, nil, "connection refused"})
end)

tap.test("socket.http and ssl.https from nginx", function()
  local http, https, ltn12 = needs("socket.http", "ssl.https", "ltn12")
  local cert, key = T.issue("localhost")
  local port, stop, tls_port = D.nginx(cert, key)
  local big = ("0123456789"):rep(300000)
  luv.fs.writefile(D.dir() .. "/www/file", "hello")
  luv.fs.writefile(D.dir() .. "/www/big", big)
  local base, secure = "http://localhost:" .. port, "https://localhost:" .. tls_port
  tap.equal(http.request(base .. "/moved"), "hello")
  tap.equal(select(2, http.request(base .. "/nothing")), 404)
  tap.equal(https.request(secure .. "/file"), "hello")
  tap.equal(https.request(secure .. "/post", "x=1"), "posted")
  at_once(20, function(i)
    tap.ok((i % 2 == 0 and http.request(base .. "/big") or https.request(secure .. "/big")) == big)
  end)
  local function verified(ca)
    return https.request{url = secure .. "/file", sink = ltn12.sink.null(), verify = "peer", protocol = "any", cafile = ca}
  end
  tap.equal(verified(T.dir() .. "/ca.pem"), 1)
  T.write(T.dir() .. "/other.pem", (luv.tls.selfsigned{"other"}))
  tap.same(tap.pack(verified(T.dir() .. "/other.pem")), {n = 4, nil, "certificate verify failed"})
  tap.equal(select(2, https.request("https://localhost:" .. port .. "/file")), "wrong version number")
  stop()
end)

-- ---- mail, FTP -----------------------------------------------------------------------------------------

tap.test("socket.smtp", function()
  local smtp, mime, ltn12 = needs("socket.smtp", "mime", "ltn12")
  local port, letters, stop = D.mail()
  at_once(100, function(i)
    local ok, why = smtp.send{
      from = "<a@localhost>", rcpt = {"<b@localhost>", "<c@localhost>"}, server = "127.0.0.1", port = port, user = "u", password = "p",
      source = smtp.message{headers = {subject = "number " .. i}, body = {
        preamble = "", {body = "text\r\n.dot"},
        {headers = {["content-transfer-encoding"] = "BASE64"},
         body = ltn12.source.chain(ltn12.source.string(("x"):rep(10000)), ltn12.filter.chain(mime.encode("base64"), mime.wrap()))}}}}
    tap.equal(ok, 1, why)
  end)
  tap.equal(#letters, 100)
  tap.match(letters[1], "\r\n%.%.dot\r\n")
  stop()
end)

tap.test("socket.ftp", function()
  local ftp, ltn12 = needs("socket.ftp", "ltn12")
  local port, stop = D.ftp()
  local base = "ftp://anonymous:me@127.0.0.1:" .. port .. "/"
  at_once(10, function(i)
    local data = (tostring(i) .. "\n"):rep(30000)
    tap.ok(ftp.put(base .. "file" .. i .. ";type=i", data))
    tap.ok(ftp.get(base .. "file" .. i .. ";type=i") == data)
  end)
  local list = {}
  tap.ok(ftp.get{host = "127.0.0.1", port = port, user = "anonymous", password = "me", command = "nlst", path = "", sink = ltn12.sink.table(list)})
  tap.match(table.concat(list), "file10\r\n")
  tap.match(select(2, ftp.get(base .. "nothing")), "^550")
  stop()
end)

-- ---- Redis ---------------------------------------------------------------------------------------------------

tap.test("redis.lua: pipelines, transactions, subscriptions, a hundred fibers", function()
  local redis = needs("redis")
  local port, stop = D.redis()
  at_once(100, function(i)
    local c, key = redis.connect("127.0.0.1", port), "key" .. i
    tap.equal(c:ping(), true)
    tap.equal(c:set(key, "value" .. i), true)
    tap.equal(c:get(key), "value" .. i)
    tap.equal(c:get("nothing"), nil)
    local answers = c:pipeline(function(p) for _ = 1, 20 do p:incr(key .. "n") end end)
    tap.equal(answers[20], 20)
    answers = c:transaction(function(t) t:set(key, "1") t:incr(key) end)
    tap.equal(answers[2], 2)
    tap.raises("unknown command", c.raw_cmd, c, "NOTHING\r\n")
    c:quit()
  end)
  local c, big = redis.connect("127.0.0.1", port), ("\0\r\n\255"):rep(500000)
  c:set("big", big)
  tap.ok(c:get("big") == big)
  local got = {}
  local listener = luv.spawn(function()
    local s = redis.connect("127.0.0.1", port)
    for message, abort in s:pubsub{subscribe = "news"} do
      if message.kind == "subscribe" then luv.spawn(function() c:publish("news", "one") c:publish("news", "two") end)
      else got[#got + 1] = message.payload end
      if #got == 2 then abort() break end
    end
    s:quit()
  end)
  listener:join()
  tap.same(got, {"one", "two"})
  c:quit()
  stop()
end)

-- ---- copas -----------------------------------------------------------------------------------------------------

tap.test("copas: its own loop on luv's select, and fibers beside it", function()
  for _, name in ipairs{"socket.http", "socket.ftp", "socket.smtp"} do package.loaded[name] = nil end -- it has to be first
  local copas = needs("copas")
  local server = assert(socket.bind("127.0.0.1", 0, 100))
  local _, port = server:getsockname()
  local done, ticks = 0, 0
  copas.addserver(server, function(sock)
    local c = copas.wrap(sock)
    local line = c:receive() -- copas yields: no iterator, on Lua 5.1
    while line do
      c:send("echo " .. line .. "\n")
      line = c:receive()
    end
  end)
  for i = 1, 50 do
    copas.addthread(function()
      local sock = socket.tcp()
      assert(copas.connect(sock, "127.0.0.1", port))
      local c = copas.wrap(sock)
      for j = 1, 5 do
        c:send(i .. " " .. j .. "\n")
        tap.equal(c:receive(), "echo " .. i .. " " .. j)
      end
      sock:close()
      done = done + 1
    end)
  end
  local clock = luv.spawn(function() while done < 50 do luv.sleep(0.001) ticks = ticks + 1 end end)
  local limit = tap.clock() + 60
  while done < 50 and tap.clock() < limit do copas.step(1) end
  clock:join()
  tap.equal(done, 50)
  tap.ok(ticks > 0)
  server:close()
  package.loaded.copas = nil
end)

-- ---- luv.compat ------------------------------------------------------------------------------------------------

tap.test("luv.compat: one switch for a whole program", function()
  local script = tap.tempfile([[
    local luv = require("luv")
    assert(require("socket") == require("luv.socket") and require("ssl") == require("luv.ssl"))
    assert(require("luv.compat") == luv)
    print("well")]])
  local lua = "LUA_CPATH=" .. tap.quote(package.cpath) .. " " .. tap.interpreter
  tap.equal(tap.shell(lua .. " -l luv.compat " .. script), "well\n")
  tap.equal(tap.shell("LUA_INIT='require(\"luv.compat\")' " .. lua .. " " .. script), "well\n")
  os.remove(script)
end)

D.remove()
T.remove()
tap.done()
