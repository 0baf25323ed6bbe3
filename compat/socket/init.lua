local luv, load = ...
local s = {_VERSION = "LuaSocket 3.1.0"}
for _, n in ipairs{"tcp","except","dns"} do local m = load("socket."..n) if type(m)=="table" then for k,v in pairs(m) do s[k]=v end end end
s.gettime = load("socket.object").gettime
function s.sleep(t) luv.sleep(t) end
return s
