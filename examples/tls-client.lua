-- Gets a page by HTTPS:  lua tls-client.lua [https://HOST[:PORT]/PATH [CA]]
-- The server is verified: by the system's authorities, or by those in the file CA.
local luv = require("luv")

local url, ca = arg[1] or "https://example.com/", arg[2]
local host, port, path = url:match("^https://([^/:]+):?(%d*)(.*)$")
local stream, message = luv.tls.connect(host, tonumber(port) or 443, {ca = ca, alpn = {"http/1.1"}}, 10)
if not stream then error(message, 0) end
stream:write("GET " .. (path ~= "" and path or "/") .. " HTTP/1.1\r\nHost: " .. host .. "\r\nConnection: close\r\n\r\n")

local status, length = stream:read_line(), nil
for line in stream:lines() do
  if line == "" then break end
  length = length or tonumber(line:lower():match("^content%-length:%s*(%d+)"))
end
local body = assert(length and stream:read_exactly(length) or stream:read_all())
io.stderr:write(status, ", TLS ", stream:info().version, ", ", #body, " bytes\n")
io.write(body)
stream:close()
