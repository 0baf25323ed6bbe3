package lua

// #include "luv.h"
import "C"

import (
	"unsafe"

	"luv/csrc/core"
)

// A kept value is a Go value that lives as long as its object.
type kept struct {
	value any
	slot  uint64
}

// Release implements core.Releaser: the object is gone. A value that has a method Drop is
// told.
func (k *kept) Release(int) {
	core.Give(k.slot)
	if d, ok := k.value.(interface{ Drop() }); ok {
		d.Drop()
	}
}

// NewObject makes an object around a Go value, for a class that only Go looks into.
func (c *Call) NewObject(class Class, value any) (Object, bool) {
	o := C.luv__object_new(c.c.S, C.int(class), C.sizeof_luv_object)
	if o == nil {
		return Object{}, false
	}
	k := &kept{value: value}
	k.slot = core.Take(k)
	o.slot = C.uint64_t(k.slot)
	return Object{Class: class, Pointer: uintptr(unsafe.Pointer(o))}, true
}

// Value returns the Go value of the object in argument i; nil when it is closed.
func (c *Call) Value(i int, class Class) any {
	p := c.Object(i, class)
	if p == 0 {
		return nil
	}
	if k, ok := core.Get(uint64(object(p).slot)).(*kept); ok {
		return k.value
	}
	return nil
}

// Close closes the object in argument i, of that class.
func (c *Call) Close(i int, class Class) {
	if p := c.Object(i, class); p != 0 {
		C.luv__object_close(object(p))
	}
}
