package zmq

// #include "luvzmq.h"
import "C"

import (
	"github.com/pebbe/zmq4"

	"luv/uv"
)

// Monitor returns a PAIR socket that gets the events of this one, in place of the monitor
// it has.
//
// libzmq's I/O thread sends events as a blocking call: without a peer, or with one that is
// full, it stands still and every socket of the context with it. So a monitor has no high
// water mark, and no socket is closed, neither the monitor nor the one it watches, before
// libzmq has stopped sending.
func (s *Socket) Monitor(l *uv.Loop, endpoint string) (*Socket, error) {
	s.stopMonitor()
	m, err := s.ctx.newSocket(l.Pointer(), C.ZMQ_PAIR, C.int(C.luv__class_zmq_monitor.id))
	if err != nil {
		return nil, err
	}
	if err := m.watch(s, endpoint); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

func (m *Socket) watch(s *Socket, endpoint string) error {
	if err := m.z.SetRcvhwm(0); err != nil {
		return fail(err)
	}
	if err := s.used(s.z.Monitor(endpoint, zmq4.EVENT_ALL)); err != nil {
		return err
	}
	s.monitor, m.source = m, s
	return m.Connect(endpoint)
}

// stopMonitor ends the watch that the socket is part of, on either side. A monitor still
// open gets MONITOR_STOPPED as its last event.
func (s *Socket) stopMonitor() {
	if m := s.monitor; m != nil {
		s.z.Monitor("", 0)
		m.source, s.monitor = nil, nil
		if m.o != nil && m.o.hidden != 0 { // nobody else has it
			C.luv__zmq_left_all(m.o)
		}
	}
	if s.source != nil {
		s.source.stopMonitor()
	}
}
