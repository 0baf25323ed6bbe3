package bridge

import "luv/lua"

func init() {
	lua.DefineClass(lua.ClassDef{
		Name:  "luv.scope",
		Plain: true,
		Methods: []lua.Func{
			{Name: "spawn", Args: lua.Many, Face: "scope_spawn"},
			{Name: "cancel", Face: "scope_cancel"},
		},
	})
}
