// Package udp holds datagrams: luv.udp, and luv.unixgram, its sibling between unix sockets.
//
// libuv's own queue of datagrams to send is not used for fibers, since what it holds cannot be taken back:
// a sender that finds no room waits here, and its datagram is read from its suspended call (udp.h). What
// nobody has taken waits in the socket's buffer, 1,024 datagrams or a quarter of a megabyte at most.
//
// # Datagrams, foreign descriptors
//
// `csrc/udp/udp.h` states the rule of sending. `udp_recv.c` keeps what no fiber has taken in the socket's
// `luv_buffer`, header and bytes; reading stops at 1,024 datagrams or 256 KiB, but only between
// two batches of recvmmsg, since libuv drops the rest of a batch when it is stopped in the middle. An
// error of the socket (ICMP) is kept in `error` for the next call. A peer's table is made anew for each
// datagram; its strings come from a table in the registry, by a cache of 64 addresses.
//
// `send` is a face and a function of Go's at once: to a name the face leaves the call to `luv_trampoline`.
// The operation ends with a `lua.Address`, which makes `luv__goop_done` hand the fiber, still waiting, over to
// `luv__udp_resolved`: its wait becomes one for room.
//
// A `luv.unixgram` is a `luv_udp`, too: queues, waits and the sending of one datagram are shared. `unixgram.c` has what differs: its
// handle is a poll handle, since libuv would cut the sender's name; and who is not connected is not told of room.
package udp

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
