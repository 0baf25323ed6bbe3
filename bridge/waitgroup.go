package bridge

import "luv/lua"

func init() {
	lua.DefineClass(lua.ClassDef{
		Name: "luv.waitgroup",
		Methods: []lua.Func{
			{Name: "add", Args: 1, Face: "waitgroup_add"},
			{Name: "done", Face: "waitgroup_done"},
			{Name: "wait", Args: lua.Own, Face: "waitgroup_wait"},
			{Name: "count", Face: "waitgroup_count"},
		},
	})
}
