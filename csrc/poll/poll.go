// Package poll waits for somebody else's descriptors. Each luv.poll has an epoll of its own, so that
// libuv, which has one watcher for each number, is never confused, and a descriptor's flags stay as they are.
package poll

/*
#cgo CFLAGS: -std=gnu11 -O2 -fvisibility=hidden -fno-plt -Wall -Wextra -I${SRCDIR}/../core -I/usr/include/lua5.1
#cgo luvcheck CFLAGS: -DLUV_CHECK
#cgo pkg-config: libuv
*/
import "C"

import (
	_ "luv/csrc/core"
)
