// Package fs holds the files: their operations in libuv's pool or, where a file system answers at once, in
// place; directories, watches, locks.
//
// fs_ops.h has a row for each operation. A descriptor is counted (fs_desc.c): it is closed when the last
// operation that uses it is over. Operations on one file that depend on its position take turns. Who gives up
// waiting leaves a request that is an orphan, and what it has made is undone. The pool is handed over by a crew
// of workers, who take what waits in one queue (fs_pool.c).
package fs

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
