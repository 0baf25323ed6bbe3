package lua

// #include "luv.h"
import "C"

import (
	"errors"
	"unsafe"

	"luv/csrc/core"
	"luv/uv"
)

// A host is what Go keeps for one Lua state that has loaded luv: its loop.
type host struct {
	s    *C.luv_state
	loop *uv.Loop
	slot uint64
}

func init() {
	core.Open = open
	core.Close = closeHost
	core.Run = run
}

// open gives a new state its loop, or returns an error of libuv's. It runs inside luaopen_luv.
func open(p uintptr) int {
	once.Do(publish)
	if err := uv.StartPoller(); err != nil {
		return code(err)
	}
	loop, err := uv.NewLoop()
	if err != nil {
		return code(err)
	}
	h := &host{s: *(**C.luv_state)(unsafe.Pointer(&p)), loop: loop}
	h.slot = core.Take(h)
	h.s.host = C.uint64_t(h.slot)
	l := loop.Pointer()
	h.s.loop = *(**C.uv_loop_t)(unsafe.Pointer(&l))
	return 0
}

func code(err error) int {
	e := uv.ENOMEM
	errors.As(err, &e)
	return int(e)
}

// closeHost ends the loop of a state that is being closed.
func closeHost(n uint64) {
	if h, ok := core.Get(n).(*host); ok {
		core.Give(n)
		h.loop.Close()
	}
}

// run is Loop.Run as a script's main chunk does it: one call into C, which alternates
// ready fibers and uv_run, and comes back when the main chunk is woken. Callbacks that
// need Go enter it from there.
func run(p uintptr) int {
	return int(C.luv__sched_run(*(**C.luv_state)(unsafe.Pointer(&p))))
}
