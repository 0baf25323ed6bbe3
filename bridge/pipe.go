package bridge

import (
	"context"
	"strconv"
	"strings"
	"syscall"
	"time"

	"luv/lua"
	"luv/uv"
)

var pipeClass = lua.NewClass("luv.pipe")

func pipeOf(c *lua.Call) *uv.Pipe { return uv.PipeOf(c.Object(1, pipeClass)) }

func pipeObject(p *uv.Pipe) lua.Object {
	return lua.Object{Class: pipeClass, Pointer: p.Object()}
}

// pipe = luv.pipe.create([ipc]); the version of 2012 had ipc as the second argument
func pipeCreate(c *lua.Call) {
	p, err := uv.NewPipe(c.Loop(), c.Bool(max(c.Count(), 1)))
	if err != nil {
		c.Fail(err)
		return
	}
	c.Return(pipeObject(p))
}

// a, b = luv.pipe.pair([ipc]): two connected ends
func pipePair(c *lua.Call) {
	fds, err := uv.Socketpair()
	if err != nil {
		c.Fail(err)
		return
	}
	var ends [2]*uv.Pipe
	for i, fd := range fds {
		if ends[i], err = uv.NewPipe(c.Loop(), c.Bool(1)); err == nil {
			err = ends[i].Open(fd)
		}
		if err != nil {
			break
		}
	}
	if err == nil {
		c.Return(pipeObject(ends[0]), pipeObject(ends[1]))
		return
	}
	for i, p := range ends {
		if !hasDescriptor(p) {
			syscall.Close(fds[i])
		}
		if p != nil {
			p.Close()
		}
	}
	c.Fail(err)
}

func hasDescriptor(p *uv.Pipe) bool {
	if p == nil {
		return false
	}
	_, err := p.Fileno()
	return err == nil
}

// permissions reads argument i, or the option: a number, or a string in octal.
func permissions(v any) (int, bool) {
	switch v := v.(type) {
	case float64:
		return int(v), v >= 0 && v <= 0o7777 && v == float64(int(v))
	case string:
		n, err := strconv.ParseUint(v, 8, 12)
		return int(n), err == nil
	}
	return 0, false
}

// shown is a name for a message: the zero byte of an abstract one would end that.
func shown(path string) string { return strings.ReplaceAll(path, "\x00", "@") }

const wantMode = "permissions expected, such as \"660\""

// pipeBindOptions reads argument i: {unlink, mode}.
func pipeBindOptions(c *lua.Call, i int) uv.PipeBind {
	o := c.Fields(i)
	options := uv.PipeBind{Unlink: o["unlink"] == true, Mode: -1}
	if v, given := o["mode"]; given {
		var ok bool
		if options.Mode, ok = permissions(v); !ok {
			c.Bad(i, "mode: "+wantMode)
		}
	}
	return options
}

// pipe = pipe:bind(path[, {unlink, mode}])
func pipeBind(c *lua.Call) {
	p, path, options := pipeOf(c), c.String(2), pipeBindOptions(c, 3)
	c.Done(p.Bind(path, options), shown(path))
}

// pipe = pipe:listen([backlog = 511])
func pipeListen(c *lua.Call) {
	p, backlog := pipeOf(c), c.OptInt(2, 511, 0, maxBacklog)
	if p.IPC() {
		c.Fail(uv.EINVAL, "a pipe made with ipc does not listen")
		return
	}
	c.Done(p.ListenFibers(backlog))
}

// pipe = pipe:connect(path[, timeout])
//
// A unix socket is connected at once, or refused, or the server's backlog is full. That can
// only be tried again, since the kernel does not tell when there is room.
func pipeConnect(c *lua.Call) {
	p, path, timeout := pipeOf(c), c.String(2), c.Timeout(3)
	dial, fd, own, err := p.Dial(path)
	if err != nil {
		c.Fail(err, shown(path))
		return
	}
	if err = dial(fd); err == uv.EAGAIN && timeout == 0 {
		err = uv.ETIMEDOUT
	}
	if err == uv.EAGAIN && p.BeginConnect() {
		awaitPipe(c, p, fd, own, path, timeout, dial)
		return
	}
	if err = keep(p, fd, own, err); err != nil {
		c.Fail(err, shown(path))
		return
	}
	c.Self()
}

// keep makes the descriptor the pipe's if it is connected; else it goes, unless it is bound.
func keep(p *uv.Pipe, fd int, own bool, err error) error {
	if err == nil {
		err = p.Connected(fd)
	}
	if err != nil && !own {
		syscall.Close(fd)
	}
	return err
}

// awaitPipe tries on, with a duplicate of a bound socket: its own number may be closed, and be
// somebody else's by then.
func awaitPipe(c *lua.Call, p *uv.Pipe, fd int, own bool, path string, timeout float64, dial func(int) error) {
	with := fd
	if own {
		with, _ = dup(fd)
	}
	closed := make(chan struct{})
	p.Track()
	p.OnClose(func() { close(closed) })
	c.Await(timeout, func(ctx context.Context) func(bool) []any {
		err := redial(ctx, closed, dial, with)
		if own {
			syscall.Close(with)
		}
		return func(wanted bool) []any { return joinPipe(p, fd, own, err, wanted, path) }
	})
}

func redial(ctx context.Context, closed chan struct{}, dial func(int) error, fd int) (err error) {
	for pause := time.Millisecond; ; pause = min(pause*2, 20*time.Millisecond) {
		select {
		case <-ctx.Done():
			return uv.ECANCELED
		case <-closed:
			return uv.ECANCELED
		case <-time.After(pause):
		}
		if err = dial(fd); err != uv.EAGAIN {
			return err
		}
	}
}

// joinPipe ends such an attempt. A connection that nobody waits for any more goes, but for
// that of a bound socket, which cannot be taken back.
func joinPipe(p *uv.Pipe, fd int, own bool, err error, wanted bool, path string) []any {
	open := p.EndConnect()
	p.Untrack()
	if err == nil && (!open || !wanted && !own) {
		err = uv.ECANCELED
	}
	if err = keep(p, fd, own, err); err != nil {
		return lua.Failure(err, shown(path))
	}
	return []any{lua.Self}
}

// path = pipe:getsockname()
func pipeGetsockname(c *lua.Call) { replyName(c)(pipeOf(c).Getsockname()) }

// path = pipe:getpeername()
func pipeGetpeername(c *lua.Call) { replyName(c)(pipeOf(c).Getpeername()) }

func replyName(c *lua.Call) func(string, error) {
	return func(name string, err error) {
		if err != nil {
			c.Fail(err)
			return
		}
		c.Return(name)
	}
}

// fileMode reads argument i: permissions, or libuv's "r", "w", "rw" for everybody.
func fileMode(c *lua.Call, i int) int {
	mode, ok := map[any]int{"r": 0o444, "w": 0o222, "rw": 0o666}[c.Scalar(i)]
	if !ok {
		if mode, ok = permissions(c.Scalar(i)); !ok {
			c.Bad(i, wantMode)
		}
	}
	return mode
}

// pipe = pipe:chmod(mode)
func pipeChmod(c *lua.Call) {
	p := pipeOf(c)
	c.Done(p.Chmod(fileMode(c, 2)))
}

func init() {
	lua.Register(lua.Module{
		Name: "luv.pipe",
		Funcs: []lua.Func{
			{Name: "create", Args: 2, Go: pipeCreate},
			{Name: "pair", Args: 1, Go: pipePair},
		},
	})
	lua.DefineClass(lua.ClassDef{
		Name: "luv.pipe",
		Methods: append(streamMethods(
			lua.Func{Name: "bind", Args: 2, Go: pipeBind},
			lua.Func{Name: "listen", Args: 1, Go: pipeListen},
			lua.Func{Name: "connect", Args: 2, Go: pipeConnect, Waits: true},
			lua.Func{Name: "open", Args: 1, Face: "pipe_open"},
			lua.Func{Name: "pending", Face: "pipe_pending"},
			lua.Func{Name: "getsockname", Go: pipeGetsockname},
			lua.Func{Name: "getpeername", Go: pipeGetpeername},
			lua.Func{Name: "chmod", Args: 1, Go: pipeChmod},
			lua.Func{Name: "peercred", Go: pipePeercred},
		), socketMethods(pipeOf)...),
	})
}
