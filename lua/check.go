package lua

// #include "tls.h"
import "C"

import (
	"unsafe"

	"luv/uv"
)

// stateOf is the Lua state that a loop belongs to.
func stateOf(loop *uv.Loop) *C.luv_state {
	l := loop.Pointer()
	if l == 0 {
		return nil
	}
	return (*C.luv_state)((*(**C.uv_loop_t)(unsafe.Pointer(&l))).data)
}

// SpawnCheck runs a function of the script's, by its number in the registry, as a fiber; what
// becomes of it luv.tls.__checked is told with id. False: it cannot. On the loop's thread.
func SpawnCheck(loop *uv.Loop, ref, id int, args ...any) bool {
	s := stateOf(loop)
	if s == nil || s.dead != 0 {
		return false
	}
	v := (*C.luv_values)(C.calloc(1, C.size_t(C.sizeof_luv_values)))
	if v == nil {
		return false
	}
	for _, a := range args {
		add(v, a)
	}
	return C.luv__tls_check(s, C.int(ref), C.double(id), v) == 0
}

// Unref lets go of a function. On the loop's thread.
func Unref(loop *uv.Loop, ref int) {
	if s := stateOf(loop); s != nil && s.dead == 0 {
		C.luaL_unref(s.M, C.LUA_REGISTRYINDEX, C.int(ref))
	}
}
