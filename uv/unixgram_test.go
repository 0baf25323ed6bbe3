package uv_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"luv/uv"
)

func newUnixgram(t *testing.T, l *uv.Loop) *uv.Unixgram {
	t.Helper()
	u, err := uv.NewUnixgram(l)
	ok(t, err)
	return u
}

func TestUnixgramNames(t *testing.T) {
	l := newLoop(t)
	path := filepath.Join(t.TempDir(), "s")
	a, b := newUnixgram(t, l), newUnixgram(t, l)
	name, err := a.Getsockname()
	ok(t, err)
	equal(t, "no name yet", name, "")
	ok(t, a.Bind(path, uv.PipeBind{Mode: 0o600}))
	name, _ = a.Getsockname()
	equal(t, "name", name, path)
	equal(t, "bound again", a.Bind(path, uv.PipeBind{Mode: -1}), error(uv.EINVAL))
	equal(t, "bound by another", b.Bind(path, uv.PipeBind{Mode: -1, Unlink: true}), error(uv.EADDRINUSE))
	ok(t, a.Chmod(0o640))
	ok(t, b.Bind("", uv.PipeBind{Mode: -1}))
	name, _ = b.Getsockname()
	equal(t, "the kernel's", name != "" && name[0] == '@', true)
	ok(t, b.Connect(path))
	name, _ = b.Getpeername()
	equal(t, "peer", name, path)
	ok(t, b.Disconnect())
	equal(t, "disconnected", b.Disconnect(), error(uv.ENOTCONN))
	equal(t, "no path", b.Connect(""), error(uv.EINVAL))
	a.Close()
	if _, err := os.Lstat(path); err == nil {
		t.Error("the file is still there")
	}
	equal(t, "closed", a.Connect(path), error(uv.EBADF))
	b.Close()
	run(t, l)
}

func TestUnixgramOpenAndBuffers(t *testing.T) {
	l := newLoop(t)
	u := newUnixgram(t, l)
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	ok(t, err)
	ok(t, u.Open(fd))
	if err := syscall.Close(fd); err == nil {
		t.Error("the descriptor was not taken")
	}
	_, err = u.BufferSize(true, 65536)
	ok(t, err)
	n, err := u.BufferSize(true, 0)
	ok(t, err)
	equal(t, "twice what was set", n, 131072)
	u.Close()
	run(t, l)
}
