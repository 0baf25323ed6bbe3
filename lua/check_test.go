package lua_test

import (
	"testing"

	"luv/lua"
)

// Where no luv.tls is there to be told, a check cannot be made; a number of no function does no harm.
func TestSpawnCheckWithoutTLS(t *testing.T) {
	s := newState(t)
	f := func(c *lua.Call) {
		c.Return(lua.SpawnCheck(c.Loop(), 12345, 1, lua.List{"a"}))
		lua.Unref(c.Loop(), -1)
	}
	equal(t, "spawned", calls(t, s, f, `return luv.test.probe()`), "false")
	equal(t, "fibers", calls(t, s, f, `return luv.stats().fibers.total`), "0")
}
