// Package core is the middle of luv's data plane, in C, and the one place where C and Go meet: fibers and how they
// switch and wait, the run loop, objects and their classes, errors, what Lua can call.
//
// It knows no other room. A room gives it one record (room.h), made known as luv.so is loaded: classes, faces,
// what to do as a state opens, looks at the outside and ends. A wait points to its operation (luv_op), an object
// to its class (luv_class), so nothing is looked up on the way.
//
// It imports nothing of luv's. Every //export stands in export.go; packages uv and lua call the functions of
// luv.h, and exchange numbers (uintptr) with it, since cgo's types are private to a package. The names in luv.h
// carry the calling condition; its header states the invariants.
package core

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
