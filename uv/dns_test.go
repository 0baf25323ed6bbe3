package uv_test

import (
	"errors"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"luv/uv"
)

// lookup runs the loop until the answer is there.
func lookup(t *testing.T, node, service string, hints uv.Hints) ([]uv.AddrInfo, error) {
	t.Helper()
	l, calls := newLoop(t), 0
	var all []uv.AddrInfo
	var failed error
	thread := syscall.Gettid()
	ok(t, uv.GetAddrInfo(l, node, service, hints, func(found []uv.AddrInfo, err error) {
		equal(t, "thread of the call", syscall.Gettid(), thread)
		all, failed = found, err
		calls++
	}))
	run(t, l)
	equal(t, "calls", calls, 1)
	return all, failed
}

func TestGetAddrInfo(t *testing.T) {
	stream := uv.Hints{Socktype: syscall.SOCK_STREAM}
	for _, c := range []struct {
		node, service string
		hints         uv.Hints
		want          string
	}{
		{"127.0.0.1", "80", stream, "127.0.0.1:80"},
		{"::1", "", stream, "[::1]:0"},
		{"localhost", "8080", uv.Hints{Family: syscall.AF_INET, Socktype: syscall.SOCK_STREAM}, "127.0.0.1:8080"},
	} {
		all, err := lookup(t, c.node, c.service, c.hints)
		ok(t, err)
		if len(all) == 0 {
			t.Fatalf("no address for %s", c.node)
		}
		equal(t, c.node, all[0].Addr, netip.MustParseAddrPort(c.want))
		equal(t, "socktype", all[0].Socktype, syscall.SOCK_STREAM)
		equal(t, "protocol", all[0].Protocol, syscall.IPPROTO_TCP)
	}
}

func TestGetAddrInfoOfAServiceAlone(t *testing.T) {
	all, err := lookup(t, "", "443", uv.Hints{})
	ok(t, err)
	for _, a := range all {
		equal(t, "port", a.Addr.Port(), 443)
		equal(t, "loopback", a.Addr.Addr().IsLoopback(), true)
	}
	if len(all) < 2 { // a stream and a datagram, at least
		t.Errorf("found %v", all)
	}
}

func TestGetAddrInfoErrors(t *testing.T) {
	_, err := lookup(t, "127.0.0.1", "no-such-service", uv.Hints{})
	fails(t, err, uv.EAI_SERVICE)
	l := newLoop(t)
	fails(t, uv.GetAddrInfo(l, "", "", uv.Hints{}, nil), uv.EINVAL)
}

// While libuv's threads work for a loop it cannot be freed; later it can.
func TestCloseWithARequestUnderWay(t *testing.T) {
	l, calls := newLoop(t), 0
	const requests = 50
	for range requests {
		ok(t, uv.GetAddrInfo(l, "localhost", "", uv.Hints{}, func([]uv.AddrInfo, error) { calls++ }))
	}
	err := l.Close()
	for wait := 0; errors.Is(err, uv.EBUSY) && wait < 5000; wait++ {
		time.Sleep(time.Millisecond)
		err = l.Close()
	}
	ok(t, err)
	equal(t, "calls", calls, requests)
}
