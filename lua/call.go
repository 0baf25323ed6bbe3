package lua

// #include "luv.h"
import "C"

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unsafe"

	"luv/csrc/core"
	"luv/uv"
)

// A Call is one call of a Go function by a script. It ends with the function: its
// arguments' strings are copies, the rest must not be kept.
type Call struct {
	c      *C.luv_call
	args   []C.luv_value
	at     []int // where each argument begins: a table takes several values
	name   string
	method bool
	state  *host
}

// argError unwinds a Go function whose argument is wrong; the trampoline raises it.
type argError string

func init() { core.Call = dispatch }

// dispatch answers one call from C. A panic becomes a Lua error with the Go stack.
func dispatch(p uintptr) {
	c := *(**C.luv_call)(unsafe.Pointer(&p))
	f := functions[c.number]
	call := &Call{c: c, name: f.Name, method: f.method}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case argError:
			call.Raise(string(e))
		default:
			call.Raise(internal(f.Name, e))
		}
	}()
	call.state, _ = core.Get(uint64(c.S.host)).(*host)
	call.args = unsafe.Slice(c.args.v, int(c.args.n))
	for i := 0; i < len(call.args); i = next(call.args, i) {
		call.at = append(call.at, i)
	}
	call.refuseLong()
	f.Go(call)
}

// next returns the index after the value at i, and after all that belongs to it.
func next(v []C.luv_value, i int) int {
	n := 0
	if v[i]._type == C.LUV_V_TABLE {
		n = int(v[i].n) * 2
	}
	for i++; n > 0; n-- {
		i = next(v, i)
	}
	return i
}

// MaxString is the most bytes of a string that is an argument, or in one: Go ends the process when it
// finds no memory for a copy.
const MaxString = 1 << 30

// refuseLong raises for what is longer, before anybody looks at it.
func (c *Call) refuseLong() {
	for i := range c.args {
		if v := &c.args[i]; v._type == C.LUV_V_STRING && v.n > MaxString {
			arg, _ := slices.BinarySearch(c.at, i+1) // the last that begins at i or before
			c.Bad(arg, fmt.Sprintf("string of %d bytes, %d at most", uint64(v.n), MaxString))
		}
	}
}

// Loop returns the loop of the script's state.
func (c *Call) Loop() *uv.Loop { return c.state.loop }

// ---- ends of a call ----------------------------------------------------------------

// Return ends the call with results.
func (c *Call) Return(values ...any) {
	for _, v := range values {
		add(&c.c.ret, v)
	}
}

// Raise ends the call with an error: a mistake in the program.
func (c *Call) Raise(msg string) {
	C.luv__values_drop(&c.c.ret)
	add(&c.c.ret, msg)
	c.c.act = C.LUV_ACT_RAISE
}

// Fail ends the call with nil, "NAME: text[: subject]", "NAME": what the world does.
func (c *Call) Fail(err error, subject ...string) {
	c.Return(failure(err, subject...)...)
}

// Done ends the call of a method: with its object, or with what went wrong.
func (c *Call) Done(err error, subject ...string) {
	if err != nil {
		c.Fail(err, subject...)
		return
	}
	c.c.ret.n = 0
	c.Self()
}

// Self ends the call with its first argument.
func (c *Call) Self() { c.c.act = C.LUV_ACT_SELF }

// Wait ends the call by waiting for the object's next event; its result is how many
// there were since the last wait. timeout is in seconds, negative for none.
func (c *Call) Wait(obj uintptr, timeout float64) {
	c.c.act, c.c.on, c.c.timeout = C.LUV_ACT_EVENT, object(obj), C.double(timeout)
}

// WaitConnect ends the call by waiting until the socket is connected.
func (c *Call) WaitConnect(obj uintptr, timeout float64) {
	c.c.act, c.c.on, c.c.timeout = C.LUV_ACT_CONNECT, object(obj), C.double(timeout)
}

// ---- arguments ------------------------------------------------------------------------

// Arg numbers count from 1. In a method, argument 1 is the object, and error messages
// count from the one after it, as Lua's own do.

func (c *Call) value(i int) *C.luv_value {
	if i < 1 || i > len(c.at) {
		return nil
	}
	return &c.args[c.at[i-1]]
}

// Count returns the number of arguments.
func (c *Call) Count() int { return len(c.at) }

// Nil reports whether argument i is nil or absent.
func (c *Call) Nil(i int) bool {
	v := c.value(i)
	return v == nil || v._type == C.LUV_V_NIL
}

// Bad raises "bad argument #i to 'name' (msg)".
func (c *Call) Bad(i int, msg string) {
	if c.method {
		i--
	}
	if i == 0 {
		panic(argError(fmt.Sprintf("calling '%s' on bad self (%s)", c.name, msg)))
	}
	panic(argError(fmt.Sprintf("bad argument #%d to '%s' (%s)", i, c.name, msg)))
}

func (c *Call) expected(i int, what string) {
	c.Bad(i, what+" expected, got "+c.typeName(i))
}

func (c *Call) typeName(i int) string {
	v := c.value(i)
	if v == nil {
		return "no value"
	}
	switch v._type {
	case C.LUV_V_NIL:
		return "nil"
	case C.LUV_V_BOOLEAN:
		return "boolean"
	case C.LUV_V_NUMBER:
		return "number"
	case C.LUV_V_STRING:
		return "string"
	case C.LUV_V_TABLE:
		return "table"
	case C.LUV_V_OBJECT:
		return C.GoString(C.luv__class_name(C.int(v.class_id)))
	case C.LUV_V_FILE:
		return "file"
	}
	return C.GoString(*(**C.char)(unsafe.Pointer(&v.u)))
}

func number(v *C.luv_value) float64 { return *(*float64)(unsafe.Pointer(&v.u)) }

// text copies a string: dispatch has seen to it that its length is an int of C's.
func text(v *C.luv_value) string {
	return strings.Clone(unsafe.String(*(**byte)(unsafe.Pointer(&v.u)), int(v.n)))
}

// Number returns argument i, which must be a number.
func (c *Call) Number(i int) float64 {
	v := c.value(i)
	if v == nil || v._type != C.LUV_V_NUMBER {
		c.expected(i, "number")
	}
	return number(v)
}

// IsNumber reports whether argument i is a number.
func (c *Call) IsNumber(i int) bool {
	v := c.value(i)
	return v != nil && v._type == C.LUV_V_NUMBER
}

// IsString reports whether argument i is a string.
func (c *Call) IsString(i int) bool {
	v := c.value(i)
	return v != nil && v._type == C.LUV_V_STRING
}

// IsTable reports whether argument i is a table.
func (c *Call) IsTable(i int) bool {
	v := c.value(i)
	return v != nil && v._type == C.LUV_V_TABLE
}

// Scalar returns argument i as a bool, float64 or string; nil for anything else.
func (c *Call) Scalar(i int) any {
	if v := c.value(i); v != nil {
		return scalar(v)
	}
	return nil
}

// Int returns argument i, which must be a whole number from lo to hi.
func (c *Call) Int(i int, lo, hi int) int {
	n := c.Number(i)
	if math.IsNaN(n) || n != math.Trunc(n) || n < float64(lo) || n > float64(hi) {
		c.Bad(i, fmt.Sprintf("whole number from %d to %d expected", lo, hi))
	}
	return int(n)
}

// OptInt is Int, or otherwise for nil.
func (c *Call) OptInt(i, otherwise, lo, hi int) int {
	if c.Nil(i) {
		return otherwise
	}
	return c.Int(i, lo, hi)
}

// String returns argument i, which must be a string.
func (c *Call) String(i int) string {
	v := c.value(i)
	if v == nil || v._type != C.LUV_V_STRING {
		c.expected(i, "string")
	}
	return text(v)
}

// OptString is String, or otherwise for nil.
func (c *Call) OptString(i int, otherwise string) string {
	if c.Nil(i) {
		return otherwise
	}
	return c.String(i)
}

// Bool returns argument i as Lua sees it: nil and false are false.
func (c *Call) Bool(i int) bool {
	v := c.value(i)
	return v != nil && v._type != C.LUV_V_NIL && (v._type != C.LUV_V_BOOLEAN || number(v) != 0)
}

// Last says that i is the last argument where that depends on the others: Func.Args is the most there are.
func (c *Call) Last(i int) {
	for i++; i <= c.Count(); i++ {
		if !c.Nil(i) {
			c.expected(i, "no more arguments")
		}
	}
}

// Timeout returns the optional argument i, which is the last, in seconds; negative for none.
func (c *Call) Timeout(i int) float64 {
	if c.Nil(i) {
		return -1
	}
	t := c.Number(i)
	if math.IsNaN(t) || t < 0 {
		c.Bad(i, "seconds of 0 or more expected")
	}
	if math.IsInf(t, 1) {
		return -1
	}
	return t
}

// Object returns the object of the class in argument i; 0 when it is closed.
func (c *Call) Object(i int, class Class) uintptr {
	v := c.value(i)
	if v == nil || v._type != C.LUV_V_OBJECT || Class(v.class_id) != class {
		c.expected(i, class.Name())
	}
	return *(*uintptr)(unsafe.Pointer(&v.u))
}

// Fields returns the optional table in argument i by its string keys; nil for nil.
func (c *Call) Fields(i int) map[string]any {
	if c.Nil(i) {
		return nil
	}
	v := c.value(i)
	if v._type != C.LUV_V_TABLE {
		c.expected(i, "table")
	}
	fields := make(map[string]any, int(v.n))
	at := c.at[i-1] + 1
	for n := int(v.n); n > 0; n-- {
		key, val := &c.args[at], &c.args[next(c.args, at)]
		at = next(c.args, next(c.args, at))
		if key._type == C.LUV_V_STRING {
			fields[text(key)] = scalar(val)
		}
	}
	return fields
}

// Tree returns the table in argument i with all that is in it: a nested table is a
// map[any]any again, an object of luv's or a file of Lua's a Userdata. What else is neither a
// scalar nor a table is Unknown.
func (c *Call) Tree(i int) map[any]any {
	v := c.value(i)
	if v == nil || v._type != C.LUV_V_TABLE {
		c.expected(i, "table")
	}
	t, _ := c.tree(c.at[i-1]).(map[any]any)
	return t
}

// Unknown stands in a Tree for a function, a foreign userdata or a thread.
type Unknown struct{}

// A Userdata is an object of luv's, or a file of Lua's.
type Userdata struct {
	Class   Class   // if it is an object
	Pointer uintptr // the object, or with File the C library's FILE; 0 if it is closed
	File    bool
}

func (c *Call) tree(at int) any {
	v := &c.args[at]
	switch v._type {
	case C.LUV_V_TABLE:
		t := make(map[any]any, int(v.n))
		at++
		for n := int(v.n); n > 0; n-- {
			val := next(c.args, at)
			if key := c.tree(at); hashable(key) {
				t[key] = c.tree(val)
			}
			at = next(c.args, val)
		}
		return t
	case C.LUV_V_NIL, C.LUV_V_BOOLEAN, C.LUV_V_NUMBER, C.LUV_V_STRING:
		return scalar(v)
	case C.LUV_V_OBJECT, C.LUV_V_FILE:
		return Userdata{Class(v.class_id), *(*uintptr)(unsafe.Pointer(&v.u)), v._type == C.LUV_V_FILE}
	}
	return Unknown{}
}

func hashable(key any) bool {
	_, is := key.(map[any]any)
	return !is
}

func scalar(v *C.luv_value) any {
	switch v._type {
	case C.LUV_V_BOOLEAN:
		return number(v) != 0
	case C.LUV_V_NUMBER:
		return number(v)
	case C.LUV_V_STRING:
		return text(v)
	}
	return nil
}

// AnyObject returns the object in argument i, of whatever class; 0 when it is closed, or none.
func (c *Call) AnyObject(i int) uintptr {
	v := c.value(i)
	if v == nil || v._type != C.LUV_V_OBJECT {
		c.expected(i, "object")
	}
	return *(*uintptr)(unsafe.Pointer(&v.u))
}
