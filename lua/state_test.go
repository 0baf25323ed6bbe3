package lua_test

import (
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	golua "github.com/aarzilli/golua/lua"

	"luv/csrc/core"
	"luv/lua"
	_ "luv/tests/lualink"
)

// newState makes a state that has loaded luv, for one test. At its end the state is
// closed, and no slot may be left over.
func newState(t *testing.T) *lua.State {
	t.Helper()
	runtime.LockOSThread()
	slots := core.Taken()
	s := lua.NewState()
	t.Cleanup(func() {
		s.Close()
		runtime.UnlockOSThread()
		if n := core.Taken(); n != slots {
			t.Errorf("%d slots in use, %d before the test", n, slots)
		}
	})
	eval(t, s, `luv = require("luv")`)
	return s
}

// eval runs a chunk and returns tostring of what it returns, with blanks in between.
func eval(t *testing.T, s *lua.State, chunk string) string {
	t.Helper()
	result, err := try(s, chunk)
	if err != nil {
		t.Errorf("%v in: %s", err, chunk)
	}
	return result
}

func try(s *lua.State, chunk string) (string, error) {
	if r := s.LoadString(collect + "(function() " + chunk + "\nend)())"); r != 0 {
		panic(s.ToString(-1))
	}
	if err := s.Call(0, 1); err != nil {
		return "", err
	}
	defer s.Pop(1)
	return s.ToString(-1), nil
}

const collect = `return (function(...)
	local all = {...}
	for i = 1, select("#", ...) do all[i] = tostring(all[i]) end
	return table.concat(all, " ")
end)(`

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// golua keeps its lua_State* private; state.go reads it by this name.
func TestLayoutOfGolua(t *testing.T) {
	field, found := reflect.TypeOf(golua.State{}).FieldByName("s")
	if !found {
		t.Fatal("golua.State has no field s any more")
	}
	if field.Type.Kind() != reflect.Pointer || !strings.HasSuffix(field.Type.String(), "lua_State") {
		t.Errorf("its field s is a %v", field.Type)
	}
}

// The pointer is that of the Lua thread: what Lua itself prints for its main thread.
func TestPointer(t *testing.T) {
	s := lua.NewState()
	defer s.Close()
	s.PushThread()
	equal(t, "pointer", s.Pointer(), s.ToPointer(-1))
}

func TestStandardLibraries(t *testing.T) {
	s := lua.NewState()
	defer s.Close()
	equal(t, "pcall", eval(t, s, `return pcall(error, "e", 0)`), "false e")
	equal(t, "xpcall", eval(t, s, `return xpcall(function() error("e", 0) end, string.upper)`), "false E")
	equal(t, "hidden names", eval(t, s, `return unsafe_pcall, unsafe_xpcall`), "nil nil")
	for _, library := range []string{"string", "table", "math", "io", "os", "debug", "coroutine", "package"} {
		equal(t, library, eval(t, s, "return type("+library+")"), "table")
	}
}

func TestErrorsOfAState(t *testing.T) {
	s := newState(t)
	depth := func() string {
		return eval(t, s, `local n = 0 while debug.getinfo(n + 1, "f") do n = n + 1 end return n`)
	}
	top, before := s.GetTop(), depth()
	for chunk, want := range map[string]string{
		`error("wrong", 0)`:      "wrong",
		`error({})`:              "the error is a table",
		`luv.sleep("x")`:         "bad argument #1 to 'sleep'",
		`error(luv.test.idle())`: "the error is a userdata",
		`return return`:          "unexpected symbol",
	} {
		for range 300 { // more than Lua allows C calls, were one left behind each time
			if err := s.DoString(chunk); err == nil || !strings.Contains(err.Error(), want) {
				t.Fatalf("got %v, want an error with %q in it", err, want)
			}
		}
		equal(t, "top of the stack", s.GetTop(), top)
		equal(t, "calls", depth(), before)
	}
	if s.DoString(`return 1, "two"`) != nil || s.GetTop() != top+2 || s.ToString(-1) != "two" {
		t.Errorf("%d results", s.GetTop()-top)
	}
}

func TestRequireFindsTheLuvOfThisProgram(t *testing.T) {
	s := newState(t)
	equal(t, "version", eval(t, s, `return luv.versions.test`), "of the tests")
	equal(t, "again", eval(t, s, `package.loaded.luv = nil return require("luv") == luv`), "true")
	equal(t, "in a coroutine", eval(t, s,
		`package.loaded.luv = nil return coroutine.wrap(function() return require("luv") end)() == luv`), "true")
}

// Two states on one thread, in turns, each with fibers that wait.
func TestStatesInTurns(t *testing.T) {
	a, b := newState(t), newState(t)
	for _, s := range []*lua.State{a, b} {
		eval(t, s, `n = 0
			for i = 1, 3 do luv.spawn(function() for k = 1, 4 do luv.sleep(0.001) n = n + 1 end end) end`)
	}
	for range 6 {
		eval(t, a, `luv.sleep(0.001)`)
		eval(t, b, `luv.sleep(0.001)`)
	}
	for _, s := range []*lua.State{a, b} {
		equal(t, "steps", eval(t, s, `luv.run() return n`), "12")
	}
}

func TestStatesOnThreads(t *testing.T) {
	slots := core.Taken()
	var all sync.WaitGroup
	for range 4 {
		all.Add(1)
		go func() {
			defer all.Done()
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			s := lua.NewState()
			defer s.Close()
			eval(t, s, `luv = require("luv")`)
			equal(t, "joined", eval(t, s, `local sum, all = 0, {}
				for i = 1, 50 do all[i] = luv.spawn(function() luv.sleep(i / 10000) return i end) end
				for i = 1, 50 do sum = sum + all[i]:join() end
				return sum`), "1275")
		}()
	}
	all.Wait()
	equal(t, "slots", core.Taken(), slots)
}

// With fibers that still wait, a timer that runs, and operations of Go's under way.
func TestClosedAndMadeAnew(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	slots := core.Taken()
	probe = waitForCancel
	for range 100 {
		s := lua.NewState()
		equal(t, "result", eval(t, s, `local luv = require("luv")
			luv.spawn(luv.sleep, 1000)
			luv.spawn(function() luv.test.probe() end)
			return luv.sleep(0)`), "true")
		s.Close()
	}
	eventually(t, "slots", func() bool { return core.Taken() == slots })
}
