// Command luv is the Lua module: go build -buildmode=c-shared -o luv.so
package main

import "luv/bridge"

func init() { bridge.BeGuest() }

func main() {}
