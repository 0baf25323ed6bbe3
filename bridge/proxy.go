package bridge

import "luv/lua"

// proxy.go - luv.proxy; luv.share is in luv.go. All of it is C (csrc/proxy); the proxies' own methods are their
// objects'.

func init() {
	lua.Register(lua.Module{Name: "luv.proxy", Funcs: []lua.Func{
		{Name: "is", Args: 1, Face: "proxy_is"},
		{Name: "release", Args: 1, Face: "proxy_release"},
		{Name: "owner", Args: 1, Face: "proxy_owner"},
		{Name: "automatic", Args: 1, Face: "proxy_automatic"},
		{Name: "traceback", Args: 1, Face: "proxy_traceback"},
		{Name: "pairs", Args: 1, Face: "proxy_pairs"},
		{Name: "ipairs", Args: 1, Face: "proxy_ipairs"},
		{Name: "get", Args: 1, Face: "proxy_get"},
		{Name: "batch", Args: lua.Many, Face: "proxy_batch"},
		{Name: "serve", Args: 3, Face: "proxy_serve"},
		{Name: "connect", Args: 3, Face: "proxy_connect"},
	}})
}
