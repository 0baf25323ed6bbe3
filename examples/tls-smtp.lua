-- Sends a mail, by SMTP with STARTTLS:  lua tls-smtp.lua HOST PORT FROM TO [CA] <TEXT
-- What it says to the server goes to stderr. It sends nothing before the server is verified.
local luv = require("luv")

local host, port, from, to, ca = arg[1], tonumber(arg[2]), arg[3], arg[4], arg[5]
local stream = assert(luv.net.tcp():connect(host, port, 10))

-- Waits for an answer, which must be one of that hundred; its last line has a blank behind the number.
local function expect(code)
  local line
  repeat line = assert(stream:read_line(nil, 60)) until not line:match("^%d%d%d%-")
  if line:sub(1, 1) ~= code then error("the server says: " .. line, 0) end
end

local function say(line, code)
  io.stderr:write(line, "\n")
  assert(stream:write(line .. "\r\n"))
  expect(code)
end

expect("2")
say("EHLO localhost", "2")
say("STARTTLS", "2")
stream = assert(stream:starttls({server_name = host, ca = ca}, 10))
io.stderr:write("-- TLS ", stream:info().version, " with ", stream:info().peer.subject, "\n")
say("EHLO localhost", "2")
say("MAIL FROM:<" .. from .. ">", "2")
say("RCPT TO:<" .. to .. ">", "2")
say("DATA", "3")
for line in io.lines() do stream:write((line:sub(1, 1) == "." and "." or "") .. line .. "\r\n") end
say(".", "2")
say("QUIT", "2")
stream:close()
