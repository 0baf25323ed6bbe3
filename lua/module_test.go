package lua_test

import (
	"slices"
	"strings"
	"testing"

	"luv/lua"
)

// What the tests register: as much of luv as needs no package above this one.
var testClass = lua.NewClass("luv.testidle")

// probe is what luv.test.probe and the method of that name do.
var probe func(*lua.Call)

func init() {
	faces := func(names ...string) (list []lua.Func) {
		for _, name := range names {
			list = append(list, lua.Func{Name: name, Face: name, Args: lua.Many})
		}
		return list
	}
	lua.Register(lua.Module{Name: "luv", Funcs: faces("spawn", "sleep", "timeout", "run", "stats", "cancelled")})
	lua.Register(lua.Module{Name: "luv", Funcs: []lua.Func{{Name: "pcall", Native: "pcall"}}})
	lua.Register(lua.Module{Name: "luv.coroutine", Funcs: []lua.Func{{Name: "wrap", Native: "coroutine.wrap"},
		{Name: "yield", Native: "coroutine.yield"}}})
	lua.Register(lua.Module{Name: "luv.versions", Consts: map[string]any{"test": "of the tests"}})
	lua.Register(lua.Module{
		Name: "luv.test",
		Funcs: []lua.Func{
			{Name: "probe", Go: func(c *lua.Call) { probe(c) }, Args: lua.Many, Waits: true},
			{Name: "idle", Go: makeIdle},
		},
		Consts: map[string]any{"text": "words", "whole": -3, "fraction": 0.5},
	})
	lua.DefineClass(lua.ClassDef{Name: "luv.fiber", Plain: true, Methods: []lua.Func{
		{Name: "join", Face: "fiber_join", Args: lua.Own}, {Name: "cancel", Face: "fiber_cancel", Args: 1},
		{Name: "status", Face: "fiber_status"},
	}})
	lua.DefineClass(lua.ClassDef{Name: "luv.testidle", Methods: []lua.Func{
		{Name: "probe", Go: func(c *lua.Call) { probe(c) }, Args: lua.Many, Waits: true},
		{Name: "wait", Go: waitIdle, Args: 1, Waits: true},
	}})
}

func TestModulesAreSorted(t *testing.T) {
	modules, classes := lua.Modules()
	var names []string
	for _, m := range modules {
		names = append(names, m.Name)
	}
	if !slices.IsSorted(names) || !slices.Contains(names, "luv.test") {
		t.Errorf("modules %v", names)
	}
	if !slices.IsSortedFunc(classes, func(a, b lua.ClassDef) int { return strings.Compare(a.Name, b.Name) }) {
		t.Errorf("classes %v", classes)
	}
}

func TestClassNumbers(t *testing.T) {
	equal(t, "name", testClass.Name(), "luv.testidle")
	equal(t, "the same again", lua.NewClass("luv.testidle"), testClass)
	equal(t, "of the data plane", lua.NewClass("luv.fiber").Name(), "luv.fiber")
}

func TestConstants(t *testing.T) {
	s := newState(t)
	equal(t, "string", eval(t, s, `return luv.test.text`), "words")
	equal(t, "int", eval(t, s, `return luv.test.whole`), "-3")
	equal(t, "float", eval(t, s, `return luv.test.fraction`), "0.5")
}

func TestModuleTables(t *testing.T) {
	s := newState(t)
	equal(t, "module", eval(t, s, `return type(luv.test.probe), luv.test.__name`), "function luv.test")
	equal(t, "no list of classes", eval(t, s, `return luv.testidle`), "nil")
}

func TestMethodsThatEveryClassHas(t *testing.T) {
	s := newState(t)
	equal(t, "closed", eval(t, s, `local o = luv.test.idle()
		return o:closed(), o:close() == o, o:closed(), o:close() == o`), "false true true true")
	equal(t, "tostring", eval(t, s, `return (tostring(luv.test.idle()):gsub("0x%x+", "P"))`), "userdata<luv.testidle>: P")
	equal(t, "metatable", eval(t, s, `return getmetatable(luv.test.idle())`), "luv.testidle")
}
