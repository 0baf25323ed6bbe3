package uv

// #include "luv.h"
import "C"

// Errno is a libuv error: a negative number, as libuv returns it.
type Errno int

// The errors that this package's callers compare with.
const (
	EOF          Errno = C.UV_EOF
	ENOBUFS      Errno = C.UV_ENOBUFS
	ENOENT       Errno = C.UV_ENOENT
	ESRCH        Errno = C.UV_ESRCH
	EBADF        Errno = C.UV_EBADF
	EINVAL       Errno = C.UV_EINVAL
	ENAMETOOLONG Errno = C.UV_ENAMETOOLONG
	ENOTTY       Errno = C.UV_ENOTTY
	ENOMEM       Errno = C.UV_ENOMEM
	EADDRINUSE   Errno = C.UV_EADDRINUSE
	EAGAIN       Errno = C.UV_EAGAIN
	EALREADY     Errno = C.UV_EALREADY
	EBUSY        Errno = C.UV_EBUSY
	EEXIST       Errno = C.UV_EEXIST
	ECANCELED    Errno = C.UV_ECANCELED
	ECONNREFUSED Errno = C.UV_ECONNREFUSED
	EISCONN      Errno = C.UV_EISCONN
	ENOTCONN     Errno = C.UV_ENOTCONN
	ENOTSUP      Errno = C.UV_ENOTSUP
	ETIMEDOUT    Errno = C.UV_ETIMEDOUT
	EAI_NONAME   Errno = C.UV_EAI_NONAME
	EAI_AGAIN    Errno = C.UV_EAI_AGAIN
	EAI_FAIL     Errno = C.UV_EAI_FAIL
	EAI_SERVICE  Errno = C.UV_EAI_SERVICE
	EAI_FAMILY   Errno = C.UV_EAI_FAMILY
)

// Name returns the error's name, such as "ECONNREFUSED".
func (e Errno) Name() string {
	if e == EOF {
		return "EOF"
	}
	var buf [64]C.char
	C.luv__errno_name(C.int(e), &buf[0], C.size_t(len(buf)))
	return C.GoString(&buf[0])
}

// Text returns what the error says, such as "connection refused".
func (e Errno) Text() string {
	var buf [256]C.char
	C.luv__errno_text(C.int(e), &buf[0], C.size_t(len(buf)))
	return C.GoString(&buf[0])
}

// Error returns "NAME: text".
func (e Errno) Error() string { return e.Name() + ": " + e.Text() }

// FromSystem returns the Errno of a positive system error number.
func FromSystem(errno int) Errno { return Errno(C.uv_translate_sys_error(C.int(errno))) }

func check(r C.int) error {
	if r < 0 {
		return Errno(r)
	}
	return nil
}
