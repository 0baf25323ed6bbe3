package zmq

import (
	"strings"
	"sync"

	"github.com/pebbe/zmq4"
)

// endpoints are a context's inproc endpoints: those that are bound, and those that were
// connected to while nobody was.
//
// When a context is terminated, libzmq makes a socket for each of the latter, and aborts
// the process when there are more than it has sockets left. So one socket is made in
// time, and binds them all before. Binding must not meet a socket that is being closed,
// which libzmq does not always survive: so a socket that goes is met first (leave).
type endpoints struct {
	mu      sync.Mutex
	bound   map[string]bool
	pending map[string]int // by how many sockets
	sink    *zmq4.Socket
}

func isInproc(endpoint string) bool { return strings.HasPrefix(endpoint, "inproc://") }

func (e *endpoints) bind(endpoint string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.bound == nil {
		e.bound = map[string]bool{}
	}
	e.bound[endpoint] = true
	delete(e.pending, endpoint)
}

func (e *endpoints) unbind(endpoint string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.bound, endpoint)
}

// connect is said before a socket connects.
func (e *endpoints) connect(c *Context, endpoint string) (err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.bound[endpoint] {
		return nil
	}
	if e.sink == nil {
		if e.sink, err = c.z.NewSocket(zmq4.PAIR); err != nil {
			e.sink = nil
			return err
		}
		e.pending = map[string]int{}
	}
	e.pending[endpoint]++
	return nil
}

// leave is said before a socket that has connected to these endpoints is closed. An
// endpoint that others wait for, too, stays for them.
func (e *endpoints) leave(connected []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, endpoint := range connected {
		switch e.pending[endpoint] {
		case 0:
		case 1:
			delete(e.pending, endpoint)
			if e.sink != nil && e.sink.Bind(endpoint) == nil {
				e.sink.Unbind(endpoint)
			}
		default:
			e.pending[endpoint]--
		}
	}
}

// meet binds all that is connected to, and closes: the context ends.
func (e *endpoints) meet() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.sink == nil {
		return
	}
	for endpoint := range e.pending {
		e.sink.Bind(endpoint) // one that is bound meanwhile fails, and is well
	}
	e.sink.Close()
	e.sink = nil
}
