package lua

// #include "luv.h"
import "C"

import (
	"context"

	"luv/csrc/core"
)

// An operation that Go carries out while a fiber waits. Its goroutine touches neither
// Lua nor libuv: it works with Go values and hands the results over through the loop.
type operation struct {
	h      *host
	name   string
	op     *C.luv_goop
	slot   uint64
	cancel context.CancelFunc
}

// results makes of what the work has brought the results of the call, on the loop's thread.
type results func(wanted bool) []any

// Release implements core.Releaser: the wait was given up (why 0), or the state closes.
func (o *operation) Release(why int) {
	o.cancel()
	if why == 1 {
		o.op = nil
		core.Give(o.slot)
	}
}

// Await ends the call by waiting for work, which runs in a goroutine of its own and
// returns a function that makes the results, on the loop's thread. When the wait is
// given up the context is cancelled, and the results are dropped: then made is called
// with false, to let go of what they hold.
func (c *Call) Await(timeout float64, work func(context.Context) (made func(wanted bool) []any)) {
	ctx, cancel := context.WithCancel(context.Background())
	o := &operation{h: c.state, name: c.name, cancel: cancel}
	o.slot = core.Take(o)
	o.op = C.luv__goop_new(c.c.S, C.uint64_t(o.slot))
	if o.op == nil {
		core.Give(o.slot)
		cancel()
		c.Raise("not enough memory")
		return
	}
	c.c.act, c.c.op, c.c.timeout = C.LUV_ACT_SUSPEND, o.op, C.double(timeout)
	go func() {
		made := o.carryOut(func() results { return work(ctx) })
		cancel()
		if !o.h.loop.Post(func() { o.finish(made) }) {
			made(false)
		}
	}()
}

// carryOut does the work. A panic, then or in what is made of it, is a failure.
func (o *operation) carryOut(work func() results) results {
	var made results
	failed := guard(o.name, func() []any { made = work(); return nil })
	if failed != nil {
		return func(bool) []any { return failed }
	}
	return func(wanted bool) []any {
		return guard(o.name, func() []any { return made(wanted) })
	}
}

// finish hands the results to the fiber, if it still waits.
func (o *operation) finish(made results) {
	if o.op == nil {
		made(false)
		return
	}
	core.Give(o.slot)
	for _, r := range made(o.op.f != nil) {
		add(o.op.answer, r)
	}
	C.luv__goop_done(o.h.s, o.op)
}
