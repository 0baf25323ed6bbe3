// Package fs holds the files: their operations in libuv's pool or, where a file system answers at once, in
// place; directories, watches, locks.
//
// fs_ops.h has a row for each operation. A descriptor is counted (fs_desc.c): it is closed when the last
// operation that uses it is over. Operations on one file that depend on its position take turns. Who gives up
// waiting leaves a request that is an orphan, and what it has made is undone. The pool is handed over by a crew
// of workers, who take what waits in one queue (fs_pool.c).
//
// # Files
//
// `csrc/fs/fs_ops.h` has a row for each operation; `fs_op.c` makes the faces and the calls of libuv from it.
// A call that `fs_inline.c` cannot answer in place becomes a request (`fs.h`, `fs_req.c`) when its wait
// begins; the request owns what the pool's thread touches, so a fiber may leave at any time and
// the late result is undone, on the pool's thread (`luv__job_undo`). A close is never cancelled. The open file itself (`luv_desc`) is held by its userdata and its
// requests: the last one closes it. `fs_pool.c` is the way to the pool and back: requests lie in
// a queue of the state, and threads of the pool are called to empty it. Handing each to libuv woke a
// thread for each, which slept again before the script had made the next: three times the CPU per
// operation. The workers do the calls of libuv without a callback, that is in place. Reads and writes at the position go one at a time; a read of a
// pipe that was given up is adopted by the next reader. `fs_mount.c` says which file systems are of this machine. A name that was found in memory is not
// made sure of again for 50 ms (`fs_recent.c`): that was half of a stat, and of opening a file.
// A lock that is taken already is asked for again and again (`fs_lock.c`), copies are luv's own (`fs_copy.c`), and
// a recursive watch has a tree of folders that a thread of the pool adds to (`fs_watch.h` has the rules). `fs_exit.c` sees to it that a hung thread,
// which libuv would join, does not hang the exit.
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
