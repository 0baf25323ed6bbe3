package bridge

import "luv/lua"

// luv.stdin, luv.stdout and luv.stderr are of this class when they are files or devices; else
// of luv.tty, luv.pipe or luv.tcp. csrc/stream/stdio.c opens them.
func init() {
	lua.DefineClass(lua.ClassDef{
		Name:    "luv.stdio",
		Methods: streamMethods(lua.Func{Name: "fileno", Face: "stdio_fileno"}),
	})
}
