package uv_test

import (
	"bytes"
	"net/netip"
	"syscall"
	"testing"

	"luv/uv"
)

var anyPort = netip.MustParseAddrPort("127.0.0.1:0")

func newUDP(t *testing.T, l *uv.Loop) *uv.UDP {
	t.Helper()
	u, err := uv.NewUDP(l, uv.Unspecified)
	ok(t, err)
	return u
}

func boundUDP(t *testing.T, l *uv.Loop) (*uv.UDP, netip.AddrPort) {
	t.Helper()
	u := newUDP(t, l)
	ok(t, u.Bind(anyPort, uv.UDPFlags{}))
	a, err := u.Getsockname()
	ok(t, err)
	return u, a
}

func TestUDPThereAndBack(t *testing.T) {
	l := newLoop(t)
	a, from := boundUDP(t, l)
	b, to := boundUDP(t, l)
	var got []string
	ok(t, b.RecvStart(func(d uv.Datagram, err error) {
		ok(t, err)
		equal(t, "from", d.From, from)
		equal(t, "truncated", d.Truncated, false)
		if got = append(got, string(d.Data)); len(got) == 4 {
			ok(t, b.RecvStop())
		}
	}))
	data := []byte("one")
	sent := 0
	ok(t, a.Send(data, to, func(err error) { ok(t, err); sent++ }))
	clear(data) // a copy was taken
	ok(t, a.Send(nil, to, nil))
	ok(t, a.Connect(to))
	peer, err := a.Getpeername()
	ok(t, err)
	equal(t, "peer", peer, to)
	ok(t, a.Send([]byte("three"), netip.AddrPort{}, nil))
	fails(t, a.TrySend([]byte("x"), to), uv.EISCONN)
	for len(got) < 3 {
		l.Run(uv.Once)
	}
	ok(t, a.Disconnect())
	ok(t, a.TrySend([]byte("four"), to))
	run(t, l)
	equal(t, "received", len(got), 4)
	for i, want := range []string{"one", "", "three", "four"} {
		equal(t, "datagram", got[i], want)
	}
	equal(t, "sent", sent, 1)
	equal(t, "queued bytes", a.SendQueueSize(), 0)
	equal(t, "queued", a.SendQueueCount(), 0)
}

func TestUDPRefused(t *testing.T) {
	l := newLoop(t)
	gone, a := boundUDP(t, l)
	gone.Close()
	run(t, l)
	u := newUDP(t, l)
	ok(t, u.Connect(a))
	var met error
	ok(t, u.RecvStart(func(_ uv.Datagram, err error) {
		met = err
		u.Close()
	}))
	ok(t, u.TrySend([]byte("x"), netip.AddrPort{}))
	run(t, l)
	fails(t, met, uv.ECONNREFUSED)
}

func TestUDPOptions(t *testing.T) {
	l := newLoop(t)
	u := newUDP(t, l)
	equal(t, "family", u.Family(), uv.Unspecified)
	ok(t, u.Socket(uv.Inet, false))
	ok(t, u.Socket(uv.Inet6, false)) // it has one
	equal(t, "family", u.Family(), uv.Inet)
	ok(t, u.Broadcast(true))
	ok(t, u.TTL(9))
	ok(t, u.MulticastTTL(1))
	ok(t, u.MulticastLoop(false))
	ok(t, u.MulticastInterface("127.0.0.1"))
	fails(t, u.MulticastInterface("no address"), uv.EINVAL)
	fails(t, u.Membership("127.0.0.1", "", "", true), uv.EINVAL)
	fails(t, u.Membership("239.1.1.1", "", "no address", true), uv.EINVAL)
	ok(t, u.Bind(anyPort, uv.UDPFlags{}))
	equal(t, "recvmmsg, of Go's own", u.UsingRecvmmsg(), false)
	n, err := u.BufferSize(false, 0)
	ok(t, err)
	if n < 1024 {
		t.Errorf("the buffer has %d bytes", n)
	}
	inet, err := uv.NewUDP(l, uv.Inet)
	ok(t, err)
	equal(t, "family", inet.Family(), uv.Inet)
}

func TestUDPPortsAreSharedOnRequest(t *testing.T) {
	l := newLoop(t)
	for _, flags := range []uv.UDPFlags{{ReusePort: true}, {ReuseAddr: true}} {
		a, b, c := newUDP(t, l), newUDP(t, l), newUDP(t, l)
		ok(t, a.Bind(anyPort, flags))
		at, err := a.Getsockname()
		ok(t, err)
		ok(t, b.Bind(at, flags))
		fails(t, c.Bind(at, uv.UDPFlags{}), uv.EADDRINUSE)
	}
}

func TestUDPOpen(t *testing.T) {
	l := newLoop(t)
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_DGRAM, 0)
	ok(t, err)
	a, b := newUDP(t, l), newUDP(t, l)
	ok(t, a.Open(fds[0]))
	ok(t, b.Open(fds[1]))
	fails(t, a.Open(fds[1]), uv.EBUSY)
	var got uv.Datagram
	ok(t, b.RecvStart(func(d uv.Datagram, err error) {
		ok(t, err)
		got = d
		b.Close()
	}))
	ok(t, a.TrySend(bytes.Repeat([]byte("x"), 100000), netip.AddrPort{}))
	run(t, l)
	equal(t, "bytes", len(got.Data), 65536)
	equal(t, "truncated", got.Truncated, true)
	fails(t, newUDP(t, l).Open(-1), uv.EBADF)
	pipe, other, err := makePipe()
	ok(t, err)
	defer syscall.Close(pipe)
	defer syscall.Close(other)
	if newUDP(t, l).Open(pipe) == nil {
		t.Error("a pipe was taken for a socket")
	}
}

func makePipe() (r, w int, err error) {
	var fds [2]int
	err = syscall.Pipe2(fds[:], syscall.O_NONBLOCK|syscall.O_CLOEXEC)
	return fds[0], fds[1], err
}

func TestUDPErrors(t *testing.T) {
	l := newLoop(t)
	u := newUDP(t, l)
	_, err := u.Getsockname()
	fails(t, err, uv.EBADF)
	fails(t, u.Disconnect(), uv.ENOTCONN)
	u.Close()
	for _, err := range []error{
		u.Bind(anyPort, uv.UDPFlags{}), u.Bind(anyPort, uv.UDPFlags{ReusePort: true}), u.Connect(anyPort),
		u.Disconnect(), u.Open(0), u.Socket(uv.Inet, false), u.TTL(1), u.Broadcast(true),
		u.MulticastTTL(1), u.MulticastLoop(true), u.MulticastInterface("127.0.0.1"),
		u.Membership("239.1.1.1", "", "", true), u.Send(nil, anyPort, nil), u.TrySend(nil, anyPort),
		u.RecvStart(func(uv.Datagram, error) {}), u.RecvStop(),
	} {
		fails(t, err, uv.EBADF)
	}
	equal(t, "queued", u.SendQueueSize()+u.SendQueueCount(), 0)
	equal(t, "family", u.Family(), uv.Unspecified)
}

// Datagrams that libuv still holds when the socket is closed are told.
func TestUDPCloseEndsSends(t *testing.T) {
	l := newLoop(t)
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_DGRAM, 0)
	ok(t, err)
	defer syscall.Close(fds[1])
	u := newUDP(t, l)
	ok(t, u.Open(fds[0]))
	sent, canceled := 0, 0
	for range 1000 {
		ok(t, u.Send([]byte("x"), netip.AddrPort{}, func(err error) {
			if err == nil {
				sent++
				return
			}
			fails(t, err, uv.ECANCELED)
			canceled++
		}))
	}
	if u.SendQueueCount() == 0 || u.SendQueueSize() == 0 {
		t.Error("nothing waits")
	}
	u.Close()
	run(t, l)
	equal(t, "callbacks", sent+canceled, 1000)
}
