package bridge

import "luv/lua"

func init() {
	lua.Register(lua.Module{
		Name:  "luv.timer",
		Funcs: []lua.Func{{Name: "create", Face: "timer_create"}},
	})
	lua.DefineClass(lua.ClassDef{
		Name: "luv.timer",
		Methods: []lua.Func{
			{Name: "start", Args: 2, Face: "timer_start"},
			{Name: "stop", Face: "timer_stop"},
			{Name: "again", Face: "timer_again"},
			{Name: "next", Args: lua.Own, Face: "timer_next"},
			{Name: "wait", Args: lua.Own, Face: "timer_next"},
			{Name: "set_repeat", Args: 1, Face: "timer_set_repeat"},
			{Name: "get_repeat", Face: "timer_get_repeat"},
			{Name: "due_in", Face: "timer_due_in"},
		},
	})
}
