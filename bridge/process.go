package bridge

import (
	"math"
	"syscall"

	"luv/lua"
	"luv/uv"
)

var processClass = lua.NewClass("luv.process")

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
	if s.pty != nil {
		s.pty.Close()
	}
	if p == nil && subject == s.o.File && s.o.Cwd != "" && syscall.Access(s.o.Cwd, 1) != nil {
		subject = s.o.Cwd
	}
	s.c.Fail(lua.Errno(s.err), subject)
	return nil
}

// object is the process with its fields: pid, stdin, stdout, stderr, stdio, pty.
func (s *child) object(p *uv.Process) lua.Object {
	var stdio lua.Table
	fields := lua.Table{{Key: "pid", Value: p.Pid()}}
	for n, pipe := range s.pipes {
		stdio = append(stdio, lua.Pair{Key: n, Value: pipeObject(pipe)})
	}
	if s.pty != nil { // process.pty looks here, and process:close closes it
		stdio = append(stdio, lua.Pair{Key: "pty", Value: lua.Object{Class: ttyClass, Pointer: s.pty.Object()}})
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

// process = luv.process.spawn(cmd[, {args..., cwd, env, stdin, stdout, stderr, stdio, detach, uid, gid,
// ends_with_parent, pty}])
func processSpawn(c *lua.Call) {
	standard := [3]any{"inherit", "inherit", "inherit"}
	s, t := newChild(c, map[string]bool{"pty": true})
	if isTrue(t["pty"]) {
		standard = s.terminal(t)
	}
	s.stdio(t, standard)
	if p := s.start(); p != nil {
		c.Return(s.object(p))
	}
}

// process, input, max, seconds = luv.process.run(cmd[, {..., input, max}[, timeout]]): its
// beginning; csrc/process/process_run.c goes on from there.
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
			{Name: "spawn", Args: 2, Go: processSpawn},
			{Name: "run", Args: 3, Face: "process_run", Go: processRun},
			{Name: "disable_stdio_inheritance", Go: processDisable},
		},
	})
	lua.DefineClass(lua.ClassDef{
		Name:  "luv.process",
		Plain: true,
		Methods: []lua.Func{
			{Name: "wait", Args: lua.Own, Face: "process_wait"},
			{Name: "kill", Args: 1, Go: processKill},
			{Name: "close", Face: "process_close"},
			{Name: "closed", Face: "object_closed"},
		},
	})
}
