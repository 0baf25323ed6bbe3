package bridge

import (
	golua "github.com/aarzilli/golua/lua"

	"luv/csrc/core"
	"luv/lua"
)

// Open makes require("luv") in a Go program's own Lua state find this luv: its modules, and
// those of the program's that lua.Register knows. The state and its fibers belong to one OS
// thread: runtime.LockOSThread comes before the state is made.
//
// golua hides pcall and xpcall; scripts have luv.pcall and luv.xpcall, or lua.NewState.
func Open(s *golua.State) error { return lua.Preload(s) }

// BeGuest puts back what Go's runtime has changed of a process that is not its own: see
// csrc/core/guest.c. luv.so begins with it; a Go program does not call it.
func BeGuest() { core.PutBack() }
