package bridge

import "luv/lua"

func init() {
	lua.Register(lua.Module{
		Name: "luv.fiber",
		Funcs: []lua.Func{
			{Name: "create", Args: lua.Many, Face: "fiber_create"},
			{Name: "yield", Args: lua.Many, Face: "fiber_yield"},
			{Name: "current", Face: "self"},
			{Name: "list", Face: "fiber_list"},
			{Name: "loop", Face: "fiber_loop"},
			{Name: "cond", Face: "cond_create"},
		},
	})
	lua.DefineClass(lua.ClassDef{
		Name:  "luv.fiber",
		Plain: true,
		Methods: []lua.Func{
			{Name: "ready", Face: "fiber_ready"},
			{Name: "join", Args: lua.Own, Face: "fiber_join"},
			{Name: "cancel", Args: 1, Face: "fiber_cancel"},
			{Name: "status", Face: "fiber_status"},
			{Name: "name", Args: 1, Face: "fiber_name"},
			{Name: "id", Face: "fiber_id"},
			{Name: "traceback", Args: 1, Face: "fiber_traceback"},
			{Name: "waiting", Face: "fiber_waiting"},
			{Name: "suspend", Face: "fiber_suspend"},
			{Name: "resume", Face: "fiber_ready"},
		},
	})
}
