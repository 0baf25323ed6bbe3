package uv

// #include "stream.h"
// extern void luv_on_go_connection(uv_stream_t *h, int status);
// extern void luv_on_go_alloc(uv_handle_t *h, size_t size, uv_buf_t *buf);
// extern void luv_on_go_read(uv_stream_t *h, ssize_t n, const uv_buf_t *buf);
// extern int luv__go_write(luv_object *o, uint64_t go, const void *p, size_t n);
// extern int luv__go_shutdown(luv_object *o, uint64_t go);
import "C"

import (
	"unsafe"

	"luv/csrc/core"
)

// A Stream is what tcp sockets and pipes have in common.
type Stream struct {
	Handle
	connection func(err error)
	read       func(data []byte, err error)
}

func (s *Stream) stream() *C.uv_stream_t { return (*C.uv_stream_t)(ptr(s.raw())) }

func (s *Stream) dispatch(what int, a int64, p uintptr) {
	switch {
	case what == evConnection && s.connection != nil:
		s.connection(check(C.int(a)))
	case what == evRead && s.read != nil && a < 0:
		s.read(nil, Errno(a))
	case what == evRead && s.read != nil:
		s.read(C.GoBytes(*(*unsafe.Pointer)(unsafe.Pointer(&p)), C.int(a)), nil)
	}
}

// Listen starts listening; f is called for each connection, which it takes with Accept.
func (s *Stream) Listen(backlog int, f func(err error)) error {
	if !s.open() {
		return EBADF
	}
	s.connection = f
	s.listen(s.dispatch)
	return check(C.uv_listen(s.stream(), C.int(backlog), C.uv_connection_cb(C.luv_on_go_connection)))
}

// Accept puts the connection that is waiting into client.
func (s *Stream) Accept(client *Stream) error {
	if !s.open() || !client.open() {
		return EBADF
	}
	return check(C.uv_accept(s.stream(), client.stream()))
}

// ReadStart calls f with the bytes that arrive, until ReadStop; err is EOF at the end.
func (s *Stream) ReadStart(f func(data []byte, err error)) error {
	if !s.open() {
		return EBADF
	}
	s.read = f
	s.listen(s.dispatch)
	return check(C.uv_read_start(s.stream(), C.uv_alloc_cb(C.luv_on_go_alloc), C.uv_read_cb(C.luv_on_go_read)))
}

// ReadStop stops reading.
func (s *Stream) ReadStop() error {
	if !s.open() {
		return EBADF
	}
	return check(C.uv_read_stop(s.stream()))
}

// A request calls f once, with how it ended.
type request struct {
	slot uint64
	f    func(a int64, p uintptr)
}

func newRequest(f func(a int64, p uintptr)) *request {
	r := &request{f: f}
	r.slot = core.Take(r)
	return r
}

// Event implements core.Eventer.
func (r *request) Event(_ int, a int64, p uintptr) {
	core.Give(r.slot)
	r.f(a, p)
}

// begun ends the call that makes a request: if it failed there will be no event.
func (r *request) begun(err C.int) error {
	if err < 0 {
		core.Give(r.slot)
	}
	return check(err)
}

func status(f func(error)) func(int64, uintptr) {
	return func(a int64, _ uintptr) {
		if f != nil {
			f(check(C.int(a)))
		}
	}
}

// Write sends a copy of data; f, which may be nil, is called when it is done.
func (s *Stream) Write(data []byte, f func(error)) error {
	if !s.open() {
		return EBADF
	}
	n := C.size_t(len(data))
	if n == 0 {
		data = []byte{0} // something to take the address of
	}
	r := newRequest(status(f))
	// In this form cgo looks for pointers in the slice alone, not in what holds it.
	return r.begun(C.luv__go_write(s.o, C.uint64_t(r.slot), unsafe.Pointer(&data[0]), n))
}

// TryWrite sends what the kernel takes at once and returns how much that was.
func (s *Stream) TryWrite(data []byte) (int, error) {
	if !s.open() {
		return 0, EBADF
	}
	p := C.CBytes(data)
	defer C.free(p)
	buf := C.uv_buf_t{base: (*C.char)(p), len: C.size_t(len(data))}
	n := C.uv_try_write(s.stream(), &buf, 1)
	return max(int(n), 0), check(n)
}

// Shutdown ends the writing side when all writes are done; f may be nil.
func (s *Stream) Shutdown(f func(error)) error {
	if !s.open() {
		return EBADF
	}
	r := newRequest(status(f))
	return r.begun(C.luv__go_shutdown(s.o, C.uint64_t(r.slot)))
}

// ListenFibers starts listening for the fibers of a Lua state, which accept in C; if it
// listens already it sets the backlog.
func (s *Stream) ListenFibers(backlog int) error {
	if !s.open() {
		return EBADF
	}
	return check(C.luv__listen((*C.luv_stream)(unsafe.Pointer(s.o)), C.int(backlog)))
}

// Listening reports whether the socket listens.
func (s *Stream) Listening() bool { return s.open() && s.o.flags&C.LUV_O_LISTENING != 0 }

// Connecting reports whether ConnectFibers is under way.
func (s *Stream) Connecting() bool { return s.open() && s.o.flags&C.LUV_O_CONNECTING != 0 }

// BeginConnect marks the socket as connecting by other means than libuv's; false when it
// is being connected already. EndConnect takes the mark away, and reports whether the
// socket is still open.
func (s *Stream) BeginConnect() bool {
	if !s.open() || s.Connecting() {
		return false
	}
	s.o.flags |= C.LUV_O_CONNECTING
	return true
}

// Look has those who wait for the stream to be ready look again, after a change that no kernel
// tells of.
func (s *Stream) Look() {
	if s.open() && s.o.S != nil {
		C.luv__ready_serve((*C.luv_stream)(unsafe.Pointer(s.o)))
	}
}

// EndConnect is described with BeginConnect.
func (s *Stream) EndConnect() bool {
	if !s.open() {
		return false
	}
	s.o.flags &^= C.LUV_O_CONNECTING
	return true
}
