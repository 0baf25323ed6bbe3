package uv_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"luv/uv"
)

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

func newTCP(t *testing.T, l *uv.Loop) *uv.TCP {
	t.Helper()
	s, err := uv.NewTCP(l)
	ok(t, err)
	return s
}

// listen makes a server that hands every connection to f, and returns where it listens.
func listen(t *testing.T, l *uv.Loop, f func(*uv.TCP)) (*uv.TCP, netip.AddrPort) {
	t.Helper()
	server := newTCP(t, l)
	ok(t, server.Bind(loopback, uv.BindFlags{}))
	ok(t, server.Listen(128, func(err error) {
		ok(t, err)
		peer := newTCP(t, l)
		ok(t, server.Accept(&peer.Stream))
		f(peer)
	}))
	at, err := server.Getsockname()
	ok(t, err)
	return server, at
}

// echo sends back what comes, and closes at the end.
func echo(t *testing.T, peer *uv.TCP) {
	ok(t, peer.ReadStart(func(data []byte, err error) {
		if err != nil {
			fails(t, err, uv.EOF)
			peer.Close()
			return
		}
		ok(t, peer.Write(data, nil))
	}))
}

// The clients are Go's own, on threads of their own.
func TestEchoForClientsOfGo(t *testing.T) {
	const clients = 20
	l := newLoop(t)
	server, at := listen(t, l, func(peer *uv.TCP) { echo(t, peer) })
	message := bytes.Repeat([]byte("0123456789"), 10000)
	results := make(chan error, clients)
	for range clients {
		go func() { results <- converse(at.String(), message) }()
	}
	go func() {
		for range clients {
			ok(t, <-results)
		}
		l.Post(server.Close)
	}()
	run(t, l)
}

func converse(at string, message []byte) error {
	c, err := net.Dial("tcp", at)
	if err != nil {
		return err
	}
	defer c.Close()
	go c.Write(message)
	got := make([]byte, len(message))
	if _, err := io.ReadFull(c, got); err != nil {
		return err
	}
	if !bytes.Equal(got, message) {
		return errors.New("not the bytes that were sent")
	}
	return nil
}

func TestConnectToAServerOfGo(t *testing.T) {
	l := newLoop(t)
	server, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	defer server.Close()
	go func() {
		c, err := server.Accept()
		if err == nil {
			c.Write([]byte("welcome"))
			c.Close()
		}
	}()
	c, got := newTCP(t, l), ""
	ok(t, c.Connect(server.Addr().(*net.TCPAddr).AddrPort(), func(err error) {
		ok(t, err)
		ok(t, c.ReadStart(func(data []byte, err error) {
			if got += string(data); err != nil {
				fails(t, err, uv.EOF)
				c.Close()
			}
		}))
	}))
	run(t, l)
	equal(t, "received", got, "welcome")
}

func TestConnectRefused(t *testing.T) {
	l, called := newLoop(t), 0
	closed, at := listen(t, l, nil)
	closed.Close()
	c := newTCP(t, l)
	ok(t, c.Connect(at, func(err error) {
		called++
		fails(t, err, uv.ECONNREFUSED)
	}))
	run(t, l)
	equal(t, "calls", called, 1)
}

func TestConnectEndedByClose(t *testing.T) {
	l, called := newLoop(t), 0
	_, at := listen(t, l, nil)
	c := newTCP(t, l)
	ok(t, c.Connect(at, func(err error) {
		called++
		fails(t, err, uv.ECANCELED)
	}))
	c.Close()
	ok(t, l.Close())
	equal(t, "calls", called, 1)
}

func TestNamesOfBothEnds(t *testing.T) {
	l := newLoop(t)
	var server, client *uv.TCP
	var at netip.AddrPort
	server, at = listen(t, l, func(peer *uv.TCP) {
		mine, err := peer.Getsockname()
		ok(t, err)
		theirs, err := peer.Getpeername()
		ok(t, err)
		clients, err := client.Getsockname()
		ok(t, err)
		servers, err := client.Getpeername()
		ok(t, err)
		equal(t, "the server's name", mine, at)
		equal(t, "the server's name at the client", servers, at)
		equal(t, "the client's name at the server", theirs, clients)
		peer.Close()
		client.Close()
		server.Close()
	})
	client = newTCP(t, l)
	_, err := client.Getpeername()
	fails(t, err, uv.EBADF) // no descriptor yet
	ok(t, client.Connect(at, nil))
	run(t, l)
}

func TestBindInUse(t *testing.T) {
	l := newLoop(t)
	_, at := listen(t, l, nil)
	second := newTCP(t, l)
	err := second.Bind(at, uv.BindFlags{})
	if err == nil {
		err = second.Listen(1, nil)
	}
	fails(t, err, uv.FromSystem(int(syscall.EADDRINUSE)))
}

func TestReusePort(t *testing.T) {
	l := newLoop(t)
	first, second := newTCP(t, l), newTCP(t, l)
	ok(t, first.Bind(loopback, uv.BindFlags{ReusePort: true}))
	at, err := first.Getsockname()
	ok(t, err)
	ok(t, second.Bind(at, uv.BindFlags{ReusePort: true}))
	ok(t, first.Listen(1, nil))
	ok(t, second.Listen(1, nil))
}

// Whether a socket of IPv6 takes connections of IPv4 is what the flag is about.
func TestIPv6Only(t *testing.T) {
	for only, want := range map[bool]uv.Errno{true: uv.ECONNREFUSED, false: 0} {
		l := newLoop(t)
		server, c := newTCP(t, l), newTCP(t, l)
		if server.Bind(netip.MustParseAddrPort("[::]:0"), uv.BindFlags{IPv6Only: only}) != nil {
			t.Skip("no IPv6 here")
		}
		ok(t, server.Listen(1, nil))
		at, err := server.Getsockname()
		ok(t, err)
		var got error = uv.EINVAL
		ok(t, c.Connect(netip.AddrPortFrom(loopback.Addr(), at.Port()), func(err error) {
			got = err
			c.Close()
			server.Close()
		}))
		run(t, l)
		if want == 0 {
			ok(t, got)
		} else {
			fails(t, got, want)
		}
	}
}

func TestSocketOptions(t *testing.T) {
	l := newLoop(t)
	s := newTCP(t, l)
	ok(t, s.NoDelay(true)) // there is no descriptor yet: it is remembered
	ok(t, s.Bind(loopback, uv.BindFlags{}))
	equal(t, "no delay", option(t, s, syscall.IPPROTO_TCP, syscall.TCP_NODELAY) != 0, true)
	for _, on := range []bool{true, false} {
		ok(t, s.NoDelay(on))
		equal(t, "no delay", option(t, s, syscall.IPPROTO_TCP, syscall.TCP_NODELAY) != 0, on)
		ok(t, s.KeepAlive(on, 1500*time.Millisecond))
		equal(t, "keep alive", option(t, s, syscall.SOL_SOCKET, syscall.SO_KEEPALIVE) != 0, on)
	}
	ok(t, s.KeepAlive(true, 1500*time.Millisecond))
	equal(t, "seconds", option(t, s, syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE), 2)
}

func option(t *testing.T, s *uv.TCP, level, name int) int {
	t.Helper()
	fd, err := s.Fileno()
	ok(t, err)
	n, err := syscall.GetsockoptInt(fd, level, name)
	ok(t, err)
	return n
}

func TestCloseReset(t *testing.T) {
	l := newLoop(t)
	var server *uv.TCP
	server, at := listen(t, l, func(peer *uv.TCP) {
		ok(t, peer.CloseReset())
		equal(t, "closed", peer.Closed(), true)
		fails(t, peer.CloseReset(), uv.EBADF)
		peer.Close()
		server.Close()
	})
	result := make(chan error)
	go func() {
		c, err := net.Dial("tcp", at.String())
		if err == nil {
			_, err = c.Read(make([]byte, 1))
			c.Close()
		}
		result <- err
	}()
	run(t, l)
	if err := <-result; !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the other end saw %v", err)
	}
}
