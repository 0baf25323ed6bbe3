package bridge

import "luv/lua"

func init() {
	lua.DefineClass(lua.ClassDef{
		Name: "luv.event",
		Methods: []lua.Func{
			{Name: "set", Face: "event_set"},
			{Name: "clear", Face: "event_clear"},
			{Name: "is_set", Face: "event_is_set"},
			{Name: "wait", Args: lua.Own, Face: "event_wait"},
		},
	})
}
