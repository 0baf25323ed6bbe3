package lua_test

import (
	"testing"

	"luv/csrc/core"
	"luv/lua"
)

var sharedClass = lua.NewClass("luv.testshared")

type sharedValue struct{ held, dropped int }

func (v *sharedValue) Share() uint64 { v.held++; return 7 }
func (v *sharedValue) Drop()         { v.dropped++ }

type finder struct{ v *sharedValue }

func (f finder) Find(id uint64) any {
	if id != 7 {
		return nil
	}
	f.v.held++
	return f.v
}

func (f finder) Drop(id uint64) { f.v.held -= int(id) - 6 }

// The numbers are those of LUV_SHARE_HOLD, TAKE and DROP in csrc/core/luv.h.
func TestShare(t *testing.T) {
	s, v := newState(t), new(sharedValue)
	lua.Share(finder{v})
	var slot uint64
	calls(t, s, func(c *lua.Call) {
		o, _ := c.NewObject(sharedClass, v)
		slot = lua.SlotOf(o)
		c.Return(o)
	}, `object = luv.test.probe()`)
	equal(t, "id", core.Share(0, slot), uint64(7))
	equal(t, "no object", core.Share(0, slot+1), uint64(0))
	equal(t, "held", v.held, 1)
	second := core.Share(1, 7)
	equal(t, "found", second != 0 && second != slot, true)
	equal(t, "gone", core.Share(1, 8), uint64(0))
	equal(t, "held", v.held, 2)
	core.Share(2, 7)
	equal(t, "held", v.held, 1)
	core.Give(second)
	calls(t, s, func(c *lua.Call) { c.Close(1, sharedClass) }, `luv.test.probe(object)`)
	equal(t, "dropped", v.dropped, 1)
}
