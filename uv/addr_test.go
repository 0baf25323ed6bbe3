package uv_test

import (
	"fmt"
	"net"
	"net/netip"
	"testing"

	"luv/uv"
)

// bound is an address on its way to C and back.
func bound(t *testing.T, l *uv.Loop, a netip.AddrPort) (netip.AddrPort, error) {
	t.Helper()
	s := newTCP(t, l)
	if err := s.Bind(a, uv.BindFlags{}); err != nil {
		return netip.AddrPort{}, err
	}
	if err := s.Listen(1, nil); err != nil {
		return netip.AddrPort{}, err
	}
	return s.Getsockname()
}

func TestAddressesThereAndBack(t *testing.T) {
	l := newLoop(t)
	for _, text := range []string{"127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0", "[::ffff:127.0.0.1]:0"} {
		want := netip.MustParseAddrPort(text)
		got, err := bound(t, l, want)
		if err != nil && want.Addr().Is6() {
			t.Logf("%s: %v: no IPv6 here", text, err)
			continue
		}
		ok(t, err)
		equal(t, "address", got.Addr(), want.Addr())
		again, err := bound(t, l, netip.AddrPortFrom(loopback.Addr(), got.Port()^1))
		if err == nil { // unless that port is taken
			equal(t, "port", again.Port(), got.Port()^1)
		}
	}
}

// A link-local address needs its interface, by name or by index, in both directions.
func TestZones(t *testing.T) {
	l := newLoop(t)
	ip, dev := linkLocal(t)
	for _, zone := range []string{dev.Name, fmt.Sprint(dev.Index)} {
		got, err := bound(t, l, netip.AddrPortFrom(ip.WithZone(zone), 0))
		ok(t, err)
		equal(t, "address", got.Addr(), ip.WithZone(dev.Name))
	}
}

func linkLocal(t *testing.T) (netip.Addr, net.Interface) {
	t.Helper()
	devs, err := net.Interfaces()
	ok(t, err)
	for _, dev := range devs {
		addrs, _ := dev.Addrs()
		for _, a := range addrs {
			prefix, err := netip.ParsePrefix(a.String())
			if err == nil && prefix.Addr().Is6() && prefix.Addr().IsLinkLocalUnicast() {
				return prefix.Addr(), dev
			}
		}
	}
	t.Skip("no link-local address here")
	return netip.Addr{}, net.Interface{}
}

func TestAddressErrors(t *testing.T) {
	l := newLoop(t)
	_, err := bound(t, l, netip.AddrPort{})
	fails(t, err, uv.EINVAL)
	fails(t, newTCP(t, l).Connect(netip.AddrPort{}, nil), uv.EINVAL)
	_, err = bound(t, l, netip.MustParseAddrPort("192.0.2.1:0")) // nobody's address
	if err == nil {
		t.Error("bound to an address of another machine")
	}
	a, _ := pair(t, l)
	_, err = a.Getsockname() // of another family than the internet's
	if err == nil {
		t.Error("a socket pair has an internet address")
	}
}
