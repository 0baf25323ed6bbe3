package zmq

import (
	"testing"
	"time"

	"github.com/pebbe/zmq4"

	"luv/uv"
)

// watched makes a PUSH socket of libzmq's and the PAIR that gets its events.
func watched(t *testing.T, c *Context, endpoint string) (s, m *Socket) {
	t.Helper()
	push, err := c.z.NewSocket(zmq4.PUSH)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := c.z.NewSocket(zmq4.PAIR)
	if err != nil {
		t.Fatal(err)
	}
	push.SetLinger(0)
	pair.SetRcvtimeo(5 * time.Second)
	if err := push.Monitor(endpoint, zmq4.EVENT_ALL); err != nil {
		t.Fatal(err)
	}
	if err := pair.Connect(endpoint); err != nil {
		t.Fatal(err)
	}
	s, m = &Socket{z: push, ctx: c}, &Socket{z: pair, ctx: c}
	s.monitor, m.source = m, s
	return s, m
}

func TestStopMonitorFromEitherSide(t *testing.T) {
	c := newContext(t)
	defer c.Drop()
	for i, endpoint := range []string{"inproc://from-source", "inproc://from-monitor"} {
		s, m := watched(t, c, endpoint)
		if err := s.z.Connect("tcp://127.0.0.1:1"); err != nil {
			t.Fatal(err)
		}
		[]*Socket{s, m}[i].stopMonitor()
		if s.monitor != nil || m.source != nil {
			t.Error(endpoint, "they still know each other")
		}
		for event := zmq4.Event(0); event != zmq4.EVENT_MONITOR_STOPPED; {
			var err error
			if event, _, _, err = m.z.RecvEvent(0); err != nil {
				t.Fatal(endpoint, err)
			}
		}
		s.stopMonitor() // nothing is left to stop
		s.z.Close()
		m.z.Close()
	}
}

// The monitor is a socket as others are: it needs a state, and nothing is watched without.
func TestMonitorNeedsAState(t *testing.T) {
	c := newContext(t)
	defer c.Drop()
	l, err := uv.NewLoop()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	z, err := c.z.NewSocket(zmq4.PUSH)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	s := &Socket{z: z, ctx: c}
	if _, err := s.Monitor(l, "inproc://nobody"); err != uv.ENOMEM || s.monitor != nil {
		t.Error(err, s.monitor)
	}
}
