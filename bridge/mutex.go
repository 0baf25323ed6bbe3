package bridge

import "luv/lua"

func init() {
	lua.DefineClass(lua.ClassDef{
		Name: "luv.mutex",
		Methods: []lua.Func{
			{Name: "lock", Args: lua.Own, Face: "mutex_lock"},
			{Name: "try_lock", Face: "mutex_try_lock"},
			{Name: "unlock", Args: lua.Own, Face: "mutex_unlock"},
			{Name: "locked", Face: "mutex_locked"},
			{Name: "with", Args: lua.Many, Face: "mutex_with"},
		},
	})
}
