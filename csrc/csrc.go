// Package csrc is the data plane of luv, in C, and the one place where C and Go meet.
//
// It imports nothing of luv's. Every //export stands in export.go, every callback that
// libuv is given in a .c file here; packages uv and lua call the functions of luv.h, and
// exchange numbers (uintptr) with it, since cgo's types are private to a package.
//
// The names in luv.h carry the calling condition; its header states the invariants.
package csrc

/*
#cgo CFLAGS: -std=gnu11 -O2 -fvisibility=hidden -fno-plt -Wall -Wextra -I/usr/include/lua5.1
#cgo luvcheck CFLAGS: -DLUV_CHECK
#cgo pkg-config: libuv
#cgo LDFLAGS: -lpthread
#include "luv.h"
int luv__put_back(void);
*/
import "C"

import "embed"

// The headers are embedded so that an edit of one rebuilds the packages that include it:
// cgo itself looks only at the files of the package being built.
//
//go:embed *.h
var _ embed.FS

// PutBack undoes what Go's runtime has changed of the process: see guest.c.
func PutBack() { C.luv__put_back() }
