package uv

// #include "luv.h"
// extern void luv_on_poll(uv_poll_t *h, int status, int events);
import "C"

// A Poll is a uv_poll_t: it watches a descriptor that is not libuv's. Scripts have luv.poll
// instead, which is csrc/poll/poll_fd.c's.
type Poll struct{ Handle }

// PollEvents are what a Poll watches for.
type PollEvents int

// They can be combined.
const (
	Readable    PollEvents = C.UV_READABLE
	Writable    PollEvents = C.UV_WRITABLE
	Disconnect  PollEvents = C.UV_DISCONNECT
	Prioritized PollEvents = C.UV_PRIORITIZED
)

// NewPoll makes a handle for a descriptor, which becomes non-blocking, and stays the caller's.
func NewPoll(l *Loop, fd int) (*Poll, error) {
	p := new(Poll)
	if err := p.init(l, C.UV_POLL); err != nil {
		return nil, err
	}
	return p, p.initialised(C.uv_poll_init(l.l, p.poll(), C.int(fd)))
}

func (p *Poll) poll() *C.uv_poll_t { return (*C.uv_poll_t)(ptr(p.raw())) }

// Start calls f whenever the descriptor is ready for one of the events, until Stop. After
// an error it has stopped.
func (p *Poll) Start(events PollEvents, f func(PollEvents, error)) error {
	if !p.open() {
		return EBADF
	}
	p.listen(func(_ int, a int64, _ uintptr) {
		if a < 0 {
			f(0, Errno(a))
			return
		}
		f(PollEvents(a), nil)
	})
	return check(C.uv_poll_start(p.poll(), C.int(events), C.uv_poll_cb(C.luv_on_poll)))
}

// Stop ends Start.
func (p *Poll) Stop() error {
	if !p.open() {
		return EBADF
	}
	return check(C.uv_poll_stop(p.poll()))
}
