package bridge_test

import (
	"fmt"
	"runtime"

	golua "github.com/aarzilli/golua/lua"

	"luv/bridge"
	_ "luv/tests/lualink"
)

// A Go program that holds a golua state opens luv in it, and runs a script with fibers.
func ExampleOpen() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	s := golua.NewState()
	defer s.Close()
	s.OpenLibs()
	if err := bridge.Open(s); err != nil {
		fmt.Println(err)
		return
	}
	err := s.DoString(`
		local luv = require("luv")
		local ch = luv.chan()
		luv.spawn(function() for i = 1, 3 do ch:put(i) end ch:close() end)
		local sum = 0
		for v in ch:iter() do sum = sum + v end
		result = sum`)
	if err != nil {
		fmt.Println(err)
		return
	}
	s.GetGlobal("result")
	fmt.Println(s.ToInteger(-1))
	// Output: 6
}
