-- race.lua - threads, channels, pools, proxies, ØMQ, files and dumps at work, for ThreadSanitizer
-- (make check-tsan). No child processes: the sanitizer's library crashes a shell.

local luv = require("luv")
local thread, zmq = luv.thread, luv.zmq
local rounds = tonumber(arg[1]) or 3

luv.on_error(function() end)

local function channels(n)
  local work, done, makers, takers = thread.chan(n), thread.chan(), {}, {}
  for k = 1, 3 do
    makers[k] = thread.create(function() for i = 1, 200 do work:put(i % 5 == 0 and {i, work} or i) end end)
    takers[k] = thread.create(function()
      local count = 0
      for _ in work:iter() do count = count + 1 end
      done:put(count)
    end)
  end
  for k = 1, 3 do makers[k]:join() end
  work:close()
  local sum = 0
  for _ = 1, 3 do sum = sum + done:get() end
  assert(sum == 600, sum)
  for k = 1, 3 do takers[k]:join() end
end

local function cancels()
  local gate, list = thread.chan(1), {}
  for i = 1, 20 do
    list[i] = thread.create(function(i)
      luv.spawn(function() gate:put(i, 0.001 * i) end)
      if i % 5 == 0 then error({i}) end
      return gate:get(0.002 * i)
    end, i):name("worker " .. i)
    if i % 3 == 0 then list[i]:cancel() end
    if i % 7 == 0 then list[i]:detach() end
  end
  for _, t in ipairs(thread.list()) do t:name() t:status() t:id() end
  for i = 1, 20 do luv.timeout(0.01, luv.pcall, list[i].join, list[i]) list[i]:cancel() end
  for i = 1, 20 do luv.pcall(list[i].join, list[i]) list[i]:traceback() end
end

-- Threads that are named, cancelled, joined and let go by others than their maker.
local function meddle()
  local stop, meddlers = thread.chan(3), {}
  for k, what in ipairs{"name", "detach", "cancel", "join"} do
    meddlers[k] = thread.create(function()
      local me = luv.thread.self()
      while not stop:try_get() do
        for _, t in ipairs(luv.thread.list()) do
          if t ~= me and t:name():match("^luv") then luv.pcall(t[what], t, what ~= "join" and "luv" or 0.01) end
        end
        luv.fiber.yield()
      end
    end):name("meddler")
  end
  for i = 1, 30 do
    local t = thread.create(function(i) if i % 2 == 0 then error({i}) end return {i} end, i)
    luv.pcall(t.join, t)
  end
  for _ = 1, 4 do stop:put(true) end
  for k = 1, 4 do meddlers[k]:join() end
end

local function pools()
  local pool, calls = thread.pool(3), {}
  for i = 1, 40 do
    calls[i] = luv.spawn(luv.pcall, pool.call, pool, function(i)
      if i % 9 == 0 then error("no") end
      luv.sleep(0.0005)
      return {i}, luv.fs.stat("/").type
    end, i)
    if i % 6 == 0 then calls[i]:cancel() end
  end
  for i = 1, 40 do luv.pcall(calls[i].join, calls[i]) end
  pool:close()
end

-- Objects that are called by threads, which call back, are cancelled, and end with references.
local function proxies()
  local shared, threads = luv.share({n = 0}), {}
  function shared:add(n, fn)
    self.n = self.n + n
    if fn then return fn(self) end
    luv.sleep(n % 3 * 0.0001)
    return self.n
  end
  for k = 1, 4 do
    threads[k] = thread.create(function(k)
      local list = {}
      for i = 1, 20 do
        list[i] = luv.spawn(luv.pcall, function()
          if i % 4 == 0 then return shared:add(i, luv.share(function(o) return o.n end)) end
          if i % 5 == 0 then return luv.timeout(0.0001 * i, shared.add, shared, i) end
          return luv.proxy.batch(function() return shared:add(1), shared:add(2) end)
        end)
        if i % 7 == 0 then list[i]:cancel() end
        if i % 3 == 0 then collectgarbage() end
      end
      for i = 1, 20 - k * 3 do luv.pcall(list[i].join, list[i]) end
      for i = 1, 20 do list[i]:cancel() end
      return luv.share({k})
    end, k)
  end
  for k = 1, 4 do
    if k == 4 then threads[k]:cancel() end
    local ok, kept = luv.pcall(threads[k].join, threads[k])
    if ok then luv.pcall(function() return kept[1] end) end
  end
  luv.share(shared, false)
end

local function messages()
  local ctx, threads = zmq.create(1), {}
  local pull = ctx:socket(zmq.PULL):bind("inproc://race")
  for k = 1, 3 do
    threads[k] = thread.create(function()
      local push = ctx:socket(zmq.PUSH):connect("inproc://race")
      for i = 1, 100 do push:send{"frame", tostring(i), ("x"):rep(i * 50)} end
      push:close()
    end)
  end
  for _ = 1, 300 do assert(#pull:recv_multipart() == 3) end
  for k = 1, 3 do threads[k]:join() end
  pull:close()
  ctx:close()
end

local function dumps()
  local gate, threads = thread.chan(), {}
  for k = 1, 3 do
    threads[k] = thread.create(function()
      local ticker = luv.spawn(function() while true do luv.sleep(0.001) end end)
      gate:get()
      ticker:cancel()
    end)
  end
  for _ = 1, 5 do luv.dump() luv.sleep(0.002) end
  for _ = 1, 3 do gate:put(true) end
  for k = 1, 3 do threads[k]:join() end
end

for _ = 1, rounds do
  channels(0)
  channels(5)
  cancels()
  meddle()
  pools()
  proxies()
  messages()
  dumps()
  collectgarbage()
end
print("done")
