package lua_test

import (
	"testing"

	"luv/csrc/core"
	"luv/lua"
)

func init() {
	lua.Register(lua.Module{Name: "luv.thread", Funcs: []lua.Func{{Name: "create", Face: "thread_create", Args: lua.Many}}})
	lua.DefineClass(lua.ClassDef{Name: "luv.thread", Plain: true, Methods: []lua.Func{{Name: "join", Face: "thread_join", Args: lua.Own}}})
}

// A thread has a state of its own, in which luv is open once it is needed; with the thread's
// end the slots of both are free again.
func TestThreadHasAState(t *testing.T) {
	s, slots := newState(t), core.Taken()
	equal(t, "result", eval(t, s, `return luv.thread.create(function(a, b)
		return a + b, luv == nil, type(string.rep)
	end, 2, 3):join()`), "5 true function")
	equal(t, "with luv", eval(t, s, `local mine = luv
		return luv.thread.create(function() mine.sleep(0.001) return mine.test.text end):join()`), "words")
	equal(t, "slots", core.Taken(), slots)
}

func TestThreadFails(t *testing.T) {
	s := newState(t)
	equal(t, "error", eval(t, s, `local t = luv.thread.create(function() error("oops", 0) end)
		return pcall(t.join, t)`), "false oops")
}

// What Go calls in a thread has that thread's state.
func TestGoInAThread(t *testing.T) {
	s, calls := newState(t), 0
	probe = func(c *lua.Call) { calls++; c.Return(c.Number(1) * 2) }
	equal(t, "result", eval(t, s, `local test = luv.test
		return luv.thread.create(function() return test.probe(21) end):join()`), "42")
	equal(t, "calls", calls, 1)
}
