package lua_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"

	"luv/lua"
	"luv/uv"
)

func TestErrnoOfGoErrors(t *testing.T) {
	_, missing := os.Open("/no/such/file")
	_, refused := net.Dial("tcp", "127.0.0.1:1")
	_, unknown := net.LookupPort("tcp", "no-such-service")
	for _, c := range []struct {
		err  error
		want string
	}{
		{uv.EOF, "EOF"},
		{fmt.Errorf("wrapped: %w", uv.ECANCELED), "ECANCELED"},
		{syscall.EPIPE, "EPIPE"},
		{missing, "ENOENT"},
		{refused, "ECONNREFUSED"},
		{unknown, "EAI_NONAME"},
		{&net.DNSError{IsNotFound: true}, "EAI_NONAME"},
		{&net.DNSError{IsTimeout: true}, "EAI_AGAIN"},
		{&net.AddrError{}, "EAI_NONAME"},
		{os.ErrDeadlineExceeded, "ETIMEDOUT"},
		{errors.New("anything else"), "EINVAL"},
	} {
		equal(t, fmt.Sprint(c.err), lua.Errno(c.err).Name(), c.want)
	}
}

func TestFailure(t *testing.T) {
	f := lua.Failure(syscall.ENOENT, "file")
	if len(f) != 3 || f[0] != nil || f[1] != "ENOENT: no such file or directory: file" || f[2] != "ENOENT" {
		t.Errorf("got %q", f)
	}
}
