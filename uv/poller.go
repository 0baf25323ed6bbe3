package uv

import (
	"sync"
	"syscall"
	"time"
)

// poller.go - Go's own poller, which its timers and sockets rest on.
//
// Go opens it when the first of them is used, were it by the garbage collector, and ends the
// process if the kernel refuses. So it is opened with the first loop, where that is an error.
// libuv, too, opens something with its first loop and aborts if it cannot: a pipe for signals.

var poller struct {
	sync.Mutex
	open bool
}

// spare is how many descriptors there must be: Go takes two, libuv's first loop seven; other
// threads may take some.
const spare = 12

// StartPoller opens Go's poller, once per process, and makes sure that there are descriptors for a
// first loop, else EMFILE or ENFILE.
func StartPoller() error {
	poller.Lock()
	defer poller.Unlock()
	if poller.open {
		return nil
	}
	if err := Descriptors(spare); err != nil {
		return err
	}
	time.AfterFunc(time.Hour, func() {}).Stop()
	poller.open = true
	return nil
}

// Descriptors says whether so many could be opened now: nil, EMFILE or ENFILE.
func Descriptors(n int) error {
	var fds []int
	defer func() {
		for _, fd := range fds {
			syscall.Close(fd)
		}
	}()
	for range n {
		fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
		if err != nil {
			return FromSystem(int(err.(syscall.Errno)))
		}
		fds = append(fds, fd)
	}
	return nil
}

// Exhausted returns EMFILE or ENFILE if no descriptor can be opened now, else nil: what fails
// far away for want of one does not always say so.
func Exhausted() error { return Descriptors(1) }
