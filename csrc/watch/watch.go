// Package watch looks at the others: dumps of who waits for what, statistics, the watchdog.
//
// It stands above all rooms, and none knows it: what the core needs of it (a dump that was asked for by a
// signal) it is given. Who writes of a fiber is the thread whose fiber it is; another thread asks it to
// (ask.c). Handlers of signals walk the list of states without a lock, and allocate nothing.
//
// # Being seen
//
// `ask.c` has the list of states and asks one, from SIGQUIT, the watchdog's thread or another state:
// by its eventfd (`wakeup.c`), and by a signal to its thread, which sets a hook there. No thread reads what
// another one runs. `dump.c` writes one state's dump, and gathers those of all. Handlers walk the list
// without a lock and are counted; a state that leaves waits until none walks. `S->home` is the Lua
// thread that opened luv, anchored, so that a dump never looks at a coroutine that has gone.
package watch

/*
#cgo CFLAGS: -std=gnu11 -O2 -fvisibility=hidden -fno-plt -Wall -Wextra -I${SRCDIR}/../codec -I${SRCDIR}/../core -I${SRCDIR}/../stream -I${SRCDIR}/../thread -I/usr/include/lua5.1
#cgo luvcheck CFLAGS: -DLUV_CHECK
#cgo pkg-config: libuv
*/
import "C"

import (
	"embed"

	_ "luv/csrc/codec"
	_ "luv/csrc/core"
	_ "luv/csrc/stream"
	_ "luv/csrc/thread"
)

// An edit of a header rebuilds what includes it: cgo itself looks only at the files of the package being built.
//
//go:embed *.h
var _ embed.FS
