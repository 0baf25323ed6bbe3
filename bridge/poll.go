package bridge

import "luv/lua"

func init() {
	lua.Register(lua.Module{
		Name:  "luv.poll",
		Funcs: []lua.Func{{Name: "create", Args: 1, Face: "poll_create"}},
	})
	lua.DefineClass(lua.ClassDef{
		Name: "luv.poll",
		Methods: []lua.Func{
			{Name: "wait", Args: lua.Own, Face: "poll_wait"},
			{Name: "fileno", Face: "poll_fileno"},
		},
	})
}
