package uv_test

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"luv/uv"
)

func TestErrnoNames(t *testing.T) {
	for name, e := range map[string]uv.Errno{
		"EOF": uv.EOF, "EBADF": uv.EBADF, "EINVAL": uv.EINVAL, "ENOMEM": uv.ENOMEM, "EAGAIN": uv.EAGAIN,
		"EALREADY": uv.EALREADY, "EBUSY": uv.EBUSY, "ECANCELED": uv.ECANCELED,
		"ECONNREFUSED": uv.ECONNREFUSED, "EISCONN": uv.EISCONN, "ENOTCONN": uv.ENOTCONN,
		"ENOTSUP": uv.ENOTSUP, "ETIMEDOUT": uv.ETIMEDOUT, "EAI_NONAME": uv.EAI_NONAME,
		"EAI_AGAIN": uv.EAI_AGAIN, "EAI_FAIL": uv.EAI_FAIL, "EAI_SERVICE": uv.EAI_SERVICE,
		"EAI_FAMILY": uv.EAI_FAMILY,
	} {
		equal(t, "name", e.Name(), name)
		if e >= 0 {
			t.Errorf("%s is %d", name, int(e))
		}
	}
}

func TestErrnoText(t *testing.T) {
	equal(t, "text", uv.ECONNREFUSED.Text(), "connection refused")
	equal(t, "error", uv.ECONNREFUSED.Error(), "ECONNREFUSED: connection refused")
	equal(t, "error", uv.EOF.Error(), "EOF: end of file")
}

func TestErrnoUnknown(t *testing.T) {
	e := uv.Errno(-99999)
	equal(t, "name", e.Name(), "Unknown system error -99999")
	equal(t, "text", e.Text(), "Unknown system error -99999")
}

func TestErrnoFromSystem(t *testing.T) {
	for system, want := range map[syscall.Errno]uv.Errno{
		syscall.EBADF: uv.EBADF, syscall.ECONNREFUSED: uv.ECONNREFUSED, syscall.EAGAIN: uv.EAGAIN,
		syscall.ENOTSUP: uv.ENOTSUP, 0: 0,
	} {
		equal(t, system.Error(), uv.FromSystem(int(system)), want)
	}
}

func TestErrnoIsAnError(t *testing.T) {
	err := fmt.Errorf("reading: %w", uv.EOF)
	var e uv.Errno
	if !errors.Is(err, uv.EOF) || errors.Is(err, uv.EBADF) || !errors.As(err, &e) || e != uv.EOF {
		t.Errorf("%v is not found to be EOF", err)
	}
}
