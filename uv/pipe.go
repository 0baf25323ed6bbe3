package uv

// #include "luv.h"
// #include "pipe.h"
import "C"

import (
	"unsafe"
)

// A Pipe is a uv_pipe_t: a unix socket that listens or is connected, or an end of a pipe.
type Pipe struct{ Stream }

// NewPipe makes one without a descriptor. With ipc it can pass handles, and cannot listen.
func NewPipe(l *Loop, ipc bool) (*Pipe, error) {
	p := new(Pipe)
	if l.l == nil {
		return nil, EBADF
	}
	s := C.luv__stream_new((*C.luv_state)(l.l.data), C.int(C.luv__class_pipe.id))
	if err := p.made((*C.luv_object)(ptr(s))); err != nil {
		return nil, err
	}
	return p, p.initialised(C.uv_pipe_init(l.l, p.pipe(), flag(ipc)))
}

// PipeOf returns the pipe behind an object of package lua.
func PipeOf(obj uintptr) *Pipe { return &Pipe{Stream{Handle: Handle{o: object(obj)}}} }

func (p *Pipe) pipe() *C.uv_pipe_t { return (*C.uv_pipe_t)(ptr(p.raw())) }

func (p *Pipe) luv() *C.luv_stream { return (*C.luv_stream)(unsafe.Pointer(p.o)) }

// chars are the bytes of s, which may hold zeros: C copies them before it returns.
func chars(s string) (*C.char, C.size_t) {
	return (*C.char)(unsafe.Pointer(unsafe.StringData(s))), C.size_t(len(s))
}

// PipeBind are the options of Pipe.Bind.
type PipeBind struct {
	Unlink bool // replaces the file of a socket that nobody listens on
	Mode   int  // permissions of the file, -1: what umask leaves
}

// Bind gives the socket a name: a path, or an abstract name behind "@" or a zero byte.
func (p *Pipe) Bind(path string, o PipeBind) error {
	if !p.open() {
		return EBADF
	}
	c, n := chars(path)
	return check(C.luv__pipe_bind(p.luv(), c, n, C.int(o.Mode), flag(o.Unlink)))
}

// Dial returns a function that connects a descriptor to path, on any goroutine, EAGAIN when
// the server's backlog is full; the descriptor; and whether that is the socket's own, since
// it is bound. Connected takes the descriptor back.
func (p *Pipe) Dial(path string) (dial func(fd int) error, fd int, own bool, err error) {
	if !p.open() {
		return nil, -1, false, EBADF
	}
	var mine C.int
	r := C.luv__pipe_socket(p.luv(), &mine)
	if r < 0 {
		return nil, -1, false, Errno(r)
	}
	dial = func(fd int) error {
		c, n := chars(path)
		return check(C.luv__unix_dial(C.int(fd), c, n))
	}
	return dial, int(r), mine != 0, nil
}

// Connected makes fd, which Dial has given and connected, the pipe's.
func (p *Pipe) Connected(fd int) error {
	if !p.open() {
		return EBADF
	}
	return check(C.luv__pipe_connected(p.luv(), C.int(fd)))
}

// Open takes over a descriptor that can be polled: a pipe, a unix socket. After an error it
// is still the caller's.
func (p *Pipe) Open(fd int) error {
	if !p.open() {
		return EBADF
	}
	return check(C.luv__pipe_open(p.luv(), C.int(fd)))
}

// Getsockname returns the pipe's own name, "" for none.
func (p *Pipe) Getsockname() (string, error) { return p.unixName(0) }

// Getpeername returns the name of the other end, "" for none.
func (p *Pipe) Getpeername() (string, error) { return p.unixName(1) }

// unixName returns a name of a unix socket.
func (h *Handle) unixName(peer C.int) (string, error) {
	if !h.open() {
		return "", EBADF
	}
	var text [128]C.char
	n := C.luv__unix_name(h.o, peer, &text[0], C.size_t(len(text)))
	if n < 0 {
		return "", Errno(n)
	}
	return C.GoStringN(&text[0], n), nil
}

// Chmod sets the permissions of the socket's file.
func (p *Pipe) Chmod(mode int) error {
	if !p.open() {
		return EBADF
	}
	return check(C.luv__unix_chmod(p.o, C.int(mode)))
}

// IPC reports whether the pipe can pass handles.
func (p *Pipe) IPC() bool { return p.open() && p.pipe().ipc != 0 }
