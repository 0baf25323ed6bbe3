package zmq

import "testing"

func TestTypesOfSocketsByName(t *testing.T) {
	for n, name := range stableTypes {
		if got, known := SocketType(name); !known || got != n || TypeName(n) != name {
			t.Errorf("%s is %d, %d is %s", name, got, n, TypeName(n))
		}
	}
	if n, known := SocketType("xrep"); !known || TypeName(n) != "ROUTER" {
		t.Errorf("xrep is %d", n)
	}
	if _, known := SocketType("PEAR"); known || TypeName(99) != "" || TypeName(-1) != "" {
		t.Error("what is none is one")
	}
	if TypeName(12) != "SERVER" || hasType(12) != Has("draft") || !hasType(0) {
		t.Error("a draft type")
	}
}
