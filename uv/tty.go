package uv

// #include "luv.h"
// #include "pipe.h"
import "C"

import "unsafe"

// A TTY is a uv_tty_t: a terminal.
type TTY struct{ Stream }

// A TTYMode says what a terminal does with what is typed: lines, keys, or nothing at all.
type TTYMode int

// The modes of libuv.
const (
	TTYNormal TTYMode = C.UV_TTY_MODE_NORMAL
	TTYRaw    TTYMode = C.UV_TTY_MODE_RAW
	TTYIO     TTYMode = C.UV_TTY_MODE_IO
)

// NewTTY takes over the descriptor of a terminal. After an error it is still the caller's.
func NewTTY(l *Loop, fd int) (*TTY, error) {
	t := new(TTY)
	if l.l == nil {
		return nil, EBADF
	}
	var err C.int
	s := C.luv__tty_new((*C.luv_state)(l.l.data), l.l, C.int(fd), &err)
	if err < 0 {
		return nil, Errno(err)
	}
	return t, t.made((*C.luv_object)(ptr(s)))
}

// NewPTY makes a pseudo-terminal: this side of it, and the path of the other.
func NewPTY(l *Loop, cols, rows int) (*TTY, string, error) {
	t := new(TTY)
	if l.l == nil {
		return nil, "", EBADF
	}
	var err C.int
	var path [64]C.char
	s := C.luv__pty_new((*C.luv_state)(l.l.data), l.l, C.int(cols), C.int(rows), &path[0], C.size_t(len(path)), &err)
	if err < 0 {
		return nil, "", Errno(err)
	}
	return t, C.GoString(&path[0]), t.made((*C.luv_object)(ptr(s)))
}

// TTYOf returns the terminal behind an object of package lua.
func TTYOf(obj uintptr) *TTY { return &TTY{Stream{Handle: Handle{o: object(obj)}}} }

func (t *TTY) luv() *C.luv_stream { return (*C.luv_stream)(unsafe.Pointer(t.o)) }

// SetMode sets the mode of the terminal, for all that use it. Close, the end of the process
// and the signals that end it put the old one back.
func (t *TTY) SetMode(mode TTYMode) error {
	if !t.open() {
		return EBADF
	}
	return check(C.luv__tty_set_mode(t.luv(), C.int(mode)))
}

// Winsize returns the columns and the rows of the terminal.
func (t *TTY) Winsize() (width, height int, err error) {
	if !t.open() {
		return 0, 0, EBADF
	}
	var w, h C.int
	err = check(C.luv__tty_winsize(t.luv(), &w, &h))
	return int(w), int(h), err
}

// SetWinsize changes them: those on the other side of a pseudo-terminal get SIGWINCH.
func (t *TTY) SetWinsize(width, height int) error {
	if !t.open() {
		return EBADF
	}
	return check(C.luv__tty_set_winsize(t.luv(), C.int(width), C.int(height)))
}
