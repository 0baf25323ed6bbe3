package uv

// #include "timer.h"
// extern void luv_on_timer(uv_timer_t *h);
import "C"

import "time"

// A Timer is a uv_timer_t: milliseconds on the loop's cached clock. (The timers of Lua
// scripts are not these; they count nanoseconds, see csrc/timer/timer.c.)
type Timer struct{ Handle }

// NewTimer makes a timer that is not running.
func NewTimer(l *Loop) (*Timer, error) {
	t := new(Timer)
	if err := t.init(l, C.UV_TIMER); err != nil {
		return nil, err
	}
	return t, t.initialised(C.uv_timer_init(l.l, t.timer()))
}

func (t *Timer) timer() *C.uv_timer_t { return (*C.uv_timer_t)(ptr(t.raw())) }

// Start calls f after delay, and then every repeat unless that is 0. Both are rounded
// up to milliseconds.
func (t *Timer) Start(delay, repeat time.Duration, f func()) error {
	if !t.open() {
		return EBADF
	}
	if delay < 0 || repeat < 0 {
		return EINVAL
	}
	t.listen(fired(f))
	return check(C.uv_timer_start(t.timer(), C.uv_timer_cb(C.luv_on_timer), millis(delay), millis(repeat)))
}

func millis(d time.Duration) C.uint64_t {
	return C.uint64_t((d + time.Millisecond - 1) / time.Millisecond)
}

// Stop stops the timer.
func (t *Timer) Stop() error {
	if !t.open() {
		return EBADF
	}
	return check(C.uv_timer_stop(t.timer()))
}
