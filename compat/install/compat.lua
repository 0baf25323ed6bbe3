-- luv.compat - one switch for a whole program:  lua5.1 -l luv.compat script.lua
local luv = ...

return luv.install{socket = true, ssl = true}
