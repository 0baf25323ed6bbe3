package bridge

import (
	"luv/lua"
	"luv/uv"
)

var idleClass = lua.NewClass("luv.idle")

// idle = luv.idle.create()
func idleCreate(c *lua.Call) {
	idle, err := uv.NewIdle(c.Loop())
	if err != nil {
		c.Fail(err)
		return
	}
	c.Return(lua.Object{Class: idleClass, Pointer: idle.Object()})
}

func idleOf(c *lua.Call) *uv.Idle { return uv.IdleOf(c.Object(1, idleClass)) }

// idle = idle:start()
func idleStart(c *lua.Call) { c.Done(idleOf(c).Start(nil)) }

// idle = idle:stop(): ends the waits for it with ECANCELED
func idleStop(c *lua.Call) {
	idle := idleOf(c)
	err := idle.Stop()
	idle.WakeFibers(uv.ECANCELED)
	c.Done(err)
}

// n = idle:wait([timeout]): turns of the loop since the last wait
func idleWait(c *lua.Call) {
	idle, timeout := idleOf(c), c.Timeout(2)
	switch {
	case idle.Closed():
		c.Fail(uv.EBADF)
	case !idle.Active():
		c.Fail(uv.EINVAL)
	default:
		c.Wait(idle.Object(), timeout)
	}
}

func init() {
	lua.Register(lua.Module{
		Name:  "luv.idle",
		Funcs: []lua.Func{{Name: "create", Go: idleCreate}},
	})
	lua.DefineClass(lua.ClassDef{
		Name: "luv.idle",
		Methods: []lua.Func{
			{Name: "start", Go: idleStart},
			{Name: "stop", Go: idleStop},
			{Name: "wait", Args: 1, Go: idleWait, Waits: true},
		},
	})
}
