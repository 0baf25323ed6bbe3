// Package udp holds datagrams: luv.udp, and luv.unixgram, its sibling between unix sockets.
//
// libuv's own queue of datagrams to send is not used for fibers, since what it holds cannot be taken back:
// a sender that finds no room waits here, and its datagram is read from its suspended call (udp.h). What
// nobody has taken waits in the socket's buffer, 1,024 datagrams or a quarter of a megabyte at most.
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
