package zmq

// #include "luvzmq.h"
import "C"

import (
	"reflect"
	"runtime"
	"slices"
	"time"
	"unsafe"

	"github.com/pebbe/zmq4"

	"luv/csrc/core"
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

	listening map[string]string // the others that it is bound to, as given and as they are
	launched  time.Time         // when it was last bound or connected to one

	monitor *Socket // gets its events
	source  *Socket // a monitor: whose events it gets
	leaver  bool    // a monitor that stays when its source has been closed: leave.go
}

// NewSocket makes a socket for the state whose loop this is.
func (c *Context) NewSocket(l *uv.Loop, kind int) (*Socket, error) {
	if !hasType(kind) {
		return nil, uv.EINVAL
	}
	return c.newSocket(l.Pointer(), kind, C.int(C.luv__class_zmq.id))
}

func (c *Context) newSocket(loop uintptr, kind int, class C.int) (*Socket, error) {
	if c.Terminated() {
		return nil, uv.EBADF
	}
	if err := c.begin(); err != nil {
		return nil, err
	}
	c.visit()
	z, err := c.z.NewSocket(zmq4.Type(kind))
	if err != nil {
		return nil, fail(err)
	}
	return c.adopt(loop, z, class)
}

func (c *Context) adopt(loop uintptr, z *zmq4.Socket, class C.int) (*Socket, error) {
	s := &Socket{z: z, ctx: c}
	s.o = C.luv__zmq_new(*(**C.uv_loop_t)(unsafe.Pointer(&loop)), s.raw(), class)
	if s.o == nil {
		z.Close()
		return nil, uv.ENOMEM
	}
	c.Hold()
	s.slot = core.Take(s)
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
	s, _ := core.Get(uint64(o.o.slot)).(*Socket)
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
func (s *Socket) of(l *uv.Loop) bool { return s.loop() == l.Pointer() }

// loop is the loop of its state.
func (s *Socket) loop() uintptr { return uintptr(unsafe.Pointer(s.o.o.S.loop)) }

// Close closes the socket, and ends the waits for it.
func (s *Socket) Close() { C.luv__object_close(&s.o.o) }

// Object returns the socket's luv_object as a number.
func (s *Socket) Object() uintptr { return uintptr(unsafe.Pointer(s.o)) }

// Context returns the socket's context.
func (s *Socket) Context() *Context { return s.ctx }

// Event implements core.Eventer: the object is about to be closed by a script, or was closed,
// by whatever way.
func (s *Socket) Event(what int, _ int64, _ uintptr) {
	if what == C.LUV_EV_LEAVE {
		s.leave()
		return
	}
	s.ctx.inproc.leave(s.connected)
	s.stopMonitor()
	for _, endpoint := range s.bound { // libzmq would do that in a thread of its own
		s.z.Unbind(endpoint)
	}
	if s.leaver && s.o.stopped == 0 {
		s.ctx.keep(s.z)
	} else {
		s.z.Close()
	}
	s.o = nil
	for _, endpoint := range s.bound {
		s.ctx.inproc.unbind(endpoint)
	}
	s.ctx.Drop()
}

// Release implements core.Releaser: the object's memory is gone.
func (s *Socket) Release(int) { core.Give(s.slot) }

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
	switch {
	case err != nil:
	case isInproc(endpoint):
		s.o.inproc = 1
		s.bound = append(s.bound, endpoint)
		s.ctx.inproc.bind(endpoint)
	case hasListener(endpoint):
		s.launched = time.Now()
		s.listens(endpoint)
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
	} else {
		s.launched = time.Now()
	}
	return s.used(s.z.Connect(endpoint))
}

// Unbind undoes Bind. The endpoint is the one that LAST_ENDPOINT said. The object's field
// leaver is the monitor that tells when libzmq has closed it, or nil.
func (s *Socket) Unbind(endpoint string) error {
	is, listens := s.listening[endpoint]
	if !listens {
		err := s.z.Unbind(endpoint)
		if err == nil && isInproc(endpoint) {
			s.unbound(endpoint)
		}
		return s.used(err)
	}
	s.settle()
	m := s.watcher()
	watched := m.expect(is)
	err := s.z.Unbind(endpoint)
	switch {
	case err == nil:
		s.stopsListening(is)
		if watched {
			s.o.leaver = m.o
		}
	case watched:
		m.forget(is)
	}
	return s.used(err)
}

// unbound forgets one inproc endpoint.
func (s *Socket) unbound(endpoint string) {
	s.ctx.inproc.unbind(endpoint)
	if i := slices.Index(s.bound, endpoint); i >= 0 {
		s.bound = slices.Delete(s.bound, i, i+1)
	}
}

// Disconnect undoes Connect.
func (s *Socket) Disconnect(endpoint string) error {
	if !isInproc(endpoint) {
		s.settle()
	}
	return s.used(s.z.Disconnect(endpoint))
}

// settle lets a bind or connect of just now arrive. libzmq tells the socket by its mailbox what
// was begun for it, and if one of its threads is about to say something there, too, that may
// not be seen at once: then zmq_unbind succeeds, and the listener goes on for ever.
func (s *Socket) settle() {
	if age := time.Since(s.launched); age < time.Millisecond {
		time.Sleep(time.Millisecond - age)
	}
}

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
