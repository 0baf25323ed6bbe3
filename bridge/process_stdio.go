package bridge

// process_stdio.go - the descriptors of a child.

import (
	"fmt"
	"math"
	"os"
	"syscall"

	"luv/lua"
	"luv/uv"
)

const (
	setPipeSize = 1031      // F_SETPIPE_SZ
	pipeSize    = 256 << 10 // bytes; with the usual 64 KB the ends wait for each other more often
)

const maxStdio = 1023 // the highest descriptor that a child can be given

var stdioNames = [...]string{"stdin", "stdout", "stderr"}

// stdio lays out the child's descriptors. Mistakes of the program are found before anything
// is opened.
func (s *child) stdio(t map[any]any, defaults [3]any) {
	want := map[int]any{}
	list, is := t["stdio"].(map[any]any)
	if t["stdio"] != nil && !is {
		s.bad("stdio: table expected, got %s", typeOf(t["stdio"]))
	}
	for key, v := range list {
		n, is := key.(float64)
		if !is || n != math.Trunc(n) || n < 0 || n > maxStdio {
			s.bad("stdio: the keys are descriptors, from 0 to %d", maxStdio)
		}
		want[int(n)] = v
	}
	for n, name := range stdioNames {
		if v, given := t[name]; given {
			if _, twice := want[n]; twice {
				s.bad("%s is given twice", name)
			}
			want[n] = v
		}
		if want[n] == nil {
			want[n] = s.standard(n, defaults[n])
		}
	}
	top := 0
	for n, v := range want {
		s.known(n, v)
		top = max(top, n)
	}
	s.o.Stdio = make([]int, top+1)
	for n := range s.o.Stdio {
		s.o.Stdio[n] = -1
	}
	for n := 0; n <= top && s.err == nil; n++ {
		if v, given := want[n]; given {
			s.o.Stdio[n], s.err = s.descriptor(n, v)
		}
	}
}

// standard is what a child has that was told nothing else: of what we have not, /dev/null.
func (s *child) standard(n int, v any) any {
	if _, _, e := syscall.Syscall(syscall.SYS_FCNTL, uintptr(n), syscall.F_GETFD, 0); v == "inherit" && e != 0 {
		return "null"
	}
	return v
}

func stdioName(n int) string {
	if n < len(stdioNames) {
		return stdioNames[n]
	}
	return fmt.Sprintf("stdio[%d]", n)
}

func (s *child) known(n int, v any) {
	switch v := v.(type) {
	case float64:
		if v == math.Trunc(v) && v >= 0 && v <= math.MaxInt32 {
			return
		}
	case string:
		if v == "pipe" || v == "inherit" || v == "null" || v == "ipc" || v == "stdout" && n == 2 {
			return
		}
	case lua.Userdata, side:
		return
	}
	s.bad("%s: \"pipe\", \"inherit\", \"null\", \"ipc\", a stream, a file or a descriptor expected, got %s",
		stdioName(n), shownValue(v))
}

func shownValue(v any) string {
	if t, is := v.(string); is {
		return "\"" + t + "\""
	}
	return typeOf(v)
}

func (s *child) descriptor(n int, v any) (int, error) {
	s.shared = stdioName(n)
	switch v := v.(type) {
	case side:
		return s.ptySide()
	case float64:
		return int(v), nil
	case lua.Userdata:
		if v.File {
			return uv.FileFd(v.Pointer)
		}
		fd, own, err := uv.ChildFd(v.Pointer)
		if own {
			s.theirs = append(s.theirs, fd)
		}
		return fd, err
	}
	switch v {
	case "inherit":
		return n, nil
	case "pipe":
		return s.pipe(n, false)
	case "ipc":
		return s.pipe(n, true)
	case "stdout":
		return s.o.Stdio[1], nil
	}
	if n < len(stdioNames) {
		return -1, nil
	}
	fd, err := syscall.Open(os.DevNull, syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err == nil {
		s.theirs = append(s.theirs, fd)
	}
	return fd, err
}

// pipe makes one with our end in an object. The three standard ones have a direction, and are
// pipes, not sockets: a program can open /dev/stdout then.
func (s *child) pipe(n int, ipc bool) (int, error) {
	ours, theirs, err := pipeFds(n, ipc)
	if err != nil {
		return -1, err
	}
	s.theirs = append(s.theirs, theirs)
	p, err := uv.NewPipe(s.c.Loop(), ipc)
	if err != nil {
		syscall.Close(ours)
		return -1, err
	}
	s.pipes[n] = p
	if err = p.Open(ours); err != nil {
		syscall.Close(ours)
	}
	return theirs, err
}

func pipeFds(n int, ipc bool) (ours, theirs int, err error) {
	if ipc || n >= len(stdioNames) {
		return uv.ChildSocketpair()
	}
	var fds [2]int
	if err := syscall.Pipe2(fds[:], syscall.O_CLOEXEC); err != nil {
		return -1, -1, err
	}
	// A refusal does no harm: there are limits, and it is only slower then.
	syscall.Syscall(syscall.SYS_FCNTL, uintptr(fds[0]), setPipeSize, pipeSize)
	if n == 0 {
		return fds[1], fds[0], nil
	}
	return fds[0], fds[1], nil
}
