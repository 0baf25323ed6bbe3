package uv

// #include "luv.h"
// extern void luv_on_signal(uv_signal_t *h, int n);
// extern int luv__signal_onstack(int signum);
import "C"

// A Signal is a uv_signal_t: a watcher for one signal.
type Signal struct{ Handle }

// NewSignal makes a watcher that is not running.
func NewSignal(l *Loop) (*Signal, error) {
	s := new(Signal)
	if err := s.init(l, C.UV_SIGNAL); err != nil {
		return nil, err
	}
	return s, s.initialised(C.uv_signal_init(l.l, s.signal()))
}

func (s *Signal) signal() *C.uv_signal_t { return (*C.uv_signal_t)(ptr(s.raw())) }

// Start calls f each time the signal arrives. libuv installs its handler without an
// alternate stack, on which Go insists: it is added here.
func (s *Signal) Start(signum int, f func()) error {
	if !s.open() {
		return EBADF
	}
	s.listen(fired(f))
	if err := check(C.uv_signal_start(s.signal(), C.uv_signal_cb(C.luv_on_signal), C.int(signum))); err != nil {
		return err
	}
	return check(C.luv__signal_onstack(C.int(signum)))
}

// Stop stops watching.
func (s *Signal) Stop() error {
	if !s.open() {
		return EBADF
	}
	return check(C.uv_signal_stop(s.signal()))
}
