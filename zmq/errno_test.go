package zmq

import (
	"syscall"
	"testing"

	"github.com/pebbe/zmq4"

	"luv/uv"
)

func TestErrorsHaveNames(t *testing.T) {
	for _, c := range []struct {
		err  error
		want error
	}{
		{zmq4.ETERM, ETERM}, {zmq4.Errno(EFSM), EFSM}, {syscall.Errno(ETERM), ETERM},
		{zmq4.Errno(syscall.EADDRINUSE), uv.EADDRINUSE}, {zmq4.ErrorSocketClosed, uv.EBADF},
		{nil, nil},
	} {
		if got := fail(c.err); got != c.want {
			t.Errorf("%v is %v, want %v", c.err, got, c.want)
		}
	}
	if ETERM.Name() != "ETERM" || ETERM.Error() != "ETERM: Context was terminated" {
		t.Error(ETERM)
	}
}
