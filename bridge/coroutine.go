package bridge

import "luv/lua"

// Where the script has the native yield, that takes the place of this one (csrc/module.c).
func init() {
	lua.Register(lua.Module{
		Name: "luv.coroutine",
		Funcs: []lua.Func{
			{Name: "create", Face: "co_create"},
			{Name: "resume", Face: "co_resume"},
			{Name: "wrap", Face: "co_wrap"},
			{Name: "running", Face: "co_running"},
			{Name: "status", Face: "co_status"},
			{Name: "yield", Face: "co_yield"},
		},
	})
}
