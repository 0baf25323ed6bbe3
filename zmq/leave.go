package zmq

// #include "luvzmq.h"
import "C"

import (
	"encoding/binary"
	"fmt"
	"maps"
	"strings"
	"sync/atomic"
	"unsafe"

	"github.com/pebbe/zmq4"
)

// leave.go - who tells when an endpoint is free again: csrc/zmq/zmq_leave.c waits for it.
//
// Unbind asks the socket's monitor; if the script has none, one of luv's own that goes again.
// Closing a socket ends its monitor, so there it is always one of luv's own, made just before.
// libzmq writes to that until the closed socket has sent what it holds, which may be long
// after its endpoints are free. Without a reader its thread would stand still. So such a
// monitor is closed when libzmq has said MONITOR_STOPPED, and kept by the context until then.

// hasListener reports whether libzmq listens at such an endpoint with a descriptor of its own.
func hasListener(endpoint string) bool {
	protocol, _, _ := strings.Cut(endpoint, "://")
	switch protocol {
	case "tcp", "ipc", "tipc", "ws", "wss", "vmci":
		return true
	}
	return false
}

// listens notes an endpoint that was bound, under its real name, too.
func (s *Socket) listens(endpoint string) {
	is, err := s.LastEndpoint()
	if err != nil {
		return
	}
	if s.listening == nil {
		s.listening = map[string]string{}
	}
	s.listening[endpoint], s.listening[is] = is, is
	s.o.listens++
}

// stopsListening forgets it under both.
func (s *Socket) stopsListening(is string) {
	maps.DeleteFunc(s.listening, func(_, real string) bool { return real == is })
	s.o.listens--
}

var leavers atomic.Int64

const leaveEvents = zmq4.EVENT_CLOSED | zmq4.EVENT_CLOSE_FAILED | zmq4.EVENT_MONITOR_STOPPED

// hiddenMonitor makes a monitor of luv's own; nil if libzmq cannot.
func (s *Socket) hiddenMonitor() *Socket {
	m, err := s.ctx.newSocket(s.loop(), C.ZMQ_PAIR, C.int(C.luv__class_zmq_monitor.id))
	if err != nil {
		return nil
	}
	m.o.hidden = 1
	endpoint := fmt.Sprintf("inproc://luv.leave.%d", leavers.Add(1))
	if err = m.z.SetRcvhwm(0); err == nil {
		err = s.z.Monitor(endpoint, leaveEvents)
	}
	if err == nil {
		if err = m.z.Connect(endpoint); err != nil {
			s.z.Monitor("", 0)
		}
	}
	if err != nil {
		m.Close()
		return nil
	}
	return m
}

// watcher returns the socket's monitor, or makes it one; nil if it cannot.
func (s *Socket) watcher() *Socket {
	if s.monitor == nil {
		if m := s.hiddenMonitor(); m != nil {
			s.monitor, m.source = m, s
		}
	}
	return s.monitor
}

func chars(s string) (*C.char, C.size_t) {
	return (*C.char)(unsafe.Pointer(unsafe.StringData(s))), C.size_t(len(s))
}

// expect has the monitor look for the end of an endpoint; false if there is none that could.
func (m *Socket) expect(endpoint string) bool {
	if m == nil {
		return false
	}
	p, n := chars(endpoint)
	return C.luv__zmq_leaves(m.o, p, n) == 0
}

// forget takes that back.
func (m *Socket) forget(endpoint string) {
	p, n := chars(endpoint)
	C.luv__zmq_stays(m.o, p, n)
}

// leave prepares for the end of a socket that a script is about to close.
func (s *Socket) leave() {
	s.stopMonitor()
	m := s.hiddenMonitor()
	if m == nil {
		return
	}
	m.leaver = true
	expected := false
	for name, is := range s.listening {
		if name == is && m.expect(is) {
			expected = true
		}
	}
	if expected {
		s.o.leaver = m.o
		return
	}
	s.z.Monitor("", 0)
	m.leaver = false
	m.Close()
}

// keep takes over the monitor of a closed socket to which libzmq may still write.
func (c *Context) keep(z *zmq4.Socket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.terminated { // then nothing libzmq does waits
		z.Close()
		return
	}
	c.leavers = append(c.leavers, z)
}

// visit closes those that libzmq has done with.
func (c *Context) visit() {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := c.leavers[:0]
	for _, z := range c.leavers {
		if hasStopped(z) {
			z.Close()
		} else {
			kept = append(kept, z)
		}
	}
	clear(c.leavers[len(kept):])
	c.leavers = kept
}

func hasStopped(z *zmq4.Socket) bool {
	for {
		frame, err := z.RecvBytes(zmq4.DONTWAIT)
		if err != nil {
			return zmq4.AsErrno(err) == zmq4.ETERM
		}
		if len(frame) == 6 && zmq4.Event(binary.NativeEndian.Uint16(frame)) == zmq4.EVENT_MONITOR_STOPPED {
			return true
		}
	}
}

// dismiss closes all of them, as the context ends: from here on no thread of libzmq waits.
func (c *Context) dismiss() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.leavers) == 0 {
		return
	}
	C.zmq_ctx_shutdown(c.raw())
	for _, z := range c.leavers {
		z.Close()
	}
	c.leavers = nil
}
