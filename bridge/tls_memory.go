package bridge

import (
	"io"
	"net"
	"runtime"
	"sync"
	"time"
)

// memory is the net.Conn of a tls.Conn. During the handshake, which a goroutine carries out, reads
// wait, and the loop is told of what is written. From then on both are the loop's: a read of nothing
// gives errAgain, which crypto/tls passes on without keeping it, so that a partial record stays where
// it is.
type memory struct {
	stir func() // has the loop look

	mu      sync.Mutex
	come    sync.Cond
	shaking bool
	in      []byte // that nobody has read
	end     error  // what follows them
	full    bool   // the loop was told to feed no more
	out     []byte // to be sent
	stirred bool   // the loop will look

	sealed []byte // C's memory for what is written by a call of the loop's
}

// maxUnread is what the peer may have sent ahead in a handshake.
const maxUnread = 1 << 16

// turns are the handshakes that may compute at a time: the loop keeps a CPU.
var turns = sync.OnceValue(func() chan struct{} { return make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1)) })

func enter() { turns() <- struct{}{} }
func leave() { <-turns() }

// again is a temporary net.Error.
type again struct{}

func (again) Error() string   { return "nothing has come" }
func (again) Timeout() bool   { return true }
func (again) Temporary() bool { return true }

var errAgain error = again{}

func (m *memory) init(stir func()) {
	m.stir, m.come.L, m.shaking = stir, &m.mu, true
}

func (m *memory) Read(p []byte) (int, error) {
	if m.shaking {
		return m.await(p)
	}
	if len(m.in) == 0 {
		return 0, errAgain
	}
	return m.take(p), nil
}

func (m *memory) take(p []byte) int {
	n := copy(p, m.in)
	m.in = m.in[n:]
	return n
}

// await is Read in the handshake's goroutine.
func (m *memory) await(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.in) == 0 && m.end == nil {
		leave()
		if m.full {
			m.full = false
			m.wake()
		}
		m.come.Wait()
		m.mu.Unlock()
		enter()
		m.mu.Lock()
	}
	if len(m.in) == 0 {
		return 0, m.end
	}
	return m.take(p), nil
}

// wake has the loop look, once.
func (m *memory) wake() {
	if !m.stirred {
		m.stirred = true
		m.stir()
	}
}

func (m *memory) Write(p []byte) (int, error) {
	if !m.shaking {
		if len(m.sealed)+len(p) <= cap(m.sealed) {
			m.sealed = append(m.sealed, p...)
		} else {
			m.out = append(m.out, p...)
		}
		return len(p), nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.out = append(m.out, p...)
	m.wake()
	return len(p), nil
}

// feed takes what the peer has sent in the handshake; true: that is enough for now.
func (m *memory) feed(p []byte) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.in = append(m.in, p...)
	m.full = len(m.in) > maxUnread
	m.come.Signal()
	return m.full
}

// finish ends what reads wait for.
func (m *memory) finish(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.end == nil {
		m.end = err
	}
	m.come.Signal()
}

// flush takes what is to be sent.
func (m *memory) flush(to []byte) (done, rest int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stirred = false
	done = copy(to, m.out)
	if m.out = m.out[done:]; len(m.out) == 0 {
		m.out = nil
	}
	return done, len(m.out)
}

// Close is called by nobody but crypto/tls, when it gives a handshake up.
func (m *memory) Close() error {
	m.finish(io.ErrClosedPipe)
	return nil
}

// nowhere is the address of both ends.
type nowhere struct{}

func (nowhere) Network() string { return "memory" }
func (nowhere) String() string  { return "memory" }

func (m *memory) LocalAddr() net.Addr              { return nowhere{} }
func (m *memory) RemoteAddr() net.Addr             { return nowhere{} }
func (m *memory) SetDeadline(time.Time) error      { return nil }
func (m *memory) SetReadDeadline(time.Time) error  { return nil }
func (m *memory) SetWriteDeadline(time.Time) error { return nil }
