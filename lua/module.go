package lua

// #include "luv.h"
import "C"

import (
	"fmt"
	"sort"
	"sync"
	"unsafe"
)

// A Class is a kind of userdata: its number in the data plane.
type Class int

// Name returns the class's name, such as "luv.timer".
func (c Class) Name() string { return C.GoString(C.luv__class_name(C.int(c))) }

// A Func is a function or method that Lua can name: in Go, or a face of csrc/faces.h; with
// both, the face leaves some calls to Go. Or one of Lua's own, under another name.
type Func struct {
	Name   string
	Go     func(*Call)
	Face   string
	Native string // "pcall", "coroutine.create"
	Waits  bool   // it can suspend the fiber (a face knows that itself)
	Args   int    // how many arguments it takes at most, the object of a method not counted; or Many, Own

	method bool
}

// Whatever else is left over, and not nil, raises: the mistake would go unseen.
const (
	Many = -1 - iota // any number
	Own              // the face counts them: luv__opt_timeout does, and luv__last in those that are called most
)

// A Module is a table that a script sees: "luv", or "luv.timer" for luv's field timer.
type Module struct {
	Name   string
	Funcs  []Func
	Consts map[string]any // strings and numbers
}

// A ClassDef lists the methods of a class. closed, close and __gc come with it unless
// the class has none to close.
type ClassDef struct {
	Name    string
	Methods []Func
	Plain   bool // without close and closed
}

var (
	modules   []Module
	classDefs []ClassDef
	functions []Func
	once      sync.Once
)

// Register adds a module. It is called from init functions, before any state opens.
func Register(m Module) { modules = append(modules, m) }

// NewClass gives a class its number; the data plane has its own by the same names.
func NewClass(name string) Class {
	s := C.CString(name)
	defer C.free(unsafe.Pointer(s))
	return Class(C.luv__register_class(s))
}

// DefineClass says what methods a class has. Like Register, it belongs into an init.
func DefineClass(d ClassDef) { classDefs = append(classDefs, d) }

// Modules returns what is registered, sorted by name: for tests and the documentation.
func Modules() ([]Module, []ClassDef) {
	sort.Slice(modules, func(i, j int) bool { return modules[i].Name < modules[j].Name })
	sort.Slice(classDefs, func(i, j int) bool { return classDefs[i].Name < classDefs[j].Name })
	return modules, classDefs
}

var common = []Func{{Name: "close", Face: "object_close"}, {Name: "closed", Face: "object_closed"}}

// publish hands everything registered to the data plane, once per process.
func publish() {
	ms, cs := Modules()
	for _, m := range ms {
		for _, f := range m.Funcs {
			publishFunc(m.Name, f)
		}
		publishConsts(m)
	}
	for _, d := range cs {
		NewClass(d.Name)
		methods := d.Methods
		if !d.Plain {
			methods = append(methods, common...)
		}
		for _, f := range methods {
			f.method = true
			publishFunc("class "+d.Name, f)
		}
	}
}

func publishNative(owner string, f Func) {
	o, n, path := C.CString(owner), C.CString(f.Name), C.CString(f.Native)
	C.luv__register_native(o, n, path)
	C.free(unsafe.Pointer(o))
	C.free(unsafe.Pointer(n))
	C.free(unsafe.Pointer(path))
}

func publishFunc(owner string, f Func) {
	if f.Native != "" {
		publishNative(owner, f)
		return
	}
	var face *C.char
	if f.Face != "" {
		face = C.CString(f.Face)
	}
	functions = append(functions, f)
	waits := C.int(0)
	if f.Waits || f.Face != "" && f.Go != nil {
		waits = 1
	}
	o, n := C.CString(owner), C.CString(f.Name)
	C.luv__register(o, n, face, C.int(len(functions)-1), waits, C.int(f.Args))
	C.free(unsafe.Pointer(o))
	C.free(unsafe.Pointer(n))
	C.free(unsafe.Pointer(face))
}

// publishConsts hands whole numbers over all at once: one call into C for hundreds.
func publishConsts(m Module) {
	var names []byte
	var numbers []C.double
	for name, v := range m.Consts {
		if n, whole := v.(int); whole {
			names = append(append(names, name...), 0)
			numbers = append(numbers, C.double(n))
			continue
		}
		publishConst(m.Name, name, v)
	}
	if len(numbers) == 0 {
		return
	}
	owner := C.CString(m.Name)
	C.luv__register_numbers(owner, (*C.char)(unsafe.Pointer(&names[0])), C.size_t(len(names)),
		&numbers[0], C.int(len(numbers)))
	C.free(unsafe.Pointer(owner))
}

func publishConst(module, name string, v any) {
	m, n := C.CString(module), C.CString(name)
	defer C.free(unsafe.Pointer(m))
	defer C.free(unsafe.Pointer(n))
	switch v := v.(type) {
	case string:
		s := C.CString(v)
		C.luv__register_constant(m, n, s, 0)
		C.free(unsafe.Pointer(s))
	case float64:
		C.luv__register_constant(m, n, nil, C.double(v))
	default:
		panic(fmt.Sprintf("luv: constant %s.%s is a %T", module, name, v))
	}
}
