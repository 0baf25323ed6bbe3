package bridge

import "luv/lua"

func init() {
	lua.DefineClass(lua.ClassDef{
		Name: "luv.cond",
		Methods: []lua.Func{
			{Name: "wait", Args: lua.Own, Face: "cond_wait"},
			{Name: "signal", Face: "cond_signal"},
			{Name: "broadcast", Face: "cond_broadcast"},
		},
	})
}
