package uv

// #include "luv.h"
// extern void luv_on_async(uv_async_t *h);
import "C"

// An Async wakes its loop from another thread.
type Async struct{ Handle }

// NewAsync makes an async handle; each wake-up calls f on the loop's thread. Several
// Sends may become one call.
func NewAsync(l *Loop, f func()) (*Async, error) {
	a := new(Async)
	if err := a.init(l, C.UV_ASYNC); err != nil {
		return nil, err
	}
	if err := a.initialised(C.uv_async_init(l.l, a.async(), C.uv_async_cb(C.luv_on_async))); err != nil {
		return nil, err
	}
	a.listen(fired(f))
	return a, nil
}

func (a *Async) async() *C.uv_async_t { return (*C.uv_async_t)(ptr(a.raw())) }

// Send wakes the loop. It may be called from any thread while the handle is open: the
// caller sees to it that Close comes later. On the loop's thread a Send that comes after
// it does nothing.
func (a *Async) Send() {
	if a.open() {
		C.uv_async_send(a.async())
	}
}
