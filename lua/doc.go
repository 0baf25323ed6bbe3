// Package lua is Lua for Go: states, and the values that cross between a script and Go.
//
// States come from golua, which makes and closes those of Go hosts and of tests
// (state.go). A module's functions do not go through golua: its callbacks run on the
// main state, never on the calling coroutine, and its errors unwind C frames. They go
// through luv's own trampoline (csrc/core/tramp.c), which lays the arguments out flat, calls
// Go once and takes the results in the same form. So nothing here ever calls a lua_*
// function that can raise.
//
// A Module lists what Lua can name: Go functions and, by name, the faces of the data
// plane in C. A Go function gets a Call, reads its arguments and ends it with one of
// Return, Fail, Raise, Wait or Await.
package lua

/*
#cgo CFLAGS: -std=gnu11 -fvisibility=hidden -I${SRCDIR}/../csrc/codec -I${SRCDIR}/../csrc/core -I${SRCDIR}/../csrc/stream -I${SRCDIR}/../csrc/thread -I${SRCDIR}/../csrc/tls -I/usr/include/lua5.1
#include "luv.h"
*/
import "C"

// All rooms, whose C calls each other's.
import _ "luv/csrc"

// And those whose headers are included here, to be built again when one changes.
import (
	_ "luv/csrc/codec"
	_ "luv/csrc/core"
	_ "luv/csrc/stream"
	_ "luv/csrc/thread"
	_ "luv/csrc/tls"
)
