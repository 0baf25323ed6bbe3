package uv_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"luv/csrc/core"
	"luv/uv"
)

// The first loop of a process opens descriptors that libuv keeps for good.
func TestMain(m *testing.M) {
	l, err := uv.NewLoop()
	if err == nil {
		err = l.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.ReadDir("/proc/self/fd") // and so does the first use of Go's poller
	os.Exit(m.Run())
}

// newLoop makes a loop for one test, whose goroutine it binds to its thread. When the
// test is over the loop is closed, and no slot and no descriptor may be left over.
func newLoop(t *testing.T) *uv.Loop {
	t.Helper()
	runtime.LockOSThread()
	slots, files := core.Taken(), descriptors(t)
	l, err := uv.NewLoop()
	ok(t, err)
	t.Cleanup(func() {
		ok(t, l.Close())
		if n := core.Taken(); n != slots {
			t.Errorf("%d slots in use, %d before the test", n, slots)
		}
		if n := descriptors(t); n != files {
			t.Errorf("%d descriptors open, %d before the test", n, files)
		}
		runtime.UnlockOSThread()
	})
	return l
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	ok(t, err)
	return len(list)
}

// run runs the loop until nothing is active. What hangs fails after ten seconds.
func run(t *testing.T, l *uv.Loop) {
	t.Helper()
	hung := false
	guard := time.AfterFunc(10*time.Second, func() {
		l.Post(func() { hung = true; l.Stop() })
	})
	defer guard.Stop()
	more, err := l.Run(uv.Default)
	ok(t, err)
	if more || hung {
		t.Fatal("the loop did not come to an end")
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// fails wants an error of libuv's.
func fails(t *testing.T, err error, want uv.Errno) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestRunModes(t *testing.T) {
	l, n := newLoop(t), 0
	timer := newTimer(t, l)
	equal(t, "alive when empty", l.Alive(), false)
	ok(t, timer.Start(5*time.Millisecond, 5*time.Millisecond, func() { n++ }))
	equal(t, "alive with a timer", l.Alive(), true)
	more, err := l.Run(uv.NoWait)
	ok(t, err)
	equal(t, "more after no wait", more, true)
	equal(t, "events after no wait", n, 0)
	more, _ = l.Run(uv.Once)
	equal(t, "more after once", more, true)
	equal(t, "events after once", n, 1)
	timer.Close()
	run(t, l)
	equal(t, "alive at the end", l.Alive(), false)
}

func TestStop(t *testing.T) {
	l, n := newLoop(t), 0
	timer := newTimer(t, l)
	ok(t, timer.Start(0, time.Millisecond, func() {
		if n++; n == 3 {
			l.Stop()
		}
	}))
	more, err := l.Run(uv.Default)
	ok(t, err)
	equal(t, "more", more, true)
	equal(t, "events", n, 3)
}

func TestLoopIsNotReentrant(t *testing.T) {
	l, called := newLoop(t), false
	timer := newTimer(t, l)
	ok(t, timer.Start(0, 0, func() {
		called = true
		_, err := l.Run(uv.NoWait)
		fails(t, err, uv.EBUSY)
		fails(t, l.Close(), uv.EBUSY)
	}))
	run(t, l)
	equal(t, "called", called, true)
	equal(t, "posts go on", l.Post(func() {}), true)
}

func TestPostWakesALoopThatBlocks(t *testing.T) {
	l := newLoop(t)
	keep := keepAlive(t, l)
	thread, on := syscall.Gettid(), 0
	go func() {
		time.Sleep(20 * time.Millisecond)
		l.Post(func() { on = syscall.Gettid(); keep.Close() })
	}()
	run(t, l)
	equal(t, "thread of the call", on, thread)
}

func TestPostsFromManyGoroutinesKeepTheirOrder(t *testing.T) {
	const senders, each = 8, 500
	l := newLoop(t)
	keep := keepAlive(t, l)
	var last [senders]int
	total := 0
	for s := range last {
		go func() {
			for i := 1; i <= each; i++ {
				l.Post(func() {
					if last[s] != i-1 {
						t.Errorf("sender %d: %d after %d", s, i, last[s])
					}
					last[s] = i
					if total++; total == senders*each {
						keep.Close()
					}
				})
			}
		}()
	}
	run(t, l)
	equal(t, "calls", total, senders*each)
}

func TestAPostMayPost(t *testing.T) {
	l, depth := newLoop(t), 0
	keep := keepAlive(t, l)
	var post func()
	post = func() {
		if depth++; depth == 100 {
			keep.Close()
			return
		}
		l.Post(post)
	}
	l.Post(post)
	run(t, l)
	equal(t, "posts", depth, 100)
}

func TestEveryPostThatWasTakenIsCalled(t *testing.T) {
	l, n := newLoop(t), 0
	for range 3 {
		equal(t, "post", l.Post(func() {
			n++
			equal(t, "post while closing", l.Post(func() { n += 100 }), false)
		}), true)
	}
	ok(t, l.Close())
	equal(t, "called", n, 3)
	equal(t, "post after close", l.Post(func() { n++ }), false)
	equal(t, "called", n, 3)
}

// A goroutine that posts while the loop is being closed: what was taken is called.
func TestPostsDuringClose(t *testing.T) {
	for range 50 {
		l := newLoop(t)
		taken, called, begun := 0, 0, make(chan struct{})
		end := make(chan struct{})
		go func() {
			defer close(end)
			close(begun)
			for l.Post(func() { called++ }) {
				taken++
			}
		}()
		<-begun
		ok(t, l.Close())
		<-end
		equal(t, "called", called, taken)
	}
}

func TestClosedLoop(t *testing.T) {
	l := newLoop(t)
	ok(t, l.Close())
	ok(t, l.Close())
	l.Stop()
	equal(t, "now", l.Now(), 0)
	equal(t, "alive", l.Alive(), false)
	equal(t, "pointer", l.Pointer(), 0)
	_, err := l.Run(uv.Default)
	fails(t, err, uv.EBADF)
	for name, create := range makers {
		if _, err := create(l); !errors.Is(err, uv.EBADF) {
			t.Errorf("%s on a closed loop: %v", name, err)
		}
	}
	fails(t, uv.GetAddrInfo(l, "localhost", "", uv.Hints{}, nil), uv.EBADF)
}

// Loops on threads of their own have nothing to do with each other.
func TestLoopsSideBySide(t *testing.T) {
	newLoop(t) // for its leak check
	var all sync.WaitGroup
	for range 4 {
		all.Add(1)
		go func() {
			defer all.Done()
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			l, err := uv.NewLoop()
			ok(t, err)
			n, timer := 0, newTimer(t, l)
			ok(t, timer.Start(0, time.Millisecond, func() {
				if n++; n == 20 {
					timer.Close()
				}
			}))
			run(t, l)
			equal(t, "events", n, 20)
			ok(t, l.Close())
		}()
	}
	all.Wait()
}
