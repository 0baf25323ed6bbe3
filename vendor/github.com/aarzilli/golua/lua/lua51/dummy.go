//go:build dummy
// +build dummy

// Package lua contains only a C header files.
//
// This Go file is part of a workaround for `go mod vendor`.
// Please see the file dummy.go in the parent directory for more information.
package lua
