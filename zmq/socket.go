package zmq

// #include "luvzmq.h"
import "C"

import (
	"reflect"
	"runtime"
	"unsafe"

	"github.com/pebbe/zmq4"

	"luv/csrc"
	"luv/uv"
)

// A Socket is a socket that the data plane sends and receives on. It lives as long as
// the object of the script: zmq4's value stays referenced, since its finaliser would
// close the socket from another thread.
type Socket struct {
	z    *zmq4.Socket
	ctx  *Context
	o    *C.luv_zmq
	slot uint64

	bound, connected []string // its inproc endpoints

	monitor *Socket // gets its events
	source  *Socket // a monitor: whose events it gets
}

// NewSocket makes a socket for the state whose loop this is.
func (c *Context) NewSocket(l *uv.Loop, kind int) (*Socket, error) {
	return c.newSocket(l, kind, C.LUV_CLASS_ZMQ)
}

func (c *Context) newSocket(l *uv.Loop, kind int, class C.int) (*Socket, error) {
	if c.Terminated() {
		return nil, uv.EBADF
	}
	z, err := c.z.NewSocket(zmq4.Type(kind))
	if err != nil {
		return nil, fail(err)
	}
	return c.adopt(l, z, class)
}

func (c *Context) adopt(l *uv.Loop, z *zmq4.Socket, class C.int) (*Socket, error) {
	p := l.Pointer()
	s := &Socket{z: z, ctx: c}
	s.o = C.luv__zmq_new(*(**C.uv_loop_t)(unsafe.Pointer(&p)), s.raw(), class)
	if s.o == nil {
		z.Close()
		return nil, uv.ENOMEM
	}
	c.Hold()
	s.slot = csrc.Take(s)
	s.o.o.slot = C.uint64_t(s.slot)
	return s, nil
}

func (s *Socket) raw() unsafe.Pointer { return raw(s.z) }

// raw is libzmq's socket. The one place that knows where zmq4 keeps it.
func raw(z *zmq4.Socket) unsafe.Pointer {
	return reflect.ValueOf(z).Elem().FieldByName("soc").UnsafePointer()
}

// SocketOf returns the socket behind an object; nil for a closed one.
func SocketOf(obj uintptr) *Socket {
	if obj == 0 {
		return nil
	}
	o := *(**C.luv_zmq)(unsafe.Pointer(&obj))
	s, _ := csrc.Get(uint64(o.o.slot)).(*Socket)
	return s
}

// Fileno returns the descriptor that becomes readable when the socket has news.
func (s *Socket) Fileno() (int, error) {
	n, err := s.getNumber(C.ZMQ_FD, 4)
	return int(n), err
}

const routerType = C.ZMQ_ROUTER

// open is false as soon as the object is closed.
func (s *Socket) open() bool { return s.o != nil }

// of reports whether the socket belongs to the state whose loop this is.
func (s *Socket) of(l *uv.Loop) bool {
	return uintptr(unsafe.Pointer(s.o.o.S.loop)) == l.Pointer()
}

// Close closes the socket, and ends the waits for it.
func (s *Socket) Close() { C.luv__object_close(&s.o.o) }

// Object returns the socket's luv_object as a number.
func (s *Socket) Object() uintptr { return uintptr(unsafe.Pointer(s.o)) }

// Context returns the socket's context.
func (s *Socket) Context() *Context { return s.ctx }

// Event implements csrc.Eventer: the object was closed, by whatever way.
func (s *Socket) Event(int, int64, uintptr) {
	s.ctx.inproc.leave(s.connected)
	s.stopMonitor()
	s.z.Close()
	s.o = nil
	for _, endpoint := range s.bound {
		s.ctx.inproc.unbind(endpoint)
	}
	s.ctx.Drop()
}

// Release implements csrc.Releaser: the object's memory is gone.
func (s *Socket) Release(int) { csrc.Give(s.slot) }

// used is said after whatever was done with the socket: waiters are to be looked at, for
// libzmq may have taken their events off the descriptor meanwhile.
func (s *Socket) used(err error) error {
	C.luv__zmq_touch(s.o)
	runtime.KeepAlive(s)
	return fail(err)
}

// Bind makes the socket reachable at an endpoint.
func (s *Socket) Bind(endpoint string) error {
	err := s.z.Bind(endpoint)
	if err == nil && isInproc(endpoint) {
		s.o.inproc = 1
		s.bound = append(s.bound, endpoint)
		s.ctx.inproc.bind(endpoint)
	}
	return s.used(err)
}

// Connect connects the socket to an endpoint.
func (s *Socket) Connect(endpoint string) error {
	if isInproc(endpoint) {
		if err := s.ctx.inproc.connect(s.ctx, endpoint); err != nil {
			return fail(err)
		}
		s.o.inproc = 1
		s.connected = append(s.connected, endpoint)
	}
	return s.used(s.z.Connect(endpoint))
}

// Unbind undoes Bind. The endpoint is the one that LAST_ENDPOINT said.
func (s *Socket) Unbind(endpoint string) error {
	err := s.z.Unbind(endpoint)
	if err == nil && isInproc(endpoint) {
		s.ctx.inproc.unbind(endpoint)
	}
	return s.used(err)
}

// Disconnect undoes Connect.
func (s *Socket) Disconnect(endpoint string) error { return s.used(s.z.Disconnect(endpoint)) }

// Timeouts tells the data plane how long RCVTIMEO and SNDTIMEO let a call wait.
func (s *Socket) timeouts() {
	s.o.rcvtimeo, s.o.sndtimeo = s.seconds(C.ZMQ_RCVTIMEO), s.seconds(C.ZMQ_SNDTIMEO)
}

func (s *Socket) seconds(option int) C.double {
	v, err := s.getNumber(option, 4)
	if err != nil || v < 0 {
		return -1
	}
	return C.double(v) / 1000
}
