package uv_test

import (
	"testing"
	"time"

	"luv/uv"
)

func TestIdleCountsTurns(t *testing.T) {
	l, n := newLoop(t), 0
	idle, err := uv.NewIdle(l)
	ok(t, err)
	equal(t, "active", idle.Active(), false)
	ok(t, idle.Start(func() {
		if n++; n == 100 {
			ok(t, idle.Stop())
		}
	}))
	equal(t, "active", idle.Active(), true)
	run(t, l)
	equal(t, "turns", n, 100)
}

func TestIdleKeepsTheLoopFromBlocking(t *testing.T) {
	l, n := newLoop(t), 0
	keepAlive(t, l)
	idle, err := uv.NewIdle(l)
	ok(t, err)
	ok(t, idle.Start(func() { n++ }))
	start := time.Now()
	for range 10 {
		l.Run(uv.Once)
	}
	equal(t, "turns", n, 10)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("ten turns took %v", took)
	}
}

func TestIdleStartedWithoutAFunctionForgetsTheOld(t *testing.T) {
	l, n := newLoop(t), 0
	idle, err := uv.NewIdle(l)
	ok(t, err)
	ok(t, idle.Start(func() { n++ }))
	l.Run(uv.NoWait)
	equal(t, "turns", n, 1)
	ok(t, idle.Stop())
	ok(t, idle.Start(nil))
	l.Run(uv.NoWait)
	equal(t, "turns", n, 1)
}

func TestIdleErrors(t *testing.T) {
	l := newLoop(t)
	idle, err := uv.NewIdle(l)
	ok(t, err)
	idle.Close()
	fails(t, idle.Start(func() {}), uv.EBADF)
	fails(t, idle.Stop(), uv.EBADF)
}
