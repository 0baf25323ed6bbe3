-- zmq.lua - ØMQ over inproc: each message whole, and once. The context belongs to the child.

local here = ...
local luv = require("luv")
local book = assert(loadfile(here .. "book.lua"))(here)

local fine = {ETIMEDOUT = true, EAGAIN = true, ECANCELED = true, EBADF = true, ENOTSOCK = true}

return function(world)
  local call, zmq = world.call, luv.zmq
  local kinds = {{"PUSH", "PULL"}, {"PAIR", "PAIR"}, {"DEALER", "DEALER"}, {"DEALER", "ROUTER"}}
  local routes, made, old = {}, 0, {}

  local function make(r)
    made = made + 1
    local kind = kinds[r(#kinds)]
    local name = ("inproc://fuzz-%d-%d"):format(world.seed, made)
    local from, to = world.context:socket(zmq[kind[1]]), world.context:socket(zmq[kind[2]])
    assert(to:setsockopt("RCVHWM", 10))
    assert(from:setsockopt("SNDHWM", 10))
    assert(to:bind(name))
    assert(from:connect(name))
    return {from = from, to = to, router = kind[2] == "ROUTER" and 1 or 0, book = book.new(world, kind[1])}
  end
  routes[1], routes[2] = make(world.r), make(world.r)

  local function taken(route, first, ...)
    if not first then
      local code = select(2, ...)
      if not fine[code] then world.found("recv gave " .. tostring(code)) end
      return
    end
    local frames = {first, ...}
    local n = tonumber(frames[route.router + 1])
    if not n then return world.found("a message without a number") end
    for i = route.router + 2, #frames do
      if frames[i] ~= ("y"):rep(n % 100 * (n % 30 == 1 and 200 or 1)) then world.found("a frame of " .. n .. " is wrong") end
    end
    if #frames ~= route.router + 1 + n % 4 then world.found(n .. " has " .. #frames .. " frames") end
    route.book:got(n)
  end
  local function sent(route, n, ok, a, _, code)
    world.inside = false
    if ok and a then return route.book:sent(n) end
    if ok and not fine[code] then world.found("send gave " .. tostring(code)) end
    if ok and code ~= "ECANCELED" then route.book:refused(n)
    elseif not ok and luv.cancelled(a) then route.book:refused(n)
    else route.book:perhaps(n) end
    if not ok then error(a, 0) end
  end

  local function message(n)
    local frames = {tostring(n)}
    for i = 1, n % 4 do frames[i + 1] = ("y"):rep(n % 100 * (n % 30 == 1 and 200 or 1)) end
    return #frames == 1 and frames[1] or frames
  end
  local function send(r, nowait)
    local route = routes[r(2)]
    local n = route.book:next()
    sent(route, n, pcall(call, route.from.send, route.from, message(n), world.limit(r, nowait)))
  end
  local function recv(r, nowait)
    local route = routes[r(2)]
    taken(route, route.book:get(route.to.recv, route.to, world.limit(r, nowait)))
  end
  local function recv_multipart(r, nowait)
    local route = routes[r(2)]
    local frames, text, code = route.book:get(route.to.recv_multipart, route.to, world.limit(r, nowait))
    if not frames then return taken(route, frames, text, code) end
    taken(route, unpack(frames))
  end
  local function replace(r)
    if r(25) > 1 then return end
    local i = r(2)
    local route = routes[i]
    routes[i] = make(r)
    old[#old + 1] = route
    route.torn = r(2) == 1
    if route.torn then call(route.to.close, route.to) end
  end

  local function drain(route)
    if route.torn then return end
    while true do
      local frames, _, code = route.to:recv_multipart(0)
      if not frames then
        if code ~= "ETIMEDOUT" and code ~= "EAGAIN" then world.found("the last recv gave " .. tostring(code)) end
        break
      end
      taken(route, unpack(frames))
    end
    route.book:close()
  end
  local function each(fn)
    for _, route in ipairs(routes) do fn(route) end
    for _, route in ipairs(old) do fn(route) end
  end
  return {
    acts = {send, send, send, recv, recv, recv_multipart, replace},
    cases = {function(r)
      local route = routes[r(2)]
      return {route.to, "recv"}, function(how, ...)
        if how == "won" then taken(route, ...) elseif how == "unknown" and ... == world.boom then route.book:excuse() end
      end
    end, function(r)
      local route = routes[r(2)]
      local n = route.book:next()
      return {route.from, "send", message(n)}, function(how, ...)
        if how == "won" then sent(route, n, true, ...) elseif how == "lost" then route.book:refused(n) else route.book:perhaps(n) end
      end
    end},
    finish = function()
      each(function(route)
        drain(route)
        route.from:close()
        route.to:close()
      end)
    end,
  }
end
