// Package zmq is libzmq for luv's control plane: contexts, sockets, options, security.
//
// It stands on package zmq4, and knows no Lua. Messages do not come by here: the data
// plane (csrc/zmq) sends and receives on the raw socket. Two things are libzmq's own
// functions, since zmq4 has no way to say them: an option by its number, whatever its
// type; and the state's userdata around a socket.
package zmq

/*
#cgo CFLAGS: -std=gnu11 -fvisibility=hidden -I${SRCDIR}/../csrc/core -I${SRCDIR}/../csrc/zmq -I/usr/include/lua5.1
#cgo pkg-config: libuv libzmq
*/
import "C"

// All rooms, whose C calls each other's.
import _ "luv/csrc"

// And those whose headers are included here, to be built again when one changes.
import (
	_ "luv/csrc/core"
	_ "luv/csrc/zmq"
)
