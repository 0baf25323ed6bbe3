// Package thread holds threads, each with a Lua state of its own, and what they share: channels and pools.
//
// link.h has the rules by which one state wakes the fibers of another: a core is what states share, a
// link is how one of them holds it, and a bell is where it hangs while its fibers wait. A core is changed under
// its lock; of two locks that are held none is another core's. Values pass as messages (thread_msg.c), small
// ones without the codec.
package thread

/*
#cgo CFLAGS: -std=gnu11 -O2 -fvisibility=hidden -fno-plt -Wall -Wextra -I${SRCDIR}/../codec -I${SRCDIR}/../core -I/usr/include/lua5.1
#cgo luvcheck CFLAGS: -DLUV_CHECK
#cgo pkg-config: libuv
*/
import "C"

import (
	"embed"

	_ "luv/csrc/codec"
	_ "luv/csrc/core"
)

// An edit of a header rebuilds what includes it: cgo itself looks only at the files of the package being built.
//
//go:embed *.h
var _ embed.FS
