// Package signal holds the signals: luv.signal's watchers, dead children for luv.process, and Ctrl-C.
//
// The handlers are luv's own: they count, and wake the loop, which hands what was counted to the
// watchers, so nothing is lost but what the kernel itself merges. With the last watcher the action that
// was there before comes back. A second Ctrl-C kills, but not within a quarter of a second of the first.
package signal

/*
#cgo CFLAGS: -std=gnu11 -O2 -fvisibility=hidden -fno-plt -Wall -Wextra -I${SRCDIR}/../core -I${SRCDIR}/../stream -I/usr/include/lua5.1
#cgo luvcheck CFLAGS: -DLUV_CHECK
#cgo pkg-config: libuv
*/
import "C"

import (
	"embed"

	_ "luv/csrc/core"
	_ "luv/csrc/stream"
)

// An edit of a header rebuilds what includes it: cgo itself looks only at the files of the package being built.
//
//go:embed *.h
var _ embed.FS
