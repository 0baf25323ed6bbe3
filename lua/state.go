package lua

import (
	"reflect"
	"unsafe"

	golua "github.com/aarzilli/golua/lua"
)

// A State is a Lua state that Go owns: of a Go program that hosts scripts, or a test.
// The state of lua5.1 or LuaJIT that has loaded luv.so is never one of these.
type State struct{ *golua.State }

// NewState makes a state with the standard libraries, pcall and xpcall among them:
// golua hides those two.
func NewState() *State {
	s := &State{golua.NewState()}
	s.OpenLibs()
	s.restore("unsafe_pcall", "pcall")
	s.restore("unsafe_xpcall", "xpcall")
	return s
}

func (s *State) restore(hidden, name string) {
	s.GetGlobal(hidden)
	if s.IsNil(-1) {
		s.Pop(1)
		return
	}
	s.SetGlobal(name)
	s.PushNil()
	s.SetGlobal(hidden)
}

// Pointer returns the lua_State* that golua keeps to itself. A test fails when golua's
// layout changes.
func (s *State) Pointer() uintptr {
	field := reflect.ValueOf(s.State).Elem().FieldByName("s")
	return uintptr(unsafe.Pointer(field.Pointer()))
}
