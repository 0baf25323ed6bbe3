package bridge

import "luv/lua"

func init() {
	lua.Register(lua.Module{
		Name:  "luv.poll",
		Funcs: []lua.Func{{Name: "create", Face: "poll_create"}},
	})
	lua.DefineClass(lua.ClassDef{
		Name: "luv.poll",
		Methods: []lua.Func{
			{Name: "wait", Face: "poll_wait"},
			{Name: "fileno", Face: "poll_fileno"},
		},
	})
}
