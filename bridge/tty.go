package bridge

import (
	"math"

	"luv/lua"
	"luv/uv"
)

var ttyClass = lua.NewClass("luv.tty")

func ttyOf(c *lua.Call) *uv.TTY { return uv.TTYOf(c.Object(1, ttyClass)) }

var ttyModes = map[string]uv.TTYMode{"normal": uv.TTYNormal, "raw": uv.TTYRaw, "io": uv.TTYIO}

// tty = tty:mode("normal"|"raw"|"io")
func ttyMode(c *lua.Call) {
	t := ttyOf(c)
	mode, known := ttyModes[c.String(2)]
	if !known {
		c.Bad(2, `"normal", "raw" or "io" expected`)
	}
	c.Done(t.SetMode(mode))
}

// tty, path = luv.tty.pty([{cols = 80, rows = 24}])
func ttyPTY(c *lua.Call) {
	o := c.Fields(1)
	size := func(name string, otherwise int) int {
		n, is := o[name].(float64)
		if o[name] == nil {
			return otherwise
		}
		if !is || n != math.Trunc(n) || n < 1 || n > math.MaxUint16 {
			c.Bad(1, name+": a whole number from 1 to 65535 expected")
		}
		return int(n)
	}
	t, path, err := uv.NewPTY(c.Loop(), size("cols", ptyCols), size("rows", ptyRows))
	if err != nil {
		c.Fail(err)
		return
	}
	c.Return(lua.Object{Class: ttyClass, Pointer: t.Object()}, path)
}

// width, height = tty:winsize(), tty = tty:winsize(width, height)
func ttyWinsize(c *lua.Call) {
	if !c.Nil(2) {
		c.Done(ttyOf(c).SetWinsize(c.Int(2, 1, math.MaxUint16), c.Int(3, 1, math.MaxUint16)))
		return
	}
	width, height, err := ttyOf(c).Winsize()
	if err != nil {
		c.Fail(err)
		return
	}
	c.Return(width, height)
}

func init() {
	lua.Register(lua.Module{
		Name: "luv.tty",
		Funcs: []lua.Func{
			{Name: "open", Args: 1, Face: "tty_open"},
			{Name: "isatty", Args: 1, Face: "tty_isatty"},
			{Name: "guess", Args: 1, Face: "tty_guess"},
			{Name: "pty", Args: 1, Go: ttyPTY},
		},
	})
	lua.DefineClass(lua.ClassDef{
		Name: "luv.tty",
		Methods: streamMethods(
			lua.Func{Name: "mode", Args: 1, Go: ttyMode},
			lua.Func{Name: "winsize", Args: 2, Go: ttyWinsize},
			lua.Func{Name: "fileno", Go: func(c *lua.Call) { fileno(c, &ttyOf(c).Stream) }},
		),
	})
}
