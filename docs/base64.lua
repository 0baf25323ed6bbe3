---@meta _

-- luv.base64 - bytes as text (RFC 4648).

---@class luv
---@field base64 luv.base64lib

---@class luv.base64lib
local base64lib = {}

---Bytes as text. "standard" is padded with "="; "url" has - and _ for + and /, and no padding.
---Raises: data is no string; another alphabet.
---@param data string
---@param alphabet? "standard"|"url" nil: standard
---@return string text
function base64lib.encode(data, alphabet) end

---Undoes encode. The padding may be missing, and there may be newlines. EINVAL: what is not base64, or
---not what encode would have made of any bytes.
---Raises: text is no string; another alphabet.
---@param text string
---@param alphabet? "standard"|"url" nil: standard
---@return string? data nil when it fails
---@return string? message
---@return luv.code? code
function base64lib.decode(text, alphabet) end

return base64lib
