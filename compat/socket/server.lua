-- What tcp's sockets and unix streams have in common beside their bytes: listen, accept, shutdown.

local luv, load = ...
local object, errors, argument = load("socket.object"), load("socket.errors"), load("socket.argument")

local check, fail = object.check, object.fail
local SIDES = {receive = "r", send = "w", both = "rw"}

local server = {}

local function listen(sock, record, class, backlog)
  backlog = backlog == nil and 32 or argument.whole(argument.number("listen", 1, backlog))
  if not record.stream then return nil, "Bad file descriptor" end
  if backlog < 0 or backlog > 65535 then backlog = 65535 end
  local ok, message, code = record.stream:listen(backlog)
  if not ok then return nil, errors.of_system(message, code) end
  object.turn(sock, record, class)
  return 1
end

local function accept(record, class)
  if not record.stream then return nil, "closed" end
  local limit = object.limit(record)
  local client, message, code = record.stream:accept(nil, limit)
  if client then return object.new(class, client, record.family) end
  if code == "ETIMEDOUT" then object.polled(limit) end
  return fail(message, code)
end

-- Adds the methods to those of a kind.
function server.methods(kind, methods)
  local master, client, listening = kind .. "{master}", kind .. "{client}", kind .. "{server}"
  function methods.listen(sock, backlog) return listen(sock, check(sock, master, "listen"), listening, backlog) end
  function methods.accept(sock) return accept(check(sock, listening, "accept"), client) end
  function methods.shutdown(sock, how)
    local record = check(sock, client, "shutdown")
    how = argument.option("shutdown", 1, how, {"both", "receive", "send"})
    if record.stream then record.stream:shutdown(SIDES[how]) end
    return 1
  end
end

return server
