-- resident.lua - the memory of this process that is in use, in bytes.

return function()
  local file = assert(io.open("/proc/self/statm"))
  local _, pages = file:read("*n", "*n")
  file:close()
  return pages * 4096
end
