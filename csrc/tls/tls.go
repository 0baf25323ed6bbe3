// Package tls holds streams of TLS over any other stream. Go's crypto/tls does the work: the handshake
// in a goroutine, records by one call on the loop's thread for all that has been read or is to be written.
//
// The stream below is taken: no script has it any more. What is plain goes on as what any stream has read,
// so all ways of reading and writing, their limits and their waits are those of luv/csrc/stream.
package tls

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
