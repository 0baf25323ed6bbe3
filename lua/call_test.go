package lua_test

import (
	"math"
	"strings"
	"testing"

	"luv/lua"
	"luv/uv"
)

func makeIdle(c *lua.Call) {
	idle, err := uv.NewIdle(c.Loop())
	if err != nil {
		c.Fail(err)
		return
	}
	idle.Start(nil)
	c.Return(lua.Object{Class: testClass, Pointer: idle.Object()})
}

func waitIdle(c *lua.Call) {
	c.Wait(c.Object(1, testClass), c.Timeout(2))
}

// calls evaluates a chunk in which luv.test.probe is f.
func calls(t *testing.T, s *lua.State, f func(*lua.Call), chunk string) string {
	t.Helper()
	probe = f
	return eval(t, s, chunk)
}

func TestArguments(t *testing.T) {
	s, called := newState(t), false
	calls(t, s, func(c *lua.Call) {
		called = true
		equal(t, "count", c.Count(), 7)
		equal(t, "nil", c.Nil(1), true)
		equal(t, "false is nil", c.Nil(2), false)
		equal(t, "false", c.Bool(2), false)
		equal(t, "true", c.Bool(3), true)
		equal(t, "number", c.Number(4), 1e300)
		equal(t, "is a number", c.IsNumber(4), true)
		equal(t, "a string is none", c.IsNumber(5), false)
		equal(t, "string", c.String(5), "a\x00b")
		equal(t, "0 is true", c.Bool(6), true)
		equal(t, "whole", c.Int(6, -1, 1), 0)
		equal(t, "trailing nil counts", c.Nil(7), true)
		equal(t, "absent", c.Nil(8), true)
		equal(t, "absent", c.Bool(8), false)
		equal(t, "absent", c.OptInt(8, 5, 1, 9), 5)
		equal(t, "absent", c.OptString(8, "else"), "else")
		equal(t, "given", c.OptString(5, "else"), "a\x00b")
	}, `luv.test.probe(nil, false, true, 1e300, "a\0b", 0, nil)`)
	equal(t, "called", called, true)
}

func TestArgumentsBehindATable(t *testing.T) {
	s := newState(t)
	calls(t, s, func(c *lua.Call) {
		equal(t, "count", c.Count(), 4)
		equal(t, "after a table", c.String(3), "x")
		equal(t, "after an empty one", c.Number(4), 4)
		f := c.Fields(1)
		equal(t, "fields", len(f), 3)
		equal[any](t, "string", f["s"], "t")
		equal[any](t, "number", f["n"], 2.5)
		equal[any](t, "a table inside is not looked into", f["inner"], nil)
	}, `luv.test.probe({s = "t", n = 2.5, inner = {{1, {2}}, x = {y = {}}}, "listed"}, {}, "x", 4)`)
	calls(t, s, func(c *lua.Call) {
		if c.Fields(1) != nil || c.Fields(2) != nil {
			t.Error("no table has fields")
		}
	}, `luv.test.probe(nil)`)
}

func TestManyArguments(t *testing.T) {
	s := newState(t)
	equal(t, "sum", calls(t, s, func(c *lua.Call) {
		sum := 0.0
		for i := 1; i <= c.Count(); i++ {
			sum += c.Number(i)
		}
		c.Return(c.Count(), sum)
	}, `local t = {} for i = 1, 250 do t[i] = i end return luv.test.probe(unpack(t))`), "250 31375")
	equal(t, "long string", calls(t, s, func(c *lua.Call) { c.Return(len(c.String(1))) },
		`return luv.test.probe(("x"):rep(5000000))`), "5000000")
}

func TestTimeoutArgument(t *testing.T) {
	s := newState(t)
	f := func(c *lua.Call) { c.Return(c.Timeout(1)) }
	for arg, want := range map[string]string{"": "-1", "nil": "-1", "0": "0", "1.5": "1.5", "1/0": "-1"} {
		equal(t, "timeout "+arg, calls(t, s, f, `return luv.test.probe(`+arg+`)`), want)
	}
	for _, arg := range []string{"-1", "0/0", "'1'"} {
		raises(t, s, f, `luv.test.probe(`+arg+`)`, "bad argument #1 to 'probe' (")
	}
}

// raises evaluates a chunk that must end with an error which has the text in it.
func raises(t *testing.T, s *lua.State, f func(*lua.Call), chunk, want string) {
	t.Helper()
	probe = f
	if _, err := try(s, chunk); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: got error %v, want one with %q in it", chunk, err, want)
	}
}

func TestWrongArguments(t *testing.T) {
	s := newState(t)
	whole := func(c *lua.Call) { c.Int(1, 1, 10) }
	for arg, want := range map[string]string{
		"":                "number expected, got no value",
		"nil":             "number expected, got nil",
		"true":            "number expected, got boolean",
		"'7'":             "number expected, got string",
		"{}":              "number expected, got table",
		"print":           "number expected, got function",
		"io.stdout":       "number expected, got file",
		"luv.test.idle()": "number expected, got luv.testidle",
		"0":               "whole number from 1 to 10 expected",
		"11":              "whole number from 1 to 10 expected",
		"1.5":             "whole number from 1 to 10 expected",
		"0/0":             "whole number from 1 to 10 expected",
		"2^53":            "whole number from 1 to 10 expected",
	} {
		raises(t, s, whole, `luv.test.probe(`+arg+`)`, "bad argument #1 to 'probe' ("+want+")")
	}
	raises(t, s, func(c *lua.Call) { c.String(2) }, `luv.test.probe(1, 2)`,
		"bad argument #2 to 'probe' (string expected, got number)")
	raises(t, s, func(c *lua.Call) { c.Fields(1) }, `luv.test.probe(1)`,
		"bad argument #1 to 'probe' (table expected, got number)")
	raises(t, s, func(c *lua.Call) { c.Object(1, testClass) }, `luv.test.probe(1)`,
		"bad argument #1 to 'probe' (luv.testidle expected, got number)")
}

// In a method the object is no argument, as in Lua's own libraries.
func TestWrongArgumentsOfAMethod(t *testing.T) {
	s := newState(t)
	f := func(c *lua.Call) { c.Object(1, testClass); c.String(2) }
	raises(t, s, f, `luv.test.idle():probe(1)`, "bad argument #1 to 'probe' (string expected, got number)")
	raises(t, s, f, `luv.test.idle().probe(1)`, "calling 'probe' on bad self (luv.testidle expected, got number)")
	raises(t, s, f, `luv.test.idle().probe(luv.spawn(print))`, "calling 'probe' on bad self (luv.testidle expected, got luv.fiber)")
}

func TestObjectArgument(t *testing.T) {
	s := newState(t)
	f := func(c *lua.Call) { c.Return(c.Object(1, testClass) != 0) }
	equal(t, "open", calls(t, s, f, `return luv.test.idle():probe()`), "true")
	equal(t, "closed", calls(t, s, f, `return luv.test.idle():close():probe()`), "false")
}

func TestEndsOfACall(t *testing.T) {
	s := newState(t)
	for _, c := range []struct {
		what string
		end  func(*lua.Call)
		want string
	}{
		{"nothing", func(*lua.Call) {}, ""},
		{"results", func(c *lua.Call) { c.Return(1, nil, "x") }, "1 nil x"},
		{"failure", func(c *lua.Call) { c.Fail(uv.ECONNREFUSED) }, "nil ECONNREFUSED: connection refused ECONNREFUSED"},
		{"subject", func(c *lua.Call) { c.Fail(uv.EOF, "a", "b") }, "nil EOF: end of file: a: b EOF"},
		{"done", func(c *lua.Call) { c.Return("dropped"); c.Done(nil) }, "first"},
		{"not done", func(c *lua.Call) { c.Done(uv.EBADF) }, "nil EBADF: bad file descriptor EBADF"},
		{"self", func(c *lua.Call) { c.Self() }, "first"},
	} {
		equal(t, c.what, calls(t, s, c.end, `return luv.test.probe("first", 2)`), c.want)
	}
	raises(t, s, func(c *lua.Call) { c.Return("dropped"); c.Raise("no way") }, `luv.test.probe()`, "no way")
}

// The error says where in the script it was, and the script can catch it.
func TestRaiseIsAnErrorOfLua(t *testing.T) {
	s := newState(t)
	got := calls(t, s, func(c *lua.Call) { c.Raise("wrong") }, `
		local ok, err = pcall(function()
			luv.test.probe()
		end)
		return ok, err:match(":%d+: wrong$")`)
	equal(t, "caught", got, "false :7: wrong")
}

// A panic is an error of Lua with the stack of Go, and the end of nothing else.
func TestPanic(t *testing.T) {
	s := newState(t)
	var none map[string]int
	raises(t, s, func(*lua.Call) { none["x"] = 1 }, `luv.test.probe()`, "luv: internal error in probe: assignment to entry in nil map")
	raises(t, s, func(*lua.Call) { panic("on purpose") }, `luv.test.probe()`, "call_test.go")
	raises(t, s, func(c *lua.Call) { c.Return(lua.Object{}) }, `luv.test.probe()`, "luv: internal error")
	equal(t, "afterwards", calls(t, s, func(c *lua.Call) { c.Return("fine") }, `return luv.test.probe()`), "fine")
}

// golua's own callbacks would find the main state's stack here.
func TestCallFromCoroutines(t *testing.T) {
	s := newState(t)
	double := func(c *lua.Call) { c.Return(2 * c.Number(1)) }
	for what, chunk := range map[string]string{
		"coroutine":        `return coroutine.wrap(function(n) return luv.test.probe(n) end)(21)`,
		"fiber":            `return luv.spawn(function(n) return luv.test.probe(n) end, 21):join()`,
		"coroutine inside": `return luv.spawn(function() return luv.coroutine.wrap(function(n) return luv.test.probe(n) end)(21) end):join()`,
		"fiber itself":     `return luv.spawn(luv.test.probe, 21):join()`,
	} {
		equal(t, what, calls(t, s, double, chunk), "42")
	}
	equal(t, "error in a fiber", calls(t, s, func(c *lua.Call) { c.Raise("wrong") },
		`return luv.spawn(luv.pcall, luv.test.probe):join()`), "false wrong")
}

func TestWaitForAnEvent(t *testing.T) {
	s := newState(t)
	equal(t, "main chunk", eval(t, s, `local i = luv.test.idle() return i:wait() > 0`), "true")
	equal(t, "fiber", eval(t, s, `local i = luv.test.idle() return luv.spawn(i.wait, i):join() > 0`), "true")
	equal(t, "closed meanwhile", eval(t, s, `local i = luv.test.idle()
		luv.spawn(function() i:close() end)
		return select(3, i:wait())`), "ECANCELED")
}

func TestNumbersAreExact(t *testing.T) {
	s := newState(t)
	for _, n := range []float64{0, math.Copysign(0, -1), 1 << 53, -1 << 53, 0.1, math.MaxFloat64, 5e-324, math.Inf(-1)} {
		calls(t, s, func(c *lua.Call) { c.Return(n) }, `x = luv.test.probe()`)
		calls(t, s, func(c *lua.Call) {
			equal(t, "bits", math.Float64bits(c.Number(1)), math.Float64bits(n))
		}, `luv.test.probe(x)`)
	}
}
