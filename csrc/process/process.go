// Package process holds child processes, and the environment they get.
//
// Every child is reaped, whatever becomes of its object: closing one whose child runs, or losing it, leaves
// it to a thread that waits for it. A time limit on a wait holds even if somebody else takes SIGCHLD away:
// where the kernel has pidfds the child is watched by one.
package process

/*
#cgo CFLAGS: -std=gnu11 -O2 -fvisibility=hidden -fno-plt -Wall -Wextra -I${SRCDIR}/../core -I${SRCDIR}/../fs -I${SRCDIR}/../signal -I${SRCDIR}/../stream -I/usr/include/lua5.1
#cgo luvcheck CFLAGS: -DLUV_CHECK
#cgo pkg-config: libuv
*/
import "C"

import (
	"embed"

	_ "luv/csrc/core"
	_ "luv/csrc/fs"
	_ "luv/csrc/signal"
	_ "luv/csrc/stream"
)

// An edit of a header rebuilds what includes it: cgo itself looks only at the files of the package being built.
//
//go:embed *.h
var _ embed.FS
