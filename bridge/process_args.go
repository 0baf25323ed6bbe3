package bridge

// process_args.go - what a child is to run, and as whom: the options of luv.process.spawn.

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"luv/lua"
	"luv/uv"
)

// A child is what spawn and run make of their options.
type child struct {
	c       *lua.Call
	o       uv.ProcessOptions
	pipes   map[int]*uv.Pipe // our ends, by the child's descriptor
	theirs  []int            // descriptors that only the child is to have
	pty     *uv.TTY          // our side of its terminal
	ptySize [2]int           // its columns and rows
	err     error
	shared  string // the name of what err is about
}

func (s *child) bad(format string, a ...any) { s.c.Bad(2, fmt.Sprintf(format, a...)) }

// text is an argument for the kernel, which ends strings with a zero byte.
func (s *child) text(v any, what string) string {
	var t string
	switch v := v.(type) {
	case string:
		t = v
	case float64:
		t = strconv.FormatFloat(v, 'g', 14, 64)
	default:
		s.bad("%s: string expected, got %s", what, typeOf(v))
	}
	if strings.IndexByte(t, 0) >= 0 {
		s.bad("%s has a zero byte in it", what)
	}
	return t
}

func typeOf(v any) string {
	switch v.(type) {
	case nil:
		return "nil"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case string:
		return "string"
	case map[any]any:
		return "table"
	case lua.Userdata:
		return "userdata"
	}
	return "another type"
}

// ---- what is to run --------------------------------------------------------------------

var processFields = map[string]bool{"cwd": true, "env": true, "stdin": true, "stdout": true, "stderr": true,
	"stdio": true, "detach": true, "uid": true, "gid": true, "ends_with_parent": true}

func (s *child) command(cmd string, t map[any]any, more map[string]bool) {
	if strings.IndexByte(cmd, 0) >= 0 {
		s.c.Bad(1, "the command has a zero byte in it")
	}
	s.o.File, s.o.Args = cmd, []string{cmd}
	n := 0
	for key := range t {
		switch key := key.(type) {
		case float64:
			if key != 0 {
				n++
			}
		case string:
			if !processFields[key] && !more[key] {
				s.bad("unknown option '%s'", key)
			}
		}
	}
	if v, given := t[float64(0)]; given {
		s.o.Args[0] = s.text(v, "argument 0")
	}
	for i := 1; i <= n; i++ {
		v, there := t[float64(i)]
		if !there {
			s.bad("argument %d is missing", i)
		}
		s.o.Args = append(s.o.Args, s.text(v, "argument "+strconv.Itoa(i)))
	}
}

func (s *child) environment(v any) {
	t, is := v.(map[any]any)
	if v != nil && !is {
		s.bad("env: table expected, got %s", typeOf(v))
	}
	if !is {
		return
	}
	s.o.Env = []string{}
	for key, v := range t {
		name, named := key.(string)
		if !named {
			line := s.text(v, "env")
			if strings.IndexByte(line, '=') < 1 {
				s.bad("env: 'NAME=value' expected, got '%s'", line)
			}
			s.o.Env = append(s.o.Env, line)
			continue
		}
		if name == "" || strings.ContainsAny(name, "=\x00") {
			s.bad("env: '%s' cannot be a name", strings.ReplaceAll(name, "\x00", "\\0"))
		}
		s.o.Env = append(s.o.Env, name+"="+s.text(v, "env: "+name))
	}
}

func shownNumber(v any) any {
	if n, is := v.(float64); is {
		return n
	}
	return typeOf(v)
}

func isTrue(v any) bool { return v != nil && v != false }

func (s *child) identity(t map[any]any) {
	number := func(name string) (uint32, bool) {
		v, given := t[name]
		n, is := v.(float64)
		if given && (!is || n != math.Trunc(n) || n < 0 || n >= math.MaxUint32) {
			s.bad("%s: a whole number from 0 to 2^32-2 expected, got %v", name, shownNumber(v))
		}
		return uint32(n), given
	}
	s.o.UID, s.o.SetU = number("uid")
	s.o.GID, s.o.SetG = number("gid")
	s.o.Detached = isTrue(t["detach"])
	s.o.EndsWithParent = isTrue(t["ends_with_parent"])
	if v, given := t["cwd"]; given {
		if s.o.Cwd = s.text(v, "cwd"); s.o.Cwd == "" {
			s.bad("cwd is empty")
		}
	}
}
