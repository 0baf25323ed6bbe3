package lua

import (
	"errors"
	"net"
	"os"
	"syscall"

	"luv/uv"
)

// failure is the triple nil, "NAME: text[: subject]", "NAME".
func failure(err error, subject ...string) []any {
	e := Errno(err)
	text := e.Error()
	for _, s := range subject {
		text += ": " + s
	}
	return []any{nil, text, e.Name()}
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
