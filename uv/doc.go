// Package uv binds libuv for Go. It knows no Lua and can be used alone.
//
// A Loop and all that belongs to it are used from one OS thread: call
// runtime.LockOSThread in the goroutine that runs it. Only Loop.Post may be called from
// any goroutine. Callbacks run inside Loop.Run, on its thread; a panic in one would leave
// libuv in the middle of a turn, and must not be recovered outside of Run.
//
// Handles live in C memory that is freed in libuv's close callback; a Go value holds a
// pointer to it, which Close clears, so a method of a closed handle returns EBADF. On
// the loop of a Lua state the same handles are what Lua's objects stand for: see
// Handle.Object.
//
// To add a handle type: a file of its name with a New function that calls Handle's init
// and libuv's, its methods, and a test of the same name; its callback goes to
// csrc/core/uvcb.c, unless one of that type is there already.
package uv

/*
#cgo CFLAGS: -std=gnu11 -fvisibility=hidden -I${SRCDIR}/../csrc/core -I${SRCDIR}/../csrc/process -I${SRCDIR}/../csrc/signal -I${SRCDIR}/../csrc/stream -I${SRCDIR}/../csrc/timer -I${SRCDIR}/../csrc/tls -I${SRCDIR}/../csrc/udp -I/usr/include/lua5.1
#cgo pkg-config: libuv
#include "luv.h"
*/
import "C"

// All rooms, whose C calls each other's.
import _ "luv/csrc"

// And those whose headers are included here, to be built again when one changes.
import (
	_ "luv/csrc/core"
	_ "luv/csrc/process"
	_ "luv/csrc/signal"
	_ "luv/csrc/stream"
	_ "luv/csrc/timer"
	_ "luv/csrc/tls"
	_ "luv/csrc/udp"
)
