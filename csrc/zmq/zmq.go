// Package zmq is the data plane of ØMQ: send, recv, proxies, monitors, and when the loop has to look.
//
// ZMQ_FD is edge-triggered; luvzmq.h states the rule that follows, and zmq_socket.c keeps it. Sockets and
// contexts themselves are made in Go, by luv/zmq.
package zmq

/*
#cgo CFLAGS: -std=gnu11 -O2 -fvisibility=hidden -fno-plt -Wall -Wextra -I${SRCDIR}/../core -I/usr/include/lua5.1
#cgo luvcheck CFLAGS: -DLUV_CHECK
#cgo pkg-config: libuv libzmq
#include <zmq.h>
*/
import "C"

import (
	"embed"
	"fmt"

	_ "luv/csrc/core"
)

// An edit of a header rebuilds what includes it: cgo itself looks only at the files of the package being built.
//
//go:embed *.h
var _ embed.FS

// Version returns the version of the libzmq that is loaded, such as "4.3.4".
func Version() string {
	var major, minor, patch C.int
	C.zmq_version(&major, &minor, &patch)
	return fmt.Sprintf("%d.%d.%d", major, minor, patch)
}
