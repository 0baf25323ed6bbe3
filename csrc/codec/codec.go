// Package codec makes bytes of values and values of bytes. codec_format.h has the format, codec.h what other
// rooms may call: blobs, and classes whose objects pass by reference.
//
// What arrives is not to be trusted: any bytes give a value or an error, no message makes code, and none
// changes a table that it has not made. Functions of the libraries pass by name.
//
// # The codec
//
// `docs/codec.md` is the format. Both sides are loops with a frame per level; from 150 levels on what
// a level has on the Lua stack is moved into a table, so neither stack bounds the depth. `encode`
// finds what it has met by address (`seen`), and sets the odd bit of its tag when it comes again;
// so `decode` remembers only what is referred to. `owed` is what bounds decode's memory.
//
// The list of what goes by name is taken as the state opens (`codec_library.c`), because a script may
// replace things later; 11 µs, no index. On Lua 5.1 a function may be joined to an upvalue only before
// anything is allocated after lua_load: there is no write barrier. Hence the two walks in `get_cells`.
//
// `csrc/codec/codec.h` is the interface for threads and channels: blobs, and classes that pass by reference.
package codec

/*
#cgo CFLAGS: -std=gnu11 -O2 -fvisibility=hidden -fno-plt -Wall -Wextra -I${SRCDIR}/../core -I/usr/include/lua5.1
#cgo luvcheck CFLAGS: -DLUV_CHECK
#cgo pkg-config: libuv
*/
import "C"

import (
	"embed"

	_ "luv/csrc/core"
)

// An edit of a header rebuilds what includes it: cgo itself looks only at the files of the package being built.
//
//go:embed *.h
var _ embed.FS
