package lua_test

import (
	"os"
	"testing"

	"luv/lua"
	"luv/uv"
)

// Each state has a loop of its own, which a call from its script finds.
func TestEachStateHasItsLoop(t *testing.T) {
	a, b := newState(t), newState(t)
	var loops [2]*uv.Loop
	for i, s := range []*lua.State{a, b, a} {
		calls(t, s, func(c *lua.Call) {
			if l := loops[i%2]; l != nil && l != c.Loop() {
				t.Error("the loop of a state has changed")
			}
			loops[i%2] = c.Loop()
		}, `luv.test.probe()`)
	}
	if loops[0] == loops[1] || loops[0].Pointer() == loops[1].Pointer() {
		t.Error("two states share a loop")
	}
}

func TestLoopEndsWithItsState(t *testing.T) {
	var loop *uv.Loop
	t.Run("", func(t *testing.T) {
		calls(t, newState(t), func(c *lua.Call) { loop = c.Loop() }, `luv.test.probe()`)
		equal(t, "posts", loop.Post(func() {}), true)
	})
	equal(t, "posts to the loop of a closed state", loop.Post(func() {}), false)
	equal(t, "pointer", loop.Pointer(), 0)
}

// Posts from other goroutines run on the state's thread while its script waits.
func TestPostsReachAWaitingScript(t *testing.T) {
	s, n := newState(t), 0
	calls(t, s, func(c *lua.Call) {
		loop := c.Loop()
		go func() {
			for range 100 {
				loop.Post(func() { n++ })
			}
		}()
	}, `luv.test.probe()
		for i = 1, 200 do luv.sleep(0.001) if luv.stats().polls > 100 then break end end`)
	eventually(t, "posts", func() bool { eval(t, s, `luv.run("nowait")`); return n == 100 })
}

func TestStatesLeaveNoDescriptor(t *testing.T) {
	descriptors := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip(err)
		}
		return len(list)
	}
	round := func() {
		t.Run("", func(t *testing.T) {
			eval(t, newState(t), `for i = 1, 10 do luv.test.idle() end luv.sleep(0.001)`)
		})
	}
	round()
	before := descriptors()
	for range 10 {
		round()
	}
	equal(t, "descriptors", descriptors(), before)
}
