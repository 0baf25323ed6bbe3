package bridge

import (
	"math"
	"strconv"

	"luv/lua"
	"luv/uv"
)

var signalClass = lua.NewClass("luv.signal")

// signalArg reads a signal: a name, with or without "SIG", or a number. A number that is no
// signal's is for the kernel to refuse.
func signalArg(c *lua.Call, i int) int {
	if c.IsString(i) {
		n := uv.SignalNumber(c.String(i))
		if n == 0 {
			c.Bad(i, "unknown signal '"+c.String(i)+"'")
		}
		return n
	}
	if !c.IsNumber(i) {
		c.Bad(i, "name or number of a signal expected")
	}
	return c.Int(i, math.MinInt32, math.MaxInt32)
}

func optSignal(c *lua.Call, i, otherwise int) int {
	if c.Nil(i) {
		return otherwise
	}
	return signalArg(c, i)
}

// shownSignal is what an error message calls it.
func shownSignal(signum int) string {
	if name := uv.SignalName(signum); name != "" {
		return name
	}
	return "signal " + strconv.Itoa(signum)
}

// signal = luv.signal.create(name or number): it runs
func signalCreate(c *lua.Call) {
	signum := signalArg(c, 1)
	w, err := uv.NewWatch(c.Loop())
	if err != nil {
		c.Fail(err)
		return
	}
	if err = w.Start(signum); err != nil {
		w.Close()
		c.Fail(err, shownSignal(signum))
		return
	}
	c.Return(lua.Object{Class: signalClass, Pointer: w.Object()})
}

func watchOf(c *lua.Call) *uv.Watch { return uv.WatchOf(c.Object(1, signalClass)) }

// signal = signal:start([name or number]): counts from now on, that signal or the one before
func signalStart(c *lua.Call) {
	w := watchOf(c)
	signum := optSignal(c, 2, w.Signum())
	c.Done(w.Start(signum), shownSignal(signum))
}

// signal = signal:stop(): ends the waits for it with ECANCELED
func signalStop(c *lua.Call) { c.Done(watchOf(c).Stop()) }

// number = signal:signum()
func signalSignum(c *lua.Call) {
	w := watchOf(c)
	if w.Closed() {
		c.Fail(uv.EBADF)
		return
	}
	c.Return(w.Signum())
}

// true = luv.signal.raise(name or number): to the thread that calls
func signalRaise(c *lua.Call) {
	signum := signalArg(c, 1)
	truth(c, uv.Raise(signum), shownSignal(signum))
}

// true = luv.signal.kill(pid[, name or number = "TERM"])
func signalKill(c *lua.Call) {
	pid := c.Int(1, math.MinInt32, math.MaxInt32)
	signum := optSignal(c, 2, 15)
	truth(c, uv.Kill(pid, signum), "process "+strconv.Itoa(pid))
}

func truth(c *lua.Call, err error, subject string) {
	if err != nil {
		c.Fail(err, subject)
		return
	}
	c.Return(true)
}

// name = luv.signal.name(number): "SIGINT"
func signalName(c *lua.Call) {
	n := c.Int(1, math.MinInt32, math.MaxInt32)
	name := uv.SignalName(n)
	if name == "" {
		c.Fail(uv.EINVAL, shownSignal(n))
		return
	}
	c.Return(name)
}

// number = luv.signal.number(name)
func signalNumber(c *lua.Call) {
	n := uv.SignalNumber(c.String(1))
	if n == 0 {
		c.Fail(uv.EINVAL, c.String(1))
		return
	}
	c.Return(n)
}

func init() {
	lua.Register(lua.Module{
		Name: "luv.signal",
		Funcs: []lua.Func{
			{Name: "create", Args: 1, Go: signalCreate},
			{Name: "raise", Args: 1, Go: signalRaise},
			{Name: "kill", Args: 2, Go: signalKill},
			{Name: "name", Args: 1, Go: signalName},
			{Name: "number", Args: 1, Go: signalNumber},
		},
	})
	lua.DefineClass(lua.ClassDef{
		Name: "luv.signal",
		Methods: []lua.Func{
			{Name: "start", Args: 1, Go: signalStart},
			{Name: "stop", Go: signalStop},
			{Name: "signum", Go: signalSignum},
			{Name: "next", Args: lua.Own, Face: "signal_next"},
			{Name: "wait", Args: lua.Own, Face: "signal_next"},
		},
	})
}
