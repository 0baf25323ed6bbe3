package uv_test

import (
	"slices"
	"testing"
	"time"

	"luv/uv"
)

func newTimer(t *testing.T, l *uv.Loop) *uv.Timer {
	t.Helper()
	timer, err := uv.NewTimer(l)
	ok(t, err)
	return timer
}

// keepAlive is a timer that keeps its loop running until it is closed.
func keepAlive(t *testing.T, l *uv.Loop) *uv.Timer {
	t.Helper()
	timer := newTimer(t, l)
	ok(t, timer.Start(time.Hour, 0, nil))
	return timer
}

func TestTimersFireInOrder(t *testing.T) {
	l := newLoop(t)
	var order []int
	for _, ms := range []int{20, 5, 10, 0} {
		ok(t, newTimer(t, l).Start(time.Duration(ms)*time.Millisecond, 0, func() { order = append(order, ms) }))
	}
	run(t, l)
	if !slices.Equal(order, []int{0, 5, 10, 20}) {
		t.Errorf("fired in the order %v", order)
	}
}

func TestTimerIsRoundedUp(t *testing.T) {
	l := newLoop(t)
	start, at := l.Now(), uint64(0)
	ok(t, newTimer(t, l).Start(2*time.Millisecond+time.Nanosecond, 0, func() { at = l.Now() }))
	run(t, l)
	if at < start+3 {
		t.Errorf("fired after %d ms of the loop's clock", at-start)
	}
}

func TestRepeatingTimer(t *testing.T) {
	l, n := newLoop(t), 0
	timer := newTimer(t, l)
	ok(t, timer.Start(0, 2*time.Millisecond, func() {
		if n++; n == 5 {
			ok(t, timer.Stop())
		}
	}))
	start := time.Now()
	run(t, l)
	equal(t, "events", n, 5)
	if took := time.Since(start); took < 7*time.Millisecond {
		t.Errorf("five events in %v", took)
	}
}

func TestTimerStartedAgain(t *testing.T) {
	l, first, second := newLoop(t), 0, 0
	timer := newTimer(t, l)
	ok(t, timer.Start(time.Millisecond, 0, func() { first++ }))
	ok(t, timer.Start(2*time.Millisecond, 0, func() { second++ }))
	run(t, l)
	equal(t, "events of the first start", first, 0)
	equal(t, "events of the second", second, 1)
	ok(t, timer.Start(0, 0, func() { first++ }))
	run(t, l)
	equal(t, "events of the third", first, 1)
}

func TestTimerStopsBeforeItFires(t *testing.T) {
	l := newLoop(t)
	timer := newTimer(t, l)
	ok(t, timer.Stop()) // not running: nothing to do
	ok(t, timer.Start(0, 0, func() { t.Error("fired") }))
	equal(t, "active", timer.Active(), true)
	ok(t, timer.Stop())
	equal(t, "active", timer.Active(), false)
	run(t, l)
}

func TestTimerErrors(t *testing.T) {
	l := newLoop(t)
	timer := newTimer(t, l)
	fails(t, timer.Start(-1, 0, nil), uv.EINVAL)
	fails(t, timer.Start(0, -1, nil), uv.EINVAL)
	equal(t, "active", timer.Active(), false)
	timer.Close()
	fails(t, timer.Start(0, 0, nil), uv.EBADF)
	fails(t, timer.Stop(), uv.EBADF)
}
