package uv

// #include "udp.h"
// extern int luv__go_send(luv_object *o, uint64_t go, const void *p, size_t n, const struct sockaddr *to);
// extern void luv_on_go_alloc(uv_handle_t *h, size_t size, uv_buf_t *buf);
// extern void luv_on_go_recv(uv_udp_t *h, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags);
import "C"

import (
	"net/netip"
	"unsafe"
)

// A UDP is a uv_udp_t: a socket of datagrams.
type UDP struct{ Handle }

// A Family is one of addresses.
type Family int

// Unspecified is the family of a socket that has no descriptor yet.
const (
	Unspecified Family = C.AF_UNSPEC
	Inet        Family = C.AF_INET
	Inet6       Family = C.AF_INET6
)

// NewUDP makes a socket: with a descriptor at once if the family is given, else when it is
// bound, connected or first used. On the loop of a Lua state it can be made a Lua object.
func NewUDP(l *Loop, f Family) (*UDP, error) {
	u := new(UDP)
	if l.l == nil {
		return nil, EBADF
	}
	var o *C.luv_object
	if err := check(C.luv__udp_new(l.l, C.int(f), &o)); err != nil {
		return nil, err
	}
	return u, u.made(o)
}

// UDPOf returns the socket behind an object of package lua.
func UDPOf(obj uintptr) *UDP { return &UDP{Handle{o: object(obj)}} }

func (u *UDP) udp() *C.uv_udp_t { return (*C.uv_udp_t)(ptr(u.raw())) }

// call is what most methods are: one function of libuv.
func (u *UDP) call(f func(*C.uv_udp_t) C.int) error {
	if !u.open() {
		return EBADF
	}
	return check(f(u.udp()))
}

// Family returns the family of the descriptor.
func (u *UDP) Family() Family {
	if !u.open() {
		return Unspecified
	}
	return Family(C.luv__udp_family(u.o))
}

// Socket gives the socket a descriptor if it has none, so that options can be set before Bind.
func (u *UDP) Socket(f Family, reusePort bool) error {
	if !u.open() {
		return EBADF
	}
	if _, err := u.Fileno(); err == nil {
		return nil
	}
	return check(C.luv__udp_socket(u.o, C.int(f), flag(reusePort)))
}

// Open takes over the descriptor of a socket of datagrams; after an error it is still the caller's.
func (u *UDP) Open(fd int) error {
	if !u.open() {
		return EBADF
	}
	return check(C.luv__udp_open(u.o, C.int(fd)))
}

// UDPFlags are options of UDP.Bind.
type UDPFlags struct {
	IPv6Only, ReuseAddr, ReusePort bool
}

// Bind binds the socket to an address.
func (u *UDP) Bind(a netip.AddrPort, flags UDPFlags) error {
	sa, err := sockaddr(a)
	if err != nil {
		return err
	}
	if flags.ReusePort {
		if _, err := u.Fileno(); err == nil {
			return EBUSY
		}
		family := Inet
		if !a.Addr().Is4() {
			family = Inet6
		}
		if err := u.Socket(family, true); err != nil {
			return err
		}
	}
	var f C.uint
	if flags.IPv6Only {
		f |= C.UV_UDP_IPV6ONLY
	}
	if flags.ReuseAddr {
		f |= C.UV_UDP_REUSEADDR
	}
	return u.call(func(h *C.uv_udp_t) C.int { return C.uv_udp_bind(h, sa, f) })
}

// Connect sets the one peer that is sent to and received from.
func (u *UDP) Connect(a netip.AddrPort) error {
	sa, err := sockaddr(a)
	if err != nil {
		return err
	}
	return u.call(func(*C.uv_udp_t) C.int { return C.luv__udp_connect(u.o, sa) })
}

// Disconnect lets go of the peer.
func (u *UDP) Disconnect() error {
	return u.call(func(*C.uv_udp_t) C.int { return C.luv__udp_connect(u.o, nil) })
}

// Getsockname returns the socket's own address.
func (u *UDP) Getsockname() (netip.AddrPort, error) { return u.name(false) }

// Getpeername returns the address of the peer of a connected socket.
func (u *UDP) Getpeername() (netip.AddrPort, error) { return u.name(true) }

func (u *UDP) name(peer bool) (a netip.AddrPort, err error) {
	var ss C.struct_sockaddr_storage
	n := C.int(unsafe.Sizeof(ss))
	sa := (*C.struct_sockaddr)(ptr(&ss))
	err = u.call(func(h *C.uv_udp_t) C.int {
		if peer {
			return C.uv_udp_getpeername(h, sa, &n)
		}
		return C.uv_udp_getsockname(h, sa, &n)
	})
	if err != nil {
		return a, err
	}
	return addrPort(sa)
}

// Broadcast allows sending to broadcast addresses.
func (u *UDP) Broadcast(on bool) error {
	return u.call(func(h *C.uv_udp_t) C.int { return C.uv_udp_set_broadcast(h, flag(on)) })
}

// TTL sets how many hops datagrams may take, 1 to 255.
func (u *UDP) TTL(n int) error {
	return u.call(func(h *C.uv_udp_t) C.int { return C.uv_udp_set_ttl(h, C.int(n)) })
}

// MulticastTTL is TTL for datagrams to groups.
func (u *UDP) MulticastTTL(n int) error {
	return u.call(func(h *C.uv_udp_t) C.int { return C.uv_udp_set_multicast_ttl(h, C.int(n)) })
}

// MulticastLoop says whether datagrams to groups come back to this machine.
func (u *UDP) MulticastLoop(on bool) error {
	return u.call(func(h *C.uv_udp_t) C.int { return C.uv_udp_set_multicast_loop(h, flag(on)) })
}

// MulticastInterface says through which interface, by its address, datagrams to groups go.
func (u *UDP) MulticastInterface(address string) error {
	s := C.CString(address)
	defer C.free(unsafe.Pointer(s))
	return u.call(func(h *C.uv_udp_t) C.int { return C.uv_udp_set_multicast_interface(h, s) })
}

// Membership joins or leaves a group, on the interface with that address ("": the system's
// choice), for datagrams of one source only if that is not "".
func (u *UDP) Membership(group, iface, source string, join bool) error {
	what := C.uv_membership(C.UV_LEAVE_GROUP)
	if join {
		what = C.UV_JOIN_GROUP
	}
	g, i, s := C.CString(group), optional(iface), optional(source)
	defer C.free(unsafe.Pointer(g))
	defer C.free(unsafe.Pointer(i))
	defer C.free(unsafe.Pointer(s))
	return u.call(func(h *C.uv_udp_t) C.int {
		if s != nil {
			return C.uv_udp_set_source_membership(h, g, i, s, what)
		}
		return C.uv_udp_set_membership(h, g, i, what)
	})
}

// Send sends a copy of data, to the peer of a connected socket if a is not valid; f, which may
// be nil, is called when it is done.
func (u *UDP) Send(data []byte, a netip.AddrPort, f func(error)) error {
	sa, err := u.target(a)
	if err != nil {
		return err
	}
	n := C.size_t(len(data))
	if n == 0 {
		data = []byte{0}
	}
	r := newRequest(status(f))
	return r.begun(C.luv__go_send(u.o, C.uint64_t(r.slot), unsafe.Pointer(&data[0]), n, sa))
}

// TrySend sends if there is room for it at once; else it returns EAGAIN.
func (u *UDP) TrySend(data []byte, a netip.AddrPort) error {
	sa, err := u.target(a)
	if err != nil {
		return err
	}
	p := C.CBytes(data)
	defer C.free(p)
	buf := C.uv_buf_t{base: (*C.char)(p), len: C.size_t(len(data))}
	return check(C.uv_udp_try_send(u.udp(), &buf, 1, sa))
}

func (u *UDP) target(a netip.AddrPort) (*C.struct_sockaddr, error) {
	if !u.open() {
		return nil, EBADF
	}
	if !a.IsValid() {
		return nil, nil
	}
	return sockaddr(a)
}

// SendQueueSize returns the bytes that Send has queued, and not sent yet.
func (u *UDP) SendQueueSize() int {
	if !u.open() {
		return 0
	}
	return int(C.uv_udp_get_send_queue_size(u.udp()))
}

// SendQueueCount returns how many datagrams these are.
func (u *UDP) SendQueueCount() int {
	if !u.open() {
		return 0
	}
	return int(C.uv_udp_get_send_queue_count(u.udp()))
}

// A Datagram is what has arrived.
type Datagram struct {
	Data      []byte
	From      netip.AddrPort
	Truncated bool
}

// RecvStart calls f with each datagram, or error of the socket, until RecvStop.
func (u *UDP) RecvStart(f func(Datagram, error)) error {
	if !u.open() {
		return EBADF
	}
	u.listen(func(_ int, n int64, p uintptr) {
		if n < 0 {
			f(Datagram{}, Errno(n))
			return
		}
		d := *(**C.luv_go_datagram)(unsafe.Pointer(&p))
		from, _ := addrPort(d.from)
		f(Datagram{C.GoBytes(unsafe.Pointer(d.p), C.int(n)), from, d.truncated != 0}, nil)
	})
	return check(C.uv_udp_recv_start(u.udp(), C.uv_alloc_cb(C.luv_on_go_alloc), C.uv_udp_recv_cb(C.luv_on_go_recv)))
}

// RecvStop ends RecvStart.
func (u *UDP) RecvStop() error {
	return u.call(func(h *C.uv_udp_t) C.int { return C.uv_udp_recv_stop(h) })
}

// UsingRecvmmsg reports whether several datagrams are received by one system call, if there
// is room for them.
func (u *UDP) UsingRecvmmsg() bool { return u.open() && C.uv_udp_using_recvmmsg(u.udp()) != 0 }
