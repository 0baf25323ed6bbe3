package bridge

import "luv/lua"

func init() {
	lua.Register(lua.Module{
		Name:  "luv.poll",
		Funcs: []lua.Func{{Name: "create", Args: 1, Face: "poll_create"}, {Name: "set", Face: "poll_set"}},
	})
	lua.DefineClass(lua.ClassDef{
		Name: "luv.pollset",
		Methods: []lua.Func{
			{Name: "add", Args: 2, Face: "pollset_add"},
			{Name: "remove", Args: 1, Face: "pollset_remove"},
			{Name: "wait", Args: 1, Face: "pollset_wait"},
		},
	})
	lua.DefineClass(lua.ClassDef{
		Name: "luv.poll",
		Methods: []lua.Func{
			{Name: "wait", Args: lua.Own, Face: "poll_wait"},
			{Name: "fileno", Face: "poll_fileno"},
		},
	})
}
