---@meta _

-- luv.scope(fn) - fibers that end with the function that made them.
--
-- luv.scope returns what fn(s) returned, when fn and all that s:spawn made have ended. The
-- first error, of fn or of a child, cancels all the others, fn included; it is raised,
-- unchanged, when they have unwound. Whoever is cancelled may clean up and wait meanwhile.
-- When the fiber that is in luv.scope is cancelled, or a luv.timeout around it passes, the
-- children are cancelled too, and awaited. A child that is cancelled by itself is no error.

---@class luv.scope
local scope = {}

---Makes a fiber of fn, a child of the scope. A thread, a process or a fiber in place of fn
---becomes a child too: it is waited for, and stopped (cancel, or kill) when the rest is
---cancelled; an error of it is the scope's.
---Raises: fn is none of these; the scope has ended.
---@param fn fun(...): ...
---@param ... any arguments of fn
---@return luv.fiber fiber
function scope:spawn(fn, ...) end

---Cancels the children that there are now; fn goes on.
---Raises: the scope has ended.
---@return luv.scope self
function scope:cancel() end
