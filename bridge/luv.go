package bridge

import (
	"runtime"
	"runtime/debug"

	libzmq "luv/csrc/zmq"
	"luv/lua"
	"luv/uv"
)

// Version is luv's own.
const Version = "0.1.0"

func init() {
	// A Lua process is mostly Lua's memory; Go's heap is small and can be collected late.
	debug.SetGCPercent(400)
	lua.Register(lua.Module{
		Name: "luv",
		Funcs: []lua.Func{
			{Name: "spawn", Args: lua.Many, Face: "spawn"},
			{Name: "sleep", Args: 1, Face: "sleep"},
			{Name: "timeout", Args: lua.Many, Face: "timeout"},
			{Name: "self", Face: "self"},
			{Name: "hrtime", Face: "hrtime"},
			{Name: "now", Face: "now"},
			{Name: "run", Args: 1, Face: "run"},
			{Name: "spin", Args: 1, Face: "spin"},
			{Name: "stack_size", Args: 1, Face: "stack_size"},
			{Name: "pcall", Native: "pcall"},
			{Name: "xpcall", Native: "xpcall"},
			{Name: "install", Args: 1, Face: "install"},
			{Name: "share", Args: 2, Face: "share"},
			{Name: "on_error", Args: 1, Face: "on_error"},
			{Name: "cancelled", Args: 1, Face: "cancelled"},
			{Name: "stats", Face: "stats"},
			{Name: "dump", Args: 2, Face: "dump"},
			{Name: "watchdog", Args: 1, Face: "watchdog"},
			{Name: "backend_fd", Face: "backend_fd"},
			{Name: "backend_timeout", Face: "backend_timeout"},
			{Name: "chan", Args: 1, Face: "chan"},
			{Name: "mutex", Face: "mutex_create"},
			{Name: "cond", Face: "cond_create"},
			{Name: "semaphore", Args: 1, Face: "semaphore_create"},
			{Name: "waitgroup", Face: "waitgroup_create"},
			{Name: "event", Face: "event_create"},
			{Name: "select", Args: 1, Face: "select"},
			{Name: "scope", Args: lua.Many, Face: "scope"},
			{Name: "hash", Args: 2, Go: hashCreate},
			{Name: "mem_total", Go: memTotal},
			{Name: "mem_free", Go: memFree},
			{Name: "cpu_info", Go: cpuInfo},
			{Name: "interface_addresses", Go: interfaceAddr},
		},
		Consts: map[string]any{"version": Version},
	})
	lua.Register(lua.Module{
		Name: "luv.versions",
		Consts: map[string]any{
			"luv":   Version,
			"libuv": uv.Version(),
			"zmq":   libzmq.Version(),
			"go":    runtime.Version(),
		},
	})
}
