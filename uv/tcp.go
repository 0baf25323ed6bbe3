package uv

// #include "luv.h"
// #include <sys/socket.h>
// #include "sockopt.h"
// extern int luv__go_connect(luv_object *o, uint64_t go, const struct sockaddr *addr);
import "C"

import (
	"encoding/binary"
	"net/netip"
	"time"
	"unsafe"
)

// A TCP is a uv_tcp_t: a socket that listens or is connected.
type TCP struct{ Stream }

// NewTCP makes a socket. On the loop of a Lua state it can be made a Lua object.
func NewTCP(l *Loop) (*TCP, error) {
	t := new(TCP)
	if l.l == nil {
		return nil, EBADF
	}
	s := C.luv__stream_new((*C.luv_state)(l.l.data), C.int(C.luv__class_tcp.id))
	if err := t.made((*C.luv_object)(ptr(s))); err != nil {
		return nil, err
	}
	return t, t.initialised(C.uv_tcp_init(l.l, t.tcp()))
}

// TCPOf returns the socket behind an object of package lua.
func TCPOf(obj uintptr) *TCP { return &TCP{Stream{Handle: Handle{o: object(obj)}}} }

func (t *TCP) tcp() *C.uv_tcp_t { return (*C.uv_tcp_t)(ptr(t.raw())) }

// BindFlags are options of TCP.Bind.
type BindFlags struct {
	IPv6Only  bool
	ReusePort bool
	Exclusive bool // without SO_REUSEADDR
}

// Bind binds the socket to an address. That it is in use is reported by Listen, too.
func (t *TCP) Bind(a netip.AddrPort, flags BindFlags) error {
	if !t.open() {
		return EBADF
	}
	sa, err := sockaddr(a)
	if err != nil {
		return err
	}
	if flags.ReusePort {
		if err := t.reusePort(); err != nil {
			return err
		}
	}
	var f C.uint
	if flags.IPv6Only {
		f |= C.LUV_BIND_V6ONLY
	}
	if flags.Exclusive {
		f |= C.LUV_BIND_EXCLUSIVE
	}
	return check(C.luv__tcp_bind((*C.luv_stream)(ptr(t.o)), sa, f))
}

// reusePort has the first descriptor made with SO_REUSEPORT, which libuv 1.44 cannot ask for.
func (t *TCP) reusePort() error {
	if _, err := t.Fileno(); err == nil {
		return EBUSY
	}
	on := []byte{1, 0, 0, 0}
	binary.NativeEndian.PutUint32(on, 1)
	return t.SetOption(SocketOption{C.SOL_SOCKET, C.SO_REUSEPORT, on})
}

// Connect connects to an address; f is called with how it went.
func (t *TCP) Connect(a netip.AddrPort, f func(error)) error {
	if !t.open() {
		return EBADF
	}
	sa, err := sockaddr(a)
	if err != nil {
		return err
	}
	r := newRequest(status(f))
	return r.begun(C.luv__go_connect(t.o, C.uint64_t(r.slot), sa))
}

// ConnectFibers begins to connect for a fiber, which waits in C for the outcome.
func (t *TCP) ConnectFibers(a netip.AddrPort) error {
	if !t.open() {
		return EBADF
	}
	sa, err := sockaddr(a)
	if err != nil {
		return err
	}
	return check(C.luv__tcp_connect((*C.luv_stream)(ptr(t.o)), sa))
}

// Open takes over a socket's descriptor; one that the handle had before is closed. After
// an error, EBUSY for a handle that listens or reads, it is still the caller's.
func (t *TCP) Open(fd int) error {
	if !t.open() {
		return EBADF
	}
	if old, err := t.Fileno(); err == nil {
		return check(C.luv__tcp_replace(t.tcp(), C.int(old), C.int(fd)))
	}
	return check(C.uv_tcp_open(t.tcp(), C.uv_os_sock_t(fd)))
}

// NoDelay turns Nagle's algorithm off (true) or on.
func (t *TCP) NoDelay(on bool) error {
	if !t.open() {
		return EBADF
	}
	return check(C.uv_tcp_nodelay(t.tcp(), flag(on)))
}

// KeepAlive turns keep-alive probes on or off; delay is rounded up to seconds, at least 1.
func (t *TCP) KeepAlive(on bool, delay time.Duration) error {
	if !t.open() {
		return EBADF
	}
	seconds := max((delay+time.Second-1)/time.Second, 1)
	return check(C.uv_tcp_keepalive(t.tcp(), flag(on), C.uint(seconds)))
}

func flag(on bool) C.int {
	if on {
		return 1
	}
	return 0
}

// Getsockname returns the socket's own address.
func (t *TCP) Getsockname() (netip.AddrPort, error) { return t.name(false) }

// Getpeername returns the address of the other end.
func (t *TCP) Getpeername() (netip.AddrPort, error) { return t.name(true) }

func (t *TCP) name(peer bool) (netip.AddrPort, error) {
	if !t.open() {
		return netip.AddrPort{}, EBADF
	}
	var ss C.struct_sockaddr_storage
	n := C.int(unsafe.Sizeof(ss))
	sa := (*C.struct_sockaddr)(ptr(&ss))
	var r C.int
	if peer {
		r = C.uv_tcp_getpeername(t.tcp(), sa, &n)
	} else {
		r = C.uv_tcp_getsockname(t.tcp(), sa, &n)
	}
	if r < 0 {
		return netip.AddrPort{}, Errno(r)
	}
	return addrPort(sa)
}

// CloseReset closes with a reset instead of an orderly end.
func (t *TCP) CloseReset() error {
	if !t.open() {
		return EBADF
	}
	return check(C.luv__tcp_close_reset(t.o))
}

// Socketpair returns the two connected ends of a new pair of stream sockets.
func Socketpair() ([2]int, error) {
	var fds [2]C.uv_os_sock_t
	r := C.uv_socketpair(C.SOCK_STREAM, 0, &fds[0], C.UV_NONBLOCK_PIPE, C.UV_NONBLOCK_PIPE)
	return [2]int{int(fds[0]), int(fds[1])}, check(r)
}
