// Package compat holds the modules of luv that are written in Lua, over what every script can name:
// luv.socket and what goes with it, for code that knows other libraries.
//
// They lie in luv.so as text, and are compiled when somebody asks for one: csrc/core/embedded.c.
package compat

import (
	"embed"
	"strings"
)

//go:embed */*.lua
var files embed.FS

// Source returns the text of a module: of "socket.tcp" the file socket/tcp.lua, of "socket" the
// file socket/init.lua. false: there is none.
func Source(name string) (string, bool) {
	path := strings.ReplaceAll(name, ".", "/")
	for _, file := range []string{path + ".lua", path + "/init.lua"} {
		if text, err := files.ReadFile(file); err == nil {
			return string(text), true
		}
	}
	return "", false
}
