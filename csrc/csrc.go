// Package csrc is the house of luv's C: the core, and the rooms that stand on it. Whoever imports it has them all.
//
// The rooms that a room may use are listed in tests/rooms_test.go, which fails when one reaches up or across.
package csrc

import (
	_ "luv/csrc/codec"
	_ "luv/csrc/core"
	_ "luv/csrc/fs"
	_ "luv/csrc/poll"
	_ "luv/csrc/process"
	_ "luv/csrc/proxy"
	_ "luv/csrc/signal"
	_ "luv/csrc/stream"
	_ "luv/csrc/sync"
	_ "luv/csrc/thread"
	_ "luv/csrc/timer"
	_ "luv/csrc/tls"
	_ "luv/csrc/udp"
	_ "luv/csrc/watch"
	_ "luv/csrc/zmq"
)
