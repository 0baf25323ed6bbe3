// Package proxy holds objects that stay where they are, called from other states of the process.
//
// proxy.h has the rules: who counts references, whose a mail is. A state that has given or got something has
// a port, where calls and answers come in; values go as letters, in a short form of their own or through the
// codec, which asks here for what cannot be copied (luv_given.stays). docs/proxy.md has the proof that no
// reference is lost.
//
// A mail always comes back to who has sent it, so it is used again without a look at the allocator, and whoever
// waits for it may look into it. A proxy takes no luv_object: there may be a million of them.
package proxy

/*
#cgo CFLAGS: -std=gnu11 -O2 -fvisibility=hidden -fno-plt -Wall -Wextra -I${SRCDIR}/../thread -I${SRCDIR}/../codec -I${SRCDIR}/../core -I/usr/include/lua5.1
#cgo luvcheck CFLAGS: -DLUV_CHECK
#cgo pkg-config: libuv
*/
import "C"

import (
	"embed"

	_ "luv/csrc/codec"
	"luv/csrc/core"
	_ "luv/csrc/thread"
)

// An edit of a header rebuilds what includes it: cgo itself looks only at the files of the package being built.
//
//go:embed *.h
var _ embed.FS

// What is between processes, but for the bytes: a face in Lua, over luv.zmq.
//
//go:embed session.lua
var session string

//go:embed traffic.lua
var traffic string

//go:embed remote.lua
var remote string

func init() {
	core.AddSource(func(name string) (string, bool) {
		if name != "proxy.remote" {
			return "", false
		}
		return session + traffic + remote, true
	})
}
