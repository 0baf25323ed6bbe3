package lua

// #include "luv.h"
// extern int luv__preload(lua_State *L);
import "C"

import (
	"errors"
	"fmt"
	"reflect"
	"unsafe"

	golua "github.com/aarzilli/golua/lua"
)

// A State is a Lua state that Go owns: of a Go program that hosts scripts, or a test.
// The state of lua5.1 or LuaJIT that has loaded luv.so is never one of these.
//
// It belongs to one OS thread, as its loop does: runtime.LockOSThread comes before
// NewState, and is undone after Close at the earliest.
type State struct{ *golua.State }

// NewState makes a state with the standard libraries, pcall and xpcall among them (golua
// hides those two). Its require("luv") finds the luv of this program: the modules that
// the packages of the program have registered. nil: there is no memory for a state.
func NewState() *State {
	s := &State{golua.NewState()}
	if s.State == nil {
		return nil
	}
	s.OpenLibs()
	s.restore("unsafe_pcall", "pcall")
	s.restore("unsafe_xpcall", "xpcall")
	C.luv__preload(s.pointer())
	return s
}

// Preload makes require("luv") in a state of golua's find the luv of this program.
func Preload(s *golua.State) error {
	state := &State{s}
	if C.luv__preload(state.pointer()) != 0 {
		return state.popError()
	}
	return nil
}

// Call calls the function that lies below its nargs arguments. golua's own makes of an
// error a Go panic that unwinds Lua's frames: after it the state is unsound.
func (s *State) Call(nargs, nresults int) error {
	if C.lua_pcall(s.pointer(), C.int(nargs), C.int(nresults), 0) == 0 {
		return nil
	}
	return s.popError()
}

// DoString runs a chunk and leaves its results on the stack.
func (s *State) DoString(chunk string) error {
	if s.LoadString(chunk) != 0 {
		return s.popError()
	}
	return s.Call(0, golua.LUA_MULTRET)
}

func (s *State) popError() error {
	defer s.Pop(1)
	if s.IsString(-1) {
		return errors.New(s.ToString(-1))
	}
	return fmt.Errorf("the error is a %s", s.Typename(int(s.Type(-1))))
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

func (s *State) pointer() *C.lua_State {
	p := s.Pointer()
	return *(**C.lua_State)(unsafe.Pointer(&p))
}
