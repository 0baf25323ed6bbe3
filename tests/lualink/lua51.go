//go:build !luajit

package lualink

// #cgo LDFLAGS: -llua5.1
import "C"
