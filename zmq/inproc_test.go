package zmq

import (
	"fmt"
	"testing"
	"time"

	"github.com/pebbe/zmq4"
)

// Without the sink libzmq would end the process here.
func TestMoreConnectedThanSockets(t *testing.T) {
	c := newContext(t)
	c.Set(ContextOptions["MAX_SOCKETS"], 4)
	z, err := c.z.NewSocket(zmq4.DEALER)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < 50; i++ {
		endpoint := fmt.Sprint("inproc://nobody", i)
		if err := c.inproc.connect(c, endpoint); err != nil {
			t.Fatal(err)
		}
		z.Connect(endpoint)
	}
	c.inproc.bind("inproc://nobody1")
	c.inproc.unbind("inproc://nobody1")
	if len(c.inproc.pending) != 49 || len(c.inproc.bound) != 0 {
		t.Error(len(c.inproc.pending), len(c.inproc.bound))
	}
	c.inproc.pending["inproc://nobody1"] = 1
	var all []string
	for endpoint := range c.inproc.pending {
		all = append(all, endpoint)
	}
	c.inproc.leave(all)
	if len(c.inproc.pending) != 0 {
		t.Error(len(c.inproc.pending))
	}
	z.SetLinger(0)
	z.Close()
	c.Drop()
	if !Drain(5 * time.Second) {
		t.Error("the context does not end")
	}
}
