// Command module is the limit of require: an empty Lua module made with Go, linked with
// libuv and libzmq as luv is.
//
// What a process takes to load it is what Go and the two libraries take; luv can add to
// that, but not go below. The one rule: opening it enters Go once, and so waits until the
// runtime of Go is up, as any module must that is written in Go; and nothing else happens.
package main

// #cgo pkg-config: libuv libzmq
import "C"

//export empty
func empty() C.int { return 0 }

func main() {}
