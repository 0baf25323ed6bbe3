package bridge

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"syscall"

	"luv/lua"
	"luv/uv"
)

var processClass = lua.NewClass("luv.process")

const maxStdio = 1023 // the highest descriptor that a child can be given

// A child is what spawn and run make of their options.
type child struct {
	c      *lua.Call
	o      uv.ProcessOptions
	pipes  map[int]*uv.Pipe // our ends, by the child's descriptor
	theirs []int            // descriptors that only the child is to have
	err    error
	shared string // the name of what err is about
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
	"stdio": true, "detach": true, "uid": true, "gid": true}

func (s *child) command(cmd string, t map[any]any, more map[string]bool) {
	if strings.IndexByte(cmd, 0) >= 0 {
		s.c.Bad(1, "the command has a zero byte in it")
	}
	s.o.File, s.o.Args = cmd, []string{cmd}
	n := 0
	for key := range t {
		switch key := key.(type) {
		case float64:
			n++
		case string:
			if !processFields[key] && !more[key] {
				s.bad("unknown option '%s'", key)
			}
		}
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

func (s *child) identity(t map[any]any) {
	number := func(name string) (uint32, bool) {
		v, given := t[name]
		n, is := v.(float64)
		if given && (!is || n != math.Trunc(n) || n < 0 || n >= math.MaxUint32) {
			s.bad("%s: a number expected, got %s", name, typeOf(v))
		}
		return uint32(n), given
	}
	s.o.UID, s.o.SetU = number("uid")
	s.o.GID, s.o.SetG = number("gid")
	s.o.Detached = t["detach"] != nil && t["detach"] != false
	if v, given := t["cwd"]; given {
		if s.o.Cwd = s.text(v, "cwd"); s.o.Cwd == "" {
			s.bad("cwd is empty")
		}
	}
}

// ---- its descriptors ---------------------------------------------------------------------

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
		if v == "pipe" || v == "inherit" || v == "null" || v == "ipc" {
			return
		}
	case lua.Userdata:
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
	if n == 0 {
		return fds[1], fds[0], nil
	}
	return fds[0], fds[1], nil
}

// ---- spawning -------------------------------------------------------------------------------

// start runs it; nil: it has failed, and the call is ended.
func (s *child) start() *uv.Process {
	var p *uv.Process
	subject := s.shared
	if s.err == nil {
		subject = s.o.File
		p, s.err = uv.Spawn(s.c.Loop(), &s.o, nil)
	}
	for _, fd := range s.theirs {
		syscall.Close(fd)
	}
	if s.err == nil {
		return p
	}
	for _, pipe := range s.pipes {
		pipe.Close()
	}
	if p == nil && subject == s.o.File && s.o.Cwd != "" && syscall.Access(s.o.Cwd, 1) != nil {
		subject = s.o.Cwd
	}
	s.c.Fail(lua.Errno(s.err), subject)
	return nil
}

// object is the process with its fields: pid, stdin, stdout, stderr, stdio.
func (s *child) object(p *uv.Process) lua.Object {
	var stdio lua.Table
	fields := lua.Table{{Key: "pid", Value: p.Pid()}}
	for n, pipe := range s.pipes {
		stdio = append(stdio, lua.Pair{Key: n, Value: pipeObject(pipe)})
	}
	fields = append(fields, lua.Pair{Key: "stdio", Value: stdio})
	return lua.Object{Class: processClass, Pointer: p.Object(), Fields: fields}
}

func newChild(c *lua.Call, more map[string]bool) (*child, map[any]any) {
	s := &child{c: c, pipes: map[int]*uv.Pipe{}}
	cmd, t := c.String(1), map[any]any{}
	if !c.Nil(2) {
		t = c.Tree(2)
	}
	s.command(cmd, t, more)
	s.environment(t["env"])
	s.identity(t)
	return s, t
}

// process = luv.process.spawn(cmd[, {args..., cwd, env, stdin, stdout, stderr, stdio, detach, uid, gid}])
func processSpawn(c *lua.Call) {
	inherit := [3]any{"inherit", "inherit", "inherit"}
	s, t := newChild(c, nil)
	s.stdio(t, inherit)
	if p := s.start(); p != nil {
		c.Return(s.object(p))
	}
}

// process, input, max, seconds = luv.process.run(cmd[, {..., input, max}[, timeout]]): its
// beginning; csrc/process_run.c goes on from there.
func processRun(c *lua.Call) {
	capture := [3]any{"null", "pipe", "pipe"}
	s, t := newChild(c, map[string]bool{"input": true, "max": true})
	timeout, input := c.Timeout(3), any(nil)
	if v, given := t["input"]; given {
		text, is := v.(string)
		if !is {
			s.bad("input: string expected, got %s", typeOf(v))
		}
		if t["stdin"] != nil {
			s.bad("input and stdin are both given")
		}
		input, capture[0] = text, "pipe"
	}
	limit, is := t["max"].(float64)
	if t["max"] != nil && (!is || !(limit >= 0)) {
		s.bad("max: a number of bytes expected, got %s", typeOf(t["max"]))
	}
	if !is {
		limit = math.Inf(1)
	}
	s.stdio(t, capture)
	if p := s.start(); p != nil {
		c.Return(s.object(p), input, limit, timeout)
	}
}

// ---- a process --------------------------------------------------------------------------------

// process = process:kill([signal = "TERM"])
func processKill(c *lua.Call) {
	p := uv.ProcessOf(c.Object(1, processClass))
	signum := optSignal(c, 2, int(syscall.SIGTERM))
	c.Done(p.Kill(signum), shownSignal(signum))
}

// true = luv.process.disable_stdio_inheritance()
func processDisable(c *lua.Call) {
	uv.DisableStdioInheritance()
	c.Return(true)
}

func init() {
	lua.Register(lua.Module{
		Name: "luv.process",
		Funcs: []lua.Func{
			{Name: "spawn", Go: processSpawn},
			{Name: "run", Go: processRun, Waits: true},
			{Name: "disable_stdio_inheritance", Go: processDisable},
		},
	})
	lua.DefineClass(lua.ClassDef{
		Name:  "luv.process",
		Plain: true,
		Methods: []lua.Func{
			{Name: "wait", Face: "process_wait"},
			{Name: "kill", Go: processKill},
			{Name: "close", Face: "process_close"},
			{Name: "closed", Face: "object_closed"},
		},
	})
}
