// Package zmq is the data plane of ØMQ: send, recv, proxies, monitors, and when the loop has to look.
//
// ZMQ_FD is edge-triggered; luvzmq.h states the rule that follows, and zmq_socket.c keeps it. Sockets and
// contexts themselves are made in Go, by luv/zmq.
//
// # ØMQ
//
// `csrc/zmq/luvzmq.h` states the rule of the edge-triggered descriptor; `zmq_socket.c` keeps it. A receive
// that finds nothing has processed all commands of its socket, so it is the last word; a send has not,
// so ZMQ_EVENTS is read after one that was refused. Whatever touches a socket that has waiters puts it
// into `zmq->dirty`, and `luv__poll` serves that list before it blocks. What goes through inproc is
// looked for without epoll, among the few sockets that have begun to wait last (`serve_near`): the
// price does not grow with idle sockets. `tests/test-zmq-random.lua 1000000` is the long proof.
//
// A message is taken off its socket for the fiber whose turn it is (short ones into the arena, others
// into a `luv_parcel`) and made a string when that fiber is resumed. A fiber that never has to wait is
// made to wait once a millisecond (`luv__zmq_overdue`).
//
// `close` and `unbind` wait for libzmq's thread to close the listener (`zmq_leave.c`, `zmq/leave.go`). `close`
// does not unbind first: libzmq drops what an unbound peer has not been sent yet. So the monitor that tells it
// outlives the socket, until that has sent what it holds.
//
// Contexts are shared and counted in `zmq/context.go`; the last who lets go terminates one, in a
// goroutine. `on_process_exit` gives what is unsent `luv.zmq.exit_linger` seconds. zmq4's own context is
// never made: `csrc/zmq/zmq_context.c` says how, and why. Options go to libzmq directly, by number and type,
// which zmq4 has no functions for.
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
