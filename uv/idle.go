package uv

// #include "luv.h"
// extern void luv_on_idle(uv_idle_t *h);
import "C"

// An Idle is a uv_idle_t: while it runs, the loop does not block, and every turn of the
// loop is an event.
type Idle struct{ Handle }

// NewIdle makes an idle handle that is not running.
func NewIdle(l *Loop) (*Idle, error) {
	i := new(Idle)
	if err := i.init(l, C.UV_IDLE); err != nil {
		return nil, err
	}
	return i, i.initialised(C.uv_idle_init(l.l, i.idle()))
}

// IdleOf returns the idle handle behind an object of package lua.
func IdleOf(obj uintptr) *Idle { return &Idle{Handle{o: object(obj)}} }

func (i *Idle) idle() *C.uv_idle_t { return (*C.uv_idle_t)(ptr(i.raw())) }

// Start starts it. Each turn of the loop calls f; with nil, the turns are counted for
// the fibers that wait for the handle's object.
func (i *Idle) Start(f func()) error {
	if !i.open() {
		return EBADF
	}
	i.listen(fired(f))
	return check(C.uv_idle_start(i.idle(), C.uv_idle_cb(C.luv_on_idle)))
}

// Stop stops it.
func (i *Idle) Stop() error {
	if !i.open() {
		return EBADF
	}
	return check(C.uv_idle_stop(i.idle()))
}
