---@meta _

-- luv.chan(n) - a channel: values from fiber to fiber, in order.
--
-- Up to n values lie in the channel; with 0, put waits until a getter takes the value. Getters
-- are served in the order in which they came, and so are putters. Any value can be sent,
-- nil too: get then returns one nil, where a failure returns three values. A value is got
-- once, by one fiber; what a call that timed out or was cancelled would have sent or got is
-- neither lost nor sent.
--
-- close ends the putting: each put, those that wait already among them, fails with EOF. What
-- lies in the channel can still be got; after that, get fails with EOF. That nothing outside
-- can end a wait for a channel makes it count in the search for deadlocks.
--
-- luv.thread.chan has the same methods, with the same results.

---@class luv.chan
---@operator len: integer how many values lie in it
local chan = {}

---Sends a value: to the getter that has waited longest, else into the channel; waits while
---that is full. The getter runs when the caller next waits.
---Fails: EOF, the channel is closed (also while it waited: the value was not taken).
---Raises: a timeout that is no number of 0 or more.
---Suspends.
---@async
---@param v any nil too
---@param timeout? number seconds; 0: only if it need not wait
---@return luv.chan? self nil when it fails
---@return string? message
---@return luv.code? code
function chan:put(v, timeout) end

---Takes the value that was put first; waits while there is none.
---Fails: EOF, the channel is closed and empty.
---Raises: a timeout that is no number of 0 or more.
---Suspends.
---@async
---@param timeout? number seconds; 0: only if it need not wait
---@return any v the one result, nil too; three results when it fails: nil, message, code
---@return string? message
---@return luv.code? code
function chan:get(timeout) end

---put(v, 0): ETIMEDOUT where put would have to wait.
---@param v any
---@return luv.chan? self nil when it fails
---@return string? message
---@return luv.code? code
function chan:try_put(v) end

---get(0): ETIMEDOUT where get would have to wait.
---@return any v
---@return string? message
---@return luv.code? code
function chan:try_get() end

---Closes it for putting. Closing it again does nothing.
---@return luv.chan self
function chan:close() end

---@return boolean yes close was called; values may still lie in it
function chan:closed() end

---@return integer n what luv.chan was called with
function chan:capacity() end

---For a loop over all values, as in  for v in ch:iter() do; it ends with the channel, or at a
---nil that was put.
---@return fun(): any next as get(); suspends
function chan:iter() end
