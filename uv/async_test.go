package uv_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"luv/uv"
)

func TestAsyncFromAnotherThread(t *testing.T) {
	l := newLoop(t)
	thread, on, other := syscall.Gettid(), 0, 0
	var async *uv.Async
	async, err := uv.NewAsync(l, func() {
		on = syscall.Gettid()
		async.Close()
	})
	ok(t, err)
	sent := make(chan int)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		time.Sleep(10 * time.Millisecond)
		async.Send()
		sent <- syscall.Gettid()
	}()
	run(t, l)
	other = <-sent
	equal(t, "thread of the callback", on, thread)
	if other == thread {
		t.Error("sent from the loop's own thread")
	}
}

// Sends may be merged, but none is lost: a call follows the last one.
func TestNoSendIsLost(t *testing.T) {
	const senders, each = 4, 200
	l := newLoop(t)
	var sent, seen atomic.Int64
	var all sync.WaitGroup
	var async *uv.Async
	calls, done := 0, false
	async, err := uv.NewAsync(l, func() {
		calls++
		if seen.Store(sent.Load()); done {
			async.Close()
		}
	})
	ok(t, err)
	for range senders {
		all.Add(1)
		go func() {
			defer all.Done()
			for range each {
				sent.Add(1)
				async.Send()
			}
		}()
	}
	// Not before the last sender has let go of the handle may it be closed.
	go func() {
		all.Wait()
		l.Post(func() {
			if done = true; seen.Load() == senders*each {
				async.Close()
			}
		})
	}()
	run(t, l)
	equal(t, "sends seen", seen.Load(), senders*each)
	if calls > senders*each {
		t.Errorf("%d calls for %d sends", calls, senders*each)
	}
}

func TestAsyncSendAfterClose(t *testing.T) {
	l := newLoop(t)
	async, err := uv.NewAsync(l, func() { t.Error("called") })
	ok(t, err)
	async.Send()
	async.Close()
	async.Send()
	run(t, l)
	async.Send()
}
