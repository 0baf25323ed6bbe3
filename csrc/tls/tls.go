// Package tls holds streams of TLS over any other stream. Go's crypto/tls does the work: the handshake
// in a goroutine, records by one call on the loop's thread for all that has been read or is to be written.
//
// The stream below is taken: no script has it any more. What is plain goes on as what any stream has read,
// so all ways of reading and writing, their limits and their waits are those of luv/csrc/stream.
//
// # How it works
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
// The rules of its data:
//
//   - What the kernel does not take of sealed bytes the stream below keeps (`luv__write_own`), and nothing is
//     sealed meanwhile (`sending`). The order in which records are sealed is that in which they are sent: hence
//     `owes` (what Go wants to say by itself goes first) and `failed` (a record that is lost ends the writing).
//   - `ended` comes from below, `LUV_TLS_LAST` from Go when close_notify was read: whichever is first
//     says whether it is EOF or ETRUNCATED.
//   - An error of an engine has a number below libuv's; its text is found by the stream at 1 (`luv__fail_of`).
//   - Of a script's options C takes the function `check` out and gives Go its number in the registry
//     (`tls_check.c`); `tlsConfig.holders` says when it is given back.
//   - An idle connection keeps no buffers: `tls_trim.go` knows two fields of `tls.Conn` by name.
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
