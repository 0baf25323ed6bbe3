package bridge

import "luv/lua"

func init() {
	lua.DefineClass(lua.ClassDef{
		Name:  "luv.chan",
		Plain: true,
		Methods: []lua.Func{
			{Name: "put", Face: "chan_put"},
			{Name: "get", Face: "chan_get"},
			{Name: "try_put", Face: "chan_try_put"},
			{Name: "try_get", Face: "chan_try_get"},
			{Name: "close", Face: "chan_close"},
			{Name: "closed", Face: "chan_closed"},
			{Name: "capacity", Face: "chan_capacity"},
			{Name: "iter", Face: "chan_iter"},
			{Name: "__len", Face: "chan_len"},
		},
	})
}
