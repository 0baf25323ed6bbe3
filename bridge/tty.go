package bridge

import (
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

// width, height = tty:winsize()
func ttyWinsize(c *lua.Call) {
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
			{Name: "open", Face: "tty_open"},
			{Name: "isatty", Face: "tty_isatty"},
			{Name: "guess", Face: "tty_guess"},
		},
	})
	lua.DefineClass(lua.ClassDef{
		Name: "luv.tty",
		Methods: streamMethods(
			lua.Func{Name: "mode", Go: ttyMode},
			lua.Func{Name: "winsize", Go: ttyWinsize},
			lua.Func{Name: "fileno", Go: func(c *lua.Call) { fileno(c, &ttyOf(c).Stream) }},
		),
	})
}
