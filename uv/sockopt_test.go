package uv_test

import (
	"encoding/binary"
	"net/netip"
	"syscall"
	"testing"

	"luv/uv"
)

func number(n uint32) []byte { return binary.NativeEndian.AppendUint32(nil, n) }

// What is set on a socket without a descriptor holds when it has one.
func TestOptionsAreKeptForTheFirstDescriptor(t *testing.T) {
	l := newLoop(t)
	s, err := uv.NewTCP(l)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	idle := uv.SocketOption{Level: syscall.IPPROTO_TCP, Name: syscall.TCP_KEEPIDLE, Value: number(77)}
	if err := s.SetOption(idle); err != nil {
		t.Fatal(err)
	}
	idle.Value = number(78)
	if err := s.SetOption(idle); err != nil {
		t.Fatal(err)
	}
	if len(s.Pending()) != 1 {
		t.Errorf("%d options are kept", len(s.Pending()))
	}
	wrong := uv.SocketOption{Level: syscall.IPPROTO_TCP, Name: syscall.TCP_KEEPIDLE, Value: number(1 << 30)}
	if err := s.SetOption(wrong); err != uv.EINVAL {
		t.Errorf("an option that the kernel does not take: %v", err)
	}
	if err := s.Bind(netip.MustParseAddrPort("127.0.0.1:0"), uv.BindFlags{}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Option(syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, 4)
	if err != nil || binary.NativeEndian.Uint32(got) != 78 {
		t.Errorf("%v, %v", got, err)
	}
	if len(s.Pending()) != 0 {
		t.Error("the options are kept on")
	}
}
