-- luv.zmq: the high-water mark reached, in every pattern. Who waits, who drops, who says so,
-- and that a wait for room ends when there is some. (PUSH and PULL are in test-zmq.lua.)

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local zmq = luv.zmq

local BIG = ("x"):rep(100000) -- so that the kernel's buffers hold few
local MANY = 200              -- more than all buffers together

-- Two connected sockets with room for two messages; prepare(a, b) sets what else they need.
local function full(kinds, prepare, test)
  local ctx = zmq.create()
  local a, b = ctx:socket(zmq[kinds[1]]), ctx:socket(zmq[kinds[2]])
  for _, s in ipairs{a, b} do
    s.linger, s.sndhwm, s.rcvhwm, s.sndbuf, s.rcvbuf = 0, 2, 2, 4096, 4096
  end
  if prepare then prepare(a, b) end
  assert(b:bind("tcp://127.0.0.1:*"))
  assert(a:connect(b:last_endpoint()))
  test(a, b)
  a:close()
  b:close()
  ctx:close()
end

-- Sends until there is no room; returns how many went.
local function fill(s, message)
  local sent = 0
  while sent < MANY and s:send(message, 0.1) do sent = sent + 1 end
  return sent
end

-- One that waits for room gets it as the other side reads; nothing is lost on the way.
local function waits_for_room(from, message, to)
  local sent = fill(from, message)
  tap.ok(sent >= 2 and sent < MANY, sent)
  tap.fails("ETIMEDOUT", from:send(message, 0))
  local sender = luv.spawn(function() return from:send(message, 20) end)
  for _ = 1, sent + 1 do
    local frames = assert(to:recv_multipart(20))
    tap.ok(frames[#frames] == BIG)
  end
  tap.equal(sender:join(), from)
  tap.fails("ETIMEDOUT", to:recv(0))
end

for _, kinds in ipairs{{"DEALER", "ROUTER"}, {"DEALER", "DEALER"}, {"PAIR", "PAIR"}} do
  tap.both(table.concat(kinds, " to ") .. " waits", function()
    full(kinds, nil, function(a, b) waits_for_room(a, BIG, b) end)
  end)
end

tap.both("PAIR waits in the other direction too", function()
  full({"PAIR", "PAIR"}, nil, function(a, b)
    a:send("here")
    tap.equal(b:recv(20), "here")
    waits_for_room(b, BIG, a)
  end)
end)

tap.both("ROUTER drops what a peer has no room for, or waits if it must not", function()
  for _, mandatory in ipairs{0, 1} do
    full({"DEALER", "ROUTER"}, function(_, router) router.router_mandatory = mandatory end,
      function(dealer, router)
        dealer:send("here")
        local id = router:recv(20)
        if mandatory == 1 then
          waits_for_room(router, {id, BIG}, dealer)
          tap.fails("EHOSTUNREACH", router:send({"nobody", "x"}, 1))
          return
        end
        tap.equal(fill(router, {id, BIG}), MANY)
        local got = 0
        while dealer:recv(0.3) do got = got + 1 end
        tap.ok(got >= 2 and got < MANY, got)
      end)
  end
end)

tap.both("PUB and XPUB drop and never wait, XPUB with XPUB_NODROP waits", function()
  for _, way in ipairs{"PUB", "XPUB", "nodrop"} do
    local kind = way == "PUB" and "PUB" or "XPUB"
    full({"SUB", kind}, function(sub, pub)
      sub:subscribe("")
      if way == "nodrop" then pub.xpub_nodrop = 1 end
    end, function(sub, pub)
      if kind == "XPUB" then tap.equal(pub:recv(20), "\1")
      else repeat pub:send("hello") until sub:recv(0.01) end
      if way == "nodrop" then return waits_for_room(pub, BIG, sub) end
      tap.equal(fill(pub, BIG), MANY)
      local got = 0
      while sub:recv(0.3) do got = got + 1 end
      tap.ok(got >= 1 and got < MANY, got)
    end)
  end
end)

tap.both("REQ without a peer waits; REP answers one at a time whatever the mark", function()
  local ctx = zmq.create()
  local lonely = ctx:socket(zmq.REQ)
  lonely.linger = 0
  tap.fails("ETIMEDOUT", lonely:send("x", 0.02))
  lonely:close()
  ctx:close()
  full({"REQ", "REP"}, nil, function(req, rep)
    for _ = 1, 5 do
      req:send(BIG)
      tap.equal(#assert(rep:recv(20)), #BIG)
      rep:send(BIG)
      tap.equal(#assert(req:recv(20)), #BIG)
    end
  end)
end)

tap.done()
