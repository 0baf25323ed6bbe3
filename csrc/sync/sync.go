// Package sync holds what fibers of one state meet at: channels, mutexes, conditions, semaphores,
// waitgroups, events, scopes, and luv.select.
//
// Each is an object without a handle of libuv's: closing it disposes of it at once, and nothing outside
// ends a wait for it. Whoever makes room or gives something serves the first in line before it returns; a
// mutex is handed over, owned before its new owner runs. A case of luv.select waits like a fiber, in
// records of its own, and the first to end unlinks the others (select.c).
package sync

/*
#cgo CFLAGS: -std=gnu11 -O2 -fvisibility=hidden -fno-plt -Wall -Wextra -I${SRCDIR}/../core -I/usr/include/lua5.1
#cgo luvcheck CFLAGS: -DLUV_CHECK
#cgo pkg-config: libuv
*/
import "C"

import (
	"embed"

	_ "luv/csrc/core"
)

// An edit of a header rebuilds what includes it: cgo itself looks only at the files of the package being built.
//
//go:embed *.h
var _ embed.FS
