package zmq

import (
	"testing"

	"github.com/pebbe/zmq4"

	"luv/uv"
)

// zmq4 sets its pointer to nil when it closes: this fails when it keeps it elsewhere.
func TestSocketIsWhereWeLook(t *testing.T) {
	c := newContext(t)
	defer c.Drop()
	z, err := c.z.NewSocket(zmq4.PUSH)
	if err != nil {
		t.Fatal(err)
	}
	if raw(z) == nil {
		t.Error("nothing is there")
	}
	z.Close()
	if raw(z) != nil {
		t.Error("it is something else")
	}
}

// A loop without a Lua state has no fibers that could wait.
func TestSocketNeedsAState(t *testing.T) {
	c := newContext(t)
	defer c.Drop()
	l, err := uv.NewLoop()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := c.NewSocket(l, 8); err != uv.ENOMEM {
		t.Error(err)
	}
	if _, err := c.NewSocket(l, 99); err != uv.EINVAL {
		t.Error(err)
	}
	if SocketOf(0) != nil {
		t.Error("a closed object has a socket")
	}
}
