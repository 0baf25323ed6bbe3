package bridge

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"
)

// silent returns an address of the loopback that does not answer: the backlog of its socket is
// full, and nobody accepts.
func silent(t *testing.T) netip.AddrPort {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err = syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 2}}); err != nil {
		t.Skip("no second address on the loopback: ", err)
	}
	if err = syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	sa, _ := syscall.Getsockname(fd)
	a := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 2}), uint16(sa.(*syscall.SockaddrInet4).Port))
	for range 20 {
		conn, err := net.DialTimeout("tcp", a.String(), 200*time.Millisecond)
		if err != nil {
			return a
		}
		t.Cleanup(func() { conn.Close() })
	}
	t.Skip("the backlog does not get full")
	return a
}

// A first address that is dead holds the connection up for no more than the delay: of the same
// family, where Go's dialer would wait for it until the system gives up, after minutes.
func TestADeadFirstAddressIsPassed(t *testing.T) {
	dead := silent(t)
	alive := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), dead.Port())
	l, err := net.Listen("tcp", alive.String())
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	start := time.Now()
	conn, err := dialer{}.race(context.Background(), []netip.AddrPort{dead, alive})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := conn.RemoteAddr().String(); got != alive.String() {
		t.Errorf("connected to %s", got)
	}
	if took := time.Since(start); took < attemptDelay || took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	if attemptDelay > 300*time.Millisecond {
		t.Errorf("the delay is %v", attemptDelay)
	}
}

// One that refuses is passed at once, and the first error is the one that is told.
func TestARefusalIsPassedAtOnce(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	alive := netip.MustParseAddrPort(l.Addr().String())
	refused := make([]netip.AddrPort, 20)
	for i := range refused {
		refused[i] = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, byte(3 + i)}), alive.Port())
	}
	start := time.Now()
	conn, err := dialer{}.race(context.Background(), append(refused, alive))
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if took := time.Since(start); took > 20*attemptDelay/2 {
		t.Errorf("it took %v", took)
	}
	if _, err = (dialer{}).race(context.Background(), refused); err == nil {
		t.Error("connected to nobody")
	}
	if _, err = (dialer{}).race(context.Background(), nil); err == nil {
		t.Error("connected to nothing")
	}
}

func TestRaceEndsWhenItIsGivenUp(t *testing.T) {
	dead := silent(t)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := (dialer{}).race(ctx, []netip.AddrPort{dead, dead, dead}); err == nil {
		t.Error("connected")
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestFamiliesTakeTurns(t *testing.T) {
	var all, want []netip.AddrPort
	for _, s := range []string{"[::1]:1", "[::2]:1", "[::3]:1", "1.0.0.1:1", "1.0.0.2:1"} {
		all = append(all, netip.MustParseAddrPort(s))
	}
	for _, i := range []int{0, 3, 1, 4, 2} {
		want = append(want, all[i])
	}
	if got := interleave(all); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	if got := interleave(nil); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}
