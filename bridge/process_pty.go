package bridge

// process_pty.go - a child on a terminal of its own.

import (
	"math"
	"syscall"

	"luv/uv"
)

// The size of a terminal that nobody has told one.
const ptyCols, ptyRows = 80, 24

// side is the child's side of the terminal among its descriptors.
type side int

// terminal makes one, and returns what the child's standard descriptors are then.
func (s *child) terminal(t map[any]any) [3]any {
	cols, rows := ptyCols, ptyRows
	if size, is := t["pty"].(map[any]any); is {
		cols, rows = s.size(size, "cols", cols), s.size(size, "rows", rows)
	} else if t["pty"] != true {
		s.bad("pty: true or a table of cols and rows expected, got %s", typeOf(t["pty"]))
	}
	for _, name := range []string{"stdio", "stdin"} {
		if t[name] != nil {
			s.bad("pty and %s are both given", name)
		}
	}
	s.o.Terminal, s.ptySize = true, [2]int{cols, rows}
	return [3]any{side(0), side(0), side(0)}
}

func (s *child) size(t map[any]any, name string, otherwise int) int {
	v, given := t[name]
	if !given {
		return otherwise
	}
	n, is := v.(float64)
	if !is || n != math.Trunc(n) || n < 1 || n > math.MaxUint16 {
		s.bad("pty: %s: a whole number from 1 to 65535 expected", name)
	}
	return int(n)
}

// ptySide returns the child's side; the first time it makes the terminal.
func (s *child) ptySide() (int, error) {
	if s.pty != nil {
		return s.o.Stdio[0], nil
	}
	pty, path, err := uv.NewPTY(s.c.Loop(), s.ptySize[0], s.ptySize[1])
	if err != nil {
		return -1, err
	}
	s.pty = pty
	fd, err := syscall.Open(path, syscall.O_RDWR|syscall.O_NOCTTY|syscall.O_CLOEXEC, 0)
	if err == nil {
		s.theirs = append(s.theirs, fd)
	}
	return fd, err
}
