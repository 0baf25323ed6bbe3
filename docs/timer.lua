---@meta _

-- luv.timer - ticks that come neither early nor twice nor get lost, and do not drift.
--
-- Delay and repeat are milliseconds, as in libuv, not seconds; fractions count. The n-th tick
-- is due at start + delay + n · repeat (n = 0, 1, …), however late those before it were
-- taken. Ticks that come while nobody waits are counted. A tick is noticed within about 2 ms
-- of its time. A running timer that no fiber waits for keeps nothing alive.
--
-- It is not a uv_timer_t, whose clock counts whole milliseconds and stands still while fibers
-- run; names and states are those of libuv's timer.

---@class luv
---@field timer luv.timerlib

---@class luv.timerlib
local timerlib = {}

---@class luv.timer: luv.object
local timer = {}

---Makes a timer that is stopped, with a repeat of 0.
---@return luv.timer timer
function timerlib.create() end

---Starts it, anew if it is running: ticks that were counted are forgotten, and so is the
---repeat there was. Fibers that wait in next go on waiting, for the new time.
---Raises: a delay or repeat that is no number of 0 or more.
---Source: uv_timer_start.
---@param delay? number milliseconds to the first tick; nil: 0
---@param interval? number milliseconds from each tick to the next; nil or 0: one tick only
---@return luv.timer? self nil when it fails
---@return string? message
---@return luv.code? code
function timer:start(delay, interval) end

---Stops it and ends the waits for it with ECANCELED. Ticks that were counted stay for
---next, and the repeat stays for again. Source: uv_timer_stop.
---@return luv.timer? self nil when it fails
---@return string? message
---@return luv.code? code
function timer:stop() end

---Starts it, or starts it anew, with the repeat as delay. EINVAL: the repeat is 0.
---Source: uv_timer_again.
---@return luv.timer? self nil when it fails
---@return string? message
---@return luv.code? code
function timer:again() end

---Waits for a tick, unless some have been counted already. Of several that wait each gets
---the tick. EINVAL: the timer is stopped (or has had its only tick), and none is counted.
---Raises: a timeout that is no number of 0 or more.
---Suspends.
---@async
---@param timeout? number seconds
---@return integer? ticks since the last call, at least 1; nil when it fails
---@return string? message
---@return luv.code? code
function timer:next(timeout) end

---Same as next, by its name of 2012.
---Suspends.
---@async
---@param timeout? number seconds
---@return integer? ticks
---@return string? message
---@return luv.code? code
function timer:wait(timeout) end

---Sets the repeat, which counts from the next tick on. Does not start the timer.
---Raises: no number of 0 or more.
---Source: uv_timer_set_repeat.
---@param interval? number milliseconds; nil or 0: the next tick is the last
---@return luv.timer? self nil when it fails
---@return string? message
---@return luv.code? code
function timer:set_repeat(interval) end

---Source: uv_timer_get_repeat.
---@return number? ms milliseconds, 0: none; nil when it fails
---@return string? message
---@return luv.code? code
function timer:get_repeat() end

---The time to the next tick. Source: uv_timer_get_due_in.
---@return number? ms milliseconds; 0 when it is due, or the timer is stopped
---@return string? message
---@return luv.code? code
function timer:due_in() end

return timerlib
