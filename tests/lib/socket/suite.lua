-- suite.lua - runs a script of LuaSocket's test-suite, with LuaSocket or with luv.socket.
--
--     lua5.1 suite.lua real|luv FILE PORT [fiber]
--
-- The suite wants a LuaSocket that was compiled for it: one whose receive and send return the seconds they took
-- as a fourth result. Both get that here.

local which, file = arg[1], arg[2]
local luv = which == "luv" and require("luv").install{socket = true}
local socket = require("socket")
socket._DEBUG = true

local s = assert(socket.bind("127.0.0.1", 0))
local _, port_of_s = s:getsockname()
local c = assert(socket.connect("127.0.0.1", port_of_s))
local index = getmetatable(c).__index
for _, name in ipairs{"send", "receive"} do
  local original = index[name]
  index[name] = function(...)
    local start = socket.gettime()
    local a, b, partial = original(...)
    return a, b, partial, socket.gettime() - start
  end
end
c:close()
s:close()

host, port = "127.0.0.1", arg[3] -- globals of the suite's
if arg[4] ~= "fiber" then return dofile(file) end
local done = luv.spawn(function() return xpcall(function() dofile(file) end, debug.traceback) end)
local ok, problem = done:join()
if not ok then
  io.stderr:write(problem, "\n")
  os.exit(1)
end
