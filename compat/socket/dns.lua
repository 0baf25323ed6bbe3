-- socket.dns

local luv, load = ...
local errors, argument = load("socket.errors"), load("socket.argument")

local net, text = luv.net, errors.text
local ipairs, error, tonumber = ipairs, error, tonumber

local dns = {}

function dns.gethostname() return luv.os.hostname() end

local function all(host, family)
  return net.getaddrinfo(host, nil, {family = family, all = true})
end

function dns.getaddrinfo(host)
  local list, message, code = all(argument.string("getaddrinfo", 1, host))
  if not list then return nil, text(message, code) end
  local out = {}
  for i, a in ipairs(list) do out[i] = {family = a.family, addr = a.address} end
  return out
end

-- What gethostbyname says has gone wrong.
local function host_problem(message, code)
  if code == "EAI_NONAME" then return nil, "host not found" end
  if code == "EAI_AGAIN" then return nil, "Host name lookup failure" end
  return nil, text(message, code)
end

local function addresses(list)
  local out = {}
  for i, a in ipairs(list) do out[i] = a.address end
  return out
end

local function is_address(host) return host:find("^%d+%.%d+%.%d+%.%d+$") ~= nil end

-- The record of an address: its name, if it has one.
local function by_address(address)
  local name, message, code = net.getnameinfo(address, 0, {namereqd = true})
  if not name then return host_problem(message, code) end
  return {name = name, alias = {}, ip = {address}}
end

local function by_name(host)
  local list, message, code = all(host, "inet")
  if not list then return host_problem(message, code) end
  return {name = host, alias = {}, ip = addresses(list)}
end

local function resolve(host)
  if is_address(host) then return by_address(host) end
  return by_name(host)
end

function dns.toip(host)
  local record, message = resolve(argument.string("toip", 1, host))
  if not record then return nil, message end
  return record.ip[1], record
end

function dns.tohostname(host)
  local record, message = resolve(argument.string("tohostname", 1, host))
  if not record then return nil, message end
  return record.name, record
end

local function names(host)
  local list, message, code = all(host)
  if not list then return nil, text(message, code) end
  local out = {}
  for i, a in ipairs(list) do out[i] = net.getnameinfo(a.address) or a.address end
  return out
end

local function service_name(service)
  local port = tonumber(service)
  if not port then
    local _, found, code = net.getaddrinfo(nil, service)
    if not found or code then return nil, text(found, code) end
    port = found
  end
  local _, name = net.getnameinfo("127.0.0.1", port, {numerichost = true})
  return name
end

function dns.getnameinfo(host, service)
  if host == nil and service == nil then error("host and serv cannot be both nil", 2) end
  local list, message, name = {}, nil, nil
  if host ~= nil then
    list, message = names(argument.string("getnameinfo", 1, host))
    if not list then return nil, message end
  end
  if service == nil then return list end
  name, message = service_name(argument.string("getnameinfo", 2, service))
  if not name then return nil, message end
  return list, name
end

return dns
