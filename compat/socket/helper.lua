-- What LuaSocket has written in Lua: bind, connect4, connect6, choose, sources and sinks of LTN12.

local luv, load = ...
local type, error, tostring, ipairs, setmetatable, min = type, error, tostring, ipairs, setmetatable, math.min

-- Adds them to the module.
return function(socket)
  function socket.connect4(host, port, local_host, local_port) return socket.connect(host, port, local_host, local_port, "inet") end
  function socket.connect6(host, port, local_host, local_port) return socket.connect(host, port, local_host, local_port, "inet6") end

  local function listen(family, address, port, backlog)
    local sock, problem = (family == "inet" and socket.tcp4 or socket.tcp6)()
    if not sock then return nil, problem end
    sock:setoption("reuseaddr", true)
    local ok
    ok, problem = sock:bind(address, port)
    if ok then ok, problem = sock:listen(backlog) end
    if ok then return sock end
    sock:close()
    return nil, problem
  end

  -- A server on the first of the host's addresses that can be had.
  function socket.bind(host, port, backlog)
    local list, problem = socket.dns.getaddrinfo(host == "*" and "0.0.0.0" or host)
    if not list then return nil, problem end
    problem = "no info on address"
    for _, a in ipairs(list) do
      local sock
      sock, problem = listen(a.family, a.addr, port, backlog)
      if sock then return sock end
    end
    return nil, problem
  end

  socket.try = socket.newtry()

  function socket.choose(makers)
    return function(name, a, b)
      if type(name) ~= "string" then name, a, b = "default", name, a end
      local make = makers[name]
      if not make then error("unknown key (" .. tostring(name) .. ")", 3) end
      return make(a, b)
    end
  end

  socket.BLOCKSIZE = 2048

  -- What select can be given, and is called as a source or sink.
  local function callable(sock, call)
    return setmetatable({
      getfd = function() return sock:getfd() end,
      dirty = function() return sock:dirty() end,
    }, {__call = call})
  end

  socket.sinkt, socket.sourcet = {}, {}
  local sinks, sources = socket.sinkt, socket.sourcet

  sinks["close-when-done"] = function(sock)
    return callable(sock, function(_, chunk)
      if chunk then return sock:send(chunk) end
      sock:close()
      return 1
    end)
  end

  sinks["keep-open"] = function(sock)
    return callable(sock, function(_, chunk)
      if chunk then return sock:send(chunk) end
      return 1
    end)
  end
  sinks.default = sinks["keep-open"]

  sources["by-length"] = function(sock, length)
    return callable(sock, function()
      if length <= 0 then return nil end
      local chunk, problem = sock:receive(min(socket.BLOCKSIZE, length))
      if problem then return nil, problem end
      length = length - #chunk
      return chunk
    end)
  end

  sources["until-closed"] = function(sock)
    local done
    return callable(sock, function()
      if done then return nil end
      local chunk, problem, rest = sock:receive(socket.BLOCKSIZE)
      if not problem then return chunk end
      if problem ~= "closed" then return nil, problem end
      sock:close()
      done = true
      return rest
    end)
  end
  sources.default = sources["until-closed"]

  socket.sink, socket.source = socket.choose(sinks), socket.choose(sources)
end
