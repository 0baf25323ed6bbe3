package uv

// #include "luv.h"
import "C"

import (
	"slices"
	"unsafe"

	"luv/csrc/core"
)

// A Handle is what all handle types have in common.
type Handle struct {
	o    *C.luv_object
	slot uint64
	on   func(what int, a int64, p uintptr)
	gone func()
	also []*Handle // that are tracked, too, by this one's slot
}

// The events of csrc/core/luv.h.
const (
	evFired      = C.LUV_EV_FIRED
	evConnection = C.LUV_EV_CONNECTION
	evRead       = C.LUV_EV_READ
)

func (h *Handle) init(l *Loop, kind C.int) error {
	if l.l == nil {
		return EBADF
	}
	return h.made(C.luv__handle_new((*C.luv_state)(l.l.data), C.int(C.luv__class_other.id), kind))
}

// made takes over a new object. That of a Lua state has its userdata; one of Go's alone
// is tracked, since Loop.Close frees it, too.
func (h *Handle) made(o *C.luv_object) error {
	if o == nil {
		return ENOMEM
	}
	h.o = o
	if o.S == nil {
		h.Track()
	}
	return nil
}

// initialised ends a New function: gives the memory back when libuv's init failed.
func (h *Handle) initialised(r C.int) error {
	if r < 0 {
		C.luv__object_dispose(h.o)
		h.o = nil
	}
	return check(r)
}

// listen has the handle's events delivered to f. With nil they are counted in C, for
// the fibers of a Lua state that wait for the handle's object.
func (h *Handle) listen(f func(what int, a int64, p uintptr)) {
	h.on = f
	if f == nil {
		h.o.flags &^= C.LUV_O_GO
		return
	}
	if h.slot == 0 {
		h.slot = core.Take(h)
		h.o.slot = C.uint64_t(h.slot)
	}
	h.o.flags |= C.LUV_O_GO
}

// fired is what listens when all that counts is that there was an event.
func fired(f func()) func(int, int64, uintptr) {
	if f == nil {
		return nil
	}
	return func(int, int64, uintptr) { f() }
}

// Event implements core.Eventer.
func (h *Handle) Event(what int, a int64, p uintptr) {
	if h.on != nil && h.o != nil {
		h.on(what, a, p)
	}
}

// Release implements core.Releaser: libuv has let go of the handle.
func (h *Handle) Release(int) {
	core.Give(h.slot)
	for _, other := range append(h.also, h) {
		other.o = nil
		if other.gone != nil {
			other.gone()
		}
	}
	h.also = nil
}

// OnClose has f called, once, when a handle that is tracked has been closed.
func (h *Handle) OnClose(f func()) { h.gone = f }

func (h *Handle) open() bool { return h.o != nil && h.o.flags&C.LUV_O_CLOSING == 0 }

func (h *Handle) raw() *C.uv_handle_t { return C.luv__handle(h.o) }

// Close closes the handle; its memory is freed by a later turn of the loop. A second
// Close is a no-op.
func (h *Handle) Close() {
	if h.open() {
		C.luv__object_close(h.o)
	}
	if h.slot == 0 {
		h.o = nil // nobody tells us when it is gone
	}
}

// Closed reports whether Close has been called.
func (h *Handle) Closed() bool { return !h.open() }

// Active reports whether libuv considers the handle active.
func (h *Handle) Active() bool { return h.open() && C.uv_is_active(h.raw()) != 0 }

// Ref makes the handle keep its loop running, which is the default.
func (h *Handle) Ref() {
	if h.open() {
		C.uv_ref(h.raw())
	}
}

// Unref lets the loop end although the handle is active.
func (h *Handle) Unref() {
	if h.open() {
		C.uv_unref(h.raw())
	}
}

// Track keeps this value informed of its handle's end, for work that goes on outside the
// loop: once the handle is gone every method returns EBADF. Untrack ends that. A handle
// without a Lua state behind it is tracked from the start, and always. Several values may
// track one handle: the first has its slot, the others are told by it.
func (h *Handle) Track() {
	if !h.open() {
		return
	}
	if h.o.slot == 0 {
		h.hold()
	} else if first := h.first(); first != nil && first != h {
		first.also = append(first.also, h)
	}
}

func (h *Handle) hold() {
	h.slot = core.Take(h)
	h.o.slot = C.uint64_t(h.slot)
}

func (h *Handle) first() *Handle {
	first, _ := core.Get(uint64(h.o.slot)).(*Handle)
	return first
}

// Untrack is described with Track.
func (h *Handle) Untrack() {
	if h.o == nil || h.o.S == nil {
		return
	}
	if first := h.first(); first != nil && first != h {
		first.also = slices.DeleteFunc(first.also, func(other *Handle) bool { return other == h })
		return
	}
	if h.slot == 0 {
		return
	}
	core.Give(h.slot)
	h.slot, h.o.slot = 0, 0
	if len(h.also) > 0 {
		next := h.also[0]
		next.also, h.also = h.also[1:], nil
		next.hold()
	}
}

// WakeFibers ends the waits of fibers for the handle's object with an error.
func (h *Handle) WakeFibers(err Errno) {
	if h.open() && h.o.S != nil {
		C.luv__wake_all_error(h.o.S, &h.o.waiters, C.int(err))
	}
}

// BufferSize reads (size 0) or sets the kernel's buffer for sending or receiving.
func (h *Handle) BufferSize(send bool, size int) (int, error) {
	if !h.open() {
		return 0, EBADF
	}
	n := C.int(size)
	var r C.int
	if send {
		r = C.uv_send_buffer_size(h.raw(), &n)
	} else {
		r = C.uv_recv_buffer_size(h.raw(), &n)
	}
	return int(n), check(r)
}

// Fileno returns the file descriptor.
func (h *Handle) Fileno() (int, error) {
	if !h.open() {
		return -1, EBADF
	}
	var fd C.uv_os_fd_t
	err := check(C.uv_fileno(h.raw(), &fd))
	return int(fd), err
}

// Object returns the handle's luv_object as a number, for package lua.
func (h *Handle) Object() uintptr { return uintptr(unsafe.Pointer(h.o)) }

// object returns the luv_object behind a number that package lua has handed out.
func object(p uintptr) *C.luv_object { return *(**C.luv_object)(unsafe.Pointer(&p)) }
