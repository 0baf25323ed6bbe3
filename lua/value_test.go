package lua_test

import (
	"strings"
	"testing"

	"luv/lua"
)

// returned is what a script gets for a Go value, as text.
func returned(t *testing.T, s *lua.State, v any, read string) string {
	t.Helper()
	return calls(t, s, func(c *lua.Call) { c.Return(v) }, `local v = luv.test.probe() return `+read)
}

func TestValues(t *testing.T) {
	s := newState(t)
	for _, c := range []struct {
		v    any
		read string
		want string
	}{
		{nil, "v", "nil"},
		{true, "v", "true"},
		{false, "v", "false"},
		{-7, "v", "-7"},
		{uint64(1 << 53), "v == 2^53", "true"},
		{0.25, "v", "0.25"},
		{"", "#v, type(v)", "0 string"},
		{"a\x00b\xff", `#v, v == "a\0b\255"`, "4 true"},
		{struct{}{}, "v", "nil"},
		{lua.Table{}, "type(v), next(v)", "table nil"},
		{lua.List{}, "type(v), #v", "table 0"},
		{lua.List{"a", "b", 3}, "#v, v[1], v[2], v[3]", "3 a b 3"},
		{lua.Table{{Key: "k", Value: 1}, {Key: 2, Value: "two"}}, "v.k, v[2]", "1 two"},
		{lua.List{lua.List{1}, lua.Table{{Key: "x", Value: lua.List{2, 3}}}}, "v[1][1], v[2].x[2]", "1 3"},
	} {
		equal(t, c.read, returned(t, s, c.v, c.read), c.want)
	}
}

func TestLargeValues(t *testing.T) {
	s := newState(t)
	list := make(lua.List, 100000)
	for i := range list {
		list[i] = i + 1
	}
	equal(t, "list", returned(t, s, list, "#v, v[1], v[100000]"), "100000 1 100000")
	equal(t, "string", returned(t, s, strings.Repeat("x", 1<<23), "#v"), "8388608")
	deep := lua.List{}
	for range 190 { // Lua allows 200 C calls
		deep = lua.List{deep}
	}
	equal(t, "depth", returned(t, s, deep, `(function() local n = 0 while v[1] do v, n = v[1], n + 1 end return n end)()`), "190")
}

// A key that Lua does not take is an error of the script's, and nothing leaks.
func TestImpossibleKey(t *testing.T) {
	s := newState(t)
	raises(t, s, func(c *lua.Call) { c.Return(lua.Table{{Key: nil, Value: "x"}}) }, `luv.test.probe()`, "nil")
	equal(t, "afterwards", returned(t, s, "fine", "v"), "fine")
}
