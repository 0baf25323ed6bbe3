---@meta _

-- luv.hash(name) - digests of what comes in pieces; with a key, HMACs.
--
--     luv.hex.encode(luv.hash("sha256"):update("abc"):digest())
--
-- luv.hash itself is in docs/luv.lua.

---@class luv.hash
local hash = {}

---Adds data to what is digested. Raises: what is no string; then none of it is added.
---@param data string
---@param ... string more of it
---@return luv.hash self
function hash:update(data, ...) end

---The digest of all that it has been given so far; more may follow.
---@return string bytes such as 32 of sha256
function hash:digest() end
