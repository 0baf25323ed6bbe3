package bridge

import "luv/lua"

// Lua's own functions: a wait works in any coroutine. The names are kept for scripts that use them.
func init() {
	lua.Register(lua.Module{
		Name: "luv.coroutine",
		Funcs: []lua.Func{
			{Name: "create", Native: "coroutine.create"},
			{Name: "resume", Native: "coroutine.resume"},
			{Name: "wrap", Native: "coroutine.wrap"},
			{Name: "running", Native: "coroutine.running"},
			{Name: "status", Native: "coroutine.status"},
			{Name: "yield", Native: "coroutine.yield"},
		},
	})
}
