// Package lualink links Lua into a test binary: luv.so leaves that to the program which
// loads it. Test files import it for this alone; nothing else may.
//
// With the tag luajit the tests run on LuaJIT, which golua's tag of that name links.
package lualink
