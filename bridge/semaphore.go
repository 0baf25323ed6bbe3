package bridge

import "luv/lua"

func init() {
	lua.DefineClass(lua.ClassDef{
		Name: "luv.semaphore",
		Methods: []lua.Func{
			{Name: "acquire", Face: "semaphore_acquire"},
			{Name: "try_acquire", Face: "semaphore_try_acquire"},
			{Name: "release", Face: "semaphore_release"},
			{Name: "value", Face: "semaphore_value"},
		},
	})
}
