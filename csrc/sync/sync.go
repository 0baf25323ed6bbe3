// Package sync holds what fibers of one state meet at: channels, mutexes, conditions, semaphores,
// waitgroups, events, scopes, and luv.select.
//
// Each is an object without a handle of libuv's: closing it disposes of it at once, and nothing outside
// ends a wait for it. Whoever makes room or gives something serves the first in line before it returns; a
// mutex is handed over, owned before its new owner runs. A case of luv.select waits like a fiber, in
// records of its own, and the first to end unlinks the others (select.c).
//
// # The fiber toolkit
//
// `sync.h` has what its files share. The values that lie in a channel are on two stacks on Lua 5.1, in
// a ring on LuaJIT (`chan.c` says why), where put and get are compiled code that asks `chan_fast.c` for a
// place; a wait for a channel that can yield goes by `luv__suspend_quickly`. A value of a channel goes onto the getter's stack by `lua_xmove`,
// outcome STACK; a putter's waits on the putter's own stack, at 2. A mutex is handed over, not freed,
// so that nobody overtakes; `fiber->held` lists what a fiber that dies lets go. Three waits do not
// just end when they are cut short (`holds_on` in `wait.c`): a condition's has its mutex back first
// (`LUV_OP_RELOCK`), that one cannot be cut short, and a scope's first cancels its children and goes
// on as `LUV_OP_SCOPE_END`.
//
// A case of `luv.select` is a `luv_fiber` that runs nothing (`is_main == LUV_IS_CASE`), in a userdata
// on the caller's stack. Its method is called on a Lua thread of its own, up to the yield in which
// it asks to wait; linked it is only in `luv__select_begin`, when its caller begins to wait.
// `luv__enqueue` hands a case that has ended to `luv__case_done`, which unlinks the others at once.
// Cases are not counted in `S->external`, their select is. So a new operation can be selected
// without a line for it, if its `abandon` takes back all it has begun and its method has one of the
// names in `takes_back`. What begins a wait must not keep its arguments in one place per state, since
// several cases are asked before any begins; and who wakes may hold no lock that an `abandon` takes:
// a case that is served takes the others along (`S->link_locked`).
package sync

/*
#cgo CFLAGS: -std=gnu11 -O2 -fvisibility=hidden -fno-plt -Wall -Wextra -I${SRCDIR}/../core -I/usr/include/lua5.1
#cgo luvcheck CFLAGS: -DLUV_CHECK
#cgo pkg-config: libuv
*/
import "C"

import (
	"embed"

	_ "luv/csrc/core"
)

// An edit of a header rebuilds what includes it: cgo itself looks only at the files of the package being built.
//
//go:embed *.h
var _ embed.FS
