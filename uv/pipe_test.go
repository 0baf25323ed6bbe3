package uv_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"luv/uv"
)

func newPipe(t *testing.T, l *uv.Loop) *uv.Pipe {
	t.Helper()
	p, err := uv.NewPipe(l, false)
	ok(t, err)
	return p
}

// Go's own client speaks to a server of ours, at a path and at an abstract name.
func TestPipeServerForClientsOfGo(t *testing.T) {
	for _, name := range []string{filepath.Join(t.TempDir(), "s"), fmt.Sprintf("@luv-go-%d", os.Getpid())} {
		l := newLoop(t)
		server := newPipe(t, l)
		ok(t, server.Bind(name, uv.PipeBind{Mode: 0o600}))
		ok(t, server.Listen(8, func(err error) {
			ok(t, err)
			peer := newPipe(t, l)
			ok(t, server.Accept(&peer.Stream))
			ok(t, peer.ReadStart(func(data []byte, err error) {
				if err != nil {
					fails(t, err, uv.EOF)
					peer.Close()
					server.Close()
					return
				}
				ok(t, peer.Write(data, nil))
			}))
		}))
		got, err := server.Getsockname()
		ok(t, err)
		equal(t, "name", got, name)
		answer := make(chan error, 1)
		go func() { answer <- converse1(name) }()
		run(t, l)
		ok(t, <-answer)
		if _, err := os.Stat(name); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
}

func converse1(name string) error {
	c, err := net.Dial("unix", name)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err = c.Write([]byte("hello")); err != nil {
		return err
	}
	var answer [5]byte
	if _, err = c.Read(answer[:]); err == nil && string(answer[:]) != "hello" {
		err = fmt.Errorf("got %q", answer)
	}
	return err
}

func TestPipeDialAndConnected(t *testing.T) {
	l := newLoop(t)
	name := filepath.Join(t.TempDir(), "s")
	server, client := newPipe(t, l), newPipe(t, l)
	dial, fd, own, err := client.Dial(name)
	ok(t, err)
	equal(t, "own", own, false)
	fails(t, dial(fd), uv.ENOENT)
	ok(t, server.Bind(name, uv.PipeBind{Mode: -1}))
	fails(t, dial(fd), uv.ECONNREFUSED)
	ok(t, server.Listen(8, func(error) {}))
	ok(t, dial(fd))
	ok(t, client.Connected(fd))
	got, err := client.Getpeername()
	ok(t, err)
	equal(t, "peer", got, name)
	_, _, _, err = client.Dial(name)
	fails(t, err, uv.EISCONN)
	ok(t, server.Chmod(0o640))
	info, err := os.Stat(name)
	ok(t, err)
	equal(t, "mode", info.Mode().Perm(), os.FileMode(0o640))
	client.Close()
	server.Close()
	run(t, l)
}

func TestPipeNamesThatCannotBe(t *testing.T) {
	l := newLoop(t)
	p := newPipe(t, l)
	fails(t, p.Bind("", uv.PipeBind{Mode: -1}), uv.EINVAL)
	fails(t, p.Bind("a\x00b", uv.PipeBind{Mode: -1}), uv.EINVAL)
	fails(t, p.Bind(strings.Repeat("x", 108), uv.PipeBind{Mode: -1}), uv.ENAMETOOLONG)
	p.Close()
	fails(t, p.Bind("x", uv.PipeBind{Mode: -1}), uv.EBADF)
	fails(t, p.Open(0), uv.EBADF)
	_, err := p.Getsockname()
	fails(t, err, uv.EBADF)
	equal(t, "ipc", p.IPC(), false)
	run(t, l)
}

func TestPipeOpenTakesWhatCanBePolled(t *testing.T) {
	l := newLoop(t)
	file, err := os.Open("pipe_test.go")
	ok(t, err)
	defer file.Close()
	p := newPipe(t, l)
	fails(t, p.Open(int(file.Fd())), uv.EINVAL)
	fails(t, p.Open(98765), uv.EBADF)
	var fds [2]int
	ok(t, syscall.Pipe(fds[:]))
	defer syscall.Close(fds[1])
	ok(t, p.Open(fds[0]))
	fails(t, p.Open(fds[1]), uv.EISCONN)
	got := ""
	ok(t, p.ReadStart(func(data []byte, err error) {
		got += string(data)
		p.Close()
	}))
	syscall.Write(fds[1], []byte("bytes"))
	run(t, l)
	equal(t, "read", got, "bytes")
}
