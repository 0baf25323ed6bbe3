-- install.lua - luv.install{socket = true, ssl = true}: what require gives for the names of LuaSocket and
-- LuaSec, from now on in this Lua state, is luv's.
--
-- Modules that were written over them (socket.http, socket.smtp, ssl.https ...) stay the installed ones;
-- if they have been loaded over the others already, the next require loads them anew. Whoever holds the
-- others keeps them: both can be in one process.
local luv, load = ...

local modules = {
  socket = {["socket"] = "socket", ["socket.core"] = "socket", ["socket.unix"] = "socket.unix"},
  ssl = {["ssl"] = "ssl", ["ssl.x509"] = "ssl.x509", ["ssl.config"] = "ssl.config"},
}

-- Written in Lua, over what is exchanged.
local above = {
  socket = {"^socket%.http$", "^socket%.smtp$", "^socket%.ftp$", "^socket%.tp$", "^ssl%.https$", "^copas"},
  ssl = {"^ssl%.https$", "^copas"},
}

local function forget(patterns)
  for name in pairs(package.loaded) do
    for _, pattern in ipairs(patterns) do
      if type(name) == "string" and name:find(pattern) then package.loaded[name] = nil end
    end
  end
end

local function exchange(what)
  local exchanged = false
  for name, own in pairs(modules[what]) do
    local module = load(own)
    exchanged = exchanged or package.loaded[name] ~= module
    package.loaded[name] = module
    package.preload[name] = function() return module end
  end
  if exchanged then forget(above[what]) end
end

return function(wanted)
  for name, on in pairs(wanted) do
    if not modules[name] then
      error("bad argument #1 to 'install' (unknown field '" .. tostring(name) .. "')", 2)
    end
    if type(on) ~= "boolean" then
      error("bad argument #1 to 'install' (field '" .. name .. "': boolean expected, got " .. type(on) .. ")", 2)
    end
  end
  for _, name in ipairs{"socket", "ssl"} do
    if wanted[name] then exchange(name) end
  end
  return luv
end
