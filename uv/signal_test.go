package uv_test

import (
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"luv/uv"
)

// A signal that does nothing by default: one that comes when nobody watches any more is
// no harm.
const winch = int(syscall.SIGWINCH)

func newSignal(t *testing.T, l *uv.Loop) *uv.Signal {
	t.Helper()
	s, err := uv.NewSignal(l)
	ok(t, err)
	return s
}

func TestSignal(t *testing.T) {
	l, n := newLoop(t), 0
	s := newSignal(t, l)
	ok(t, s.Start(winch, func() {
		if n++; n < 3 {
			ok(t, syscall.Kill(syscall.Getpid(), syscall.SIGWINCH))
			return
		}
		s.Close()
	}))
	ok(t, syscall.Kill(syscall.Getpid(), syscall.SIGWINCH))
	run(t, l)
	equal(t, "events", n, 3)
}

func TestEveryWatcherIsTold(t *testing.T) {
	l, n := newLoop(t), 0
	for range 3 {
		s := newSignal(t, l)
		ok(t, s.Start(winch, func() { n++; s.Close() }))
	}
	ok(t, syscall.Kill(syscall.Getpid(), syscall.SIGWINCH))
	run(t, l)
	equal(t, "events", n, 3)
}

func TestSignalStop(t *testing.T) {
	l, n := newLoop(t), 0
	stopped, other := newSignal(t, l), newSignal(t, l)
	ok(t, stopped.Start(winch, func() { t.Error("told after stop") }))
	ok(t, other.Start(winch, func() { n++; other.Close() }))
	ok(t, stopped.Stop())
	ok(t, syscall.Kill(syscall.Getpid(), syscall.SIGWINCH))
	run(t, l)
	equal(t, "events", n, 1)
}

func TestSignalErrors(t *testing.T) {
	l := newLoop(t)
	s := newSignal(t, l)
	fails(t, s.Start(0, nil), uv.EINVAL)
	fails(t, s.Start(int(syscall.SIGKILL), nil), uv.EINVAL)
	fails(t, s.Start(9999, nil), uv.EINVAL)
	s.Close()
	fails(t, s.Start(winch, nil), uv.EBADF)
	fails(t, s.Stop(), uv.EBADF)
}

// The kernel's struct sigaction, as far as it is needed.
type sigaction struct {
	handler uintptr
	flags   uint64
	rest    [4]uint64
}

func actionOf(t *testing.T, n syscall.Signal) (a sigaction) {
	t.Helper()
	_, _, e := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(n), 0, uintptr(unsafe.Pointer(&a)), 8, 0, 0)
	if e != 0 {
		t.Fatal(e)
	}
	return a
}

// Without an alternate stack libuv's handler would run on a goroutine's, which is small.
func TestHandlerRunsOnAnotherStack(t *testing.T) {
	const onStack = 0x08000000
	l := newLoop(t)
	before := actionOf(t, syscall.SIGWINCH)
	s := newSignal(t, l)
	ok(t, s.Start(winch, func() {}))
	now := actionOf(t, syscall.SIGWINCH)
	if now.handler == before.handler {
		t.Error("the handler is not libuv's")
	}
	if now.flags&onStack == 0 {
		t.Errorf("flags %#x are without SA_ONSTACK", now.flags)
	}
}

// Signals that hit goroutines at work on all threads.
func TestSignalStorm(t *testing.T) {
	l, n := newLoop(t), 0
	s := newSignal(t, l)
	var stop atomic.Bool
	ok(t, s.Start(winch, func() {
		n++
		stop.Store(n >= 20)
	}))
	for range 4 {
		go func() {
			for !stop.Load() {
				deep(20)
			}
		}()
	}
	go func() {
		for !stop.Load() {
			syscall.Kill(syscall.Getpid(), syscall.SIGWINCH)
			time.Sleep(50 * time.Microsecond)
		}
		l.Post(s.Close)
	}()
	run(t, l)
	if n < 20 {
		t.Errorf("only %d events", n)
	}
}

func TestSignalNames(t *testing.T) {
	for name, n := range map[string]int{"INT": 2, "SIGINT": 2, "sigterm": 15, "cld": 17, "POLL": 29,
		"RTMIN": 34, "rtmin+3": 37, "SIGRTMAX-1": 63, "RTMAX": 64,
		"": 0, "SIG": 0, "FOO": 0, "RTMIN3": 0, "RTMIN+": 0, "RTMIN+31": 0, "RTMAX+1": 0, "RTMI": 0} {
		equal(t, name, uv.SignalNumber(name), n)
	}
	for n := -1; n < 70; n++ {
		if name := uv.SignalName(n); name != "" {
			equal(t, name, uv.SignalNumber(name), n)
		}
	}
	equal(t, "name", uv.SignalName(2), "SIGINT")
	equal(t, "the C library's own", uv.SignalName(32), "")
}

func TestKill(t *testing.T) {
	ok(t, uv.Kill(syscall.Getpid(), 0))
	fails(t, uv.Kill(1<<30, 15), uv.FromSystem(int(syscall.ESRCH)))
	fails(t, uv.Kill(syscall.Getpid(), 999), uv.EINVAL)
	fails(t, uv.Raise(999), uv.EINVAL)
	ok(t, uv.Raise(winch))
}

// A Watch is for the fibers of a Lua state.
func TestWatchWithoutState(t *testing.T) {
	l := newLoop(t)
	_, err := uv.NewWatch(l)
	fails(t, err, uv.ENOTSUP)
	ok(t, l.Close())
	_, err = uv.NewWatch(l)
	fails(t, err, uv.EBADF)
}
