package lua

// #include "thread.h"
// void luv__thread_main(luv_thread *t, lua_State *L);
// void luv__thread_refused(luv_thread *t);
import "C"

import (
	"runtime"
	"unsafe"

	"luv/csrc/core"
)

func init() { core.Thread = thread }

// thread makes the state of an OS thread, lets C run in it what the thread is for, and
// closes it. The thread is locked to its goroutine meanwhile: C called, and C is returned to.
func thread(p uintptr) {
	t := *(**C.luv_thread)(unsafe.Pointer(&p))
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	s := NewState()
	if s == nil {
		C.luv__thread_refused(t)
		return
	}
	C.luv__thread_main(t, s.pointer())
	s.Close()
}
