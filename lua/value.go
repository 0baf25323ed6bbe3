package lua

// #include "luv.h"
import "C"

import "unsafe"

// A Table is a Lua table on its way to a script: pairs, in order.
type Table []Pair

// A Pair is a key and its value.
type Pair struct{ Key, Value any }

// A List is a Lua table with the keys 1 to n.
type List []any

// An Object is a handle on its way to a script, where it becomes a userdata of a class.
type Object struct {
	Class   Class
	Pointer uintptr
	Fields  Table // its environment, if it has one
}

// An Address is a socket address in C's form, as uv.RawAddr makes it. As the only result of an
// operation it has the call of a UDP socket go on, to send there.
type Address string

type self struct{}

// Self, as the only result of an operation, stands for the object of the call.
var Self self

// add appends a Go value in its flat form. What has no form is nil.
func add(a *C.luv_values, v any) {
	switch v := v.(type) {
	case bool:
		C.luv__add_number(a, C.LUV_V_BOOLEAN, truth(v))
	case int:
		C.luv__add_number(a, C.LUV_V_NUMBER, C.double(v))
	case uint64:
		C.luv__add_number(a, C.LUV_V_NUMBER, C.double(v))
	case float64:
		C.luv__add_number(a, C.LUV_V_NUMBER, C.double(v))
	case string:
		C.luv__add_string(a, (*C.char)(unsafe.Pointer(unsafe.StringData(v))), C.size_t(len(v)))
	case Address:
		C.luv__add_address(a, (*C.char)(unsafe.Pointer(unsafe.StringData(string(v)))), C.size_t(len(v)))
	case self:
		C.luv__add_number(a, C.LUV_V_SELF, 0)
	case Table:
		addPairs(a, v)
	case List:
		C.luv__add_table(a, C.size_t(len(v)))
		for i, e := range v {
			add(a, i+1)
			add(a, e)
		}
	case Object:
		o := object(v.Pointer)
		o.class_id = C.uint8_t(v.Class)
		C.luv__add_object(a, o, C.int(truth(v.Fields != nil)))
		if v.Fields != nil {
			addPairs(a, v.Fields)
		}
	default:
		C.luv__add_number(a, C.LUV_V_NIL, 0)
	}
}

func addPairs(a *C.luv_values, t Table) {
	C.luv__add_table(a, C.size_t(len(t)))
	for _, p := range t {
		add(a, p.Key)
		add(a, p.Value)
	}
}

func truth(b bool) C.double {
	if b {
		return 1
	}
	return 0
}

func object(p uintptr) *C.luv_object { return *(**C.luv_object)(unsafe.Pointer(&p)) }
