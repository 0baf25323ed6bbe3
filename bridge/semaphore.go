package bridge

import "luv/lua"

func init() {
	lua.DefineClass(lua.ClassDef{
		Name: "luv.semaphore",
		Methods: []lua.Func{
			{Name: "acquire", Args: lua.Own, Face: "semaphore_acquire"},
			{Name: "try_acquire", Args: 1, Face: "semaphore_try_acquire"},
			{Name: "release", Args: 1, Face: "semaphore_release"},
			{Name: "value", Face: "semaphore_value"},
		},
	})
}
