// Package stream holds the streams: TCP, unix sockets and pipes, terminals, the standard streams; how they
// are made, read, written, accepted from and ended.
//
// What has been read waits in the stream's buffer, and all ways of reading are served from it; what the kernel
// takes at once costs no request (write.c). libuv has at most one write of a stream, whose bytes are anchored
// until it lets go of them. A stream whose bytes do not come from a descriptor of its own has an engine
// (stream.h). A descriptor that is not ours keeps its flags.
//
// # Streams that libuv does not read: engines, TLS
//
// A `luv_stream` may have an engine, a struct of functions (`stream.h`) that read and write in libuv's
// place; what is NULL in it libuv does. Files and borrowed sockets have one (`stdio_io.c`), so has TLS
// (`tls.c`, `tls_write.c`). Whatever an engine reads it hands to `luv__got` and `luv__read_end`, so the
// ways of reading, the limits and the waits are those of `read.c`; a writer that waits is `write.c`'s.
//
// A stream of TLS stands over another one, which it has taken (`under`; from there, `upper`): no script
// has that any more, and what it reads comes to the engine's `fed`. Three TLS over each other are three such pairs.
//
//  1. FRESH: what a listener has accepted, until it is used. SHAKING: `fed` copies the peer's bytes for the
//     goroutine that carries out the handshake (`bridge/tls_memory.go`); what that writes comes by `Loop.Post`
//     (`luv__tls_stirred`), and so does the end of it (`luv__tls_shaken`). As many handshakes compute at a
//     time as there are CPUs but one; one that waits for its peer does not count.
//
//  2. READY: the same `tls.Conn` is called on the loop's thread, by one function (`goRecord`, numbers in
//     `luv.h`). Its net.Conn is memory, and gives a temporary error for a read of nothing, which crypto/tls
//     passes on without keeping it: a partial record stays inside. So there is one crossing for what a read
//     has brought, and one for each 64 KiB that are written.
//
//  3. BROKEN: reading and writing give what it was; the text is Go's, asked for once (LUV_TLS_WHY).
//
//     - What the kernel does not take of sealed bytes the stream below keeps (`luv__write_own`), and nothing is
//     sealed meanwhile (`sending`). The order in which records are sealed is that in which they are sent: hence
//     `owes` (what Go wants to say by itself goes first) and `failed` (a record that is lost ends the writing).
//     - `ended` comes from below, `LUV_TLS_LAST` from Go when close_notify was read: whichever is first
//     says whether it is EOF or ETRUNCATED.
//     - An error of an engine has a number below libuv's; its text is found by the stream at 1 (`luv__fail_of`).
//     - Of a script's options C takes the function `check` out and gives Go its number in the registry
//     (`tls_check.c`); `tlsConfig.holders` says when it is given back.
//     - An idle connection keeps no buffers: `tls_trim.go` knows two fields of `tls.Conn` by name.
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
