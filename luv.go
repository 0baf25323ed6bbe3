// Command luv is the Lua module: go build -buildmode=c-shared -o luv.so
package main

import _ "luv/bridge"

func main() {}
