---@meta _

-- luv.hex - bytes as two digits each.

---@class luv
---@field hex luv.hexlib

---@class luv.hexlib
local hexlib = {}

---Bytes as hexadecimal digits, in small letters. Raises: data is no string.
---@param data string
---@return string text
function hexlib.encode(data) end

---Undoes encode; capital letters will do, too. EINVAL: an odd number of digits, or what is none.
---Raises: text is no string.
---@param text string
---@return string? data nil when it fails
---@return string? message
---@return luv.code? code
function hexlib.decode(text) end

return hexlib
