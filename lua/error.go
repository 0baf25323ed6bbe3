package lua

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"syscall"

	"luv/uv"
)

// named is an error that says its own name: libuv's, and libzmq's.
type named interface {
	error
	Name() string
}

// failure is the triple nil, "NAME: text[: subject]", "NAME".
func failure(err error, subject ...string) []any {
	var e named
	if !errors.As(err, &e) {
		e = Errno(err)
	}
	text := e.Error()
	for _, s := range subject {
		text += ": " + s
	}
	return []any{nil, text, e.Name()}
}

// internal is what a panic in the function of that name says. Called by who recovers it.
func internal(name string, panicked any) string {
	return fmt.Sprintf("luv: internal error in %s: %v\n%s", name, panicked, debug.Stack())
}

// guard calls f. In work that no call waits for on the stack, a panic cannot become an
// error; it becomes a failure, so that it does not end the host.
func guard(name string, f func() []any) (values []any) {
	defer func() {
		if e := recover(); e != nil {
			values = []any{nil, internal(name, e), "EINTERNAL"}
		}
	}()
	return f()
}

// Failure is the triple as the results of an operation.
func Failure(err error, subject ...string) []any { return failure(err, subject...) }

// Errno finds libuv's name for an error of any Go package.
func Errno(err error) uv.Errno {
	var e uv.Errno
	var system syscall.Errno
	var dns *net.DNSError
	switch {
	case errors.As(err, &e):
		return e
	case errors.As(err, &system):
		return uv.FromSystem(int(system))
	case errors.As(err, &dns) && dns.IsNotFound:
		return uv.EAI_NONAME
	case errors.As(err, &dns):
		return uv.EAI_AGAIN
	case errors.Is(err, os.ErrDeadlineExceeded):
		return uv.ETIMEDOUT
	}
	var address *net.AddrError
	if errors.As(err, &address) {
		return uv.EAI_NONAME
	}
	return uv.EINVAL
}
