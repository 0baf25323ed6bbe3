package uv_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"luv/uv"
)

func spawn(t *testing.T, l *uv.Loop, exited func(int64, int), argv ...string) *uv.Process {
	t.Helper()
	p, err := uv.Spawn(l, &uv.ProcessOptions{File: argv[0], Args: argv, Stdio: []int{-1, -1, 2}}, exited)
	ok(t, err)
	return p
}

// Exit codes and signals, as the callback and Exit tell them.
func TestProcessEnds(t *testing.T) {
	l := newLoop(t)
	for _, c := range []struct {
		line   string
		code   int64
		signal int
	}{{"exit 0", 0, 0}, {"exit 7", 7, 0}, {"kill -9 $$", 0, 9}} {
		calls := 0
		var p *uv.Process
		p = spawn(t, l, func(code int64, signal int) {
			calls++
			equal(t, c.line, code, c.code)
			equal(t, c.line, signal, c.signal)
			code, signal, ended := p.Exit()
			equal(t, "Exit", ended && code == c.code && signal == c.signal, true)
		}, "sh", "-c", c.line)
		pid := p.Pid()
		if _, _, ended := p.Exit(); ended {
			t.Error("it has ended before the loop has run")
		}
		run(t, l)
		equal(t, "calls", calls, 1)
		fails(t, p.Kill(0), uv.FromSystem(int(syscall.ESRCH)))
		equal(t, "pid", p.Pid(), pid)
		p.Close()
		run(t, l)
		equal(t, "pid", p.Pid(), 0)
		fails(t, p.Kill(9), uv.EBADF)
	}
}

func TestProcessKill(t *testing.T) {
	l := newLoop(t)
	got := 0
	p := spawn(t, l, func(_ int64, signal int) { got = signal }, "sleep", "60")
	ok(t, p.Kill(0))
	ok(t, p.Kill(int(syscall.SIGTERM)))
	run(t, l)
	equal(t, "signal", got, int(syscall.SIGTERM))
	p.Close()
	run(t, l)
}

// What a program is given: its name for itself, arguments, environment, folder, descriptors,
// a session of its own.
func TestProcessOptions(t *testing.T) {
	l := newLoop(t)
	dir := t.TempDir()
	out, err := os.Create(filepath.Join(dir, "out"))
	ok(t, err)
	defer out.Close()
	p, err := uv.Spawn(l, &uv.ProcessOptions{
		File:     "sh",
		Args:     []string{"name", "-c", `echo "$0|$1|$LUV_A|$PWD" >&4; read a b c d e f g </proc/self/stat; test "$f" = "$$"`, "x", "a\n'b"},
		Env:      []string{"LUV_A=\xff", "PATH=" + os.Getenv("PATH")},
		Cwd:      dir,
		Stdio:    []int{-1, -1, 2, -1, int(out.Fd())},
		Detached: true,
	}, func(code int64, _ int) { equal(t, "code", code, 0) })
	ok(t, err)
	run(t, l)
	p.Close()
	run(t, l)
	text, err := os.ReadFile(out.Name())
	ok(t, err)
	equal(t, "output", string(text), "x|a\n'b|\xff|"+dir+"\n")
}

func TestProcessThatCannotBe(t *testing.T) {
	l := newLoop(t)
	for file, want := range map[string]uv.Errno{
		"luv-no-such-program": uv.FromSystem(int(syscall.ENOENT)),
		"/etc/passwd":         uv.FromSystem(int(syscall.EACCES)),
	} {
		_, err := uv.Spawn(l, &uv.ProcessOptions{File: file, Args: []string{file}}, nil)
		fails(t, err, want)
	}
	run(t, l)
	_, err := uv.Spawn(new(uv.Loop), &uv.ProcessOptions{File: "true"}, nil)
	fails(t, err, uv.EBADF)
}

// A child whose handle is closed, and whose loop has gone, is no zombie for ever.
func TestProcessIsForgotten(t *testing.T) {
	l := newLoop(t)
	p := spawn(t, l, nil, "sleep", "0.05")
	pid := p.Pid()
	p.Close()
	run(t, l)
	for range 1000 {
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			return
		}
		syscall.Select(0, nil, nil, nil, &syscall.Timeval{Usec: 10000})
	}
	t.Errorf("process %d is still there", pid)
}

// The end of ChildSocketpair that is the child's blocks, ours does not.
func TestProcessSocketpair(t *testing.T) {
	newLoop(t)
	ours, theirs, err := uv.ChildSocketpair()
	ok(t, err)
	defer syscall.Close(ours)
	defer syscall.Close(theirs)
	for _, fd := range []int{ours, theirs} {
		text, err := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(fd))
		ok(t, err)
		flags := 0
		for _, line := range strings.Split(string(text), "\n") {
			if digits, is := strings.CutPrefix(line, "flags:"); is {
				n, err := strconv.ParseInt(strings.TrimSpace(digits), 8, 64)
				ok(t, err)
				flags = int(n)
			}
		}
		equal(t, "close-on-exec", flags&syscall.O_CLOEXEC != 0, true)
		equal(t, "does not block", flags&syscall.O_NONBLOCK != 0, fd == ours)
	}
}
