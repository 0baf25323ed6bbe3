package uv

// #include "luv.h"
// #include "luvsignal.h"
// extern void luv_on_signal(uv_signal_t *h, int n);
import "C"

import (
	"strconv"
	"strings"
	"unsafe"
)

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

// A Watch counts one signal for the fibers of a Lua state: csrc/signal/signal.c says why it is no
// uv_signal_t.
type Watch struct{ Handle }

// NewWatch makes a watch that is not running. ENOTSUP: the loop is no Lua state's.
func NewWatch(l *Loop) (*Watch, error) {
	w := new(Watch)
	if l.l == nil {
		return nil, EBADF
	}
	if l.l.data == nil {
		return nil, ENOTSUP
	}
	return w, w.made(C.luv__signal_new((*C.luv_state)(l.l.data)))
}

// WatchOf returns the watch behind an object of package lua.
func WatchOf(obj uintptr) *Watch { return &Watch{Handle{o: object(obj)}} }

// Start begins to count that signal, and what was counted before is forgotten.
func (w *Watch) Start(signum int) error {
	if !w.open() {
		return EBADF
	}
	return check(C.luv__signal_start(w.o, C.int(signum)))
}

// Stop ends counting, and the waits for it.
func (w *Watch) Stop() error {
	if !w.open() {
		return EBADF
	}
	C.luv__signal_stop(w.o)
	return nil
}

// Signum returns the signal that is watched, or was last; 0 for none.
func (w *Watch) Signum() int {
	if !w.open() {
		return 0
	}
	return int((*C.luv_signal)(unsafe.Pointer(w.o)).signum)
}

// Kill sends a signal to a process, or with signal 0 asks whether there is one.
func Kill(pid, signum int) error { return check(C.uv_kill(C.int(pid), C.int(signum))) }

// Raise sends a signal to the calling thread: it has been handled when Raise returns.
func Raise(signum int) error {
	if r := C.raise(C.int(signum)); r != 0 {
		return EINVAL
	}
	return nil
}

// The names of the signals, by number, without "SIG". The first of each is the usual one.
var signalNames = [...]string{"", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL",
	"USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN",
	"TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS"}

var otherSignalNames = map[string]int{"IOT": 6, "CLD": 17, "POLL": 29}

// The real-time signals that the C library leaves to programs.
const (
	rtmin = 34
	rtmax = 64
)

// SignalName returns the name of a signal, such as "SIGINT"; "" for what is none.
func SignalName(signum int) string {
	switch {
	case signum >= 1 && signum < len(signalNames):
		return "SIG" + signalNames[signum]
	case signum == rtmin:
		return "SIGRTMIN"
	case signum > rtmin && signum <= rtmax:
		return "SIGRTMIN+" + strconv.Itoa(signum-rtmin)
	}
	return ""
}

// SignalNumber returns the number of a signal by its name, with or without "SIG", in either
// case: "SIGINT", "term", "RTMIN+2", "RTMAX-1". 0 for what is no name of one.
func SignalNumber(name string) int {
	name = strings.TrimPrefix(strings.ToUpper(name), "SIG")
	for n, s := range signalNames {
		if s == name && n > 0 {
			return n
		}
	}
	if base, is := map[string]int{"RTMIN": rtmin, "RTMAX": rtmax}[name[:min(len(name), 5)]]; is {
		return realtime(base, name[5:])
	}
	return otherSignalNames[name]
}

// realtime adds "", "+2" or "-1" to a number.
func realtime(base int, offset string) int {
	n, err := strconv.Atoi(offset)
	if signed := offset != "" && strings.ContainsRune("+-", rune(offset[0])); offset == "" || signed && err == nil {
		base += n
	} else {
		return 0
	}
	if base < rtmin || base > rtmax {
		return 0
	}
	return base
}
