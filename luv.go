// Command luv is the Lua module: go build -buildmode=c-shared -o luv.so
package main

import (
	_ "luv/bridge"
	"luv/csrc"
)

func init() { csrc.PutBack() }

func main() {}
