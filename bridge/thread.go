package bridge

import "luv/lua"

// thread.go - luv.thread: OS threads, channels between them, pools. All of it is C
// (csrc/thread*.c) but the making of a state, which is package lua's.

func init() {
	lua.Register(lua.Module{Name: "luv.thread", Funcs: []lua.Func{
		{Name: "create", Args: lua.Many, Face: "thread_create"},
		{Name: "spawn", Args: lua.Many, Face: "thread_create"},
		{Name: "self", Face: "thread_self"},
		{Name: "list", Face: "thread_list"},
		{Name: "chan", Args: 1, Face: "thread_chan"},
		{Name: "pool", Args: 1, Face: "thread_pool"},
	}})
	lua.DefineClass(lua.ClassDef{Name: "luv.thread", Plain: true, Methods: []lua.Func{
		{Name: "join", Args: lua.Own, Face: "thread_join"},
		{Name: "status", Face: "thread_status"},
		{Name: "name", Args: 1, Face: "thread_name"},
		{Name: "id", Face: "thread_id"},
		{Name: "traceback", Face: "thread_traceback"},
		{Name: "affinity", Args: 1, Face: "thread_affinity"},
		{Name: "priority", Args: 1, Face: "thread_priority"},
		{Name: "detach", Face: "thread_detach"},
		{Name: "cancel", Face: "thread_cancel"},
	}})
	lua.DefineClass(lua.ClassDef{Name: "luv.thread.chan", Plain: true, Methods: []lua.Func{
		{Name: "put", Args: lua.Own, Face: "thread_chan_put"},
		{Name: "get", Args: lua.Own, Face: "thread_chan_get"},
		{Name: "try_put", Args: 1, Face: "thread_chan_try_put"},
		{Name: "try_get", Face: "thread_chan_try_get"},
		{Name: "capacity", Face: "thread_chan_capacity"},
		{Name: "iter", Face: "thread_chan_iter"},
		{Name: "close", Face: "thread_chan_close"},
		{Name: "closed", Face: "thread_chan_closed"},
		{Name: "__len", Args: lua.Many, Face: "thread_chan_len"},
	}})
	lua.DefineClass(lua.ClassDef{Name: "luv.thread.pool", Plain: true, Methods: []lua.Func{
		{Name: "call", Args: lua.Many, Face: "thread_pool_call"},
		{Name: "close", Face: "thread_pool_close"},
		{Name: "closed", Face: "thread_pool_closed"},
	}})
}
