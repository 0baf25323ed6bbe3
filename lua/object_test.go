package lua_test

import (
	"testing"

	"luv/lua"
)

var keptClass = lua.NewClass("luv.testkept")

type keptValue struct{ dropped int }

func (k *keptValue) Drop() { k.dropped++ }

func TestObjectsAroundGoValues(t *testing.T) {
	s, k := newState(t), new(keptValue)
	calls(t, s, func(c *lua.Call) {
		o, ok := c.NewObject(keptClass, k)
		equal(t, "made", ok, true)
		c.Return(o)
	}, `object = luv.test.probe()`)
	calls(t, s, func(c *lua.Call) {
		equal(t, "the value", c.Value(1, keptClass), any(k))
	}, `luv.test.probe(object)`)
	equal(t, "dropped", k.dropped, 0)
	calls(t, s, func(c *lua.Call) {
		c.Close(1, keptClass)
		c.Close(1, keptClass)
	}, `luv.test.probe(object)`)
	equal(t, "dropped", k.dropped, 1)
	raises(t, s, func(c *lua.Call) { c.Value(1, keptClass) }, `luv.test.probe(luv.test.idle())`,
		"luv.testkept expected, got luv.testidle")
}

func TestTree(t *testing.T) {
	s := newState(t)
	calls(t, s, func(c *lua.Call) {
		tree := c.Tree(1)
		equal(t, "scalar", tree["a"], any(1.0))
		equal(t, "nested", tree["t"].(map[any]any)[2.0], any("y"))
		equal(t, "function", tree["f"], any(lua.Unknown{}))
		equal(t, "is a table", c.IsTable(1), true)
		equal(t, "is none", c.IsTable(2), false)
		equal(t, "scalar argument", c.Scalar(2), any(true))
		equal(t, "no scalar", c.Scalar(1), any(nil))
		equal(t, "absent", c.Scalar(3), any(nil))
	}, `luv.test.probe({a = 1, t = {"x", "y"}, f = print, [{}] = 1}, true)`)
	raises(t, s, func(c *lua.Call) { c.Tree(1) }, `luv.test.probe(1)`, "table expected, got number")
}

// Objects in a tree, and files of Lua's: open and closed.
func TestUserdataInATree(t *testing.T) {
	s := newState(t)
	calls(t, s, func(c *lua.Call) {
		tree := c.Tree(1)
		idle, file, closed := tree["idle"].(lua.Userdata), tree["file"].(lua.Userdata), tree["closed"].(lua.Userdata)
		equal(t, "object", !idle.File && idle.Pointer != 0 && idle.Class.Name() == "luv.testidle", true)
		equal(t, "file", file.File && file.Pointer != 0, true)
		equal(t, "closed file", closed.File && closed.Pointer == 0, true)
		equal(t, "foreign", tree["foreign"], any(lua.Unknown{}))
	}, `local f = io.tmpfile() f:close()
	luv.test.probe({idle = luv.test.idle(), file = io.stdout, closed = f, foreign = newproxy()})`)
}
