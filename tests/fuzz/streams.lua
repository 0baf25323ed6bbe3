-- streams.lua - socket pairs and pipes: every byte once, in its place, however calls end.
--
-- A link is one direction. Its bytes tell where they stand (content.lua), and one fiber writes, one
-- reads at a time: `sent` bytes have gone for sure, `most` may have.

local here = ...
local luv = require("luv")
local content = assert(loadfile(here .. "content.lua"))()

local fine = {ETIMEDOUT = true, EOF = true, EBADF = true, ECANCELED = true, ECONNRESET = true, EPIPE = true, ENOTCONN = true}

return function(world)
  local call, links, pairs_made = world.call, {}, {}

  local function check(link, data)
    local want = content.at(link.got, #data)
    if data ~= want then
      world.found(("at %d came %q, not %q"):format(link.got, data:sub(1, 40), want:sub(1, 40)))
      link.dead = true
    end
    link.got = link.got + #data
    if link.got > link.most then world.found(link.got .. " bytes came of " .. link.most) end
  end

  local function make(i)
    local a, b
    if world.r(2) == 1 then a, b = luv.net.socketpair() else a, b = luv.pipe.pair() end
    pairs_made[#pairs_made + 1] = {a, b}
    links[i] = {from = a, to = b, sent = 0, most = 0, got = 0}
    links[i + 1] = {from = b, to = a, sent = 0, most = 0, got = 0}
  end
  make(1)
  make(3)

  local function failed(link, code, what)
    if not fine[code] then world.found(what .. " gave " .. tostring(code)) end
    if code ~= "ETIMEDOUT" and code ~= "ECANCELED" then link.dead = true end
  end

  -- What a write came to: all, a part that goes on by itself, nothing, or nobody knows.
  local function written(link, n, ok, a, _, code, gone)
    world.inside = false
    link.writing = false
    if ok and a then
      if a ~= n then world.found("write gave " .. a .. " of " .. n) end
      link.sent = link.most
    elseif ok and code == "ETIMEDOUT" then
      if gone > 0 then link.sent = link.most else link.most = link.sent end
    else
      link.open_end = true
      if ok then failed(link, code, "write") end
    end
    if not ok then error(a, 0) end
  end
  local function write(r, nowait)
    local link = links[r(4)]
    if link.writing or link.dead or link.open_end then return end
    local n = r(12) == 1 and r(90000) or r(300)
    link.writing, link.most = true, link.sent + n
    local data = content.at(link.sent, n)
    if r(4) == 1 then data = {data:sub(1, 20), data:sub(21, 22), data:sub(23)} end
    written(link, n, pcall(call, link.from.write, link.from, data, world.limit(r, nowait)))
  end
  local function write_some(r, nowait)
    local link = links[r(4)]
    if link.writing or link.dead or link.open_end then return end
    local n, i = r(5000), r(9)
    link.writing, link.most = true, link.sent + n
    local data = content.at(link.sent + content.period - i, n + i)
    local ok, n, _, code = pcall(call, link.from.write_some, link.from, data, i + 1, nil, world.limit(r, nowait))
    world.inside = false
    link.writing = false
    link.most = link.sent
    if ok and n then
      link.sent = link.sent + n
      link.most = link.sent
    elseif ok then failed(link, code, "write_some")
    else error(n, 0) end
  end

  local ways = {
    function(s, _, limit) return select(2, call(s.read, s, nil, limit)) end,
    function(s, r, limit) return select(2, call(s.read, s, r(400), limit)) end,
    function(s, r, limit) return call(s.read_exactly, s, r(300), limit) end,
    function(s, _, limit) -- with its delimiter: a cell's end
      local cell, whole, code = call(s.read_until, s, ",", nil, limit)
      if cell and whole then return cell .. "," end
      return cell, whole, code
    end,
  }
  local function read(r, nowait)
    local link = links[r(4)]
    if link.reading or link.dead then return end
    link.reading = true
    local ok, data, _, code = pcall(ways[r(4)], link.to, r, world.limit(r, nowait))
    world.inside = false
    if not ok then
      link.reading = false
      error(data, 0)
    end
    -- read fails with nil, message, code of which select has taken the first
    if type(data) == "string" and not data:find("^E[A-Z]+: ") then
      check(link, data)
      if r(20) == 1 and not link.dead then
        link.got = link.got - #data
        link.to:unread(data)
      end
    elseif data == nil then failed(link, code, "read") end
    link.reading = false
  end

  local function ready(r, nowait)
    local link = links[r(4)]
    local what, _, code = call(link.to.wait, link.to, r(2) == 1 and "r" or "rw", world.limit(r, nowait))
    if not what and not fine[code] then world.found("wait gave " .. tostring(code)) end
  end
  local function look(r)
    local link = links[r(4)]
    local fn = ({"readable", "writable", "start", "stop", "write_queue_size", "fileno"})[r(6)]
    call(link.to[fn], link.to)
  end
  local function close(r)
    if r(12) > 1 then return end
    local i = r(4)
    local link, other = links[i], links[i % 2 == 1 and i + 1 or i - 1]
    link.dead, other.dead = true, true
    call(link.from.close, link.from)
    if r(2) == 1 then make(i % 2 == 1 and i or i - 1) end
  end

  local function drain(link)
    while not link.dead do
      local n, data, code = link.to:read(nil, 1)
      if not n then
        if code == "EOF" and link.got < link.sent then
          world.found("the stream ended at " .. link.got .. " of " .. link.sent)
        elseif code ~= "EOF" then world.found("the last read gave " .. tostring(code) .. ", " .. tostring(data)) end
        return
      end
      check(link, data)
    end
  end
  return {
    acts = {write, write, write, write_some, read, read, read, read, ready, look, close},
    cases = {function(r)
      local link = links[r(4)]
      if link.reading or link.dead then return {links[1].to, "wait", "r"}, tostring end
      link.reading = true
      return {link.to, "read", r(500)}, function(how, n, data)
        if how == "won" and n then check(link, data) elseif how == "unknown" then link.dead = true end
        link.reading = false
      end
    end},
    finish = function()
      for _, link in ipairs(links) do luv.spawn(function() link.from:shutdown(1) end) end
      for _, link in ipairs(links) do drain(link) end
      for _, two in ipairs(pairs_made) do two[1]:close() two[2]:close() end
    end,
  }
end
