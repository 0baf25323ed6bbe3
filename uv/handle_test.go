package uv_test

import (
	"runtime"
	"testing"
	"time"

	"luv/csrc/core"
	"luv/uv"
)

// What every handle type has in common.
type handle interface {
	Close()
	Closed() bool
	Active() bool
	Ref()
	Unref()
	Object() uintptr
}

// makers holds the New function of every handle type: a new type is added here.
var makers = map[string]func(*uv.Loop) (handle, error){
	"async":    func(l *uv.Loop) (handle, error) { h, err := uv.NewAsync(l, func() {}); return h, err },
	"idle":     func(l *uv.Loop) (handle, error) { h, err := uv.NewIdle(l); return h, err },
	"pipe":     func(l *uv.Loop) (handle, error) { h, err := uv.NewPipe(l, false); return h, err },
	"signal":   func(l *uv.Loop) (handle, error) { h, err := uv.NewSignal(l); return h, err },
	"tcp":      func(l *uv.Loop) (handle, error) { h, err := uv.NewTCP(l); return h, err },
	"unixgram": func(l *uv.Loop) (handle, error) { h, err := uv.NewUnixgram(l); return h, err },
	"udp":      func(l *uv.Loop) (handle, error) { h, err := uv.NewUDP(l, uv.Unspecified); return h, err },
	"timer":    func(l *uv.Loop) (handle, error) { h, err := uv.NewTimer(l); return h, err },
}

func TestCloseIsIdempotent(t *testing.T) {
	for name, create := range makers {
		t.Run(name, func(t *testing.T) {
			l := newLoop(t)
			before := core.Taken()
			h, err := create(l)
			ok(t, err)
			equal(t, "closed", h.Closed(), false)
			for range 2 {
				h.Close()
				equal(t, "closed", h.Closed(), true)
			}
			run(t, l) // the close callback: now the memory is gone
			equal(t, "slots", core.Taken(), before)
			equal(t, "pointer to it", h.Object(), 0)
			h.Close()
			h.Ref()
			h.Unref()
			equal(t, "closed", h.Closed(), true)
			equal(t, "active", h.Active(), false)
		})
	}
}

// The loop closes what is still open; its handles know it.
func TestHandleOutlivesItsLoop(t *testing.T) {
	for name, create := range makers {
		t.Run(name, func(t *testing.T) {
			l := newLoop(t)
			h, err := create(l)
			ok(t, err)
			ok(t, l.Close())
			equal(t, "pointer to its memory", h.Object(), 0)
			equal(t, "closed", h.Closed(), true)
			equal(t, "active", h.Active(), false)
			h.Close()
			h.Unref()
		})
	}
}

func TestNoEventAfterClose(t *testing.T) {
	l := newLoop(t)
	var timers [10]*uv.Timer
	n := 0
	for i := range timers {
		timers[i] = newTimer(t, l)
		ok(t, timers[i].Start(0, 0, func() {
			n++
			for _, other := range timers {
				other.Close()
			}
		}))
	}
	run(t, l)
	equal(t, "events", n, 1)
}

func TestUnref(t *testing.T) {
	l := newLoop(t)
	timer := keepAlive(t, l)
	equal(t, "alive", l.Alive(), true)
	timer.Unref()
	equal(t, "alive without a reference", l.Alive(), false)
	equal(t, "active all the same", timer.Active(), true)
	run(t, l)
	timer.Ref()
	equal(t, "alive again", l.Alive(), true)
}

// A handle whose memory libuv gave back, and whose slot has a new tenant, must not get
// the tenant's events.
func TestSlotsAreNotMixedUp(t *testing.T) {
	l := newLoop(t)
	for round := range 50 {
		old, n := newTimer(t, l), 0
		ok(t, old.Start(0, 0, func() { t.Errorf("round %d: the closed timer fired", round) }))
		old.Close()
		run(t, l)
		ok(t, newTimer(t, l).Start(0, 0, func() { n++ }))
		run(t, l)
		equal(t, "events", n, 1)
	}
}

// Go moves its stacks and collects while C holds numbers only.
func TestGarbageCollectionBetweenEvents(t *testing.T) {
	l, n := newLoop(t), 0
	for i := range 20 {
		timer := newTimer(t, l)
		ok(t, timer.Start(time.Duration(i%3)*time.Millisecond, 0, func() {
			runtime.GC()
			deep(100)
			n++
		}))
	}
	run(t, l)
	equal(t, "events", n, 20)
}

func deep(n int) int {
	var page [1024]byte
	if n == 0 {
		return int(page[0])
	}
	return deep(n-1) + int(page[n])
}
