package zmq

// #include <zmq.h>
import "C"

import (
	"errors"
	"syscall"

	"github.com/pebbe/zmq4"

	"luv/uv"
)

// Errno is an error that libzmq alone has: the system's become uv.Errno.
type Errno int

// libzmq's own errors.
const (
	EFSM           Errno = C.EFSM
	ENOCOMPATPROTO Errno = C.ENOCOMPATPROTO
	ETERM          Errno = C.ETERM
	EMTHREAD       Errno = C.EMTHREAD
)

var names = map[Errno]string{
	EFSM: "EFSM", ENOCOMPATPROTO: "ENOCOMPATPROTO", ETERM: "ETERM", EMTHREAD: "EMTHREAD",
}

// Name returns the error's name, such as "ETERM".
func (e Errno) Name() string { return names[e] }

// Error returns "NAME: text".
func (e Errno) Error() string { return e.Name() + ": " + C.GoString(C.zmq_strerror(C.int(e))) }

// fail makes of an error of zmq4's, or of cgo's errno, one that has a name.
func fail(err error) error {
	var system syscall.Errno
	switch {
	case err == nil:
		return nil
	case errors.Is(err, zmq4.ErrorSocketClosed), errors.Is(err, zmq4.ErrorContextClosed):
		return uv.EBADF
	case errors.As(err, &system):
		return number(int(system))
	}
	return number(int(zmq4.AsErrno(err)))
}

func number(e int) error {
	if names[Errno(e)] != "" {
		return Errno(e)
	}
	return uv.FromSystem(e)
}
