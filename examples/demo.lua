-- demo.lua - a client for examples/echo.lua; examples/demo.sh runs both.
--
--   lua5.1 examples/demo.lua          three fibers talk to the server at once
--   lua5.1 examples/demo.lua free     only says whether the server's port is free

local luv = require('luv')

local HOST, PORT = '127.0.0.1', 8080

local function fail(...)
   io.stderr:write('luv: ', string.format(...), '\n')
   os.exit(1)
end

if arg[1] == 'free' then
   local ok, message = luv.net.tcp():bind(HOST, PORT)
   if ok then
      ok, message = ok:listen()
   end
   if not ok then
      fail('the demo needs port %d of %s, and that is not free (%s).', PORT, HOST, message)
   end
   os.exit(0)
end

-- The server may still be on its way: try for two seconds.
local function connect()
   local deadline = luv.hrtime() + 2e9
   while true do
      local socket = luv.net.tcp()
      local ok, message = socket:connect(HOST, PORT, 1)
      if ok then
         return socket
      elseif luv.hrtime() > deadline then
         fail('the echo server did not answer (%s).', message)
      end
      luv.sleep(0.05)
   end
end

-- Says a few things, one after the other, and prints what comes back.
local function talk(name, pause, ...)
   local socket = connect()
   for _, said in ipairs({...}) do
      assert(socket:write(said))
      local got, answer = socket:read(nil, 2)
      if answer ~= 'you said: ' .. said then
         fail('%s said %q and read %q.', name, said, tostring(answer))
      end
      print(string.format('%-6s -> %-12s <- %s', name, said, answer))
      luv.sleep(pause)
   end
   socket:close()
end

local clients = {
   luv.spawn(talk, 'first', 0.20, 'hello', 'how are you', 'bye'),
   luv.spawn(talk, 'second', 0.15, 'one', 'two', 'three', 'four'),
   luv.spawn(talk, 'third', 0.50, 'patience'),
}
for _, client in ipairs(clients) do
   client:join()
end
