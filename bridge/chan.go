package bridge

import "luv/lua"

func init() {
	lua.DefineClass(lua.ClassDef{
		Name:  "luv.chan",
		Plain: true,
		Methods: []lua.Func{
			{Name: "put", Args: lua.Own, Face: "chan_put"},
			{Name: "get", Args: lua.Own, Face: "chan_get"},
			{Name: "try_put", Args: lua.Own, Face: "chan_try_put"},
			{Name: "try_get", Args: lua.Own, Face: "chan_try_get"},
			{Name: "close", Face: "chan_close"},
			{Name: "closed", Face: "chan_closed"},
			{Name: "capacity", Face: "chan_capacity"},
			{Name: "iter", Face: "chan_iter"},
			{Name: "__len", Args: lua.Many, Face: "chan_len"},
		},
	})
}
