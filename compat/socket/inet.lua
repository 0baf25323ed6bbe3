-- Addresses of tcp and udp: names, ports, families.

local luv, load = ...
local errors, argument = load("socket.errors"), load("socket.argument")

local tonumber, type = tonumber, type
local text, getaddrinfo = errors.text, luv.net.getaddrinfo

local inet = {}

-- Of an address in numbers its family; nil: it is a name.
function inet.literal_family(host)
  if host:find("^%d+%.[%d.]+$") then return "inet" end
  if host:find("^[%x:.]*:[%x:.]*%%?%w*$") then return "inet6" end
end

-- An IPv4 address as it is usually written, for which nobody has to be asked.
function inet.plain(host)
  local a, b, c, d = host:match("^([1-9]?%d?%d)%.([1-9]?%d?%d)%.([1-9]?%d?%d)%.([1-9]?%d?%d)$")
  return a and not ("." .. host):find("%.0%d") and tonumber(a) < 256 and tonumber(b) < 256 and tonumber(c) < 256 and tonumber(d) < 256
end

-- The number of a port that is one, or the name of a service; nil, text.
function inet.port(service, kind)
  local port = tonumber(service)
  if port and port >= 0 and port <= 65535 and port % 1 == 0 then return port end
  if port or service == "" then return nil, errors.text("", "EAI_SERVICE") end
  local _, found, code = getaddrinfo(nil, service, {socktype = kind})
  if not found or code then return nil, text(found, code) end
  return found
end

-- All addresses of a name, of one family or both: {address, family}; nil, text. "*" is any address of
-- this machine's.
function inet.addresses(host, family)
  if host == "*" then return {{address = family == "inet6" and "::" or "0.0.0.0", family = family or "inet"}} end
  local literal = inet.literal_family(host)
  if literal and family and literal ~= family then return nil, "Address family for hostname not supported" end
  local list, message, code = getaddrinfo(host, nil, {family = family, all = true})
  if not list then return nil, text(message, code) end
  return list
end

return inet
