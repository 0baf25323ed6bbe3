package uv

// #include "luv.h"
import "C"

import "unsafe"

// Hrtime returns the time in nanoseconds, from an arbitrary start.
func Hrtime() uint64 { return uint64(C.uv_hrtime()) }

// Version returns the version of the libuv that is loaded, such as "1.44.2".
func Version() string { return C.GoString(C.uv_version_string()) }

// AvailableParallelism returns how many CPUs this process may use, at least 1.
func AvailableParallelism() int { return int(C.uv_available_parallelism()) }

func ptr[T any](p *T) unsafe.Pointer { return unsafe.Pointer(p) }
