---@meta _

-- luv.codec - values into a string and back.
--
-- What goes: nil, booleans, numbers (every double exactly; a nan comes back as a nan), strings,
-- tables with cycles and shared references, of any depth up to a million; Lua functions; the
-- libraries. Data is the same for lua5.1 and LuaJIT, on any machine; docs/codec.md has the format.
--
-- By reference go the functions, tables and files (io.stdout) of the standard libraries, _G, luv
-- with its modules, functions and methods: as a name, which finds the same thing in the state
-- that decodes. What a script has renamed or replaced is known all the same. A context of ØMQ
-- goes by reference within the process; a string keeps none alive, and when the context is closed
-- or was another process's, decode returns EBADF or ESRCH.
--
-- Metatables. One with a field __codec is asked: __codec(object) returns a function, or the name
-- of one, and a value. Both are encoded in the object's place; decode calls the function with the
-- value, and its result is the object. A name is looked up in decode's option `hooks`, in the
-- registry, then in the globals. Neither function can suspend. The value must not contain the
-- object. Without __codec a metatable is left behind, but a cancellation stays one. Userdata with
-- a __codec are taken too.
--
-- Functions go as bytecode with their upvalues, which several functions of one message go on
-- to share. The environment is left behind: a function gets the globals of where it is
-- decoded. LuaJIT and lua5.1 refuse each other's bytecode (EPROTONOSUPPORT). On LuaJIT sharing
-- rests on lua_upvalueid and lua_upvaluejoin; on Lua 5.1, which has neither, on where all its
-- releases keep upvalues in memory. That is tried once in each state; an altered 5.1 that keeps
-- them elsewhere gives each function upvalues of its own. An upvalue that a function has twice
-- (debug.upvaluejoin of LuaJIT makes such) becomes two.
--
-- The seal. Bytecode can crash any Lua, and a __codec name calls a function. So a message with
-- either ends in an HMAC-SHA256 with a key that is random and only this process has, and decode
-- takes them only if that is right, or if it is told functions = true. A message from a file or the
-- network is data: its functions are refused.

---@class luv
---@field codec luv.codeclib

---@class luv.codeclib
local codeclib = {}

---Encodes the values, nils included; at most 7000, fewer where the stack is nearly full.
---Raises: a value that cannot be encoded, with the whole path to it ("cannot encode argument 2:
---field 'db': luv.tcp", "argument 1: upvalue 'co': coroutine"); an error in a __codec; more
---than a million levels; no memory.
---@param ... any
---@return string message
function codeclib.encode(...) end

---What decode may take. Options that are not there have no limit but encode's.
---@class luv.codec.options
---@field functions? boolean true: functions whatever their seal, from a source you trust as your own code; false: none at all, also none of a library; nil: with this process's seal
---@field depth? number most levels of tables, functions and hooks, 0 or more; a million
---@field size? number most bytes of the string, 0 or more
---@field hooks? table<string, function> decoders by name: these need no seal

---Decodes what encode has made. Any string at all gives its values or an error, in memory of at
---most 64 bytes for each byte of the string and 8 KB (functions that are taken apart).
---EPROTO: no message, or damaged. EACCES: a function or a __codec name without this process's seal,
---or functions = false. EPROTONOSUPPORT: another version of the format, or bytecode of another
---interpreter. EMSGSIZE: beyond a limit. ENOSYS: a library function or a __codec name that is not
---here. EBADF, ESRCH: a context that is closed, or another process's. EINVAL: an error in the
---function that __codec has named. ENOMEM.
---Raises: wrong arguments, an option that does not exist.
---@param s string
---@param options? luv.codec.options
---@return any ... the values; nil when it fails
---@return string? message
---@return luv.code? code
function codeclib.decode(s, options) end

return codeclib
