package uv

// #include "luv.h"
import "C"

import (
	"sync"
	"unsafe"
)

// RunMode says how long Loop.Run runs.
type RunMode int

// The modes of libuv: until nothing is active, one turn, one turn without waiting.
const (
	Default RunMode = C.UV_RUN_DEFAULT
	Once    RunMode = C.UV_RUN_ONCE
	NoWait  RunMode = C.UV_RUN_NOWAIT
)

// A Loop is a libuv event loop. All of it but Post belongs to one OS thread.
type Loop struct {
	l     *C.uv_loop_t
	depth int
	async *Async

	mu      sync.Mutex
	posts   []func()
	closing bool // there is nobody to wake any more
	closed  bool
}

// NewLoop makes a loop.
func NewLoop() (*Loop, error) {
	l := (*C.uv_loop_t)(C.calloc(1, C.size_t(C.uv_loop_size())))
	if l == nil {
		return nil, ENOMEM
	}
	if err := check(C.uv_loop_init(l)); err != nil {
		C.free(unsafe.Pointer(l))
		return nil, err
	}
	loop := &Loop{l: l}
	async, err := NewAsync(loop, loop.runPosts)
	if err != nil {
		C.uv_loop_close(l)
		C.free(unsafe.Pointer(l))
		return nil, err
	}
	async.Unref() // posts alone do not keep a loop running
	loop.async = async
	return loop, nil
}

// Pointer returns the uv_loop_t as a number, for package csrc.
func (l *Loop) Pointer() uintptr { return uintptr(unsafe.Pointer(l.l)) }

// Run runs the loop. It reports whether anything is still active. Running a loop from
// one of its own callbacks is an error: libuv is not re-entrant.
func (l *Loop) Run(mode RunMode) (bool, error) {
	if l.l == nil {
		return false, EBADF
	}
	if l.depth > 0 {
		return false, EBUSY
	}
	l.depth++
	defer func() { l.depth-- }()
	return C.uv_run(l.l, C.uv_run_mode(mode)) != 0, nil
}

// Stop ends the Run in progress at its next turn.
func (l *Loop) Stop() {
	if l.l != nil {
		C.uv_stop(l.l)
	}
}

// Alive reports whether a handle or request is active.
func (l *Loop) Alive() bool { return l.l != nil && C.uv_loop_alive(l.l) != 0 }

// Now returns the loop's cached time in milliseconds, 0 when it is closed.
func (l *Loop) Now() uint64 {
	if l.l == nil {
		return 0
	}
	return uint64(C.uv_now(l.l))
}

// Post makes the loop call f soon, on its thread. It may be called from any goroutine,
// and returns false when the loop is closed. If it returns true, f is called: by Close at
// the latest, when all handles are closed.
func (l *Loop) Post(f func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.posts = append(l.posts, f)
	if !l.closing {
		l.async.Send()
	}
	return true
}

func (l *Loop) runPosts() {
	l.mu.Lock()
	posts := l.posts
	l.posts = nil
	l.mu.Unlock()
	for _, f := range posts {
		f()
	}
}

// Close closes what is open on the loop, lets the close callbacks run, and frees it. If
// a request is stuck in libuv's thread pool the loop is left to leak rather than waited
// for, and EBUSY returned; a later Close tries again. EBUSY, and nothing done, is also
// what a callback of the loop gets. Closing twice is harmless.
func (l *Loop) Close() error {
	if l.l == nil {
		return nil
	}
	if l.depth > 0 {
		return EBUSY
	}
	l.mu.Lock()
	l.closing = true
	l.mu.Unlock()
	C.luv__close_all(l.l)
	err := EBUSY
	for i := 0; i < 100 && err == EBUSY; i++ {
		C.uv_run(l.l, C.UV_RUN_NOWAIT)
		err = Errno(C.uv_loop_close(l.l))
	}
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.runPosts() // the last ones
	if err != 0 {
		return err
	}
	C.free(unsafe.Pointer(l.l))
	l.l = nil
	return nil
}
