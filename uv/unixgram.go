package uv

// #include "udp.h"
// #include "pipe.h"
import "C"

import "syscall"

// A Unixgram is a unix socket of datagrams. On the loop of a Lua state it can be made a Lua object, whose
// fibers send and receive.
type Unixgram struct{ Handle }

// NewUnixgram makes one without a name and without a peer.
func NewUnixgram(l *Loop) (*Unixgram, error) {
	u := new(Unixgram)
	if l.l == nil {
		return nil, EBADF
	}
	var o *C.luv_object
	if err := check(C.luv__udp_new(l.l, C.AF_UNIX, &o)); err != nil {
		return nil, err
	}
	return u, u.made(o)
}

// UnixgramOf returns the socket behind an object of package lua.
func UnixgramOf(obj uintptr) *Unixgram { return &Unixgram{Handle{o: object(obj)}} }

// Open takes over the descriptor of such a socket; after an error it is still the caller's.
func (u *Unixgram) Open(fd int) error {
	if !u.open() {
		return EBADF
	}
	return check(C.luv__unixgram_open(u.o, C.int(fd)))
}

// Bind gives the socket a name: see Pipe.Bind; "" has the kernel choose an abstract one.
func (u *Unixgram) Bind(path string, o PipeBind) error {
	if !u.open() {
		return EBADF
	}
	c, n := chars(path)
	return check(C.luv__unixgram_bind(u.o, c, n, C.int(o.Mode), flag(o.Unlink)))
}

// Connect sets the one peer that is sent to and received from.
func (u *Unixgram) Connect(path string) error {
	switch {
	case !u.open():
		return EBADF
	case path == "":
		return EINVAL
	}
	c, n := chars(path)
	return check(C.luv__unixgram_connect(u.o, c, n))
}

// Disconnect lets go of the peer.
func (u *Unixgram) Disconnect() error {
	if !u.open() {
		return EBADF
	}
	return check(C.luv__unixgram_connect(u.o, nil, 0))
}

// Getsockname returns the socket's own name, "" for none.
func (u *Unixgram) Getsockname() (string, error) { return u.unixName(0) }

// Getpeername returns the name of the peer, "" for none.
func (u *Unixgram) Getpeername() (string, error) { return u.unixName(1) }

// Chmod sets the permissions of the socket's file.
func (u *Unixgram) Chmod(mode int) error {
	if !u.open() {
		return EBADF
	}
	return check(C.luv__unix_chmod(u.o, C.int(mode)))
}

// BufferSize is Handle.BufferSize: libuv knows no sockets that it does not read itself.
func (u *Unixgram) BufferSize(send bool, size int) (int, error) {
	fd, err := u.Fileno()
	if err != nil {
		return 0, err
	}
	option := syscall.SO_RCVBUF
	if send {
		option = syscall.SO_SNDBUF
	}
	if size != 0 {
		err = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, option, size)
	} else {
		size, err = syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, option)
	}
	if e, is := err.(syscall.Errno); is {
		return 0, system(e)
	}
	return size, err
}
