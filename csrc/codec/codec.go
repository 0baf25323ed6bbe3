// Package codec makes bytes of values and values of bytes. codec_format.h has the format, codec.h what other
// rooms may call: blobs, and classes whose objects pass by reference.
//
// What arrives is not to be trusted: any bytes give a value or an error, no message makes code, and none
// changes a table that it has not made. Functions of the libraries pass by name.
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
