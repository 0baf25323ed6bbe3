-- sync.lua - mutex, semaphore, cond, event, waitgroup: nobody is inside with another, no permit
-- and no lock is lost however a wait ends.

local luv = require("luv")

return function(world)
  local call = world.call
  local mutex, semaphore, permits = luv.mutex(), luv.semaphore(3), 3
  local cond, event, group = luv.cond(), luv.event(), luv.waitgroup()
  local inside, held, added = 0, 0, 0

  -- Waits a little, as whoever has the mutex, or n permits.
  local function linger(r) if r(2) == 1 then call(luv.sleep, r(3) == 1 and r(5) / 10000 or 0) end end

  local function alone(r)
    world.inside = false
    inside = inside + 1
    if inside ~= 1 then world.found("two in the mutex") end
    local ok, err = pcall(linger, r)
    world.inside = false
    inside = inside - 1
    if not ok then error(err, 0) end
  end

  local function with(r, nowait)
    if nowait then
      if call(mutex.try_lock, mutex) then mutex:unlock() end
      return
    end
    call(mutex.with, mutex, alone, r)
  end
  local function lock(r, nowait)
    if not call(mutex.lock, mutex, world.limit(r, nowait)) then return end
    local ok, err = pcall(nowait and tostring or alone, r)
    world.inside = false
    mutex:unlock()
    if not ok then error(err, 0) end
  end

  local function acquire(r, nowait)
    local n = r(permits)
    if not call(semaphore.acquire, semaphore, n, world.limit(r, nowait)) then return end
    held = held + n
    if held > permits then world.found("more permits than there are") end
    local ok, err = pcall(nowait and tostring or linger, r)
    world.inside = false
    held = held - n
    semaphore:release(n)
    if not ok then error(err, 0) end
  end

  -- Without a mutex, or with it: then it is locked again however the wait ends.
  local function wait(r, nowait)
    if nowait or r(2) == 1 then return call(cond.wait, cond, nil, world.limit(r, nowait)) end
    call(mutex.lock, mutex)
    inside = inside + 1
    if inside ~= 1 then world.found("two in the mutex, before a cond") end
    inside = inside - 1
    local ok, err = pcall(call, cond.wait, cond, mutex, world.limit(r, nowait))
    world.inside = false
    inside = inside + 1
    if inside ~= 1 then world.found("two in the mutex, after a cond") end
    inside = inside - 1
    mutex:unlock()
    if not ok then error(err, 0) end
  end
  local function signal(r)
    if r(3) == 1 then cond:broadcast() else cond:signal() end
  end

  local function set(r)
    if r(3) == 1 then event:clear() else event:set() end
  end
  local function await(r, nowait)
    local ok, _, code = call(event.wait, event, world.limit(r, nowait))
    if not ok and code ~= "ETIMEDOUT" and code ~= "ECANCELED" and code ~= "EBADF" then
      world.found("event:wait gave " .. tostring(code))
    end
  end

  -- What a finaliser raises before it was done has changed nothing.
  local function add(r)
    local done = added > 0 and r(2) == 1
    if done then added = added - 1 end
    local ok, err = pcall(done and group.done or group.add, group)
    if done ~= ok then added = added + 1 end
    if not ok then error(err, 0) end
  end
  local function drained(r, nowait) call(group.wait, group, world.limit(r, nowait)) end

  return {
    acts = {with, with, lock, lock, acquire, acquire, wait, signal, set, await, add, drained},
    cases = {
      function() return {event, "wait"}, tostring end,
      function() return {cond, "wait"}, tostring end,
      function()
        return {semaphore, "acquire", 1}, function(how, ok)
          if how == "won" and ok then semaphore:release() end
        end
      end,
    },
    close = function() event:set() cond:broadcast() end,
    finish = function()
      if mutex:locked() then world.found("the mutex stays locked") end
      if semaphore:value() ~= permits then
        world.found("the semaphore has " .. semaphore:value() .. " of " .. permits .. " permits")
      end
      if group:count() ~= added then world.found("the waitgroup counts " .. group:count() .. ", not " .. added) end
    end,
  }
end
