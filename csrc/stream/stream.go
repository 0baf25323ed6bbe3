// Package stream holds the streams: TCP, unix sockets and pipes, terminals, the standard streams; how they
// are made, read, written, accepted from and ended.
//
// What has been read waits in the stream's buffer, and all ways of reading are served from it; what the kernel
// takes at once costs no request (write.c). libuv has at most one write of a stream, whose bytes are anchored
// until it lets go of them. A stream whose bytes do not come from a descriptor of its own has an engine
// (stream.h). A descriptor that is not ours keeps its flags.
//
// # Streams that libuv does not read: engines
//
// A `luv_stream` may have an engine, a struct of functions (`stream.h`) that read and write in libuv's
// place; what is NULL in it libuv does. Files and borrowed sockets have one (`stdio_io.c`), so has TLS
// (`tls.c`, `tls_write.c`). Whatever an engine reads it hands to `luv__got` and `luv__read_end`, so the
// ways of reading, the limits and the waits are those of `read.c`; a writer that waits is `write.c`'s.
//
// # Streams that are waited for
//
// `wait` and `write_some` (`ready.c`) arm the descriptor in an epoll of the state's own, the hub, which libuv
// watches: libuv has one watcher per number, and reads what it finds readable. What no kernel tells (bytes and
// connections in memory, the end of a write or of connecting) wakes them by `luv__ready_look`; who changes one of these calls
// it. Options of a TCP socket without a descriptor are kept (`sockopt.c`) for the first one that is made, wherever that is.
package stream

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
