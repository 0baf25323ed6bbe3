// Package stream holds the streams: TCP, unix sockets and pipes, terminals, the standard streams; how they
// are made, read, written, accepted from and ended.
//
// What has been read waits in the stream's buffer, and all ways of reading are served from it; what the kernel
// takes at once costs no request (write.c). libuv has at most one write of a stream, whose bytes are anchored
// until it lets go of them. A stream whose bytes do not come from a descriptor of its own has an engine
// (stream.h). A descriptor that is not ours keeps its flags.
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
