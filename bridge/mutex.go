package bridge

import "luv/lua"

func init() {
	lua.DefineClass(lua.ClassDef{
		Name: "luv.mutex",
		Methods: []lua.Func{
			{Name: "lock", Face: "mutex_lock"},
			{Name: "try_lock", Face: "mutex_try_lock"},
			{Name: "unlock", Face: "mutex_unlock"},
			{Name: "locked", Face: "mutex_locked"},
			{Name: "with", Face: "mutex_with"},
		},
	})
}
