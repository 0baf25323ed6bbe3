-- setoption and getoption: LuaSocket's names for the kernel's.

local luv, load = ...
local object, errors, argument = load("socket.object"), load("socket.errors"), load("socket.argument")

local type, tonumber, tostring = type, tonumber, tostring

local option = {}

-- ---- how they are set and read ---------------------------------------------------------------

local function done(ok) if ok then return 1 end return nil, "setsockopt failed" end

local function switch(name)
  return {
    set = function(record, value)
      value = argument.boolean("setoption", 2, value)
      return done(record.stream and record.stream:setoption(name, value))
    end,
    get = function(record)
      local value = record.stream and record.stream:getoption(name)
      if value == nil then return nil, "getsockopt failed" end
      return value
    end,
  }
end

local function number(name)
  return {
    set = function(record, value) return done(record.stream and record.stream:setoption(name, argument.whole(value))) end,
    get = switch(name).get,
  }
end

-- An option that takes 0 or 1 as a number, and is a switch of luv's.
local function numbered(name)
  return {set = function(record, value) return done(record.stream and record.stream:setoption(name, argument.whole(value) ~= 0)) end}
end

local linger = {
  set = function(record, value)
    value = argument.table("setoption", 2, value)
    if type(value.on) ~= "boolean" then argument.bad("setoption", 2, "boolean 'on' field expected") end
    if not tonumber(value.timeout) then argument.bad("setoption", 2, "number 'timeout' field expected") end
    local seconds = argument.whole(value.timeout) % 32768
    record.linger = seconds
    return done(record.stream and record.stream:setoption("SO_LINGER", value.on and seconds))
  end,
  get = function(record)
    if not record.stream then return nil, "getsockopt failed" end
    local seconds = record.stream:getoption("SO_LINGER")
    return {on = seconds ~= false, timeout = seconds or record.linger or 0}
  end,
}

local last_error = {
  get = function(record)
    if not record.stream then return nil, "getsockopt failed" end
    local attempt = record.attempt
    if attempt and attempt.failure then
      local failure = attempt.failure
      attempt.failure = nil
      return failure
    end
    local n = record.stream:getoption("SO_ERROR")
    if not n or n == 0 then return nil end
    return errors.number(n)
  end,
}

local function is_address(s) return s:find("^%d+%.%d+%.%d+%.%d+$") ~= nil end

-- A field of a group's table that is an address of IPv4.
local function field(value, name, any)
  local s = value[name]
  if type(s) ~= "string" and type(s) ~= "number" then
    argument.bad("setoption", 2, ("string '%s' field expected"):format(name))
  end
  if s ~= any and not is_address(tostring(s)) then argument.bad("setoption", 2, ("invalid '%s' ip address"):format(name)) end
  return s ~= any and s or nil
end

local function group4(value) return field(value, "multiaddr"), field(value, "interface", "*") end

local function group6(value)
  local s = value.multiaddr
  if type(s) ~= "string" and type(s) ~= "number" then argument.bad("setoption", 2, "string 'multiaddr' field expected") end
  if not tostring(s):find(":", 1, true) then argument.bad("setoption", 2, "invalid 'multiaddr' ip address") end
  return s
end

local function membership(what, family)
  return {set = function(record, value)
    local group, interface = (family == "inet" and group4 or group6)(argument.table("setoption", 2, value))
    return done(record.stream and record.stream:membership(group, interface, what))
  end}
end

local multicast_interface = {
  set = function(record, address)
    address = argument.string("setoption", 2, address)
    if address == "*" then address = "0.0.0.0" end
    if not is_address(address) then argument.bad("setoption", 2, "ip expected") end
    local ok = record.stream and record.stream:multicast_interface(address)
    if ok then record.interface = address end
    return done(ok)
  end,
  get = function(record)
    if not record.stream then return nil, "getsockopt failed" end
    return record.interface or "0.0.0.0"
  end,
}

-- ---- which there are ------------------------------------------------------------------------

local function set_only(o) return {set = o.set} end

option.tcp = {
  keepalive = switch("SO_KEEPALIVE"), reuseaddr = switch("SO_REUSEADDR"), reuseport = switch("SO_REUSEPORT"),
  ["tcp-nodelay"] = switch("TCP_NODELAY"), ["tcp-keepidle"] = number("TCP_KEEPIDLE"),
  ["tcp-keepcnt"] = number("TCP_KEEPCNT"), ["tcp-keepintvl"] = number("TCP_KEEPINTVL"),
  ["ipv6-v6only"] = set_only(switch("IPV6_V6ONLY")), linger = linger, error = last_error,
  ["recv-buffer-size"] = number("SO_RCVBUF"), ["send-buffer-size"] = number("SO_SNDBUF"),
  ["tcp-defer-accept"] = set_only(number("TCP_DEFER_ACCEPT")), ["tcp-fastopen"] = set_only(number("TCP_FASTOPEN")),
  ["tcp-fastopen-connect"] = numbered("TCP_FASTOPEN_CONNECT"),
}

option.udp = {
  dontroute = switch("SO_DONTROUTE"), broadcast = switch("SO_BROADCAST"), reuseaddr = switch("SO_REUSEADDR"),
  reuseport = switch("SO_REUSEPORT"), ["ip-multicast-if"] = multicast_interface,
  ["ip-multicast-ttl"] = set_only(number("IP_MULTICAST_TTL")), ["ip-multicast-loop"] = switch("IP_MULTICAST_LOOP"),
  ["ip-add-membership"] = membership("join", "inet"), ["ip-drop-membership"] = membership("leave", "inet"),
  ["ipv6-unicast-hops"] = number("IPV6_UNICAST_HOPS"),
  -- LuaSocket sets the unicast one by this name, and so does this: what it reads is that.
  ["ipv6-multicast-hops"] = number("IPV6_UNICAST_HOPS"),
  ["ipv6-multicast-loop"] = switch("IPV6_MULTICAST_LOOP"), error = last_error,
  ["ipv6-add-membership"] = membership("join", "inet6"), ["ipv6-drop-membership"] = membership("leave", "inet6"),
  ["ipv6-v6only"] = switch("IPV6_V6ONLY"), ["recv-buffer-size"] = number("SO_RCVBUF"),
  ["send-buffer-size"] = number("SO_SNDBUF"),
}

option.unixstream = {keepalive = set_only(switch("SO_KEEPALIVE")), reuseaddr = set_only(switch("SO_REUSEADDR")), linger = set_only(linger)}
option.unixdgram = {reuseaddr = set_only(switch("SO_REUSEADDR"))}

-- ---- the methods ------------------------------------------------------------------------------

local function find(name, options, way, method)
  name = argument.string(method, 1, name)
  local o = options[name]
  if not o or not o[way] then argument.bad(method, 1, ("unsupported option `%.35s'"):format(name)) end
  return o[way]
end

function option.methods(kind, methods, options, no_reading)
  function methods.setoption(sock, name, value)
    local record = object.any(sock, kind, "setoption")
    return find(name, options, "set", "setoption")(record, value)
  end
  if no_reading then return end
  function methods.getoption(sock, name)
    local record = object.any(sock, kind, "getoption")
    return find(name, options, "get", "getoption")(record)
  end
end

return option
