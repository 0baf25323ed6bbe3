-- proxy-pool.lua - threads that share one object: a small database, written in Lua, which lives in the main
-- thread and which no thread could take along.
--
--   lua proxy-pool.lua [THREADS [ROWS]]
--
-- The pool's functions get it as an argument, and call it as if it were theirs; each call runs here, as a
-- fiber, one at a time between its waits. A transaction is a function of the thread's that the database calls back.

local luv = require("luv")
local threads, rows = tonumber(arg[1]) or 4, tonumber(arg[2]) or 200

local function open_database()
  local db = {tables = {}, statements = 0}
  local lock = luv.mutex()

  function db:create(name, ...)
    self.tables[name] = {columns = {...}, rows = {}}
  end

  function db:insert(name, row)
    self.statements = self.statements + 1
    local t = assert(self.tables[name], "no such table: " .. name)
    for _, column in ipairs(t.columns) do assert(row[column] ~= nil, "no value for " .. column) end
    t.rows[#t.rows + 1] = row
    return #t.rows
  end

  function db:select(name, column, value)
    self.statements = self.statements + 1
    local found = {}
    for _, row in ipairs(self.tables[name].rows) do
      if row[column] == value then found[#found + 1] = row end
    end
    return found
  end

  function db:count(name) return #self.tables[name].rows end

  -- Calls fn(self), undisturbed by other transactions; takes back what it has inserted when it fails.
  function db:transaction(name, fn)
    return lock:with(function()
      local before = self:count(name)
      local ok, result, message = pcall(fn, self)
      if ok and result ~= nil then return result end
      for i = self:count(name), before + 1, -1 do self.tables[name].rows[i] = nil end
      return nil, ok and message or result
    end)
  end

  return luv.share(db)
end

local db = open_database()
db:create("squares", "n", "square", "by")

local function work(db, first, last)
  local me = luv.thread.self():id()
  for n = first, last do db:insert("squares", {n = n, square = n * n, by = me}) end
  -- all or nothing: the function stays in this thread, the database calls it
  local kept = db:transaction("squares", luv.share(function(tx)
    tx:insert("squares", {n = -last, square = last * last, by = me})
    return last % 2 == 0 or nil
  end))
  return #db:select("squares", "by", me), kept
end

local pool = assert(luv.thread.pool(threads))
local calls, each = {}, math.floor(rows / threads)
for i = 1, threads do
  calls[i] = luv.spawn(function() return pool:call(work, db, (i - 1) * each + 1, i * each) end)
end
for i = 1, threads do calls[i]:join() end
pool:close()

local sum = 0
for _, row in ipairs(db.tables.squares.rows) do if row.n > 0 then sum = sum + row.square end end
print("rows", db:count("squares") >= each * threads and "all there" or "some are missing")
print("sum of squares", sum)
print("statements", db.statements)
